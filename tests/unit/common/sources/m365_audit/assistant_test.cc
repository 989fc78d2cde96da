#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/unit/common/sources/m365_audit/audit_cases.h"

namespace tutti {
namespace {

std::string Assistant(absl::string_view host, absl::string_view rest = "") {
  return absl::StrCat(R"(,"CopilotEventData":{"AppHost":")", host,
                      R"(","Messages":[{"Id":"1","isPrompt":true}])", rest, "}");
}

TEST(AuditMapper, MapsTheAssistant) {
  ExpectCases({
      {"Copilot", "CopilotInteraction", Assistant("Word"),
       "amy@example.com assistant.used word - +in_document"},
      {"Copilot", "CopilotInteraction", Assistant("Outlook"),
       "amy@example.com assistant.used outlook - +in_mail"},
      {"Copilot", "CopilotInteraction",
       Assistant("Teams", R"(,"Contexts":[{"Type":"TeamsMeeting"}])"),
       "amy@example.com assistant.used teams - +in_meeting"},
      {"Copilot", "CopilotInteraction", Assistant("Teams", R"(,"Contexts":[{"Type":"TeamsChat"}])"),
       "amy@example.com assistant.used teams - +in_chat"},
      {"Copilot", "CopilotInteraction", Assistant("Bing"),
       "amy@example.com assistant.used assistant -"},
      {"Copilot", "CopilotInteraction", Assistant("SharePoint"),
       "amy@example.com assistant.used other -"},
      {"Copilot", "CopilotInteraction",
       R"(,"CopilotEventData":{"AppHost":"Word","Messages":[{"isPrompt":false}]})", ""},
      {"MicrosoftTeams", "AIInteractionCreatedNotification", "", ""},
  });
}

// Mutations: a host looked up as it is written; the first edition's "appchat" taken for an
// application; a context that decides where the host has.
TEST(AuditMapper, FindsTheAssistantsAppWhateverItIsCalled) {
  const std::vector<std::pair<const char*, const char*>> hosts = {
      {"M365App", "assistant"},
      {"Office", "assistant"},
      {"bizchat", "assistant"},
      {"Microsoft 365 Chat", "assistant"},
      {"Edge", "assistant"},
      {"Microsoft Edge", "assistant"},
      {"Microsoft Teams", "teams"},
      {"teams", "teams"},
      {"Whiteboard", "other"},
      {"Microsoft Word", "word +in_document"},
      {"EXCEL", "excel +in_document"},
      {"Loop", "other +in_document"},
      {"OutlookSidepane", "outlook +in_mail"},
      {"OutlookOnCanvas", "outlook +in_mail"},
      {"WordOnCanvas", "word +in_document"},
      {"Microsoft Excel Sidepane", "excel +in_document"},
      {"PowerPointOnCanvas", "powerpoint +in_document"},
      {"OneNoteCopilotNotebook", "onenote +in_document"},
      {"OfficeCopilotNotebook", "assistant"},
      {"OfficeCopilotSearchAnswer", "assistant"},
      {"TeamsAdminPortal", "other"},
      {"OnCanvas", "other"},
      {"appchat", "other"},
      {"", "other"}};
  for (const auto& [host, expected] : hosts) {
    const std::vector<std::string> said =
        Log().Add("Copilot", "CopilotInteraction", Assistant(host)).Import().activities;
    ASSERT_EQ(said.size(), 1u) << host;
    EXPECT_EQ(absl::StrReplaceAll(said[0], {{" - ", " "}, {" -", ""}}),
              absl::StrCat("amy@example.com assistant.used ", expected))
        << host;
  }
  ExpectCases({
      {"Copilot", "CopilotInteraction",
       Assistant("appchat", R"(,"Contexts":[{"Id":"x","Type":""},{"Id":"y","Type":"xlsx"}])"),
       "amy@example.com assistant.used excel - +in_document"},
      {"Copilot", "CopilotInteraction",
       Assistant("appchat", R"(,"Contexts":[{"Type":"TeamsMeeting"}])"),
       "amy@example.com assistant.used teams - +in_meeting"},
      {"Copilot", "CopilotInteraction", Assistant("bizchat", R"(,"Contexts":[{"Type":"docx"}])"),
       "amy@example.com assistant.used assistant -"},
      {"Copilot", "CopilotInteraction", R"(,"AppIdentity":"Copilot.M365Copilot.BizChat")",
       "amy@example.com assistant.used assistant -"},
  });
}

