// Attack 12: an organisation moves to another time zone, and what somebody did is sent
// again, with what came later. What was done before the move stays on its day, and in no
// window has anybody a second slot.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "tests/privacy/attacks/attack.h"

namespace tutti {
namespace {

// Every slot that was set, by window, kind and table; and the size that each window had.
struct Slots {
  std::map<std::tuple<std::string, std::string, size_t>, std::set<uint32_t>> by_table;
  std::map<std::pair<std::string, std::string>, std::set<uint32_t>> sizes;
  size_t deltas = 0;
};

void AddSlots(const std::vector<aggregate::v1::MergeDeltasRequest>& merges, Slots& slots) {
  for (const auto& merge : merges) {
    for (const auto& delta : merge.deltas()) {
      ++slots.deltas;
      const bool reach = delta.window_kind() == window::v1::WINDOW_KIND_REACH;
      const std::string window = absl::StrCat(reach ? "reach " : "day ", delta.end_day());
      slots.sizes[{window, delta.kind()}].insert(delta.kept_slots_log2());
      const uint32_t kept = uint32_t{1} << delta.kept_slots_log2();
      std::map<uint32_t, size_t> table_of;  // by column
      for (size_t t = 0; t < ShippedCatalog().tables().size(); ++t) {
        const CatalogTable& table = ShippedCatalog().tables()[t];
        if (table.proto->kind() != delta.kind()) continue;
        if (table.is_habit() == reach) continue;
        for (const uint32_t column : table.columns) table_of[column] = t;
      }
      for (const uint32_t position : delta.positions()) {
        slots.by_table[{window, delta.kind(), table_of.at(position / kept)}].insert(position %
                                                                                    kept);
      }
    }
  }
}

size_t MostSlots(const Slots& slots) {
  size_t most = 0;
  for (const auto& [table, set] : slots.by_table) most = std::max(most, set.size());
  return most;
}

// Mutation: a slot that depends on the day, or a size that follows from the terms in
// effect when something is sent.
TEST(ZoneAttack, AChangeOfZoneGivesNobodyASecondSlot) {
  LocalSuite suite(ShippedCatalog(), kLastDay);
  suite.Create("acme", 300, kFirstDay - int64_t{21});
  // Late in the evening of every second day: in Auckland it is the next day.
  const auto evenings = [](const std::string& person, Day last) {
    std::vector<ingest::v1::Activity> all;
    for (Day day = kFirstDay; day <= last; day += 2) {
      for (ingest::v1::Activity& activity : EverythingOn(ShippedCatalog(), "person", person, day)) {
        activity.mutable_occurred_at()->set_seconds(
            absl::ToUnixSeconds(absl::FromCivil(absl::CivilHour(day) + 20, absl::UTCTimeZone())));
        all.push_back(std::move(activity));
      }
    }
    return all;
  };
  ASSERT_GT(suite.Ingest("acme", evenings("mover@acme.example", kLastDay)), 0);
  Slots slots;
  AddSlots(suite.merges, slots);
  const size_t before = slots.by_table.size();

  auto moved = suite.organizations().Get("acme");
  ASSERT_TRUE(moved.ok()) << moved.status();
  moved->set_time_zone("Pacific/Auckland");
  ASSERT_TRUE(suite.organizations().lifecycle.Update("acme", *moved).ok());
  suite.clock().Advance(absl::Hours(24 * 8));
  suite.merges.clear();
  ASSERT_GT(suite.Ingest("acme", evenings("mover@acme.example", kLastDay)), 0);
  AddSlots(suite.merges, slots);
  EXPECT_EQ(slots.by_table.size(), before) << "a day that was over has moved";
  ASSERT_GT(suite.Ingest("acme", evenings("mover@acme.example", kLastDay + 7)), 0);
  const size_t first_deltas = slots.deltas;
  AddSlots(suite.merges, slots);
  EXPECT_GT(slots.deltas, first_deltas) << "nothing was sent for the other days";
  EXPECT_GT(slots.by_table.size(), before) << "all days are the same: nothing was tried";
  EXPECT_EQ(MostSlots(slots), 1U);
  for (const auto& [window, sizes] : slots.sizes) EXPECT_EQ(sizes.size(), 1U) << window.first;
  ReportAttack(12, absl::StrCat("a change of time zone between the same activities: at most ",
                                MostSlots(slots), " slot for a person in each of ",
                                slots.by_table.size(), " tables of windows"));

  Slots control = slots;
  suite.merges.clear();
  suite.Ingest("acme", evenings("another@acme.example", kLastDay));
  AddSlots(suite.merges, control);
  EXPECT_EQ(MostSlots(control), 2U) << "two identifiers must be seen";
}

}  // namespace
}  // namespace tutti
