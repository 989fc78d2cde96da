#include "common/keyring/keyring_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/keyring/covered_windows.h"
#include "common/window/window_proto.h"

namespace tutti {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kGrace = absl::Hours(48);

absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

std::set<Day> EndDays(const ScrubbedKeyring& keyring, WindowKind kind,
                      absl::string_view organization = "") {
  std::set<Day> days;
  for (const auto& key : keyring.message().keys()) {
    if (key.window_kind() == ToProto(kind) && key.organization() == organization) {
      days.insert(*ParseDay(key.end_day()));
    }
  }
  return days;
}

std::map<std::string, std::string> KeysByDay(const ScrubbedKeyring& keyring, WindowKind kind) {
  std::map<std::string, std::string> keys;
  for (const auto& key : keyring.message().keys()) {
    if (key.window_kind() == ToProto(kind)) keys[key.end_day()] = key.key();
  }
  return keys;
}

std::set<Day> Days(Day first, Day last) {
  std::set<Day> days;
  for (Day day = first; day <= last; ++day) days.insert(day);
  return days;
}

ScrubbedKeyring New(const std::string& now) {
  absl::StatusOr<ScrubbedKeyring> keyring = NewKeyring(At(now), kGrace);
  EXPECT_TRUE(keyring.ok()) << keyring.status();
  return *std::move(keyring);
}

TEST(KeyringOperationsTest, MakesKeysForEveryWindowOpenInSomeZoneAndForTheComingDays) {
  // 12:00 UTC: 00:00 of the same day at UTC-12, 02:00 of the next at UTC+14. The
  // window of the 16th closes at UTC-12 at the end of the 17th plus 48 hours: on
  // the 20th at 00:00 there, which is now.
  const ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const std::set<Day> expected = Days(Day(2026, 11, 17), Day(2026, 11, 21) + 35);
  EXPECT_EQ(EndDays(keyring, WindowKind::kReach), expected);
  EXPECT_EQ(EndDays(keyring, WindowKind::kDay), expected);
  // One second earlier that window is open for one second more.
  EXPECT_EQ(*EndDays(New("2026-11-20T11:59:59Z"), WindowKind::kDay).begin(), Day(2026, 11, 16));
}

TEST(KeyringOperationsTest, CoversTodayInTheEasternmostZone) {
  EXPECT_EQ(*EndDays(New("2026-11-20T09:59:59Z"), WindowKind::kDay).rbegin(),
            Day(2026, 11, 20) + 35);
  EXPECT_EQ(*EndDays(New("2026-11-20T10:00:00Z"), WindowKind::kDay).rbegin(),
            Day(2026, 11, 21) + 35);
}

TEST(KeyringOperationsTest, DrawsEveryKeyAndIdIndependently) {
  const ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  std::set<std::string> secrets = {keyring.message().identity_key()};
  std::set<std::string> ids;
  for (const auto& key : keyring.message().keys()) {
    EXPECT_TRUE(secrets.insert(key.key()).second);
    EXPECT_TRUE(ids.insert(key.id()).second);
    EXPECT_EQ(key.key().size(), kWindowKeyBytes);
  }
  EXPECT_FALSE(secrets.contains(std::string(kWindowKeyBytes, '\0')));
}

// Mutation: a key that is destroyed a day early.
TEST(KeyringOperationsTest, RotatesExactlyWhenTheWindowClosesInTheWesternmostZone) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const auto before = KeysByDay(keyring, WindowKind::kReach);
  // The window of the 17th closes at UTC-12 on the 21st at 00:00, 12:00 UTC.
  auto result = RotateKeyring(At("2026-11-21T11:59:59Z"), kGrace, keyring);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->destroyed, 0);
  EXPECT_EQ(result->created, 2);  // the 22nd has begun at UTC+14
  result = RotateKeyring(At("2026-11-21T12:00:00Z"), kGrace, keyring);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->destroyed, 2);
  EXPECT_EQ(result->created, 0);
  EXPECT_EQ(EndDays(keyring, WindowKind::kReach), Days(Day(2026, 11, 18), Day(2026, 11, 22) + 35));
  EXPECT_EQ(EndDays(keyring, WindowKind::kDay), Days(Day(2026, 11, 18), Day(2026, 11, 22) + 35));
  for (const auto& [day, key] : KeysByDay(keyring, WindowKind::kReach)) {
    if (before.contains(day)) {
      EXPECT_EQ(key, before.at(day)) << day;
    }
  }
}