// Mutations: the agent's id looked for in one place alone; an id of zeros taken for one.
TEST(AuditMapper, TellsAgents) {
  const char* const with = "amy@example.com assistant.used teams - +with_agent";
  const char* const without = "amy@example.com assistant.used teams -";
  ExpectCases({
      {"Copilot", "CopilotInteraction", Assistant("Teams") + R"(,"AgentId":"T_1")", with},
      {"Copilot", "CopilotInteraction", Assistant("Teams") + R"(,"AgentName":"Leave desk")", with},
      {"Copilot", "CopilotInteraction", Assistant("Teams", R"(,"AgentName":"Leave desk")"), with},
      {"Copilot", "CopilotInteraction",
       Assistant("Teams") + R"(,"AppIdentity":"Copilot.Studio.8a9b")", with},
      {"Copilot", "CopilotInteraction",
       Assistant("Teams") + R"(,"AppIdentity":"MicrosoftAgent.Researcher.P_1")", with},
      // An agent of the maker's, used where nothing is logged of what was said.
      {"Copilot", "CopilotInteraction",
       R"(,"AgentName":"Leave desk","CopilotEventData":{"AppHost":"Teams","Messages":[]})", with},
      {"Copilot", "CopilotInteraction",
       Assistant("Teams") + R"(,"AgentId":"00000000-0000-0000-0000-000000000000")", without},
      {"Copilot", "CopilotInteraction", Assistant("Teams") + R"(,"AgentId":"","AgentName":null)",
       without},
      {"Copilot", "CopilotInteraction",
       Assistant("Teams") + R"(,"AppIdentity":"Copilot.M365Copilot.Teams")", without},
      // By itself, in her name.
      {"Copilot", "CopilotInteraction",
       Assistant("Teams") + R"(,"AgentId":"T_1","IsAgenticAction":true)", ""},
  });
}

// Mutations: the operation wants its workload; a workload that is not there is none of the type's.
TEST(AuditMapper, KnowsTheAssistantWithoutItsWorkload) {
  const std::string host = Assistant("Word");
  const char* const used = "amy@example.com assistant.used word - +in_document";
  ExpectCases({{"", "CopilotInteraction", host, used},
               {"MicrosoftCopilot", "CopilotInteraction", host + R"(,"RecordType":261)", used},
               {"", "Send", R"(,"RecordType":2)", "amy@example.com mail.sent - -"},
               {"", "Send", R"(,"RecordType":"ExchangeItem")", "amy@example.com mail.sent - -"},
               {"", "MessageCreation", R"(,"RecordType":22)",
                "amy@example.com community.posted community -"},
               {"", "Send", R"(,"RecordType":25)", ""},
               {"", "Send", "", ""},
               {"MicrosoftTeams", "Send", R"(,"RecordType":2)", ""}});
}

// Mutation: what counts as another application is not told.
TEST(AuditMapper, TellsWhichApplicationsItDoesNotKnow) {
  const Mapped mapped =
      Log()
          .Add("Copilot", "CopilotInteraction", Assistant("SharePoint"))
          .Add("Copilot", "CopilotInteraction", Assistant("Microsoft Designer"))
          .Add("Copilot", "CopilotInteraction", Assistant("Amy's own"))
          .Add("Copilot", "CopilotInteraction", Assistant("Loop"))
          .Add("Copilot", "CopilotInteraction", Assistant("Teams") + R"(,"AgentId":"T_1")")
          .Import();
  const std::string json = SummaryJson(mapped.summary);
  EXPECT_NE(json.find(R"j("unknown_apps":{"(other)":1,"Designer":1,"SharePoint":1})j"), json.npos)
      << json;
  EXPECT_NE(json.find(R"("apps":{"assistant.used":{"other":4,"teams":1}})"), json.npos) << json;
  EXPECT_NE(json.find(R"("traits":{"assistant.used":{"in_document":1,"with_agent":1}})"), json.npos)
      << json;
  const std::string text = SummaryText(mapped.summary);
  EXPECT_NE(text.find("in teams"), text.npos) << text;
  EXPECT_NE(text.find("with_agent"), text.npos) << text;
  EXPECT_EQ(text.find("Amy"), text.npos) << text;
}

// Mutation: what an agent did counted as the person's.
TEST(AuditMapper, LeavesOutWhatAnAgentDidInAPersonsName) {
  const Mapped mapped = Log()
                            .Add("Yammer", "MessageCreation", R"(,"IsAgenticAction":true)")
                            .Add("Yammer", "MessageCreation", R"(,"isAgenticAction":"True")")
                            .Add("Yammer", "MessageCreation", R"(,"IsAgenticAction":false)")
                            .Import();
  EXPECT_EQ(mapped.activities.size(), 1u);
  EXPECT_EQ(mapped.Excluded(Exclusion::kSoftware), 2);
}

}  // namespace
}  // namespace tutti
