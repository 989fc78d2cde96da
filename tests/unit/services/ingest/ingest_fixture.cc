#include "ingest_fixture.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/time_util.h>

#include <filesystem>

#include "common/keyring/keyring_operations.h"
#include "common/rpc/resource_name.h"
#include "common/window/window_proto.h"

namespace tutti {
namespace {

using google::protobuf::util::TimeUtil;

constexpr char kCatalog[] = R"pb(
  name: "small"
  version: "1"
  kinds {
    id: "person"
    plural: "people"
    expected_per_100_people: 100
    slots_per_subject: 8
    max_slots_log2: 18
    max_slots_log2_daily: 17
    min_headcount: 10
    protected_unit: "one person"
  }
  kinds {
    id: "device"
    plural: "devices"
    expected_per_100_people: 150
    slots_per_subject: 8
    max_slots_log2: 18
    max_slots_log2_daily: 17
    min_headcount: 10
    protected_unit: "one device"
  }
  activity_types { id: "mail.sent" kind: "person" description: "sent a mail" }
  activity_types { id: "chat.sent" kind: "person" description: "sent a message" }
  activity_types { id: "file.read" kind: "person" description: "read a file" }
  activity_types { id: "device.seen" kind: "device" description: "was seen" }
  apps { id: "word" display_name: "Word" }
  platforms { id: "web" display_name: "Web" }
  traits { id: "shared_file" display_name: "Shared file" }
  tables {
    id: "modes"
    kind: "person"
    role: TABLE_ROLE_PRIMARY
    weight: 1
    display_name: "Modes"
    description: "How people write."
    features {
      id: "email"
      column: 0
      display_name: "Mail"
      any_of { types: "mail.sent" }
    }
    features {
      id: "message"
      column: 1
      display_name: "Message"
      any_of { types: "chat.sent" }
    }
  }
  tables {
    id: "shared"
    kind: "person"
    role: TABLE_ROLE_PRIMARY
    weight: 1
    display_name: "Shared"
    description: "Who uses shared files."
    features {
      id: "shared"
      column: 2
      display_name: "Shared"
      any_of { types: "mail.sent" }
      any_of { types: "file.read" any_traits: "shared_file" }
    }
  }
  tables {
    id: "communicated"
    kind: "person"
    role: TABLE_ROLE_HABIT
    weight: 1
    display_name: "Communicated"
    description: "Who wrote on a day."
    features {
      id: "did"
      column: 0
      display_name: "Did"
      any_of { types: "mail.sent" types: "chat.sent" }
    }
  }
  tables {
    id: "fleet"
    kind: "device"
    role: TABLE_ROLE_PRIMARY
    weight: 1
    display_name: "Fleet"
    description: "Devices."
    features {
      id: "seen"
      column: 0
      display_name: "Seen"
      any_of { types: "device.seen" }
    }
  }
  budget_splits { cadence: "daily" primary_permille: 500 habit_permille: 500 }
  budget_splits { cadence: "weekly" primary_permille: 500 habit_permille: 500 }
  budget_splits { cadence: "four_weekly" primary_permille: 500 habit_permille: 500 }
)pb";

void AddWindow(WindowKind kind, Day end_day, aggregate::v1::GetIngestPolicyResponse& policy) {
  aggregate::v1::OpenWindow& window = *policy.add_windows();
  SetWindow({kind, end_day}, window);
  const absl::Time close = absl::FromCivil(end_day + 1, absl::UTCTimeZone()) + absl::Hours(24 + 48);
  window.mutable_close_time()->set_seconds(absl::ToUnixSeconds(close));
  aggregate::v1::KindSize& size = *window.add_kinds();
  size.set_kind("person");
  size.set_slots_log2(10);
  size.set_kept_slots_log2(10);
}

}  // namespace