TEST(KeyringOperationsTest, NeverMakesAKeyTwiceWhenTheClockGoesBack) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  ASSERT_TRUE(
      RotateKeyring(At("2026-12-01T12:00:00Z"), kGrace, keyring, OverdueKeys::kDestroy).ok());
  const std::set<Day> days = EndDays(keyring, WindowKind::kDay);
  // Also to before the keyring was made: those days are for extensions.
  for (const char* const now : {"2026-11-20T12:00:00Z", "2026-10-20T12:00:00Z"}) {
    const auto result = RotateKeyring(At(now), kGrace, keyring);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->created, 0);
    EXPECT_EQ(EndDays(keyring, WindowKind::kDay), days);
  }
}

std::string BytesOf(const ScrubbedKeyring& keyring) {
  return keyring.message().SerializeAsString();
}

// One day of a clock that is 400 days ahead destroyed every key, and none was made again.
// Mutations: no limit; a limit that is looked at after keys were made or destroyed.
TEST(KeyringOperationsTest, RefusesToRotateByAClockThatJumpedAhead) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const std::string before = BytesOf(keyring);
  const std::set<Day> days = EndDays(keyring, WindowKind::kDay);
  for (const int ahead : {9, 30, 36, 60, 400, 10'000}) {
    const absl::Time jumped = At("2026-11-20T12:00:00Z") + absl::Hours(24 * ahead);
    const absl::Status refused = RotateKeyring(jumped, kGrace, keyring).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << ahead << ": " << refused;
    EXPECT_EQ(BytesOf(keyring), before) << ahead;
  }
  const absl::Status refused = RotateKeyring(At("2027-12-25T12:00:00Z"), kGrace, keyring).status();
  for (const char* const said :
       {"shows 2027-12-25 12:00 UTC", "80 keys of windows up to 2026-12-26", "0 keys of back-fills",
        "clock", "rotate --force"}) {
    EXPECT_THAT(std::string(refused.message()), HasSubstr(said));
  }

  // Who means it can.
  const auto forced =
      RotateKeyring(At("2027-12-25T12:00:00Z"), kGrace, keyring, OverdueKeys::kDestroy);
  ASSERT_TRUE(forced.ok()) << forced.status();
  EXPECT_EQ(forced->destroyed, 80);
  EXPECT_EQ(forced->created, 80);
  for (const Day day : EndDays(keyring, WindowKind::kDay)) EXPECT_EQ(days.count(day), 0u);
}

// Mutation: a limit of less than a week.
TEST(KeyringOperationsTest, RotatesWeeklyWithADayToSpareUnforced) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  absl::Time now = At("2026-11-20T12:00:00Z");
  for (int week = 0; week < 10; ++week) {
    now += absl::Hours(24 * (week % 2 == 0 ? 7 : 8));
    const auto rotated = RotateKeyring(now, kGrace, keyring);
    ASSERT_TRUE(rotated.ok()) << rotated.status();
    EXPECT_EQ(EndDays(keyring, WindowKind::kDay).size(), 40u);
  }
}

// Mutation: making keys from the last day on that ever had one.
TEST(KeyringOperationsTest, MakesKeysOfTheDaysThatAJumpPassedOverWhenTheClockIsRightAgain) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const std::set<Day> first = EndDays(keyring, WindowKind::kReach);
  ASSERT_TRUE(
      RotateKeyring(At("2027-12-25T12:00:00Z"), kGrace, keyring, OverdueKeys::kDestroy).ok());
  const std::set<Day> ahead = EndDays(keyring, WindowKind::kReach);
  auto rotated = RotateKeyring(At("2026-11-21T12:00:00Z"), kGrace, keyring);
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  std::set<Day> expected = ahead;
  expected.insert(*first.rbegin() + 1);
  EXPECT_EQ(EndDays(keyring, WindowKind::kReach), expected) << "none is made a second time";
  // The same jump a second time is refused like the first.
  EXPECT_TRUE(absl::IsFailedPrecondition(
      RotateKeyring(At("2027-12-25T12:00:00Z"), kGrace, keyring).status()));
}

