#include "common/sources/m365_audit/client_app.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

std::string Text(const ClientUse& use) {
  const char* kinds[] = {"human", "machine", "unattended", "background"};
  return absl::StrCat(kinds[static_cast<int>(use.kind)], " ", use.app, " ", use.platform);
}

void Set(AuditRecord* record, Field field, absl::string_view text) {
  record->text[static_cast<size_t>(field)] = text;
}

TEST(MailClient, ReadsTheClientString) {
  struct Case {
    const char* info;
    const char* process;
    const char* app_id;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {"Client=OWA;Mozilla/5.0 (Windows NT 10.0)", "", "", "human outlook web"},
      {"Client=OWA;Action=ViaProxy", "", "", "human outlook web"},
      {"Client=OWA;Mozilla/5.0 OneOutlook/1.2", "", "", "human outlook desktop"},
      {"Client=MSExchangeRPC", "OUTLOOK.EXE", "", "human outlook desktop"},
      {"Client=MSExchangeRPC", "", "", "background outlook "},
      {"Client=OutlookService;Outlook-iOS/2.0;", "", "", "human outlook mobile"},
      {"Client=WebServices;Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)", "", "",
       "human outlook desktop"},
      {"Client=WebServices;MacOutlook/16.0", "", "", "human outlook desktop"},
      {"Client=WebServices;Action=ConfigureGroupMailbox", "", "", "machine  "},
      {"Client=WebServices;SomeBackup/1.0", "", "", "unattended  "},
      {"Client=ActiveSync;Device=x", "", "", "background other mobile"},
      {"Client=POP3/IMAP4;", "", "", "background other "},
      {"Client=IMAP4;", "", "", "background other "},
      {"Client=REST;Client=RESTSystem;;", "", "", "machine  "},
      {"Client=REST;;", "", "00000003-0000-0000-c000-000000000000", "unattended  "},
      {"Client=REST;;", "", "27922004-5251-4030-B22D-91ecd9a37ea4", "human outlook mobile"},
      {"Client=REST;;", "", "5e3ce6c0-2b1f-4285-8d4b-75ee78787346", "human teams web"},
      {"Client=Hub Transport", "", "", "machine  "},
      {"", "", "", "human  "},
  };
  for (const Case& c : kCases) {
    AuditRecord record;
    Set(&record, Field::kClientInfo, c.info);
    Set(&record, Field::kClientProcess, c.process);
    Set(&record, Field::kAppId, c.app_id);
    EXPECT_EQ(Text(MailClient(record)), c.expected) << c.info;
  }
}

TEST(MailClient, LooksAtBothApplicationIdsAndAtTheActorsString) {
  AuditRecord record;
  Set(&record, Field::kClientInfo, "Client=REST;;");
  Set(&record, Field::kAppId, "00000003-0000-0000-c000-000000000000");
  Set(&record, Field::kClientAppId, "d3590ed6-52b3-4102-aeff-aad2292ab01c");
  EXPECT_EQ(Text(MailClient(record)), "human outlook desktop");
  Set(&record, Field::kClientInfo, "Client=OWA;x");
  Set(&record, Field::kActorInfo, "Client=OWA;OneOutlook/1");
  EXPECT_EQ(Text(MailClient(record)), "human outlook desktop");
}

TEST(FileClient, ReadsAgentPlatformApplicationAndExtension) {
  struct Case {
    const char* agent;
    const char* platform;
    const char* application;
    const char* extension;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {"Mozilla/5.0 (Windows NT 10.0)", "WinDesktop", "", "docx", "human word web"},
      {"Mozilla/5.0 (Windows NT 10.0)", "", "", "XLSX", "human excel web"},
      {"Mozilla/5.0 (X11)", "", "", "pdf", "human other web"},
      {"MSWAC", "", "", "pptx", "human powerpoint web"},
      {"MSWAC", "", "WebExcel", "", "human excel web"},
      {"", "OfficeCollaborationService", "WebWord", "docx", "human word web"},
      {"Mozilla/5.0 Teams/1.6.00 Electron/19", "", "", "docx", "human teams desktop"},
      {"Mozilla/5.0 (iPhone) Teams/6", "", "", "docx", "human teams mobile"},
      {"Mozilla/5.0 (Linux; Android 14)", "", "", "docx", "human word mobile"},
      {"OneDrive-iOS/12", "", "", "one", "human onenote mobile"},
      {"Microsoft Office Excel/16.0", "", "", "xlsx", "human excel desktop"},
      {"Microsoft Office/16.0 (Windows NT 10.0)", "", "", "docx", "human word desktop"},
      {"Microsoft SkyDriveSync 23.0 ship; Windows NT 10.0", "", "", "docx", "machine  "},
      {"OneDriveMpc-Transform_Thumbnail/1.0", "", "", "docx", "machine  "},
      {"ODMTADocCache/1.0", "", "", "docx", "machine  "},
      {"OfficeXLCA", "", "", "xlsx", "machine  "},
      {"MS Scanner ATP", "", "", "xlsx", "machine  "},
      {"Go-http-client/2.0", "", "", "docx", "machine  "},
      {"Mozilla/5.0", "Service", "", "docx", "machine  "},
      {"Mozilla/5.0", "", "Microsoft People Cards Service", "docx", "machine  "},
      {"", "", "", "docx", "human word "},
  };
  for (const Case& c : kCases) {
    AuditRecord record;
    Set(&record, Field::kUserAgent, c.agent);
    Set(&record, Field::kPlatform, c.platform);
    Set(&record, Field::kApplicationName, c.application);
    Set(&record, Field::kExtension, c.extension);
    EXPECT_EQ(Text(FileClient(record)), c.expected) << c.agent << "|" << c.platform;
  }
}

TEST(FileClient, KnowsTeamsByTheNameOfTheApplication) {
  AuditRecord record;
  Set(&record, Field::kClientAppName, "Microsoft Teams");
  EXPECT_EQ(Text(FileClient(record)), "human teams ");
}

TEST(TeamsClient, KnowsTelephonesOnly) {
  AuditRecord record;
  Set(&record, Field::kDeviceSystem, "windows");
  EXPECT_EQ(Text(TeamsClient(record)), "human teams ");
  Set(&record, Field::kDeviceSystem, "Android");
  EXPECT_EQ(Text(TeamsClient(record)), "human teams mobile");
}

TEST(IsMeetingBot, KnowsRecordersAndBridges) {
  AuditRecord record;
  EXPECT_FALSE(IsMeetingBot(record));
  Set(&record, Field::kDeviceAgent, "SkypeBot Call Recorder Teams");
  EXPECT_TRUE(IsMeetingBot(record));
  Set(&record, Field::kDeviceAgent, "");
  Set(&record, Field::kDevice, "Together Mode");
  EXPECT_TRUE(IsMeetingBot(record));
}

}  // namespace
}  // namespace tutti
