#include "common/sources/telemetry/device_telemetry.h"

#include <simdjson.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sources/day_order.h"
#include "common/sources/input/csv_header.h"
#include "common/sources/input/csv_reader.h"
#include "common/sources/input/json_framer.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using Row = absl::Span<const absl::string_view>;

constexpr double kLeastScore = 50;
constexpr double kSlowestBootMs = 60'000;
constexpr double kPoorLatencyMs = 300;
constexpr double kPoorCallLatencyMs = 100;
constexpr double kPoorLossPercent = 1;
constexpr double kPoorJitterMs = 30;
constexpr double kPoorDownloadMbps = 2;

constexpr absl::string_view kLists[] = {"value", "records"};
constexpr absl::string_view kRecordMembers[] = {"id", "deviceId", "deviceName"};
constexpr JsonLayout kLayout = {kLists, kRecordMembers};

// What to do when a file names no device.
constexpr absl::string_view kAdvice =
    "export the start-up history of devices from Endpoint analytics "
    "(userExperienceAnalyticsDeviceStartupHistory), network measurements or an inventory of "
    "applications with the id of each device";

// How names end in reports of Endpoint analytics that are no columns here, some of them of devices;
// see PlainName.
constexpr absl::string_view kOfAnalytics[] = {"batteryhealthscore", "devicecount",
                                              "endpointanalyticsscore", "overallscore",
                                              "workfromanywherescore"};

// Of those, how they end in rows that are of more than one device, whatever else they name.
constexpr absl::string_view kOfMany[] = {"devicecount", "overallscore"};

enum Column : size_t {
  kDevice,
  kTime,
  kStartup,
  kBoot,
  kReliability,
  kCrashes,
  kLatency,
  kLoss,
  kJitter,
  kDownload,
  kChannel,
  kSupported,
  kUser,
  kColumnCount,
};

// The names that each may have; compared without case.
const std::vector<std::vector<std::string>>& Columns() {
  static const std::vector<std::vector<std::string>> columns = {
      {"deviceId", "id", "deviceName", "deviceDisplayName", "Device Id", "Device name", "Device"},
      {"date", "reportDate", "lastReportedDateTime", "lastUpdatedDateTime", "measuredAt",
       "processedDateTime", "startTime", "Report date", "Last reported"},
      {"startupPerformanceScore", "Startup performance score", "Startup score"},
      {"coreBootTimeInMs", "Core boot time (ms)"},
      {"appReliabilityScore", "Application reliability score", "App reliability score"},
      {"appCrashCount", "App crash count"},
      {"latencyMs", "rttMs", "Latency (ms)"},
      {"packetLossPercent", "Packet loss (%)"},
      {"jitterMs", "Jitter (ms)"},
      {"downloadMbps", "Download (Mbps)"},
      {"updateChannel", "Update channel", "Channel"},
      {"isSupported", "supportState", "Supported"},
      {"userPrincipalName", "Primary user UPN", "Primary user", "UPN"},
  };
  return columns;
}

// The same for CSV, where each name of the time is a column of its own: the others come last.
const std::vector<std::vector<std::string>>& CsvColumns() {
  static const auto& columns = *new std::vector<std::vector<std::string>>([] {
    std::vector<std::vector<std::string>> parted = Columns();
    const std::vector<std::string> times = std::exchange(parted[kTime], {Columns()[kTime].front()});
    for (size_t i = 1; i < times.size(); ++i) parted.push_back({times[i]});
    return parted;
  }());
  return columns;
}

// A number that is there; scores below 0 mean that there is none.
bool Number(absl::string_view text, double* number) {
  *number = NumberOf(text).value_or(-1);
  return *number >= 0;
}

bool IsRecommended(absl::string_view channel) {
  return absl::EqualsIgnoreCase(channel, "current") ||
         absl::EqualsIgnoreCase(channel, "current channel") ||
         absl::EqualsIgnoreCase(channel, "monthly enterprise") ||
         absl::EqualsIgnoreCase(channel, "monthly enterprise channel");
}

bool IsSupported(absl::string_view text) {
  return FlagOf(text).value_or(absl::EqualsIgnoreCase(text, "supported"));
}

// Whether a header or the beginning of JSON names a column, as JSON writes names.
bool Names(absl::string_view text, bool json, absl::string_view column) {
  const std::string sought = absl::AsciiStrToLower(column);
  return ContainsIgnoringCase(text, json ? absl::StrCat("\"", sought, "\"") : sought);
}

// Whether one of its names ends so.
bool HasNameEndingIn(absl::string_view text, bool json, absl::Span<const absl::string_view> ends) {
  const std::vector<std::string> names = json ? std::vector<std::string>() : CsvNames(text);
  return absl::c_any_of(ends, [&](absl::string_view end) {
    if (json) return ContainsIgnoringCase(text, absl::StrCat(end, "\""));
    return absl::c_any_of(
        names, [end](const std::string& name) { return absl::EndsWith(PlainName(name), end); });
  });
}

