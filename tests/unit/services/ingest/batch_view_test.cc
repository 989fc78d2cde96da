#include "services/ingest/batch_view.h"

#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/ingest/batch_pool.h"
#include "services/ingest/rejection.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {
namespace {

using ingest::v1::Activity;
using ingest::v1::IngestActivitiesRequest;
using ingest::v1::StreamActivitiesRequest;

IngestActivitiesRequest MakeRequest(std::mt19937_64& random) {
  const auto text = [&random](size_t most) {
    std::string letters(random() % (most + 1), 'a');
    for (char& letter : letters) letter = static_cast<char>('a' + random() % 26);
    return letters;
  };
  IngestActivitiesRequest request;
  if (random() % 8 != 0) request.set_organization(text(20));
  for (size_t i = random() % 6; i > 0; --i) {
    Activity& activity = *request.add_activities();
    activity.set_subject(text(200));
    activity.set_type(text(20));
    activity.set_app(text(4));
    activity.set_platform(text(4));
    for (size_t traits = random() % 4; traits > 0; --traits) activity.add_traits(text(9));
    if (random() % 4 == 0) continue;
    activity.mutable_occurred_at()->set_seconds(static_cast<int64_t>(random() >> random() % 64));
    activity.mutable_occurred_at()->set_nanos(static_cast<int32_t>(random() >> random() % 64));
  }
  return request;
}

// The message that a view shows.
IngestActivitiesRequest MessageOf(const BatchView& view) {
  IngestActivitiesRequest request;
  request.set_organization(std::string(view.organization()));
  for (size_t i = 0; i < view.size(); ++i) {
    const ActivityView read = view.activity(i);
    Activity& activity = *request.add_activities();
    activity.set_subject(std::string(read.subject));
    activity.set_type(std::string(read.type));
    activity.set_app(std::string(read.app));
    activity.set_platform(std::string(read.platform));
    for (const absl::string_view trait : read.traits) activity.add_traits(std::string(trait));
    if (!read.has_time) continue;
    activity.mutable_occurred_at()->set_seconds(read.seconds);
    activity.mutable_occurred_at()->set_nanos(read.nanos);
  }
  return request;
}

bool HasGroup(const google::protobuf::Message& message) {
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    if (unknown.field(i).type() == google::protobuf::UnknownField::TYPE_GROUP) return true;
  }
  return false;
}

bool HasGroup(const IngestActivitiesRequest& request) {
  const google::protobuf::Message& message = request;
  return HasGroup(message) ||
         std::any_of(request.activities().begin(), request.activities().end(),
                     [](const Activity& a) { return HasGroup(a) || HasGroup(a.occurred_at()); });
}

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
}

bool HasOnlyAscii(const BatchView& view) {
  if (!IsAscii(view.organization())) return false;
  for (size_t i = 0; i < view.size(); ++i) {
    const ActivityView read = view.activity(i);
    if (!IsAscii(read.subject) || !IsAscii(read.type) || !IsAscii(read.app) ||
        !IsAscii(read.platform) || !std::all_of(read.traits.begin(), read.traits.end(), IsAscii)) {
      return false;
    }
  }
  return true;
}

// Expects that a view reads bytes as protobuf does, but for groups and for texts
// that are not UTF-8. Returns whether it takes them.
bool ExpectSame(const std::string& bytes) {
  IngestActivitiesRequest parsed;
  const google::protobuf::LogSilencer silence;
  const bool takes = parsed.ParseFromString(bytes);
  BatchView view;
  if (!view.Append(bytes)) {
    EXPECT_TRUE(!takes || HasGroup(parsed));
    return false;
  }
  if (!takes) {
    // A field that came twice may have been at fault the first time.
    EXPECT_TRUE(!HasOnlyAscii(view) || !IsAscii(bytes));
    return true;
  }
  parsed.DiscardUnknownFields();
  EXPECT_EQ(MessageOf(view).SerializeAsString(), parsed.SerializeAsString());
  return true;
}

TEST(BatchView, ReadsWhatProtobufWrites) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const IngestActivitiesRequest request = MakeRequest(random);
    const std::string bytes = request.SerializeAsString();
    BatchView view;
    ASSERT_TRUE(view.Append(bytes));
    EXPECT_EQ(MessageOf(view).SerializeAsString(), bytes);
  }
}

TEST(BatchView, RefusesEveryCutThatProtobufRefuses) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 100; ++i) {
    const std::string bytes = MakeRequest(random).SerializeAsString();
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::string cut = bytes.substr(0, size);
      EXPECT_EQ(ExpectSame(cut), IngestActivitiesRequest().ParseFromString(cut)) << size;
    }
  }
}

