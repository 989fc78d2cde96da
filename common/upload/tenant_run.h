#ifndef TUTTI_COMMON_UPLOAD_TENANT_RUN_H_
#define TUTTI_COMMON_UPLOAD_TENANT_RUN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "common/sources/m365_audit/audit_mapper.h"
#include "common/sources/m365_audit/tenant_facts.h"
#include "common/upload/fed_categories.h"
#include "common/upload/import_run.h"
#include "common/upload/import_summary.h"

namespace tutti {

// Hands mapped activities of one organisation to the uploader. References outlive it.
class MappedSink : public ActivitySink {
 public:
  MappedSink(const ImportTargets& targets, const std::string& organization, FedCategories& fed)
      : targets_(targets), organization_(organization), fed_(fed) {}

  absl::Status OnActivity(const MappedActivity& mapped) override;

 private:
  const ImportTargets& targets_;
  const std::string& organization_;  // of the run, which learns it after the survey
  FedCategories& fed_;
};

// Everything about one tenant of the import.
struct TenantRun {
  TenantRun(const MappingOptions& mapping, const ImportTargets& targets,
            const absl::optional<std::string>& organization_name)
      : wanted(organization_name.has_value()),
        organization(organization_name.value_or("")),
        facts(mapping.accepted_domains),
        mapper(mapping, facts, summary),
        sink(targets, organization, fed) {}

  bool wanted;
  std::string organization;
  TenantFacts facts;
  TenantSummary summary;
  AuditMapper mapper;
  FedCategories fed;  // by what was handed on
  MappedSink sink;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_TENANT_RUN_H_
