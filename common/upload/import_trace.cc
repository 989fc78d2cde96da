#include "common/upload/import_trace.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace tutti {

absl::Status CheckTrace(const ImportSummary& summary) {
  int64_t placed = summary.Rejected() + summary.other_tenants;
  int64_t silent = 0;
  for (const TenantSummary& tenant : summary.tenants) {
    placed += tenant.records;
    const int64_t traced = tenant.duplicates + tenant.fates.Of(Fate::kActivity) +
                           tenant.fates.Of(Fate::kLeftOut) + tenant.fates.Of(Fate::kWithoutMeaning);
    silent += tenant.records > traced ? tenant.records - traced : traced - tenant.records;
  }
  if (placed == summary.rows && silent == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "not every row is accounted for: ", summary.rows, " were read, what became of ", placed,
      " was counted, and ", silent,
      " records are neither activities nor left out. This is a fault of this program: report it "
      "with this summary, which names nobody"));
}

}  // namespace tutti
