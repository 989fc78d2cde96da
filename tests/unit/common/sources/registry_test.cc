#include "common/sources/registry.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// A made-up mail, as the Management API gives it.
constexpr absl::string_view kMail =
    R"({"Id":"r-1","OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001",)"
    R"("CreationTime":"2026-05-04T09:00:00","Operation":"Send","Workload":"Exchange",)"
    R"("RecordType":2,"UserType":0,"UserId":"amy@example.com"})";

// Mutation: a source asked before one whose records it takes for its own.
TEST(ShippedSources, AreFoundByWhatAnInputBeginsWith) {
  const std::string mail(kMail);
  const std::string google =
      R"({"id":{"time":"x","uniqueQualifier":"1","applicationName":"meet"},"events":[]})";
  const std::pair<std::string, std::string> cases[] = {
      {"Report Refresh Date,User Principal Name\n", "m365-usage-report"},
      {"Device name,Startup score\n", "device-telemetry"},
      {R"({"deviceId":"d","date":"2026-11-01","LatencyMs":20})", "device-telemetry"},
      {R"({"value":[{"deviceId":"d","appCrashCount":1}]})", "device-telemetry"},
      {R"({"Operation":"Update device","isSupported":true})", "m365-audit"},
      {google, "google-reports"},
      {R"({"kind":"admin#reports#activities","items":[)", "google-reports"},
      {"Identity,AuditData\n", "m365-audit"},
      {mail + "\n" + mail, "m365-audit"},
      {mail.substr(0, 30) + "\n" + mail, "m365-audit"},
      {mail.substr(0, 30) + "\n" + google, "google-reports"},
      {"[" + mail + "]", "m365-audit"},
      {R"({"subject":"a","type":"mail.sent","occurredAt":"x"})", "activities"},
      {absl::StrCat(R"({"kind":"admin#reports#activity","x":")", std::string(1 << 16, 'x')),
       "google-reports"},
      {absl::StrCat(R"({"AuditData":{"Operation":"Send","isSupported":")",
                    std::string(1 << 16, 'x')),
       "m365-audit"},
      {absl::StrCat(R"({"latencyMs":5,"x":")", std::string(1 << 16, 'x')), "device-telemetry"},
  };
  for (const auto& [text, name] : cases) {
    const Source* source = ShippedSources().Detect(text);
    ASSERT_NE(source, nullptr) << text;
    EXPECT_EQ(source->name(), name) << text.substr(0, 200);
  }
  for (const char* nothing :
       {"", " \r\n\t", "#TYPE x\n", "  [\n", "{\n \"events\": [", "Name,Age\n", "{\"name\":1}"}) {
    EXPECT_EQ(ShippedSources().Detect(nothing), nullptr) << nothing;
  }
}

TEST(ShippedSources, AreFoundByTheirNames) {
  for (const Source* source : ShippedSources().all()) {
    EXPECT_EQ(ShippedSources().Find(source->name()), source);
    for (const absl::string_view alias : source->aliases()) {
      EXPECT_EQ(ShippedSources().Find(alias), source) << alias;
    }
  }
  EXPECT_EQ(ShippedSources().Find("m365-audit-csv"), ShippedSources().Find("m365-audit"));
  EXPECT_EQ(ShippedSources().Find("m365"), nullptr);
  EXPECT_EQ(ShippedSources().Find(""), nullptr);
}

}  // namespace
}  // namespace tutti
