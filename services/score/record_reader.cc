#include "services/score/record_reader.h"

#include <algorithm>

#include "common/scoring/level_parts.h"
#include "common/scoring/planned_levels.h"
#include "common/status/status_macros.h"
#include "services/score/score_error.h"

namespace tutti {

using publication::v1::Publication;

absl::Span<const Day> EndDaysUpTo(absl::Span<const Day> end_days, Day end_day, size_t limit) {
  const auto end = std::upper_bound(end_days.begin(), end_days.end(), end_day);
  const auto count = static_cast<size_t>(end - end_days.begin());
  const size_t taken = std::min(count, limit);
  return end_days.subspan(count - taken, taken);
}

absl::StatusOr<std::vector<Day>> RecordReader::EndDays(const std::string& organization) {
  absl::StatusOr<std::vector<Day>> days = publications_.ListEndDays(organization);
  if (!days.ok()) return FromStore(days.status());
  return days;
}

absl::StatusOr<std::vector<Day>> RecordReader::SomeEndDays(const std::string& organization) {
  ASSIGN_OR_RETURN(std::vector<Day> days, EndDays(organization));
  if (days.empty()) return NothingPublished();
  return days;
}

absl::StatusOr<std::vector<std::optional<Day>>> RecordReader::Find(
    absl::Span<const PublicationQuery> queries) {
  absl::StatusOr<std::vector<std::optional<Day>>> days = publications_.Find(queries);
  if (!days.ok()) return FromStore(days.status());
  return days;
}

absl::StatusOr<std::vector<std::optional<Day>>> RecordReader::LatestDays(
    absl::Span<const std::string> organizations) {
  std::vector<PublicationQuery> queries;
  queries.reserve(organizations.size());
  for (const std::string& organization : organizations) queries.push_back({organization, {}});
  return Find(queries);
}

absl::Status RecordReader::Missing(const std::string& organization) {
  // The answer differs when there is nothing at all.
  const absl::StatusOr<std::vector<Day>> some = SomeEndDays(organization);
  return some.ok() ? NoSuchWindow() : some.status();
}

std::vector<absl::StatusOr<RecordReader::Record>> RecordReader::Fetch(
    const std::string& organization, absl::Span<const Day> end_days) {
  const absl::StatusOr<std::vector<std::string>> bytes = publications_.Read(organization, end_days);
  if (!bytes.ok()) {
    return {end_days.size(),
            absl::IsNotFound(bytes.status()) ? Missing(organization) : FromStore(bytes.status())};
  }
  std::vector<absl::StatusOr<Record>> records;
  records.reserve(end_days.size());
  for (size_t i = 0; i < end_days.size(); ++i) {
    auto record = std::make_shared<Publication>();
    if (!record->ParseFromString((*bytes)[i])) {
      records.emplace_back(absl::DataLossError("a published record cannot be read"));
      continue;
    }
    const size_t size = record->SpaceUsedLong();
    const std::lock_guard lock(mutex_);
    records.emplace_back(kept_.Keep({organization, end_days[i]}, std::move(record), size));
  }
  return records;
}

std::vector<absl::StatusOr<RecordReader::Record>> RecordReader::ReadAll(
    const std::string& organization, absl::Span<const Day> end_days) {
  std::vector<absl::StatusOr<Record>> records(end_days.size());
  std::vector<size_t> places;  // of those that are not kept
  std::vector<Day> days;
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < end_days.size(); ++i) {
      if (Record kept = kept_.Find({organization, end_days[i]}); kept != nullptr) {
        records[i] = std::move(kept);
      } else {
        places.push_back(i);
        days.push_back(end_days[i]);
      }
    }
  }
  for (size_t from = 0; from < days.size(); from += kMostReadTogether) {
    auto read = Fetch(organization, absl::MakeConstSpan(days).subspan(from, kMostReadTogether));
    for (size_t i = 0; i < read.size(); ++i) records[places[from + i]] = std::move(read[i]);
  }
  return records;
}

absl::StatusOr<RecordReader::Record> RecordReader::Read(const std::string& organization,
                                                        Day end_day) {
  return std::move(ReadAll(organization, absl::MakeConstSpan(&end_day, 1)).front());
}

absl::StatusOr<std::optional<Publication>> RecordReader::Latest(const std::string& organization) {
  const absl::StatusOr<Day> latest = publications_.LatestEndDay(organization);
  if (absl::IsNotFound(latest.status())) return std::nullopt;
  if (!latest.ok()) return FromStore(latest.status());
  ASSIGN_OR_RETURN(const Record record, Read(organization, *latest));
  return *record;
}

absl::StatusOr<int> RecordReader::CountOfSeries(const std::string& organization,
                                                const Publication& last) {
  ASSIGN_OR_RETURN(const std::vector<Day> days, EndDays(organization));
  const absl::StatusOr<Day> end_day = ParseDay(last.end_day());
  if (!end_day.ok()) return absl::DataLossError("a published record has no end day");
  const auto records = ReadAll(organization, EndDaysUpTo(days, *end_day, kMostLevelWindows));
  int count = 0;
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    if (absl::IsDataLoss(record->status())) break;
    if (!record->ok()) return record->status();
    if (!AreOneSeries(SeriesTermsOf(***record), SeriesTermsOf(last))) break;
    // A window of which something was lost tells a level nothing.
    const bool complete = std::all_of(
        (**record)->kinds().begin(), (**record)->kinds().end(),
        [](const auto& kind) { return kind.state() == publication::v1::KIND_STATE_COMPLETE; });
    if (complete) ++count;
  }
  return count;
}

}  // namespace tutti
