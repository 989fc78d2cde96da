#ifndef TUTTI_TESTS_SAMPLE_CLIENTS_H_
#define TUTTI_TESTS_SAMPLE_CLIENTS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tutti {

// What a person sits at. The order is that of the tables below.
enum class SampleDevice : uint8_t { kDesktop, kWeb, kMobile };
inline constexpr int kSampleDevices = 3;
absl::string_view PlatformOf(SampleDevice device);

// A mail program as an audit log shows it, and what that means.
struct MailClientText {
  SampleDevice device = SampleDevice::kDesktop;
  absl::string_view info;     // ClientInfoString
  absl::string_view process;  // ClientProcessName, may be empty
  absl::string_view app_id;
  absl::string_view actor_info;  // ActorInfoString, may be empty
  absl::string_view app;         // the catalogue's id
  bool reads = false;            // fetching a mail with it means that somebody read it
};
absl::Span<const MailClientText> MailClients();

// A program that opens files, as an audit log shows it, and what that means. "{app}"
// stands for the name of the Office application.
struct FileClientText {
  SampleDevice device = SampleDevice::kDesktop;
  absl::string_view agent;        // UserAgent
  absl::string_view platform;     // Platform, may be empty
  absl::string_view application;  // ApplicationDisplayName, may be empty
  absl::string_view browser;      // BrowserName, may be empty
  absl::string_view client_name;  // AppAccessContext.ClientAppName, may be empty
  bool office_only = false;       // opens Office documents alone
  bool is_teams = false;          // the application is Teams, whatever the file
};
absl::Span<const FileClientText> FileClients();

// The kinds of file that people here work on.
struct FileKind {
  absl::string_view extension;
  absl::string_view office_name;  // "Word"; empty: no Office document
  absl::string_view app;          // the catalogue's id
  absl::string_view stem;         // of file names
};
// The kind of a file, by its identity; the same for ever.
const FileKind& FileKindOf(uint64_t item);

// Where people meet the assistant.
struct AssistantHost {
  absl::string_view host;     // AppHost
  absl::string_view context;  // Contexts[].Type, empty: none
  absl::string_view agent;    // its name, empty: none
  absl::string_view app;      // the catalogue's id
  absl::string_view google;   // app_name, where Google has it
  uint32_t traits = 0;        // SampleTraits
};
absl::Span<const AssistantHost> AssistantHosts();

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_CLIENTS_H_