void FakeAggregateClient::FetchPolicy(const std::string& organization, PolicyCallback done) {
  ++fetched;
  if (hold_policies) {
    held_policies_.emplace_back(organization, std::move(done));
  } else {
    Answer(organization, done);
  }
}

void FakeAggregateClient::Merge(aggregate::v1::MergeDeltasRequest request, absl::Duration limit,
                                MergeCallback done) {
  merges.push_back(request);
  limits.push_back(limit);
  if (hold_merges) {
    held_merges_.emplace_back(std::move(request), std::move(done));
  } else {
    Answer(request, done);
  }
}

void FakeAggregateClient::AnswerPolicies() {
  for (const auto& [organization, done] : std::exchange(held_policies_, {})) {
    Answer(organization, done);
  }
}

void FakeAggregateClient::AnswerMerges() {
  for (const auto& [request, done] : std::exchange(held_merges_, {})) Answer(request, done);
}

void FakeAggregateClient::Answer(const std::string& organization, const PolicyCallback& done) {
  const auto found = policies.find(organization);
  if (found == policies.end()) return done(absl::NotFoundError("no such organisation"));
  done(found->second);
}

void FakeAggregateClient::Answer(const aggregate::v1::MergeDeltasRequest& request,
                                 const MergeCallback& done) {
  aggregate::v1::MergeDeltasResponse response;
  for (const aggregate::v1::WindowDelta& delta : request.deltas()) {
    const absl::StatusOr<aggregate::v1::DeltaOutcome> judged = outcome(delta);
    if (!judged.ok()) return done(judged.status());
    response.add_outcomes(*judged);
  }
  done(response);
}

const Catalog& SmallCatalog() {
  static const Catalog* const catalog = [] {
    catalog::v1::Catalog proto;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kCatalog, &proto));
    auto built = Catalog::Build(std::move(proto), "small");
    EXPECT_TRUE(built.ok()) << built.status();
    return built->release();
  }();
  return *catalog;
}

IngestFixture::IngestFixture() {
  std::string pattern = testing::TempDir() + "ingestXXXXXX";
  folder = mkdtemp(pattern.data());
  keyring_path = folder + "/keyring";
  EXPECT_TRUE(KeyringFile(keyring_path).Create(*NewKeyring(clock.Now(), kDefaultGrace)).ok());
  keys = *KeyStore::Open(keyring_path);
  EXPECT_TRUE(OptOutFile(OptOutPathBeside(keyring_path)).Create().ok());
  opt_outs = *OptOutStore::Open(OptOutPathBeside(keyring_path));
  client.policies["acme"] = AcmePolicy();
  policies = std::make_unique<PolicyCache>(client, SmallCatalog(), *keys, clock);
  acknowledged =
      std::make_unique<AcknowledgedCache>(ColumnLayout::Of(SmallCatalog()).words(), 4096);
  coalescer =
      std::make_unique<DeltaCoalescer>(client, SmallCatalog(), CoalescerLimits(), steady_clock);
  ingester = std::make_unique<ActivityIngester>(IngestParts{
      SmallCatalog(), *policies, *acknowledged, *coalescer, *opt_outs, counters, clock});
}

IngestFixture::~IngestFixture() { std::filesystem::remove_all(folder); }

aggregate::v1::GetIngestPolicyResponse IngestFixture::AcmePolicy() {
  aggregate::v1::GetIngestPolicyResponse policy;
  *policy.mutable_expire_time() =
      TimeUtil::SecondsToTimestamp(absl::ToUnixSeconds(Noon() + absl::Seconds(60)));
  policy.set_state(aggregate::v1::ORGANIZATION_STATE_ACTIVE);
  policy.set_time_zone("UTC");
  policy.set_first_day("2026-10-26");
  for (int week = 0; week < 4; ++week) {
    AddWindow(WindowKind::kReach, Day(2026, 11, 22) + int64_t{7} * week, policy);
  }
  for (Day day(2026, 11, 17); day <= Day(2026, 11, 22); ++day) {
    AddWindow(WindowKind::kDay, day, policy);
  }
  return policy;
}

