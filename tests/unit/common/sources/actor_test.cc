#include "common/sources/actor.h"

#include <gtest/gtest.h>

namespace tutti {
namespace {

struct Case {
  const char* user;
  int user_type;
  ActorKind kind;
};

TEST(ClassifyActor, TellsPeopleFromTheRest) {
  constexpr Case kCases[] = {
      {"amy@example.com", 0, ActorKind::kPerson},
      {"Amy.O'Neil+x@Example.Com", 2, ActorKind::kPerson},
      {" amy@example.com ", 0, ActorKind::kPerson},
      {"\u00a0sync_host_0123456789ab@example.com\u200b", 0, ActorKind::kNotAPerson},
      {"j\xc3\xb6rg@example.com", 0, ActorKind::kPerson},
      {"amy@example.com", 10, ActorKind::kGuest},
      {"amy_elsewhere.com#EXT#@example.onmicrosoft.com", 0, ActorKind::kGuest},
      {"urn:spo:guest#amy@elsewhere.com", 0, ActorKind::kGuest},
      {"urn:spo:anon#0123", 0, ActorKind::kGuest},
      {"amy@example.com", 9, ActorKind::kPartner},
      {"amy@example.com", 3, ActorKind::kService},
      {"amy@example.com", 5, ActorKind::kService},
      {"amy@example.com", 1, ActorKind::kService},
      {"amy@example.com", -1, ActorKind::kUnknownType},
      {"app@sharepoint", 0, ActorKind::kNotAPerson},
      {"SHAREPOINT\\system", 0, ActorKind::kNotAPerson},
      {"NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)", 2, ActorKind::kNotAPerson},
      {"S-1-5-18", 2, ActorKind::kNotAPerson},
      {"01234567-89ab-4cde-8f01-23456789abcd", 0, ActorKind::kNotAPerson},
      {"01234567-89ab-4cde-8f01-23456789abcd@example.com", 0, ActorKind::kNotAPerson},
      {"ServicePrincipal_01234567-89ab-4cde-8f01-23456789abcd", 0, ActorKind::kNotAPerson},
      {"fim_password_service@support.onmicrosoft.com", 0, ActorKind::kNotAPerson},
      {"SpoolsProvisioning-ApplicationAccount@region.prod.outlook.com", 0, ActorKind::kNotAPerson},
      {"HealthMailbox0123@example.com", 0, ActorKind::kNotAPerson},
      {"SystemMailbox{0123}@example.com", 0, ActorKind::kNotAPerson},
      {"Sync_HOST_0123456789ab@example.onmicrosoft.com", 0, ActorKind::kNotAPerson},
      {"Not Available", 0, ActorKind::kNotAPerson},
      {"Certificate", 0, ActorKind::kNotAPerson},
      {"@example.com", 0, ActorKind::kNotAPerson},
      {"amy@", 0, ActorKind::kNotAPerson},
      {"amy@example", 0, ActorKind::kNotAPerson},
      {"bot@made-up.iam.gserviceaccount.com", 0, ActorKind::kNotAPerson},
      {"c_0123@resource.calendar.google.com", 0, ActorKind::kNotAPerson},
      {"MSOL_0123abcd@example.onmicrosoft.com", 0, ActorKind::kNotAPerson},
      {"ADToAADSyncServiceAccount@example.onmicrosoft.com", 0, ActorKind::kNotAPerson},
      {"amy@b@example.com", 0, ActorKind::kNotAPerson},
      {"amy jones@example.com", 0, ActorKind::kNotAPerson},
      {"", 0, ActorKind::kNotAPerson},
      // Of the vendor's naming: accounts, bots, conversations.
      {"AAD_0123456789ab@example.onmicrosoft.com", 0, ActorKind::kNotAPerson},
      {"MicrosoftExchange0123456789abcdef0123456789abcdef@example.com", 0, ActorKind::kNotAPerson},
      {"DiscoverySearchMailbox{0123}@example.com", 0, ActorKind::kNotAPerson},
      {"FederatedEmail.0123@example.com", 0, ActorKind::kNotAPerson},
      {"Migration.01234567-89ab-4cde-8f01-23456789abcd@example.com", 0, ActorKind::kNotAPerson},
      {"user@teams.bot", 0, ActorKind::kNotAPerson},
      {"28:01234567-89ab-4cde-8f01-23456789abcd", 0, ActorKind::kNotAPerson},
      {"19:0123@thread.tacv2", 0, ActorKind::kNotAPerson},
      {"meeting_0123@thread.v2", 0, ActorKind::kNotAPerson},
      {"0123@Thread.Skype", 0, ActorKind::kNotAPerson},
      {"0123_4567@unq.gbl.spaces", 0, ActorKind::kNotAPerson},
      {"i:0#.w|example\\AAD_0123456789ab", 0, ActorKind::kNotAPerson},
      // Guests who sign in elsewhere.
      {"live.com#amy@elsewhere.com", 0, ActorKind::kGuest},
      {"Google.com#amy@elsewhere.com", 0, ActorKind::kGuest},
      {"mail#amy@elsewhere.com", 0, ActorKind::kGuest},
      {"i:0#.f|membership|live.com#amy@elsewhere.com", 0, ActorKind::kGuest},
      // Senders whom nobody answers.
      {"noreply@example.com", 0, ActorKind::kNotAPerson},
      {"No-Reply@example.com", 0, ActorKind::kNotAPerson},
      {"do_not_reply@example.com", 0, ActorKind::kNotAPerson},
      {"postmaster@example.com", 0, ActorKind::kNotAPerson},
      {"mailer-daemon@example.com", 0, ActorKind::kNotAPerson},
      // Nobody guesses at names that an organisation gives.
      {"noreply.amy@example.com", 0, ActorKind::kPerson},
      {"aad_vermeer@example.com", 0, ActorKind::kPerson},
      {"sync_team@example.com", 0, ActorKind::kPerson},
      {"sync_deadbeef@example.com", 0, ActorKind::kPerson},
      {"sync_file_team@example.com", 0, ActorKind::kPerson},
      {"migration.lead@example.com", 0, ActorKind::kPerson},
      {"aad_ade@example.com", 0, ActorKind::kPerson},
      {"microsoftexchange@example.com", 0, ActorKind::kPerson},
      {"svc-backup@example.com", 0, ActorKind::kPerson},
      {"amy#1@example.com", 0, ActorKind::kPerson},
      {"amy@teams.bot.example.com", 0, ActorKind::kPerson},
      {"amy@mythread.v2", 0, ActorKind::kPerson},
      {"i:0#.f|membership|amy@example.com", 0, ActorKind::kPerson},
      {"I:0#.F|membership|Amy@example.com ", 0, ActorKind::kPerson},
      {"i:0#.w|example\\amy", 0, ActorKind::kPerson},
      {"i:0#.w|amy@example.com", 0, ActorKind::kPerson},
      {"i:0e.t|adfs|amy@example.com", 0, ActorKind::kPerson},
      {"i:0#.f|membership|amy_x.com#ext#@example.onmicrosoft.com", 0, ActorKind::kGuest},
      {"i:0#.f|membership|urn:spo:anon#0123", 0, ActorKind::kGuest},
      {"i:0i.t|00000003-0000-0ff1-ce00-000000000000|app@sharepoint", 0, ActorKind::kNotAPerson},
      {"i:0#.f|membership|app@sharepoint", 0, ActorKind::kNotAPerson},
      {"i:0#.w|NT AUTHORITY\\system", 0, ActorKind::kNotAPerson},
      {"i:0#.w|sharepoint\\system", 0, ActorKind::kNotAPerson},
      {"i:0#.w|example\\host$", 0, ActorKind::kNotAPerson},
      {"c:0-.f|rolemanager|spo-grid-all-users/0", 0, ActorKind::kNotAPerson},
      {"c:0t.c|tenant|amy@example.com", 0, ActorKind::kNotAPerson},
      {"i:0#.f|", 0, ActorKind::kNotAPerson},
      {"i:0#", 0, ActorKind::kNotAPerson},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(ClassifyActor({c.user, c.user_type}, {}), c.kind) << c.user << " " << c.user_type;
  }
}

TEST(ClassifyActor, TakesAcceptedDomainsOnlyWhenTheyAreGiven) {
  const absl::flat_hash_set<std::string> accepted = {"example.com", "example.org"};
  EXPECT_EQ(ClassifyActor({"amy@Example.COM"}, accepted), ActorKind::kPerson);
  EXPECT_EQ(ClassifyActor({"amy@example.org"}, accepted), ActorKind::kPerson);
  EXPECT_EQ(ClassifyActor({"amy@sub.example.com"}, accepted), ActorKind::kForeignDomain);
  EXPECT_EQ(ClassifyActor({"amy@elsewhere.com"}, accepted), ActorKind::kForeignDomain);
  EXPECT_EQ(ClassifyActor({"amy@elsewhere.com"}, {}), ActorKind::kPerson);
  EXPECT_EQ(ClassifyActor({"i:0#.w|EXAMPLE\\amy"}, accepted), ActorKind::kPerson);
  EXPECT_EQ(ClassifyActor({"i:0#.w|exam\\amy"}, accepted), ActorKind::kForeignDomain);
}

// Mutation: spaces of a spreadsheet's are part of a name.
TEST(AccountName, HasNoSpacesAtItsEnds) {
  for (const char* name :
       {"amy@example.com", " \u00a0amy@example.com\u00a0 ", "\ufeffamy@example.com\u200b",
        "\u202fi:0#.f|membership|amy@example.com", "\u3000amy@example.com\u2007"}) {
    EXPECT_EQ(AccountName(name), "amy@example.com") << name;
  }
  EXPECT_EQ(ClassifyActor({"amy@example.com\u00a0", 0}, {"example.com"}), ActorKind::kPerson);
  EXPECT_EQ(ClassifyActor({"\u00a0"
                           "EXAMPLE\\amy",
                           0},
                          {}),
            ActorKind::kNotAPerson);
}

// Mutation: software is asked about first, and a guest's agent is no guest.
TEST(ClassifyActor, TellsSoftwareInAPersonsName) {
  EXPECT_EQ(ClassifyActor({"amy@example.com", 0, true}, {}), ActorKind::kSoftware);
  EXPECT_EQ(ClassifyActor({"amy@elsewhere.com", 10, true}, {}), ActorKind::kGuest);
  EXPECT_EQ(ExclusionOf(ActorKind::kSoftware), Exclusion::kSoftware);
}

TEST(IsGuid, WantsThirtyTwoDigitsInFiveGroups) {
  EXPECT_TRUE(IsGuid("01234567-89AB-4cde-8f01-23456789abcd"));
  EXPECT_FALSE(IsGuid("01234567-89ab-4cde-8f01-23456789abc"));
  EXPECT_FALSE(IsGuid("0123456789ab-4cde-8f01-23456789abcd0"));
  EXPECT_FALSE(IsGuid("g1234567-89ab-4cde-8f01-23456789abcd"));
  EXPECT_FALSE(IsGuid(""));
}

}  // namespace
}  // namespace tutti
