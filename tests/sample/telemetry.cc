#include "tests/sample/telemetry.h"

#include <cstdint>
#include <iterator>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "tests/sample/audit_row.h"
#include "tests/sample/draws.h"
#include "tests/sample/sample_items.h"

namespace tutti {
namespace {

using ingest::v1::Activity;
using Traits = std::set<std::string>;

constexpr absl::string_view kCsvHeader =
    "Device name,Model,Report date,Startup performance score,Core boot time (ms),"
    "Application reliability score,App crash count,Latency (ms),Packet loss (%),Jitter (ms),"
    "Download (Mbps),Update channel,Supported\r\n";

constexpr absl::string_view kRecommended[] = {"Current", "Current Channel", "Monthly Enterprise",
                                              "monthly enterprise channel"};
constexpr absl::string_view kOtherChannels[] = {"Semi-Annual Enterprise Channel", "Beta Channel",
                                                "Current Channel (Preview)"};

// What is known of a device on one day.
struct DeviceDay {
  std::string device;
  int64_t seconds = 0;
  bool slow = false;
  bool crashed = false;
  absl::optional<Traits> network;
  absl::optional<Traits> applications;
};

// A day as the numbers and names that are reported; empty: not reported.
struct Reported {
  std::string startup;
  std::string boot;
  std::string reliability;
  std::string crashes;
  std::string latency;
  std::string loss;
  std::string jitter;
  std::string download;
  std::string channel;
  std::string supported;
};

// From `from` to `to`, both included.
uint32_t Between(Draws& draws, uint32_t from, uint32_t to) {
  return from + draws.Below(to - from + 1);
}

// "12.5", of tenths.
std::string Tenths(Draws& draws, uint32_t from, uint32_t to) {
  const uint32_t tenths = Between(draws, from, to);
  return absl::StrCat(tenths / 10, ".", tenths % 10);
}

class TelemetryTeller {
 public:
  TelemetryTeller(const SampleOrganization& organization, const TelemetrySink& take)
      : organization_(organization), take_(take) {}

  AuditLogCounts Tell() {
    take_(true, kCsvHeader);
    ForEachItemActivity(organization_, [this](const Activity& activity, int) {
      if (absl::StartsWith(activity.type(), "device.")) Take(activity);
    });
    WriteDay();
    return counts_;
  }

 private:
  // A day of a device begins with its start.
  void Take(const Activity& activity) {
    ++counts_.activities;
    const Traits traits(activity.traits().begin(), activity.traits().end());
    if (activity.type() == "device.started") {
      WriteDay();
      day_ = {activity.subject(),
              activity.occurred_at().seconds(),
              traits.count("slow_start") > 0,
              false,
              absl::nullopt,
              absl::nullopt};
    } else if (activity.type() == "device.app_crashed") {
      day_.crashed = true;
    } else if (activity.type() == "device.network_measured") {
      day_.network = traits;
    } else {
      day_.applications = traits;
    }
  }

  void WriteDay() {
    if (day_.device.empty()) return;
    Draws draws(organization_.key(), SampleStream::kTelemetry, ++days_, 0);
    Reported reported;
    ReportEndpoint(draws, reported);
    ReportNetwork(draws, reported);
    ReportApplications(draws, reported);
    // "device-7": names end in a digit.
    if (day_.device.back() % 2 == 0) return WriteCsv(draws, reported);
    WriteLines(reported);
  }

  void ReportEndpoint(Draws& draws, Reported& reported) {
    const uint32_t form = Between(draws, 0, 2);
    reported.startup = form == 0                ? "-1"
                       : form == 1 && day_.slow ? absl::StrCat(Between(draws, 50, 100))
                       : day_.slow              ? absl::StrCat(Between(draws, 0, 49))
                                                : Tenths(draws, 500, 1000);
    if (form != 2) {
      reported.boot =
          absl::StrCat(day_.slow ? Between(draws, 60'001, 240'000) : Between(draws, 6'000, 60'000));
    }
    const bool by_score = Between(draws, 0, 1) == 0;
    if (by_score) {
      reported.reliability =
          absl::StrCat(day_.crashed ? Between(draws, 0, 49) : Between(draws, 50, 100));
    } else {
      reported.reliability = "-1";
      reported.crashes = absl::StrCat(day_.crashed ? Between(draws, 1, 5) : 0);
    }
  }