void IngestFixture::SetSize(const std::string& kind, uint32_t slots_log2, uint32_t kept_log2) {
  for (aggregate::v1::OpenWindow& window : *policy().mutable_windows()) {
    aggregate::v1::KindSize* size = nullptr;
    for (aggregate::v1::KindSize& candidate : *window.mutable_kinds()) {
      if (candidate.kind() == kind) size = &candidate;
    }
    if (size == nullptr) size = window.add_kinds();
    size->set_kind(kind);
    size->set_slots_log2(slots_log2);
    size->set_kept_slots_log2(kept_log2);
  }
}

ingest::v1::Activity IngestFixture::MakeActivity(const std::string& subject,
                                                 const std::string& type, const std::string& time) {
  ingest::v1::Activity activity;
  activity.set_subject(subject);
  activity.set_type(type);
  EXPECT_TRUE(TimeUtil::FromString(time, activity.mutable_occurred_at()));
  return activity;
}

ingest::v1::IngestActivitiesRequest IngestFixture::MakeBatch(
    std::vector<ingest::v1::Activity> activities) {
  ingest::v1::IngestActivitiesRequest request;
  request.set_organization("organizations/acme");
  for (ingest::v1::Activity& activity : activities) {
    *request.add_activities() = std::move(activity);
  }
  return request;
}

std::shared_ptr<const BatchView> ViewOf(const ingest::v1::IngestActivitiesRequest& request) {
  struct Owned {
    std::string bytes;
    BatchView view;
  };
  const auto owned = std::make_shared<Owned>();
  owned->bytes = request.SerializeAsString();
  EXPECT_TRUE(owned->view.Append(owned->bytes));
  return {owned, &owned->view};
}

std::shared_ptr<Reply> IngestFixture::Send(const ingest::v1::IngestActivitiesRequest& request) {
  auto reply = std::make_shared<Reply>();
  ingester->Ingest(ParseOrganizationName(request.organization()), ViewOf(request), reply->response,
                   [reply](const absl::Status& status) {
                     EXPECT_FALSE(reply->done) << "answered twice";
                     reply->done = true;
                     reply->status = status;
                   });
  return reply;
}

Reply IngestFixture::SendAndTick(const ingest::v1::IngestActivitiesRequest& request) {
  const std::shared_ptr<Reply> reply = Send(request);
  coalescer->Tick();
  coalescer->AnswerWritten();
  EXPECT_TRUE(reply->done);
  return *reply;
}

ingest::v1::Reason IngestFixture::ReasonFor(ingest::v1::Activity activity) {
  const Reply reply = SendAndTick(MakeBatch({std::move(activity)}));
  if (!reply.status.ok()) return ReasonIn<ingest::v1::Reason>(reply.status);
  EXPECT_EQ(reply.response.accepted_count() + reply.response.rejections_size(), 1);
  return reply.response.rejections().empty() ? ingest::v1::REASON_UNSPECIFIED
                                             : reply.response.rejections(0).reason();
}

std::vector<aggregate::v1::WindowDelta> IngestFixture::SentDeltas() const {
  std::vector<aggregate::v1::WindowDelta> deltas;
  for (const auto& merge : client.merges) {
    deltas.insert(deltas.end(), merge.deltas().begin(), merge.deltas().end());
  }
  return deltas;
}

std::vector<uint32_t> IngestFixture::SentTo(WindowKind kind, const std::string& end_day) const {
  std::vector<uint32_t> positions;
  for (const aggregate::v1::WindowDelta& delta : SentDeltas()) {
    if (delta.window_kind() != ToProto(kind) || delta.end_day() != end_day) continue;
    positions.insert(positions.end(), delta.positions().begin(), delta.positions().end());
  }
  return positions;
}

}  // namespace tutti
