#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_MAPPER_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_MAPPER_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "common/sources/activity_kinds.h"
#include "common/sources/m365_audit/audit_record.h"
#include "common/sources/m365_audit/client_app.h"
#include "common/sources/m365_audit/tenant_facts.h"
#include "common/upload/import_summary.h"

namespace tutti {

// How audit records are read.
struct MappingOptions {
  // The tenant's domains in lower case; empty: all.
  absl::flat_hash_set<std::string> accepted_domains;
  // Addresses of group and shared mailboxes in lower case. Without them no mail is
  // known to go to a group.
  absl::flat_hash_set<std::string> group_addresses;
  // Whether an application of unknown name that acts with a person's rights over
  // Graph or EWS ("Client=REST;;") counts as the person. No by default: a flow
  // that sends mail every morning would make a person active who is away.
  bool include_unattended_apps = false;
};

// Turns the audit records of one tenant into activities and counts what it leaves
// out. Records come once each or more often: one that was seen is a duplicate. Of
// people it keeps hashes only. Not thread-safe.
class AuditMapper {
 public:
  // The references must outlive the mapper.
  AuditMapper(const MappingOptions& options, const TenantFacts& facts, TenantSummary& summary)
      : options_(options), facts_(facts), summary_(summary) {}

  // `seconds` is the record's time. Fails when `sink` does.
  absl::Status Map(const AuditRecord& record, int64_t seconds, ActivitySink& sink);

 private:
  // Whether the key is new; a repeated one is counted as such.
  bool FirstTime(uint64_t key);
  // False, and counted, when a client is no person.
  bool Admit(const ClientUse& use, bool background_counts);
  void SawPerson(absl::string_view person);
  absl::Status Emit(MappedActivity activity, ActivitySink& sink);

  absl::Status MapDistinct(const AuditRecord& record, int64_t seconds, ActivitySink& sink);
  absl::Status MapForActor(const AuditRecord& record, MappedActivity activity, ActivitySink& sink);
  absl::Status MapMailSent(const AuditRecord& record, MappedActivity activity, ActivitySink& sink);
  absl::Status MapMailAccessed(const AuditRecord& record, MappedActivity activity,
                               ActivitySink& sink);
  absl::Status MapMessage(const AuditRecord& record, MappedActivity activity, ActivitySink& sink);
  absl::Status MapFile(const AuditRecord& record, MappedActivity activity, ActivitySink& sink);
  absl::Status MapShare(const AuditRecord& record, MappedActivity activity, ActivitySink& sink);
  absl::Status MapAssistant(const AuditRecord& record, MappedActivity activity, ActivitySink& sink);
  absl::Status MapAttendees(const AuditRecord& record, int64_t seconds, ActivitySink& sink);

  const MappingOptions& options_;
  const TenantFacts& facts_;
  TenantSummary& summary_;
  std::string subject_;                 // of the record being mapped
  absl::flat_hash_set<uint64_t> seen_;  // record ids
  absl::flat_hash_set<uint64_t> acts_;  // mails, messages, shares, attendances
  absl::flat_hash_set<uint64_t> people_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_MAPPER_H_
