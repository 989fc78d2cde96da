#include "services/aggregate/due_reconciler.h"

#include <algorithm>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "common/telemetry/log.h"
#include "services/aggregate/closing_times.h"

namespace tutti {
namespace {

// What is due and cannot be closed is put off by less.
constexpr absl::Duration kLateness = absl::Hours(1);

}  // namespace

absl::Status DueReconciler::LookOn() {
  ASSIGN_OR_RETURN(const std::vector<ListedOrganization> page, organizations_.List(cursor_, kPage));
  int corrected = 0;
  const absl::Cleanup tell = [&] {
    if (corrected > 0) {
      LogWarning("due_times_corrected", {{"organizations", absl::StrCat(corrected)}});
    }
  };
  for (const ListedOrganization& listed : page) {
    const absl::StatusOr<bool> wrong = Correct(listed);
    // One that cannot be read must not hide those that follow.
    if (absl::IsUnavailable(wrong.status())) return wrong.status();
    if (wrong.ok() && *wrong) {
      ++corrected;
      ++corrected_;
    }
    cursor_ = listed.id;
  }
  if (static_cast<int>(page.size()) < kPage) cursor_.clear();
  return absl::OkStatus();
}

absl::StatusOr<bool> DueReconciler::Correct(const ListedOrganization& listed) {
  ASSIGN_OR_RETURN(const auto organization, repository_.Read(listed.id));
  const absl::Time due = NextDue(*organization);
  if (due == absl::InfiniteFuture() || listed.due <= std::max(due, clock_.Now()) + kLateness) {
    return false;
  }
  RETURN_IF_ERROR(organizations_.SetDue(listed.id, due));
  return true;
}

}  // namespace tutti