// Mutation: a limit for shared keys alone.
TEST(KeyringOperationsTest, RefusesWhenOnlyKeysOfABackFillAreOverdue) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const absl::Time now = At("2026-11-20T13:00:00Z");
  ASSERT_TRUE(ExtendKeyring("acme", Day(2026, 9, 1), std::nullopt, now, keyring).ok());
  keyring.EraseKeys([](const auto& key) { return key.organization().empty(); });
  // Kept until the 21st of December.
  EXPECT_TRUE(absl::IsFailedPrecondition(
      RotateKeyring(At("2026-12-30T13:00:00Z"), kGrace, keyring).status()));
  EXPECT_EQ(EndDays(keyring, WindowKind::kDay, "acme").size(), 77u);
  ASSERT_TRUE(RotateKeyring(At("2026-12-29T13:00:00Z"), kGrace, keyring).ok());
  EXPECT_TRUE(EndDays(keyring, WindowKind::kDay, "acme").empty());
}

// Its keys would be kept until a day that the jump put off. Mutation: no limit there.
TEST(KeyringOperationsTest, RefusesToExtendByAClockThatJumpedAhead) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const std::string before = BytesOf(keyring);
  const auto extended =
      ExtendKeyring("acme", Day(2026, 9, 1), Day(2026, 9, 2), At("2027-12-25T12:00:00Z"), keyring);
  EXPECT_TRUE(absl::IsFailedPrecondition(extended.status())) << extended.status();
  EXPECT_EQ(BytesOf(keyring), before);
}

TEST(KeyringOperationsTest, LeavesAGapAfterALongPauseRatherThanKeysOfClosedWindows) {
  ScrubbedKeyring keyring = New("2026-01-01T12:00:00Z");
  ASSERT_TRUE(
      RotateKeyring(At("2026-11-20T12:00:00Z"), kGrace, keyring, OverdueKeys::kDestroy).ok());
  EXPECT_EQ(EndDays(keyring, WindowKind::kDay), Days(Day(2026, 11, 17), Day(2026, 11, 21) + 35));
  const CoveredWindows covered(keyring.message());
  EXPECT_FALSE(covered.Contains({WindowKind::kDay, Day(2026, 6, 1)}, ""));
  EXPECT_TRUE(covered.Contains({WindowKind::kDay, Day(2026, 1, 5)}, ""));
}

TEST(KeyringOperationsTest, ExtendsToTheDayBeforeTheSharedKeys) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const auto created =
      ExtendKeyring("acme", Day(2026, 9, 1), std::nullopt, At("2026-11-20T13:00:00Z"), keyring);
  ASSERT_TRUE(created.ok()) << created.status();
  const std::set<Day> expected = Days(Day(2026, 9, 1), Day(2026, 11, 16));
  EXPECT_EQ(created->created, 2 * static_cast<int>(expected.size()));
  EXPECT_EQ(EndDays(keyring, WindowKind::kReach, "acme"), expected);
  EXPECT_EQ(EndDays(keyring, WindowKind::kDay, "acme"), expected);
  EXPECT_TRUE(EndDays(keyring, WindowKind::kDay, "other").empty());
}

// Mutation: one that refuses every window which is covered, or makes a second key of one.
TEST(KeyringOperationsTest, LeavesKeysThatAreHeldAsTheyAre) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  ASSERT_TRUE(
      ExtendKeyring("acme", Day(2026, 9, 1), std::nullopt, At("2026-11-20T13:00:00Z"), keyring)
          .ok());
  const std::string before = keyring.message().SerializeAsString();
  const absl::Time later = At("2026-11-21T13:00:00Z");
  auto again = ExtendKeyring("acme", Day(2026, 9, 1), std::nullopt, later, keyring);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->created, 0);
  EXPECT_EQ(again->held, 2 * 77);
  EXPECT_EQ(again->kept_until, Day(2026, 12, 21)) << "no longer than before";
  EXPECT_EQ(keyring.message().SerializeAsString(), before);

  // Those before them are made, and the first that go are named.
  again = ExtendKeyring("acme", Day(2026, 8, 31), Day(2026, 9, 1), later, keyring);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->created, 2);
  EXPECT_EQ(again->held, 2);
  EXPECT_EQ(again->kept_until, Day(2026, 12, 21));
  EXPECT_EQ(EndDays(keyring, WindowKind::kDay, "acme").size(), 78u);
  std::set<std::string> ids;
  for (const auto& key : keyring.message().keys()) ids.insert(key.id());
  EXPECT_EQ(ids.size(), static_cast<size_t>(keyring.message().keys_size()));

  // Shared ones serve the organisation as well.
  again = ExtendKeyring("acme", Day(2026, 11, 18), std::nullopt, later, keyring);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->created, 0);
  EXPECT_EQ(again->held, 2 * 3);
  EXPECT_EQ(again->kept_until, std::nullopt);
  // Those of another organisation do not.
  again = ExtendKeyring("other", Day(2026, 9, 1), Day(2026, 9, 1), later, keyring);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->created, 2);
}

