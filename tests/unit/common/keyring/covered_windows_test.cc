#include "common/keyring/covered_windows.h"

#include <gtest/gtest.h>

#include <string>

namespace tutti {
namespace {

void AddRange(const std::string& organization, window::v1::WindowKind kind,
              const std::string& first, const std::string& last,
              google::protobuf::RepeatedPtrField<keyring::v1::CoveredRange>& ranges) {
  keyring::v1::CoveredRange& range = *ranges.Add();
  range.set_organization(organization);
  range.set_window_kind(kind);
  range.set_first_end_day(first);
  range.set_last_end_day(last);
}

// Mutations: an end that is not included, another's kind, another's organisation.
TEST(CoveredWindowsTest, HasSharedOnesForAllAndExtendedOnesForTheirOwn) {
  keyring::v1::Keyring keyring;
  AddRange("", window::v1::WINDOW_KIND_DAY, "2026-11-01", "2026-11-03", *keyring.mutable_shared());
  AddRange("acme", window::v1::WINDOW_KIND_REACH, "2026-06-01", "2026-06-30",
           *keyring.mutable_extensions());
  AddRange("acme", window::v1::WINDOW_KIND_REACH, "2026-08-01", "2026-08-01",
           *keyring.mutable_extensions());
  const CoveredWindows covered(keyring);
  for (const char* organization : {"", "acme", "initech"}) {
    EXPECT_FALSE(covered.Contains({WindowKind::kDay, Day(2026, 10, 31)}, organization));
    EXPECT_TRUE(covered.Contains({WindowKind::kDay, Day(2026, 11, 1)}, organization));
    EXPECT_TRUE(covered.Contains({WindowKind::kDay, Day(2026, 11, 3)}, organization));
    EXPECT_FALSE(covered.Contains({WindowKind::kDay, Day(2026, 11, 4)}, organization));
    EXPECT_FALSE(covered.Contains({WindowKind::kReach, Day(2026, 11, 1)}, organization));
  }
  for (const Day day : {Day(2026, 6, 1), Day(2026, 6, 30), Day(2026, 8, 1)}) {
    EXPECT_TRUE(covered.Contains({WindowKind::kReach, day}, "acme"));
    EXPECT_FALSE(covered.Contains({WindowKind::kDay, day}, "acme"));
    EXPECT_FALSE(covered.Contains({WindowKind::kReach, day}, "initech"));
    EXPECT_FALSE(covered.Contains({WindowKind::kReach, day}, ""));
  }
  EXPECT_FALSE(covered.Contains({WindowKind::kReach, Day(2026, 7, 1)}, "acme"));
}

TEST(CoveredWindowsTest, MalformedRangesCoverNothing) {
  keyring::v1::Keyring keyring;
  AddRange("", window::v1::WINDOW_KIND_DAY, "2026-11-01", "soon", *keyring.mutable_shared());
  AddRange("", window::v1::WINDOW_KIND_UNSPECIFIED, "2026-11-01", "2026-11-03",
           *keyring.mutable_shared());
  const CoveredWindows covered(keyring);
  EXPECT_FALSE(covered.Contains({WindowKind::kDay, Day(2026, 11, 1)}, ""));
  EXPECT_FALSE(covered.Contains({WindowKind::kReach, Day(2026, 11, 1)}, ""));
}

}  // namespace
}  // namespace tutti
