#include "services/cli/import/audit_time.h"

#include <gtest/gtest.h>

namespace tutti {
namespace {

struct Case {
  const char* text;
  int64_t seconds;  // -1: refused
};

TEST(AuditTime, ReadsWhatAuditRecordsSayAndNothingElse) {
  constexpr Case kCases[] = {
      {"2026-05-04T09:00:00", 1777885200},
      {"2026-05-04T09:00:00Z", 1777885200},
      {"2026-05-04T09:00:00.1234567Z", 1777885200},
      {"2026-05-04 09:00:00", 1777885200},
      {"2026-05-04T11:00:00+02:00", 1777885200},
      {"2026-05-04T03:30:00-05:30", 1777885200},
      {" 2026-05-04T09:00:00 ", 1777885200},
      {"/Date(1777885200999)/", 1777885200},
      {"1970-01-01T00:00:00", 0},
      {"2024-02-29T00:00:00", 1709164800},
      {"2025-02-29T00:00:00", -1},
      {"2026-13-04T09:00:00", -1},
      {"2026-05-04T24:00:00", -1},
      {"2026-05-04", -1},
      {"5/4/2026 9:00:00 AM", -1},
      {"2026-05-04T09:00:00 Europe/Berlin", -1},
      {"2026-05-04T09:00:00+2:00", -1},
      {"/Date(noon)/", -1},
      {"", -1},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(ParseAuditTime(c.text).value_or(-1), c.seconds) << c.text;
  }
}

}  // namespace
}  // namespace tutti