  void ReportNetwork(Draws& draws, Reported& reported) {
    if (!day_.network.has_value()) {
      // A row that does not say all means nothing.
      if (Between(draws, 0, 9) == 0) reported.download = Tenths(draws, 1, 900);
      return;
    }
    const bool mail = day_.network->count("poor_mail") > 0;
    const bool files = day_.network->count("poor_files") > 0;
    const bool calls = day_.network->count("poor_calls") > 0;
    // Each alone is enough to be too poor for calls.
    const uint32_t fault = calls && !mail ? Between(draws, 1, 3) : 0;
    reported.latency = absl::StrCat(mail         ? Between(draws, 301, 900)
                                    : fault == 1 ? Between(draws, 101, 300)
                                                 : Between(draws, 5, 100));
    reported.download = files && !mail ? Tenths(draws, 1, 19) : Tenths(draws, 20, 2000);
    const uint32_t form = Between(draws, 0, 2);
    if (form != 0 || fault == 2)
      reported.loss = fault == 2 ? Tenths(draws, 11, 90) : Tenths(draws, 0, 10);
    if (form != 1 || fault == 3)
      reported.jitter = fault == 3 ? Tenths(draws, 301, 900) : Tenths(draws, 0, 300);
  }

  void ReportApplications(Draws& draws, Reported& reported) {
    if (!day_.applications.has_value()) {
      if (Between(draws, 0, 9) == 0) reported.channel = "Current";
      return;
    }
    const bool recommended = day_.applications->count("recommended_channel") > 0;
    const bool supported = day_.applications->count("supported_version") > 0;
    reported.channel =
        std::string(recommended ? kRecommended[draws.Below(std::size(kRecommended))]
                                : kOtherChannels[draws.Below(std::size(kOtherChannels))]);
    const bool in_words = Between(draws, 0, 1) == 0;
    reported.supported =
        in_words ? (supported ? "Supported" : "Unsupported") : (supported ? "True" : "False");
  }

  void WriteCsv(Draws& draws, const Reported& reported) {
    const std::string name =
        Between(draws, 0, 4) == 0 ? absl::AsciiStrToUpper(day_.device) : day_.device;
    take_(true, absl::StrCat(name, ",\"Model \"\"A\"\", 14 inches\",", AuditTime(day_.seconds), ",",
                             reported.startup, ",", reported.boot, ",", reported.reliability, ",",
                             reported.crashes, ",", reported.latency, ",") +
                    absl::StrCat(reported.loss, ",", reported.jitter, ",", reported.download, ",",
                                 reported.channel, ",", reported.supported, "\r\n"));
    ++counts_.records;
  }

  void WriteLines(const Reported& reported) {
    AuditJson endpoint;
    endpoint.Text("deviceName", absl::AsciiStrToUpper(day_.device))
        .Text("model", "Model B")
        .Text("lastReportedDateTime", AuditTime(day_.seconds) + "Z");
    AddNumber(endpoint, "startupPerformanceScore", reported.startup);
    AddNumber(endpoint, "coreBootTimeInMs", reported.boot);
    AddNumber(endpoint, "appReliabilityScore", reported.reliability);
    AddNumber(endpoint, "appCrashCount", reported.crashes);
    WriteLine(endpoint);
    if (!reported.download.empty()) {
      AuditJson network;
      network.Text("deviceId", day_.device).Text("measuredAt", AuditTime(day_.seconds) + "Z");
      AddNumber(network, "rttMs", reported.latency);
      AddNumber(network, "packetLossPercent", reported.loss);
      AddNumber(network, "jitterMs", reported.jitter);
      AddNumber(network, "downloadMbps", reported.download);
      WriteLine(network);
    }
    if (reported.channel.empty()) return;
    AuditJson applications;
    applications.Text("id", day_.device)
        .Text("reportDate", AuditTime(day_.seconds) + "Z")
        .Text("updateChannel", reported.channel);
    if (absl::EndsWith(reported.supported, "upported")) {
      applications.Text("supportState", reported.supported);
    } else if (!reported.supported.empty()) {
      applications.Raw("isSupported", absl::AsciiStrToLower(reported.supported));
    }
    WriteLine(applications);
  }

  static void AddNumber(AuditJson& json, absl::string_view name, const std::string& number) {
    json.Raw(name, number.empty() ? "null" : number);
  }

  void WriteLine(AuditJson& json) {
    take_(false, json.Take() + "\n");
    ++counts_.records;
  }

  const SampleOrganization& organization_;
  const TelemetrySink& take_;
  DeviceDay day_;
  uint32_t days_ = 0;  // that were written
  AuditLogCounts counts_;
};

}  // namespace

AuditLogCounts TellTelemetry(const SampleOrganization& organization, const TelemetrySink& take) {
  return TelemetryTeller(organization, take).Tell();
}

}  // namespace tutti
