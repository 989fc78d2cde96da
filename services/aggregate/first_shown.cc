#include "services/aggregate/first_shown.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "common/feeding/declared_sources.h"
#include "common/scoring/planned_levels.h"
#include "common/scoring/public_terms.h"
#include "common/scoring/shown_from.h"
#include "google/protobuf/util/time_util.h"
#include "services/aggregate/closing_times.h"

namespace tutti {
namespace {

using aggregate::v1::FirstShown;

// The last day of the first window of the series that windows of the last terms belong to.
Day FirstEndOfSeries(const Schedule& schedule) {
  const std::vector<WindowTerms>& terms = schedule.terms();
  size_t first = terms.size() - 1;
  while (first > 0 && AreOfOneSeries(terms[first - 1], terms.back())) --first;
  const Day start = std::max(schedule.first_day(), terms[first].from_day);
  return schedule.NextReachEnd(start + (kReachDays - 2));
}

// Sets when the record is to be expected.
void SetExpected(const ScheduledOrganization& organization, FirstShown& shown) {
  if (shown.record() == 0 || organization.state() != aggregate::v1::ORGANIZATION_STATE_ACTIVE) {
    return;
  }
  const Schedule& schedule = organization.schedule();
  Day end = FirstEndOfSeries(schedule);
  for (int record = 1; record < shown.record(); ++record) end = schedule.NextReachEnd(end);
  *shown.mutable_expected() = google::protobuf::util::TimeUtil::MillisecondsToTimestamp(
      absl::ToUnixMillis(ClosableTime(organization, {WindowKind::kReach, end})));
}

int64_t NeededPeople(const Catalog& catalog, NeededSizes& sizes,
                     const catalog::v1::Category& category, const std::string& product,
                     const PublicTerms& terms, const CadenceRule& rule) {
  if (!product.empty()) {
    const int64_t entitled =
        SmallestEntitled(catalog, category, CategoryBy::kLevel, product, terms, rule.current);
    if (entitled > 0) return entitled;
  }
  return sizes.OfCategory(category, rule);
}

// The record of the total, by those of the categories that something feeds: a category that stands
// in for another counts where nothing feeds the other.
int RecordOfTotal(const Catalog& catalog, const std::map<std::string, int>& records) {
  int last = 0;
  for (const auto& [id, record] : records) {
    const std::string& other = catalog.FindCategory(id)->substitutes();
    if (!other.empty() && records.count(other) != 0) continue;
    if (record == 0) return 0;
    last = std::max(last, record);
  }
  return last;
}

}  // namespace

bool AreOfOneSeries(const WindowTerms& a, const WindowTerms& b) {
  return a.cadence == b.cadence && a.zone == b.zone;
}

void DescribeShown(const Catalog& catalog, NeededSizes& sizes,
                   const ScheduledOrganization& organization,
                   aggregate::v1::Organization& described) {
  const WindowTerms& now = organization.schedule().terms().back();
  const PublicTerms terms =
      PlannedTerms(catalog, now.headcount, now.cadence, described.entitlements());
  std::map<std::string, int> records;
  for (std::string& id :
       DeclaredSources(catalog, described.sources(), described.source_contents()).FedCategories()) {
    const catalog::v1::Category& category = *catalog.FindCategory(id);
    FirstShown& shown = *described.add_first_shown();
    shown.set_category(id);
    shown.set_entitled_product(EntitledProductOf(catalog, category));
    shown.set_record(RecordsUntilShown(catalog, terms, now.cadence, category));
    if (shown.record() == 0) {
      shown.set_needed_people(NeededPeople(catalog, sizes, category, shown.entitled_product(),
                                           terms, {described.cadence(), now.cadence}));
    }
    SetExpected(organization, shown);
    records[id] = shown.record();
    described.add_fed_categories(std::move(id));
  }
  if (records.empty()) return;
  described.mutable_first_total()->set_record(RecordOfTotal(catalog, records));
  SetExpected(organization, *described.mutable_first_total());
}

}  // namespace tutti
