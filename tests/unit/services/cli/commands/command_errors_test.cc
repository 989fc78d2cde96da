#include "services/cli/commands/command_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/auth/method_rules.h"
#include "common/rpc/error_details.h"
#include "services/cli/commands/connection.h"
#include "tutti/aggregate/v1/aggregate.pb.h"
#include "tutti/aggregate/v1/organization.pb.h"
#include "tutti/ingest/v1/ingest.pb.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Mutation: a method that is added to a service and to no command.
TEST(InOwnWordsTest, NamesACommandForEveryMethodThatACallerMayCall) {
  int methods = 0;
  std::vector<std::string> services;
  for (const auto* file : {ingest::v1::IngestActivitiesRequest::descriptor()->file(),
                           aggregate::v1::MergeDeltasRequest::descriptor()->file(),
                           aggregate::v1::Organization::descriptor()->file(),
                           score::v1::GetScoreRequest::descriptor()->file()}) {
    services.push_back(file->service(0)->full_name());
  }
  const absl::StatusOr<MethodRules> rules = MethodRules::Of(services);
  ASSERT_TRUE(rules.ok()) << rules.status();
  for (const auto& [method, rule] : rules->all()) {
    if (rule.callable_by != CallableBy::kCallers) continue;
    ++methods;
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(method.substr(1), absl::MaxSplits('/', 1));
    const std::string said =
        InOwnWords(absl::NotFoundError(absl::StrCat("there is none; see ", parts.second)));
    EXPECT_THAT(said, HasSubstr("see `tutti ")) << parts.second;
    EXPECT_THAT(said, Not(HasSubstr(parts.second)));
  }
  EXPECT_GT(methods, 15);
}

TEST(InOwnWordsTest, LeavesOtherWordsAlone) {
  for (const char* const text : {"the ListTablesView is closed", "AListTables, MyGetScore", ""}) {
    EXPECT_EQ(InOwnWords(absl::NotFoundError(text)), text);
  }
  EXPECT_EQ(InOwnWords(absl::NotFoundError("ListTables, GetScore")),
            "`tutti table`, `tutti score`");
}

// Mutation: any word that is a field's name.
TEST(InOwnWordsTest, NamesTheFlagOfAFieldThatIsAtFault) {
  const auto fault = [](const std::string& field) {
    return WithFieldViolation(absl::InvalidArgumentError(absl::StrCat(field, ": must be less")),
                              field, "must be less");
  };
  EXPECT_EQ(InOwnWords(fault("time_zone")), "--time-zone: must be less");
  EXPECT_EQ(InOwnWords(fault("entitlements.people")), "--entitlement: must be less");
  EXPECT_EQ(InOwnWords(fault("page_size")), "page_size: must be less");
  EXPECT_EQ(InOwnWords(absl::InvalidArgumentError("time_zone: must be less")),
            "time_zone: must be less");
}

TEST(CommandErrorsTest, TellErrorsOfTheCommandLineFromOthers) {
  EXPECT_TRUE(IsUsageError(UsageError("what?")));
  EXPECT_FALSE(IsUsageError(absl::InvalidArgumentError("what?")));
  EXPECT_TRUE(IsUsageError(WithText(UsageError("what?"), "how?")));
}

TEST(CommandErrorsTest, NameTheFlagAndTheFile) {
  EXPECT_EQ(OfFile("--out", "a/b", absl::NotFoundError("cannot be read")),
            absl::NotFoundError("--out a/b: cannot be read"));
  EXPECT_EQ(OfFile("--out", "a/b", absl::OkStatus()), absl::OkStatus());
  // Each once.
  EXPECT_EQ(OfFile("--out", "a/b", absl::NotFoundError("list a/b: cannot be read")),
            absl::NotFoundError("--out: list a/b: cannot be read"));
  EXPECT_EQ(Named("--out", absl::NotFoundError("--out: no")), absl::NotFoundError("--out: no"));
  EXPECT_TRUE(IsUsageError(Named("--out", UsageError("what?"))));
  EXPECT_EQ(OfFile("--out", "a\x1b[2J", absl::NotFoundError("no")),
            absl::NotFoundError("--out a\xEF\xBF\xBD[2J: no"));
}

TEST(CommandErrorsTest, NameTheProgramThatWasNotReached) {
  EXPECT_EQ(NotReached("tutti.score.v1.ScoreService", "a:1", "why").message(),
            "cannot reach tutti-score at a:1 (--score): why");
  EXPECT_EQ(NotReached("grpc.health.v1.Health", "a:1", "why").message(),
            "cannot reach the service at a:1: why");
}

TEST(ConfirmTest, AsksNobodyWhereThereIsNoTerminal) {
  EXPECT_EQ(Confirm(true, "acme"), absl::OkStatus());
  ASSERT_NE(std::freopen("/dev/null", "r", stdin), nullptr);
  EXPECT_TRUE(IsUsageError(Confirm(false, "acme")));
}

}  // namespace
}  // namespace tutti
