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
