// What an answer says follows from the request, the clock and what is public about the
// organisation: not from whether somebody is new, known already, or has opted out.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ingest_fixture.h"

namespace tutti {
namespace {

using aggregate::v1::DeltaOutcome;
using aggregate::v1::WindowDelta;
using ingest::v1::IngestActivitiesRequest;
using testing::Gt;
using testing::SizeIs;

constexpr DeltaOutcome kMerged = aggregate::v1::DELTA_OUTCOME_MERGED;
constexpr DeltaOutcome kLate = aggregate::v1::DELTA_OUTCOME_LATE;
constexpr DeltaOutcome kKeyMismatch = aggregate::v1::DELTA_OUTCOME_KEY_MISMATCH;

// The window and kind of a delta.
using Target = std::tuple<int, std::string, std::string>;

Target TargetOf(const WindowDelta& delta) {
  return {delta.window_kind(), delta.end_day(), delta.kind()};
}

std::string BytesOf(const Reply& reply) {
  if (reply.status.ok()) return reply.response.SerializeAsString();
  return reply.status.ToString();  // with its details
}

class AnswerTest : public IngestFixture {
 protected:
  using MakeBatchOf = std::function<IngestActivitiesRequest(const std::string& subject)>;

  AnswerTest() {
    SetSize("device", 10, 10);
    for (const char* const subject : {"out@x", "out-laptop"}) {
      EXPECT_TRUE(
          OptOutFile(OptOutPathBeside(keyring_path))
              .Update([subject](OptOutList& list) {
                return list.Add("acme", std::get<SubjectId>(SubjectId::Parse(subject))).status();
              })
              .ok());
    }
    EXPECT_TRUE(opt_outs->ReloadIfChanged().ok());
  }

  // What a batch comes to when its subject is in one of four states. Nothing else is known.
  std::vector<Reply> InEveryWorld(const MakeBatchOf& batch) {
    std::vector<Reply> replies;
    const auto judged = client.outcome;
    for (const char* const subject : {"new@x", "all@x", "one@x", "out@x"}) {
      acknowledged->NextGeneration();
      acknowledged->NextGeneration();
      client.outcome = [](const WindowDelta&) { return kMerged; };
      if (subject == std::string("all@x")) SendAndTick(batch(subject));
      if (subject == std::string("one@x")) {
        SendAndTick(MakeBatch({MakeActivity(subject, "chat.sent")}));
      }
      client.outcome = judged;
      client.merges.clear();
      replies.push_back(SendAndTick(batch(subject)));
      std::set<Target> named;
      for (const WindowDelta& delta : SentDeltas()) named.insert(TargetOf(delta));
      named_.push_back(std::move(named));
    }
    return replies;
  }

  // Gives the deltas of a batch every combination of these outcomes, and expects the same
  // bytes in every world. Returns how many answers there were.
  std::set<std::string> InjectEverywhere(const MakeBatchOf& batch,
                                         const std::vector<DeltaOutcome>& outcomes) {
    named_.clear();
    client.outcome = [](const WindowDelta&) { return kMerged; };
    InEveryWorld(batch);
    const std::vector<Target> targets(named_.front().begin(), named_.front().end());
    std::set<std::string> answers;
    size_t combinations = 1;
    for (size_t i = 0; i < targets.size(); ++i) combinations *= outcomes.size();
    for (size_t combination = 0; combination < combinations; ++combination) {
      std::map<Target, DeltaOutcome> injected;
      size_t rest = combination;
      for (const Target& target : targets) {
        injected[target] = outcomes[rest % outcomes.size()];
        rest /= outcomes.size();
      }
      client.outcome = [&](const WindowDelta& delta) { return injected.at(TargetOf(delta)); };
      named_.clear();
      const std::vector<Reply> replies = InEveryWorld(batch);
      for (size_t world = 1; world < replies.size(); ++world) {
        EXPECT_EQ(named_[world], named_[0]);
        EXPECT_EQ(BytesOf(replies[world]), BytesOf(replies[0]))
            << "world " << world << ", combination " << combination << " of " << combinations
            << "\n"
            << replies[world].response.DebugString() << "where there was\n"
            << replies[0].response.DebugString();
      }
      answers.insert(BytesOf(replies[0]));
      if (HasFailure()) break;
    }
    return answers;
  }