TEST(KeyringOperationsTest, RefusesASecondKeyForAWindowOfTheOrganisation) {
  const absl::Time now = At("2026-11-20T13:00:00Z");
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  ASSERT_TRUE(ExtendKeyring("acme", Day(2026, 9, 1), std::nullopt, now, keyring).ok());
  ForgetExtension("acme", keyring);
  const std::string before = keyring.message().SerializeAsString();
  auto again = ExtendKeyring("acme", Day(2026, 9, 5), Day(2026, 9, 5), now, keyring);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(again.status().message()), HasSubstr("2026-09-05"));
  again = ExtendKeyring("acme", Day(2026, 8, 1), std::nullopt, now, keyring);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(keyring.message().SerializeAsString(), before) << "some were made all the same";

  // Windows before the first extension, and other organisations, are free.
  EXPECT_TRUE(ExtendKeyring("acme", Day(2026, 8, 1), Day(2026, 8, 31), now, keyring).ok());
  EXPECT_TRUE(ExtendKeyring("other", Day(2026, 9, 5), Day(2026, 9, 5), now, keyring).ok());
}

TEST(KeyringOperationsTest, RefusesAWindowWhoseSharedKeyWasDestroyed) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const absl::Time later = At("2027-01-20T12:00:00Z");
  ASSERT_TRUE(RotateKeyring(later, kGrace, keyring, OverdueKeys::kDestroy).ok());
  const auto extended = ExtendKeyring("acme", Day(2026, 11, 20), Day(2026, 11, 20), later, keyring);
  EXPECT_EQ(extended.status().code(), absl::StatusCode::kFailedPrecondition);
}

// Mutation: to keep them for ever, or a day less; to destroy those of everybody.
TEST(KeyringOperationsTest, KeepsExtensionsThroughRotationsUntilTheirLastDayIsOver) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const auto extended =
      ExtendKeyring("acme", Day(2026, 9, 1), std::nullopt, At("2026-11-20T13:00:00Z"), keyring);
  ASSERT_TRUE(extended.ok()) << extended.status();
  // It is the 21st at UTC+14.
  EXPECT_EQ(extended->kept_until, Day(2026, 12, 21));
  const auto later = ExtendKeyring("other", Day(2026, 11, 1), Day(2026, 11, 1),
                                   At("2026-11-22T13:00:00Z"), keyring);
  ASSERT_TRUE(later.ok()) << later.status();
  // At UTC-12 the 22nd begins at 12:00 UTC.
  auto rotated = RotateKeyring(At("2026-12-22T11:59:59Z"), kGrace, keyring, OverdueKeys::kDestroy);
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  EXPECT_EQ(EndDays(keyring, WindowKind::kDay, "acme").size(), 77u);
  EXPECT_EQ(EndDays(keyring, WindowKind::kReach, "acme").size(), 77u);
  rotated = RotateKeyring(At("2026-12-22T12:00:00Z"), kGrace, keyring);
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  EXPECT_EQ(rotated->destroyed, 2 * 77 + 2) << "with the shared ones of one day";
  EXPECT_TRUE(EndDays(keyring, WindowKind::kDay, "acme").empty());
  EXPECT_TRUE(EndDays(keyring, WindowKind::kReach, "acme").empty());
  EXPECT_EQ(EndDays(keyring, WindowKind::kDay, "other").size(), 1u);
  EXPECT_FALSE(EndDays(keyring, WindowKind::kDay).empty());
  // They are on record: there is no second key.
  const auto again =
      ExtendKeyring("acme", Day(2026, 9, 5), Day(2026, 9, 5), At("2026-12-22T13:00:00Z"), keyring);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kFailedPrecondition);
}

