#ifndef TUTTI_COMMON_SOURCES_M365_AUDIT_CLIENT_APP_H_
#define TUTTI_COMMON_SOURCES_M365_AUDIT_CLIENT_APP_H_

#include "absl/strings/string_view.h"
#include "common/sources/m365_audit/audit_record.h"

namespace tutti {

// What acted on a person's account.
enum class ClientKind {
  kHuman,       // the person, in an application
  kMachine,     // the service itself or a crawler under the person's name
  kUnattended,  // an application of its own (Graph or EWS) whose name is not known:
                // a flow, a backup, perhaps a person in a third party's program
  kBackground,  // a program that fetches without anybody looking
};

// The application and the platform by the catalogue's ids; empty when the record
// does not say.
struct ClientUse {
  ClientKind kind = ClientKind::kHuman;
  absl::string_view app;
  absl::string_view platform;
};

// For records of the workload Exchange, by ClientInfoString, ClientProcessName,
// AppId and ClientAppId.
ClientUse MailClient(const AuditRecord& record);

// For records of SharePoint and OneDrive, by UserAgent, Platform,
// ApplicationDisplayName, AppAccessContext and the file's extension. Platform
// "WinDesktop" is not looked at: it means a Windows computer, browsers included.
ClientUse FileClient(const AuditRecord& record);

// For records of Teams: the platform is known for telephones alone.
ClientUse TeamsClient(const AuditRecord& record);

// Where the assistant was used.
struct AssistantUse {
  absl::string_view app;     // by the catalogue's id
  bool in_document = false;  // on a document, of Office or not
  bool with_agent = false;   // through an agent
  // The host's name, as the record has it, when it is no application that is known here.
  absl::string_view unknown_host = {};
};

// For records of Copilot, by AppHost, Contexts, AppIdentity, AgentId and AgentName. A host that
// has no app here is "other".
AssistantUse AssistantApp(const AuditRecord& record);

// Whether a participant of a meeting is a recorder, a bridge or the like.
bool IsMeetingBot(const AuditRecord& record);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_M365_AUDIT_CLIENT_APP_H_
