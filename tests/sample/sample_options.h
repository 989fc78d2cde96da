#ifndef TUTTI_TESTS_SAMPLE_SAMPLE_OPTIONS_H_
#define TUTTI_TESTS_SAMPLE_SAMPLE_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/window/day.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// What a made-up organisation is written as. Several may be written of one and the
// same organisation: each tells what its kind of source can tell.
enum class SampleShape {
  kAuditCsv,    // audit.csv: a Search-UnifiedAuditLog export with an AuditData column
  kAuditLines,  // audit.ndjson: Management Activity API records, one a line
  // activities.jsonl: Tutti activities, one a line, the whole vocabulary: also of
  // devices, meetings, workspaces, documents, threads and messages.
  kActivities,
  // usage/*.csv: usage reports of Microsoft Graph, one a day and kind of report.
  kUsageReports,
  // google/*: activities of the Google Workspace Reports API, by day and application.
  kGoogleReports,
  kTelemetry,  // telemetry.csv and telemetry.jsonl: what is known of devices
  // remaining.jsonl: Tutti activities, one a line, of what none of the logs and
  // reports above tells: mentions, attached links, interaction in meetings, and
  // meetings, workspaces, documents, threads and messages themselves.
  kRemaining,
};

// Describes a made-up organisation. The same options give the same bytes.
struct SampleOptions {
  std::string organization = "sample";  // an organisation's id; its domain is <id>.example
  int64_t people = 600;                 // 10 to 1,000,000
  int weeks = 16;                       // 1 to 104
  Day last_day;                         // included; the first day is 7 x weeks - 1 days earlier
  uint64_t seed = 1;
  std::string time_zone = "UTC";                               // IANA
  std::vector<SampleShape> shapes = {SampleShape::kAuditCsv};  // at least one
  // About so many records in the log, re-delivered ones included. 0: 150,000 for
  // 600 people in 16 weeks, and in proportion. Repeats of what a person does on a
  // day are added to get there; whether the person does it is not touched, so a
  // target below what the habits take is not reached.
  int64_t records = 0;
  // The weeks, from 0, at whose start a campaign brings seven of ten people to communities and the
  // assistant who had not begun with them, and two weeks begin in which work rests. -1: none.
  int campaign_week = -1;
  int rest_week = -1;
  // Which windows the truth is told for; AUTO chooses by headcount.
  window::v1::Cadence cadence = window::v1::CADENCE_AUTO;

  Day first_day() const { return last_day - (7 * weeks - 1); }
  bool Writes(SampleShape shape) const;
};

// InvalidArgument naming the field, its limit and what to do.
absl::Status ValidateSampleOptions(const SampleOptions& options);

// The day before `now` in the zone: the default last day.
Day DayBefore(absl::Time now, absl::TimeZone zone);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_SAMPLE_OPTIONS_H_