TEST(BatchView, ReadsDamagedBytesLikeProtobufOrNotAtAll) {
  std::mt19937_64 random(3);
  int read = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = MakeRequest(random).SerializeAsString();
    if (bytes.empty()) continue;
    for (size_t damage = 1 + random() % 3; damage > 0; --damage) {
      bytes[random() % bytes.size()] = static_cast<char>(random() % 128);
    }
    read += ExpectSame(bytes) ? 1 : 0;
  }
  EXPECT_GT(read, 5000);
}

TEST(BatchView, TakesTheLastOfARepeatedFieldAndSkipsUnknownOnes) {
  Activity first;
  first.set_subject("ann");
  first.mutable_occurred_at()->set_seconds(7);
  Activity second;
  second.set_subject("bob");
  second.mutable_occurred_at()->set_nanos(9);
  const std::string unknown =
      "\x98\x01\x05\xa1\x01"
      "12345678"
      "\xaa\x01\x02xy\xb5\x01"
      "1234";
  const std::string both =
      absl::StrCat(first.SerializeAsString(), unknown, second.SerializeAsString());
  const std::string bytes =
      absl::StrCat("\x12", std::string(1, static_cast<char>(both.size())), both, unknown);
  BatchView view;
  ASSERT_TRUE(view.Append(bytes));
  ASSERT_EQ(view.size(), 1U);
  EXPECT_EQ(view.activity(0).subject, "bob");
  EXPECT_EQ(view.activity(0).seconds, 7);
  EXPECT_EQ(view.activity(0).nanos, 9);
  ExpectSame(bytes);
}

TEST(BatchView, ReadsTheRequestsOfAStream) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 500; ++i) {
    StreamActivitiesRequest request;
    if (i % 3 != 0) request.set_request_id(absl::StrCat("id", i));
    if (i % 5 != 0) *request.mutable_batch() = MakeRequest(random);
    const std::string bytes = request.SerializeAsString();
    BatchView view;
    absl::string_view request_id;
    ASSERT_TRUE(ReadStreamRequest(bytes, request_id, view));
    EXPECT_EQ(request_id, request.request_id());
    EXPECT_EQ(MessageOf(view).SerializeAsString(), request.batch().SerializeAsString());
    // Twice one batch is one of both.
    view.Clear();
    const std::string twice = bytes + bytes;
    ASSERT_TRUE(ReadStreamRequest(twice, request_id, view));
    EXPECT_EQ(view.size(), 2 * static_cast<size_t>(request.batch().activities_size()));
    if (bytes.size() < 2) continue;
    view.Clear();
    EXPECT_FALSE(
        ReadStreamRequest(absl::string_view(bytes).substr(0, bytes.size() - 1), request_id, view));
  }
}

// 16 MiB of activities, or of traits, of two bytes each; of each, 1 GB and 134 MB were kept, and
// all that had fitted into 1 MiB for as long as the process lived. Mutation: keep every activity.
TEST(BatchView, KeepsLittleOfWhatIsTooMuch) {
  constexpr size_t kMiB = size_t{1} << 20;
  std::string activities(16 * kMiB, '\0');
  for (size_t i = 0; i < activities.size(); i += 2) activities[i] = 0x12;
  BatchView view;
  ASSERT_TRUE(view.Append(activities));
  EXPECT_EQ(view.size(), activities.size() / 2);
  EXPECT_LT(view.memory(), activities.size() + 4 * kMiB);

  Activity traits;
  for (size_t i = 0; i < kMiB; ++i) traits.add_traits("");
  IngestActivitiesRequest request;
  *request.add_activities() = traits;
  const std::string bytes = request.SerializeAsString();
  BatchView one;
  ASSERT_TRUE(one.Append(bytes));
  EXPECT_EQ(one.activity(0).traits.size(), kMaxTraits + 1);
  EXPECT_LT(one.memory(), bytes.size() + kMiB);
}

TEST(BatchPool, ZeroesABatchThatIsLetGoAndLendsItAgain) {
  BatchPool pool;
  std::shared_ptr<ReceivedBatch> batch = pool.Take();
  const std::string canary = "a canary identifier";
  char* const bytes = batch->Resize(canary.size());
  canary.copy(bytes, canary.size());
  EXPECT_EQ(batch->bytes(), canary);
  const ReceivedBatch* const lent = batch.get();
  batch.reset();
  EXPECT_EQ(std::string(bytes, canary.size()), std::string(canary.size(), '\0'));
  batch = pool.Take();
  EXPECT_EQ(batch.get(), lent);
  EXPECT_EQ(batch->view().size(), 0U);
}

}  // namespace
}  // namespace tutti
