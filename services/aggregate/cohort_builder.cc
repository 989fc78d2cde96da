#include "services/aggregate/cohort_builder.h"

#include <map>
#include <string>
#include <vector>

#include "common/scoring/peer_benchmark.h"
#include "common/scoring/score_builder.h"
#include "common/status/status_macros.h"
#include "common/window/schedule.h"
#include "services/aggregate/every_organization.h"

namespace tutti {
namespace {

// The cohort that says that a window's others are all there.
constexpr char kDone[] = "done";
// A window closes a day and the grace after its last day in the westernmost zone; a
// sweep and a restart later it is published.
constexpr absl::Duration kSlack = absl::Hours(24 + 14 + 24);

}  // namespace

absl::StatusOr<int> CohortBuilder::BuildDue(const std::function<bool()>& stop) {
  const Day end_day = LastFourWeeklyEnd(
      absl::ToCivilDay(parts_.clock.Now() - parts_.grace - kSlack, absl::UTCTimeZone()) - 1);
  const absl::StatusOr<std::string> done = parts_.cohorts.Read(end_day, kDone);
  if (done.ok()) return 0;
  if (!absl::IsNotFound(done.status())) return done.status();

  std::map<std::string, PeerSum> sums;
  RETURN_IF_ERROR(ForEachOrganization(parts_.organizations, [&](const std::string& id) {
    if (stop()) return absl::CancelledError("the service ends");
    const auto bytes = parts_.publications.Read(id, absl::MakeConstSpan(&end_day, 1));
    if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
    if (!bytes.ok()) return bytes.status();
    publication::v1::Publication record;
    if (!record.ParseFromString(bytes->front()) || !IsCountedBy(parts_.catalog, record)) {
      return absl::OkStatus();
    }
    const auto scored = ScorePublication(parts_.catalog, record);
    if (!scored.ok()) return absl::OkStatus();
    for (const PeerGroup& group : PeerGroupsOf(record)) sums[group.id].Add(id, scored->score);
    return absl::OkStatus();
  }));

  int made = 0;
  for (const auto& [id, sum] : sums) {
    if (!sum.enough()) continue;
    const absl::Status created =
        parts_.cohorts.Create(end_day, id, sum.ToProto(end_day).SerializeAsString());
    if (!created.ok() && !absl::IsAlreadyExists(created)) return created;
    ++made;
  }
  if (made == 0) return 0;
  const absl::Status ended = parts_.cohorts.Create(end_day, kDone, "");
  if (!ended.ok() && !absl::IsAlreadyExists(ended)) return ended;
  return made;
}

}  // namespace tutti
