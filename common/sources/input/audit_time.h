#ifndef TUTTI_COMMON_SOURCES_INPUT_AUDIT_TIME_H_
#define TUTTI_COMMON_SOURCES_INPUT_AUDIT_TIME_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace tutti {

// Parses the times of records: "2024-05-18T21:13:33", also with a space or a small "t" for
// the T, without the seconds, with a fraction of any length after a full stop or a comma
// (dropped), and with a zone, which a space may precede: "Z" in either case, "UTC", "GMT",
// "+02:00", "+0200" or "+02"; and "/Date(1728344797000)/", with an offset or without. Without a
// zone it is UTC. Seconds since 1970, or nothing when it is no such time. Spreadsheet forms
// ("5/18/2024 9:13 PM") are refused: their order of day and month is not known.
absl::optional<int64_t> ParseAuditTime(absl::string_view text);

// Which stands first in a day like "4/5/2026", that a spreadsheet wrote. kBoth: where it is from,
// some days have it so and some otherwise, so that none can be read.
enum class DayOrder { kUnknown, kDayFirst, kMonthFirst, kBoth };

// Parses a day of a report: "2026-11-20", "2026/11/20", "20.11.2026", "4. 5. 2026.", "04.05.26" (of
// this century, but for 01.01.01, which is year 1), and what a
// spreadsheet or an exporter makes of it by putting a time behind it, which says nothing: the day
// is the one that is written there, whatever the zone. "4/5/2026" and "4-5-2026" are read in the
// order that is given, or when there is but one way to read them. Seconds since 1970 of its
// beginning in UTC.
absl::optional<int64_t> ParseReportDay(absl::string_view text, DayOrder order = DayOrder::kUnknown);

// The order that a day like "24/11/2026" shows; kUnknown when it shows none.
DayOrder DayOrderOf(absl::string_view text);

// Whether it is a day like "4/5/2026", which can be read in two ways.
bool NeedsDayOrder(absl::string_view text);

// Whether what stands in the place of a time means that there is none: nothing, "never", a dash,
// or the zero of a program's clock, which is in or before 1970 ("0001-01-01", "1601-01-01",
// "1/0/1900").
bool SaysNever(absl::string_view text);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_AUDIT_TIME_H_
