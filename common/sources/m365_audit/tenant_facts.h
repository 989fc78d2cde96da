#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_TENANT_FACTS_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_TENANT_FACTS_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "common/sources/activity_kinds.h"
#include "common/sources/m365_audit/audit_record.h"

namespace tutti {

// What one record of a tenant tells about others: which files somebody shared, how
// one share that is spread over several records went, of which kind a meeting was,
// and which person an object id means. A first reading of the input observes every
// record; the second one asks. Not thread-safe. It keeps hashes, and, for the
// people that the records name with their object id, the person's name: for the
// time of the import, in memory.
class TenantFacts {
 public:
  // `accepted_domains`: see ClassifyActor.
  explicit TenantFacts(const absl::flat_hash_set<std::string>& accepted_domains)
      : accepted_domains_(accepted_domains) {}

  void Observe(const AuditRecord& record);

  int64_t records() const { return records_; }

  // Whether the record's actor has shared the record's file. What others did with
  // the file is not asked: whether a person counts must depend on that person's
  // own acts alone.
  bool SharedByActor(const AuditRecord& record) const;

  // kTraitInternal and kTraitExternal, over all records of the same share.
  TraitSet ShareTraits(const AuditRecord& record) const;

  // What the attendee used (kTraitVideo, kTraitScreenShare), over all the joins to
  // one meeting, and the meeting's kind.
  TraitSet MeetingTraits(const AuditRecord& record, const Attendee& attendee) const;

  // The person, in lower case, whom an object id means; empty when not known.
  absl::string_view PersonOf(absl::string_view object_id) const;

  // One share, whatever the number of its records; and one person in one meeting.
  static uint64_t ShareKey(const AuditRecord& record);
  static uint64_t AttendanceKey(const AuditRecord& record, const Attendee& attendee);

 private:
  void ObserveMeeting(const AuditRecord& record);

  const absl::flat_hash_set<std::string>& accepted_domains_;
  int64_t records_ = 0;
  absl::flat_hash_set<uint64_t> shared_;                 // file and actor
  absl::flat_hash_map<uint64_t, TraitSet> shares_;       // by ShareKey
  absl::flat_hash_map<uint64_t, TraitSet> attendances_;  // by AttendanceKey
  absl::flat_hash_map<uint64_t, TraitSet> meetings_;     // by the id of the MeetingDetail
  absl::flat_hash_map<uint64_t, std::string> people_;    // by object id
};

// The id of a record's file: its list item, or else its address.
absl::string_view FileIdOf(const AuditRecord& record);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_TENANT_FACTS_H_