// Whether it names a measurement, or is a report of Endpoint analytics.
bool IsOfTelemetry(absl::string_view text, bool json) {
  for (size_t column = kStartup; column <= kSupported; ++column) {
    for (const std::string& name : Columns()[column]) {
      // One word may stand for anything.
      if (name != "Channel" && name != "Supported" && Names(text, json, name)) return true;
    }
  }
  return HasNameEndingIn(text, json, kOfAnalytics);
}

// Fails when what begins so, CSV or JSON, has rows that are of no device: scores of models, of
// versions, of applications, of all devices together.
absl::Status CheckDevices(absl::string_view beginning) {
  const bool json = IsJson(beginning);
  const absl::string_view text = json ? beginning : CsvHeader(beginning);
  const bool names_device = absl::c_any_of(
      Columns()[kDevice], [&](const std::string& name) { return Names(text, json, name); });
  const bool of_none =
      HasNameEndingIn(text, json, kOfMany) || (IsOfTelemetry(text, json) && !names_device);
  if (!of_none) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "its rows are not of single devices: leave the names in, in English, and ", kAdvice));
}

class TelemetryReader : public JsonSink {
 public:
  explicit TelemetryReader(SourceSink& sink) : sink_(sink) {}

  absl::Status Read(TextInput& input) {
    absl::Status status = ReadRows(input);
    // What was held back was read before whatever ended the reading.
    status.Update(order_.Finish());
    return status;
  }

  absl::Status ReadRow(Row row, DayOrder order) {
    const absl::string_view device = absl::StripAsciiWhitespace(row[kDevice]);
    if (device.empty()) return sink_.OnRejected(RejectionReason::kMissingField);
    const absl::string_view time = absl::StripAsciiWhitespace(row[kTime]);
    if (SaysNever(time)) return sink_.OnRejected(RejectionReason::kNoDate);
    const CheckedTime when = WhenOf(time, order);
    if (!when.seconds.has_value()) return sink_.OnRejected(when.problem);
    if (!sink_.OnRow(absl::StrJoin(row, "\x1f"))) return absl::OkStatus();
    // The device of a guest or of a service account is none of the organisation's people's.
    const absl::string_view user = row[kUser];
    if (absl::StrContains(user, '@') && !sink_.OnPerson({user})) return absl::OkStatus();
    sink_.OnSubject(absl::AsciiStrToLower(device));
    measured_ = false;
    for (const absl::Status& status : {Endpoint(row, *when.seconds), Network(row, *when.seconds),
                                       Applications(row, *when.seconds)}) {
      if (!status.ok()) return status;
    }
    if (!measured_) sink_.OnExcluded(Exclusion::kNoMeasurement);
    return absl::OkStatus();
  }

  absl::Status OnJson(absl::string_view json) override {
    simdjson::dom::element root;
    if (!ParseLenient(parser_, json, true, &root)) {
      return sink_.OnRejected(RejectionReason::kMalformedJson);
    }
    simdjson::dom::object members;
    if (root.get(members) != simdjson::SUCCESS) {
      return sink_.OnRejected(RejectionReason::kNotAnObject);
    }
    std::array<std::string, kColumnCount> texts;
    std::array<size_t, kColumnCount> ranks = {};
    ranks.fill(~size_t{0});
    for (const auto [key, value] : members) Take({key.data(), key.size()}, value, texts, ranks);
    std::array<absl::string_view, kColumnCount> row = {};
    for (size_t i = 0; i < row.size(); ++i) row[i] = texts[i];
    return order_.Add(row);
  }
  absl::Status OnRejected(RejectionReason reason) override { return sink_.OnRejected(reason); }

 private:
  absl::Status ReadRows(TextInput& input) {
    ASSIGN_OR_RETURN(const absl::string_view beginning, input.Peek());
    RETURN_IF_ERROR(CheckDevices(beginning));
    if (IsJson(beginning)) return ReadJson(input, kLayout, *this);
    return ReadCsv(
        input, {CsvColumns(), 1, kAdvice}, [this](Row row) { return AddCsv(row); },
        [this](RejectionReason reason) { return sink_.OnRejected(reason); });
  }

  // The first of a row's times that can be stands for them, or else the first that there is.
  absl::Status AddCsv(Row row) {
    std::vector<absl::string_view> chosen(row.begin(), row.begin() + kColumnCount);
    absl::string_view& time = chosen[kTime];
    for (size_t i = kColumnCount; i < row.size() && !CanBe(time); ++i) {
      if (CanBe(row[i]) || StripSpaces(time).empty()) time = row[i];
    }
    return order_.Add(chosen);
  }

  // Whether it is a time, or a day of which it has to be known what stands first.
  bool CanBe(absl::string_view time) const {
    time = StripSpaces(time);
    return !SaysNever(time) &&
           (NeedsDayOrder(time) || WhenOf(time, DayOrder::kUnknown).seconds.has_value());
  }

