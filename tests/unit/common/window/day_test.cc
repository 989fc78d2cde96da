#include "common/window/day.h"

#include "gtest/gtest.h"

namespace tutti {
namespace {

TEST(DayTest, ParsesWhatItFormats) {
  const Day day(2026, 2, 28);
  EXPECT_EQ(FormatDay(day), "2026-02-28");
  EXPECT_EQ(ParseDay("2026-02-28").value(), day);
}

TEST(DayTest, RefusesEveryOtherSpelling) {
  for (const char* text : {"", "2026-2-28", "2026-02-30", "2026-02-28 ", "28-02-2026", "20260228",
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
  for (const char* name : {"Europe/Atlantis", "/etc/passwd", "file:/etc/localtime", "../UTC"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(LoadZone(name).status())) << name;
  }
}

}  // namespace
}  // namespace tutti
