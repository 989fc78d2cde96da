#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_MAPPER_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_MAPPER_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "common/sources/m365_audit/audit_record.h"
#include "common/sources/m365_audit/client_app.h"
#include "common/sources/m365_audit/tenant_facts.h"
#include "common/sources/source.h"

namespace tutti {

// Turns the audit records of one tenant into activities and says what it leaves
// out. Records come once each or more often: the sink knows which it has seen. Of
// acts it keeps hashes only. Not thread-safe.
class AuditMapper {
 public:
  // The references must outlive the mapper.
  AuditMapper(const ReadingOptions& options, const TenantFacts& facts)
      : options_(options), facts_(facts) {}

  // `seconds` is the record's time. Fails when `sink` does.
  absl::Status Map(const AuditRecord& record, int64_t seconds, SourceSink& sink);

 private:
  // Whether the key is new; a repeated one is told as such.
  bool FirstTime(uint64_t key, SourceSink& sink);
  // False, and told, when a client is no person.
  bool Admit(const ClientUse& use, bool background_counts, SourceSink& sink);

  absl::Status MapForActor(const AuditRecord& record, MappedActivity activity, SourceSink& sink);
  absl::Status MapMailSent(const AuditRecord& record, MappedActivity activity, SourceSink& sink);
  absl::Status MapMailAccessed(const AuditRecord& record, MappedActivity activity,
                               SourceSink& sink);
  absl::Status MapMessage(const AuditRecord& record, MappedActivity activity, SourceSink& sink);
  absl::Status MapFile(const AuditRecord& record, MappedActivity activity, SourceSink& sink);
  absl::Status MapShare(const AuditRecord& record, MappedActivity activity, SourceSink& sink);
  absl::Status MapAssistant(const AuditRecord& record, MappedActivity activity, SourceSink& sink);
  absl::Status MapAttendees(const AuditRecord& record, int64_t seconds, SourceSink& sink);

  const ReadingOptions& options_;
  const TenantFacts& facts_;
  std::string subject_;                 // of the record being mapped, in lower case
  absl::flat_hash_set<uint64_t> acts_;  // mails, messages, shares, attendances
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_AUDIT_MAPPER_H_
