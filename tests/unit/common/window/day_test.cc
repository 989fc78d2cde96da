#include "common/window/day.h"

#include <malloc.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

TEST(DayTest, ParsesWhatItFormats) {
  const Day day(2026, 2, 28);
  EXPECT_EQ(FormatDay(day), "2026-02-28");
  EXPECT_EQ(ParseDay("2026-02-28").value(), day);
}

TEST(DayTest, RefusesEveryOtherSpelling) {
  for (const char* text : {"", "2026-2-28", "2026-02-30", "2026-13-01", "2026-00-10", "2026-01-00",
                           "2026-+1-01", "2026-02--1", "2026-02-28 ", "28-02-2026", "20260228",
                           "2026-02-28T00:00:00", "1999-12-31", "3000-01-01", "x026-02-28"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseDay(text).status())) << text;
  }
}

TEST(DayTest, DoesNotRepeatWhatItRefuses) {
  EXPECT_EQ(ParseDay("amy@acme").status().message().find("amy"), absl::string_view::npos);
}

TEST(ZoneTest, LoadsIanaNamesAndNothingElse) {
  EXPECT_TRUE(LoadZone("").ok());
  EXPECT_TRUE(LoadZone("Europe/Amsterdam").ok());
  for (const char* name : {"Europe/Atlantis", "/etc/passwd", "file:/etc/localtime", "../UTC",
                           "Europe", "Europe//Amsterdam", "./UTC", "Fixed/UTC+01:00:00"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(LoadZone(name).status())) << name;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(LoadZone(std::string("UTC\0x", 5)).status()));
}

// Abseil keeps every name that it was asked for until the process ends. Mutation: names
// that are none reach it.
TEST(ZoneTest, KeepsNothingOfNamesThatAreNone) {
  const auto refuse = [](int names) {
    for (int i = 0; i < names; ++i) {
      EXPECT_FALSE(LoadZone(absl::StrCat("Europe/Atlantis", i)).ok());
    }
    return mallinfo2().uordblks;
  };
  const size_t before = refuse(1'000);
  EXPECT_LT(refuse(20'000), before + 20'000);
}

}  // namespace
}  // namespace tutti