// Mutation: to take a missing day for one that is over, or for none at all.
TEST(KeyringOperationsTest, GivesKeysOfExtensionsThatHaveNoLastDayOne) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const absl::Time now = At("2026-11-20T13:00:00Z");
  ASSERT_TRUE(ExtendKeyring("acme", Day(2026, 9, 1), std::nullopt, now, keyring).ok());
  for (auto& key : *keyring.mutable_message().mutable_keys()) key.clear_kept_until();
  ASSERT_TRUE(RotateKeyring(now, kGrace, keyring).ok());
  EXPECT_EQ(EndDays(keyring, WindowKind::kDay, "acme").size(), 77u);
  for (const auto& key : keyring.message().keys()) {
    EXPECT_EQ(key.kept_until(), key.organization().empty() ? "" : "2026-12-21");
  }
}

TEST(KeyringOperationsTest, ForgetsExtensionsAtOnce) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  ASSERT_TRUE(
      ExtendKeyring("acme", Day(2026, 9, 1), std::nullopt, At("2026-11-20T13:00:00Z"), keyring)
          .ok());
  EXPECT_EQ(ForgetExtension("acme", keyring), 2 * 77);
  EXPECT_TRUE(EndDays(keyring, WindowKind::kDay, "acme").empty());
  EXPECT_EQ(ForgetExtension("acme", keyring), 0);
  EXPECT_FALSE(EndDays(keyring, WindowKind::kDay).empty());
}

TEST(KeyringOperationsTest, RefusesExtensionsThatAreNotOfThePast) {
  const absl::Time now = At("2026-11-20T13:00:00Z");
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  const auto refused = [&](absl::string_view organization, Day from, std::optional<Day> to) {
    return ExtendKeyring(organization, from, to, now, keyring).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused("acme", Day(2026, 11, 10), Day(2026, 11, 9)));
  EXPECT_TRUE(refused("acme", Day(2026, 11, 20), std::nullopt));
  EXPECT_TRUE(refused("acme", Day(2026, 11, 10), Day(2026, 11, 20)));
  EXPECT_TRUE(refused("acme", Day(2024, 1, 1), Day(2024, 1, 2)));
  EXPECT_TRUE(refused("Acme", Day(2026, 11, 1), Day(2026, 11, 2)));
  EXPECT_TRUE(refused("", Day(2026, 11, 1), Day(2026, 11, 2)));
  EXPECT_TRUE(refused("organizations/acme", Day(2026, 11, 1), Day(2026, 11, 2)));
}

TEST(KeyringOperationsTest, ShowsIdsAndRangesButNoKey) {
  ScrubbedKeyring keyring = New("2026-11-20T12:00:00Z");
  ASSERT_TRUE(
      ExtendKeyring("acme", Day(2026, 11, 1), std::nullopt, At("2026-11-20T13:00:00Z"), keyring)
          .ok());
  const KeyringSummary summary = Summarize(keyring);
  EXPECT_EQ(summary.shared_keys, 2 * 40);
  EXPECT_EQ(summary.extension_keys, 2 * 16);
  EXPECT_EQ(summary.keys.size(), 112u);
  ASSERT_EQ(summary.ranges.size(), 4u);
  EXPECT_EQ(summary.ranges[0].first_end_day, Day(2026, 11, 17));
  EXPECT_EQ(summary.ranges[2].organization, "acme");

  std::string shown;
  for (const auto& key : summary.keys) absl::StrAppend(&shown, key.organization, key.id_hex, "\n");
  EXPECT_THAT(shown, HasSubstr(absl::BytesToHexString(keyring.message().keys(0).id())));
  std::vector<std::string> secrets = {keyring.message().identity_key()};
  for (const auto& key : keyring.message().keys()) secrets.push_back(key.key());
  for (const std::string& secret : secrets) {
    EXPECT_EQ(shown.find(secret.substr(0, 8)), std::string::npos);
    EXPECT_EQ(shown.find(absl::BytesToHexString(secret.substr(0, 8))), std::string::npos);
    EXPECT_EQ(shown.find(absl::Base64Escape(secret).substr(0, 10)), std::string::npos);
  }
}

}  // namespace
}  // namespace tutti
