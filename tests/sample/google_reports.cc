#include "tests/sample/google_reports.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/status_macros.h"
#include "common/window/day.h"
#include "tests/sample/google_rows.h"
#include "tests/sample/record_forms.h"

namespace tutti {
namespace {

constexpr absl::string_view kApplications[] = {"gmail", "chat", "meet", "drive",
                                               "gemini_in_workspace_apps"};
constexpr absl::string_view kPaged = "drive";
constexpr size_t kPageItems = 1000;  // the most that the API gives
constexpr uint32_t kDelivery = 2;    // the subject of the draws

class GoogleTeller {
 public:
  GoogleTeller(const SampleOrganization& organization, const ReportFileSink& take)
      : organization_(organization), take_(take), writer_(organization) {}

  absl::StatusOr<AuditLogCounts> Tell() {
    std::vector<SampleHabits> habits;
    for (uint32_t person = 0; person < organization_.people(); ++person) {
      habits.push_back(organization_.HabitsOf(person));
    }
    std::vector<SampleEvent> events;
    for (int day = 0; day < organization_.days(); ++day) {
      std::vector<GoogleRow> rows;
      for (const SampleHabits& person : habits) {
        events.clear();
        organization_.AppendDay(person, day, events);
        counts_.activities += static_cast<int64_t>(events.size());
        for (const SampleEvent& event : events) writer_.Append(event, rows);
        if (organization_.IsPresent(person, day)) {
          writer_.AppendForPerson(person.person, day, rows);
        }
      }
      writer_.AppendForDay(day, rows);
      std::stable_sort(rows.begin(), rows.end(), [](const GoogleRow& a, const GoogleRow& b) {
        return a.seconds < b.seconds;
      });
      RETURN_IF_ERROR(Write(day, rows));
    }
    return counts_;
  }

 private:
  // What comes again comes at the day's end.
  absl::Status Write(int day, const std::vector<GoogleRow>& rows) {
    Draws draws(organization_.key(), SampleStream::kDayNoise, kDelivery,
                static_cast<uint32_t>(day));
    for (const absl::string_view application : kApplications) {
      std::vector<std::string> items;
      std::vector<std::string> again;
      for (const GoogleRow& row : rows) {
        if (row.application != application) continue;
        items.push_back(GoogleJson(organization_, row, false));
        if (!draws.Chance(kRedeliveredShare)) continue;
        again.push_back(GoogleJson(organization_, row, true));
      }
      counts_.redelivered += static_cast<int64_t>(again.size());
      std::move(again.begin(), again.end(), std::back_inserter(items));
      counts_.records += static_cast<int64_t>(items.size());
      const std::string name = absl::StrCat(application, "-", FormatDay(organization_.DayAt(day)));
      RETURN_IF_ERROR(application == kPaged ? WritePages(name, items) : WriteLines(name, items));
    }
    return absl::OkStatus();
  }

  absl::Status WriteLines(const std::string& name, const std::vector<std::string>& items) {
    return take_(absl::StrCat(name, ".jsonl"), absl::StrCat(absl::StrJoin(items, "\n"), "\n"));
  }

  absl::Status WritePages(const std::string& name, const std::vector<std::string>& items) {
    for (size_t begin = 0; begin < items.size(); begin += kPageItems) {
      const size_t end = std::min(begin + kPageItems, items.size());
      std::string page = "{\n \"kind\": \"admin#reports#activities\",\n \"items\": [\n  ";
      for (size_t i = begin; i < end; ++i) {
        absl::StrAppend(&page, i == begin ? "" : ",\n  ", items[i]);
      }
      absl::StrAppend(&page, "\n ]\n}\n");
      RETURN_IF_ERROR(take_(absl::StrCat(name, "-page-", begin / kPageItems + 1, ".json"), page));
    }
    return absl::OkStatus();
  }

  const SampleOrganization& organization_;
  const ReportFileSink& take_;
  GoogleRows writer_;
  AuditLogCounts counts_;
};

}  // namespace

absl::StatusOr<AuditLogCounts> TellGoogleReports(const SampleOrganization& organization,
                                                 const ReportFileSink& take) {
  return GoogleTeller(organization, take).Tell();
}

}  // namespace tutti