  std::vector<std::set<Target>> named_;  // by the last batches, by world
};

// Mutation: to judge anew only what brought something new, or to name only the windows that
// something new is sent to.
TEST_F(AnswerTest, IsTheSameWhateverBecomesOfWhichWindow) {
  const auto among_three = [](const std::string& subject) {
    return MakeBatch({MakeActivity("b@x", "mail.sent"), MakeActivity(subject, "mail.sent"),
                      MakeActivity("c@x", "mail.sent"), MakeActivity("d@x", "chat.sent")});
  };
  EXPECT_THAT(InjectEverywhere(among_three, {kMerged, kLate, kKeyMismatch}), SizeIs(Gt(3u)));
  for (const DeltaOutcome other :
       {aggregate::v1::DELTA_OUTCOME_POLICY_MISMATCH, aggregate::v1::DELTA_OUTCOME_NOT_ACTIVE,
        aggregate::v1::DELTA_OUTCOME_UNSPECIFIED}) {
    EXPECT_THAT(InjectEverywhere(among_three, {kMerged, other}), SizeIs(2));
    EXPECT_THAT(InjectEverywhere(among_three, {kLate, other}), SizeIs(2));
  }
}

TEST_F(AnswerTest, IsTheSameWhenThereIsNobodyElse) {
  const auto alone = [](const std::string& subject) {
    return MakeBatch({MakeActivity(subject, "mail.sent"), MakeActivity(subject, "mail.sent")});
  };
  EXPECT_THAT(InjectEverywhere(alone, {kMerged, kLate, kKeyMismatch}), SizeIs(Gt(3u)));
}

// The 16th has no day window any more; the 17th has one of its own.
TEST_F(AnswerTest, IsTheSameForSeveralDaysAndRefusedActivities) {
  const auto days = [](const std::string& subject) {
    return MakeBatch({MakeActivity(subject, "mail.sent", "2026-11-16T08:00:00Z"),
                      MakeActivity(subject, "mail.sent", "2026-11-17T08:00:00Z"),
                      MakeActivity("", "mail.sent"),
                      MakeActivity("b@x", "mail.sent", "2026-11-17T08:00:00Z"),
                      MakeActivity(subject, "chat.sent")});
  };
  EXPECT_THAT(InjectEverywhere(days, {kMerged, kLate, kKeyMismatch}), SizeIs(Gt(3u)));
}

TEST_F(AnswerTest, IsTheSameWithSubjectsOfSeveralKinds) {
  const auto kinds = [](const std::string& subject) {
    return MakeBatch(
        {MakeActivity("out-laptop", "device.seen"), MakeActivity(subject, "chat.sent")});
  };
  EXPECT_THAT(InjectEverywhere(kinds, {kMerged, kLate}), SizeIs(Gt(3u)));
  EXPECT_THAT(InjectEverywhere(kinds, {kMerged, kKeyMismatch}), SizeIs(Gt(2u)));
}

TEST_F(AnswerTest, IsTheSameWhenTheCallFails) {
  const auto batch = [](const std::string& subject) {
    return MakeBatch({MakeActivity(subject, "mail.sent"), MakeActivity("b@x", "mail.sent")});
  };
  std::set<std::string> answers;
  for (int code = 1; code <= 16; ++code) {
    absl::Status status(static_cast<absl::StatusCode>(code), "injected");
    client.outcome = [&](const WindowDelta&) { return status; };
    const std::vector<Reply> replies = InEveryWorld(batch);
    for (const Reply& reply : replies) {
      EXPECT_FALSE(reply.status.ok());
      EXPECT_EQ(BytesOf(reply), BytesOf(replies[0])) << status;
    }
    answers.insert(BytesOf(replies[0]));
  }
  EXPECT_THAT(answers, SizeIs(Gt(1u)));
}

}  // namespace
}  // namespace tutti