  // A time of day, or a day alone.
  CheckedTime WhenOf(absl::string_view time, DayOrder order) const {
    const CheckedTime instant = sink_.times().Instant(time);
    const bool is_day =
        !instant.seconds.has_value() && instant.problem == RejectionReason::kMalformedTime;
    return is_day ? sink_.times().Day(time, order) : instant;
  }

  // Keeps a member under the first of the names that a column may have. A time that cannot be
  // (year 1, for never) does not stand in for one that can.
  void Take(absl::string_view key, simdjson::dom::element value,
            std::array<std::string, kColumnCount>& texts,
            std::array<size_t, kColumnCount>& ranks) const {
    for (size_t i = 0; i < Columns().size(); ++i) {
      for (size_t rank = 0; rank < Columns()[i].size() && rank < ranks[i]; ++rank) {
        if (!absl::EqualsIgnoreCase(Columns()[i][rank], key) || value.is_null()) continue;
        std::string text(StripSpaces(ScalarText(value)));
        if (i == kTime && !CanBe(text)) {
          if (texts[i].empty()) texts[i] = std::move(text);
          continue;
        }
        texts[i] = std::move(text);
        ranks[i] = rank;
      }
    }
  }

  absl::Status Report(const MappedActivity& activity) {
    measured_ = true;
    return sink_.OnActivity(activity);
  }

  absl::Status Endpoint(Row row, int64_t seconds) {
    double startup = 0;
    double boot = 0;
    double reliability = 0;
    double crashes = 0;
    const bool has_startup = Number(row[kStartup], &startup);
    const bool has_boot = Number(row[kBoot], &boot);
    const bool has_reliability = Number(row[kReliability], &reliability);
    const bool has_crashes = Number(row[kCrashes], &crashes);
    if (!has_startup && !has_boot && !has_reliability && !has_crashes) return absl::OkStatus();
    const bool slow = (has_startup && startup < kLeastScore) || (has_boot && boot > kSlowestBootMs);
    absl::Status status =
        Report({"", "device.started", seconds, "", "", slow ? TraitSet{kTraitSlowStart} : 0});
    const bool crashed =
        (has_reliability && reliability < kLeastScore) || (has_crashes && crashes > 0);
    if (!status.ok() || !crashed) return status;
    return Report({"", "device.app_crashed", seconds, "", "", 0});
  }

  absl::Status Network(Row row, int64_t seconds) {
    double latency = 0;
    double loss = 0;
    double jitter = 0;
    double download = 0;
    const bool has_loss = Number(row[kLoss], &loss);
    const bool has_jitter = Number(row[kJitter], &jitter);
    // A row that cannot say whether each of the three is poor would count as good.
    if (!Number(row[kLatency], &latency) || !Number(row[kDownload], &download) ||
        (!has_loss && !has_jitter)) {
      return absl::OkStatus();
    }
    TraitSet traits = 0;
    if (latency > kPoorLatencyMs) traits |= kTraitPoorMail;
    if (latency > kPoorLatencyMs || download < kPoorDownloadMbps) traits |= kTraitPoorFiles;
    if (latency > kPoorCallLatencyMs || loss > kPoorLossPercent || jitter > kPoorJitterMs) {
      traits |= kTraitPoorCalls;
    }
    return Report({"", "device.network_measured", seconds, "", "", traits});
  }

  absl::Status Applications(Row row, int64_t seconds) {
    // What a row does not say would count as a fault.
    if (row[kChannel].empty() || row[kSupported].empty()) return absl::OkStatus();
    TraitSet traits = 0;
    if (IsRecommended(row[kChannel])) traits |= kTraitRecommendedChannel;
    if (IsSupported(row[kSupported])) traits |= kTraitSupportedVersion;
    return Report({"", "device.apps_reported", seconds, "", "", traits});
  }

  SourceSink& sink_;
  DayOrderFinder order_{{kTime}, [this](Row row, DayOrder order) { return ReadRow(row, order); }};
  simdjson::dom::parser parser_;
  bool measured_ = false;  // of the row
};

class TelemetrySource final : public Source {
 public:
  absl::string_view name() const override { return "device-telemetry"; }
  absl::string_view signs() const override {
    return "a column deviceId or \"Device name\" and one of a measurement, as coreBootTimeInMs";
  }
  const JsonLayout* json() const override { return &kLayout; }
  // A measurement is a column, or a member of its first object.
  bool Recognizes(const Beginning& beginning) const override {
    const absl::string_view text =
        beginning.text.substr(0, beginning.whole ? beginning.text.npos : beginning.text.find('}'));
    return IsOfTelemetry(text, beginning.json);
  }
  std::unique_ptr<SourceReader> MakeReader(const ReadingOptions& /*options*/) const override {
    return ReaderOf(ReadDeviceTelemetry);
  }
};

}  // namespace

const Source& DeviceTelemetry() {
  static const TelemetrySource& source = *new TelemetrySource;
  return source;
}

absl::Status ReadDeviceTelemetry(TextInput& input, SourceSink& sink) {
  return TelemetryReader(sink).Read(input);
}

}  // namespace tutti
