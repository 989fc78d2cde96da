#include "services/ingest/ingest_service.h"

#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/rpc/status.h"
#include "ingest_fixture.h"
#include "services/ingest/flush_loop.h"
#include "services/ingest/grpc_aggregate_client.h"
#include "tests/support/wait_until.h"
#include "tutti/aggregate/v1/aggregate.grpc.pb.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {
namespace {

using ingest::v1::IngestActivitiesResponse;
using ingest::v1::StreamActivitiesRequest;
using ingest::v1::StreamActivitiesResponse;
using testing::IsEmpty;
using testing::SizeIs;

// An aggregate of one organisation that remembers what it was sent.
class FakeAggregateService final : public aggregate::v1::AggregateService::Service {
 public:
  explicit FakeAggregateService(aggregate::v1::GetIngestPolicyResponse policy)
      : policy_(std::move(policy)) {}

  grpc::Status GetIngestPolicy(grpc::ServerContext*,
                               const aggregate::v1::GetIngestPolicyRequest* request,
                               aggregate::v1::GetIngestPolicyResponse* response) override {
    if (request->catalog_fingerprint() != counting()) {
      return ToGrpcStatus(WithReason(absl::UnavailableError("other catalogue"),
                                     aggregate::v1::REASON_CATALOG_MISMATCH));
    }
    if (request->organization() != "organizations/acme") {
      return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such organisation");
    }
    *response = policy_;
    return grpc::Status::OK;
  }

  grpc::Status MergeDeltas(grpc::ServerContext*, const aggregate::v1::MergeDeltasRequest* request,
                           aggregate::v1::MergeDeltasResponse* response) override {
    const std::lock_guard lock(mutex_);
    for (const auto& delta : request->deltas()) {
      positions_ += delta.positions_size();
      response->add_outcomes(aggregate::v1::DELTA_OUTCOME_MERGED);
    }
    return grpc::Status::OK;
  }

  grpc::Status ReportKeyring(grpc::ServerContext*, const aggregate::v1::ReportKeyringRequest*,
                             aggregate::v1::ReportKeyringResponse* response) override {
    response->set_counting_fingerprint(counting());
    return grpc::Status::OK;
  }

  void Count(const std::string& fingerprint) {
    const std::lock_guard lock(mutex_);
    counting_ = fingerprint;
  }

  int positions() {
    const std::lock_guard lock(mutex_);
    return positions_;
  }

 private:
  std::string counting() {
    const std::lock_guard lock(mutex_);
    return counting_;
  }

  const aggregate::v1::GetIngestPolicyResponse policy_;
  std::mutex mutex_;
  std::string counting_ = SmallCatalog().counting_fingerprint();
  int positions_ = 0;
};

class IngestServiceTest : public IngestFixture {
 protected:
  // Never ended: gRPC's end may wait ten seconds for a poll of its own.
  static void SetUpTestSuite() { grpc_init(); }

  IngestServiceTest() : aggregate_(AcmePolicy()) {
    aggregate_server_ = Serve("aggregate", aggregate_);
    remote_ = MakeClient(SmallCatalog().counting_fingerprint());
    remote_policies_ = std::make_unique<PolicyCache>(*remote_, SmallCatalog(), *keys, clock);
    remote_coalescer_ =
        std::make_unique<DeltaCoalescer>(*remote_, SmallCatalog(), CoalescerLimits(), steady_clock);
    remote_ingester_ = std::make_unique<ActivityIngester>(
        IngestParts{SmallCatalog(), *remote_policies_, *acknowledged, *remote_coalescer_, *opt_outs,
                    counters, clock});
    flushes_ = std::make_unique<FlushLoop>(*remote_coalescer_, absl::Milliseconds(1));
    service_ = std::make_unique<IngestServiceImpl>(*remote_ingester_, *access_);
    server_ = Serve("ingest", *service_);
    stub_ = ingest::v1::IngestService::NewStub(Connect("ingest"));
  }
  ~IngestServiceTest() override {
    server_->Shutdown();
    server_->Wait();
    flushes_.reset();
    remote_->Shutdown();
    aggregate_server_->Shutdown();
  }

  std::string Address(const std::string& name) const {
    return absl::StrCat("unix:", folder, "/", name);
  }
  std::unique_ptr<grpc::Server> Serve(const std::string& name, grpc::Service& service) const {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(Address(name), grpc::InsecureServerCredentials());
    builder.RegisterService(&service);
    return builder.BuildAndStart();
  }
  std::shared_ptr<grpc::Channel> Connect(const std::string& name) const {
    return grpc::CreateChannel(Address(name), grpc::InsecureChannelCredentials());
  }
  std::unique_ptr<GrpcAggregateClient> MakeClient(const std::string& fingerprint) const {
    return std::make_unique<GrpcAggregateClient>(Connect("aggregate"), fingerprint, *keys,
                                                 absl::Seconds(60));
  }

  FakeAggregateService aggregate_;
  std::unique_ptr<grpc::Server> aggregate_server_;
  std::unique_ptr<GrpcAggregateClient> remote_;
  std::unique_ptr<PolicyCache> remote_policies_;
  std::unique_ptr<DeltaCoalescer> remote_coalescer_;
  std::unique_ptr<ActivityIngester> remote_ingester_;
  std::unique_ptr<FlushLoop> flushes_;
  const std::unique_ptr<Access> access_ = Access::ForEverybody();
  std::unique_ptr<IngestServiceImpl> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ingest::v1::IngestService::Stub> stub_;
};

TEST_F(IngestServiceTest, AcceptsABatchAndMergesItsBits) {
  grpc::ClientContext context;
  IngestActivitiesResponse response;
  const grpc::Status status = stub_->IngestActivities(
      &context, MakeBatch({MakeActivity("ann@x", "mail.sent"), MakeActivity("", "mail.sent")}),
      &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.accepted_count(), 1);
  ASSERT_THAT(response.rejections(), SizeIs(1));
  EXPECT_EQ(response.rejections(0).index(), 1);
  EXPECT_EQ(aggregate_.positions(), 4 * 2 + 1);
}

TEST_F(IngestServiceTest, UsesMessagesAgainWithoutMixingBatches) {
  for (int i = 1; i <= 200; ++i) {
    grpc::ClientContext context;
    IngestActivitiesResponse response;
    std::vector<ingest::v1::Activity> activities(static_cast<size_t>(i % 7) + 1,
                                                 MakeActivity("ann@x", "mail.sent"));
    if (i % 3 == 0) activities.push_back(MakeActivity("", "mail.sent"));
    ASSERT_TRUE(stub_->IngestActivities(&context, MakeBatch(activities), &response).ok());
    EXPECT_EQ(response.accepted_count(), i % 7 + 1);
    EXPECT_EQ(response.rejections_size(), i % 3 == 0 ? 1 : 0);
  }
}

TEST_F(IngestServiceTest, ExplainsARefusedBatchByMachineReadableDetails) {
  grpc::ClientContext context;
  IngestActivitiesResponse response;
  auto request = MakeBatch({MakeActivity("ann@x", "mail.sent")});
  request.set_organization("organizations/nobody");
  absl::Status status = FromGrpcStatus(stub_->IngestActivities(&context, request, &response));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), "ORGANIZATION_NOT_FOUND");

  grpc::ClientContext other_context;
  status = FromGrpcStatus(stub_->IngestActivities(&other_context, MakeBatch({}), &response));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "BATCH_EMPTY");
}

TEST_F(IngestServiceTest, AnswersEveryBatchOfAStreamByItsRequestId) {
  constexpr int kBatches = 500;
  grpc::ClientContext context;
  const auto stream = stub_->StreamActivities(&context);
  std::set<std::string> answered;
  std::thread reader([&] {
    StreamActivitiesResponse response;
    while (stream->Read(&response)) {
      EXPECT_TRUE(answered.insert(response.request_id()).second);
      if (response.request_id() == "7") {
        EXPECT_EQ(response.error().reason(), ingest::v1::REASON_BATCH_EMPTY);
        EXPECT_EQ(response.error().code(), 3);
      } else {
        EXPECT_EQ(response.response().accepted_count(), 1);
      }
    }
  });
  for (int i = 0; i < kBatches; ++i) {
    StreamActivitiesRequest request;
    request.set_request_id(absl::StrCat(i));
    *request.mutable_batch() =
        i == 7 ? MakeBatch({}) : MakeBatch({MakeActivity(absl::StrCat("p", i), "chat.sent")});
    ASSERT_TRUE(stream->Write(request));
  }
  stream->WritesDone();
  reader.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_THAT(answered, SizeIs(kBatches));
}

TEST_F(IngestServiceTest, EndsAStreamWhoseRequestIdIsMalformed) {
  for (const std::string& id :
       {std::string(), std::string(65, 'a'), std::string("\n"), std::string("\u00e9")}) {
    grpc::ClientContext context;
    const auto stream = stub_->StreamActivities(&context);
    StreamActivitiesRequest request;
    request.set_request_id(id);
    stream->Write(request);
    StreamActivitiesResponse response;
    EXPECT_FALSE(stream->Read(&response));
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

// Calls a method with bytes that are no message.
grpc::Status CallWithGarbage(const std::shared_ptr<grpc::Channel>& channel,
                             const std::string& method) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::Slice slice(std::string("\x0a\x7f"));
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::Status status;
  const auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

TEST_F(IngestServiceTest, RefusesWhatIsNoMessage) {
  for (const char* const method : {"IngestActivities", "StreamActivities"}) {
    const grpc::Status status =
        CallWithGarbage(Connect("ingest"), absl::StrCat("/tutti.ingest.v1.IngestService/", method));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method;
  }
  grpc::ClientContext context;
  IngestActivitiesResponse response;
  EXPECT_TRUE(
      stub_->IngestActivities(&context, MakeBatch({MakeActivity("ann@x", "mail.sent")}), &response)
          .ok());
}

TEST_F(IngestServiceTest, EndsIdleStreamsWhenItDrains) {
  grpc::ClientContext context;
  const auto stream = stub_->StreamActivities(&context);
  StreamActivitiesRequest request;
  request.set_request_id("1");
  *request.mutable_batch() = MakeBatch({MakeActivity("ann@x", "mail.sent")});
  ASSERT_TRUE(stream->Write(request));
  StreamActivitiesResponse response;
  ASSERT_TRUE(stream->Read(&response));
  service_->Drain();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  grpc::ClientContext later;
  EXPECT_EQ(stub_->StreamActivities(&later)->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

// Sends batches one after the other, each when the one before is answered, until the
// stream ends.
struct LockstepClient {
  explicit LockstepClient(ingest::v1::IngestService::Stub& stub)
      : stream(stub.StreamActivities(&context)) {}

  void Run(const StreamActivitiesRequest& request, const std::function<void()>& on_answer) {
    StreamActivitiesResponse response;
    while (stream->Write(request) && stream->Read(&response)) {
      EXPECT_EQ(response.response().accepted_count(), request.batch().activities_size());
      ++answers;
      on_answer();
    }
    while (stream->Read(&response)) ++answers;
    status = stream->Finish();
  }

  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<StreamActivitiesRequest, StreamActivitiesResponse>>
      stream;
  int answers = 0;
  grpc::Status status;
};

// A drain that comes while a batch is being read must neither lose the stream under it nor
// leave it unanswered. Mutation: a batch that counts only once it was looked at: its stream
// is gone when it is answered, which the address sanitizer sees, and more is ingested than
// answered.
TEST_F(IngestServiceTest, AnswersAllThatItTookFromBusyStreamsWhenItDrains) {
  constexpr int kRounds = 12;
  constexpr int kStreams = 4;
  constexpr int kActivities = 5001;
  StreamActivitiesRequest request;
  request.set_request_id("1");
  *request.mutable_batch() =
      MakeBatch(std::vector<ingest::v1::Activity>(kActivities, MakeActivity("ann@x", "mail.sent")));
  for (int round = 0; round < kRounds; ++round) {
    IngestServiceImpl service(*remote_ingester_, *access_);
    const std::string name = absl::StrCat("draining", round);
    const std::unique_ptr<grpc::Server> server = Serve(name, service);
    const auto stub = ingest::v1::IngestService::NewStub(Connect(name));
    const uint64_t before = counters.accepted_activities;
    std::atomic<int> left = kStreams + round;
    const auto drain_after_the_last = [&] {
      if (--left == 0) service.Drain();
    };
    std::vector<std::unique_ptr<LockstepClient>> clients;
    std::vector<std::thread> threads;
    for (int i = 0; i < kStreams; ++i) {
      clients.push_back(std::make_unique<LockstepClient>(*stub));
      threads.emplace_back(
          [&, own = clients.back().get()] { own->Run(request, drain_after_the_last); });
    }
    for (std::thread& thread : threads) thread.join();
    server->Shutdown();
    uint64_t answers = 0;
    for (const auto& ended : clients) {
      EXPECT_EQ(ended->status.error_code(), grpc::StatusCode::UNAVAILABLE);
      answers += static_cast<uint64_t>(ended->answers);
    }
    EXPECT_EQ(counters.accepted_activities - before, answers * kActivities) << "round " << round;
  }
}

TEST_F(IngestServiceTest, SurvivesAClientThatLeavesItsAnswers) {
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    const auto stream = stub_->StreamActivities(&context);
    StreamActivitiesRequest request;
    request.set_request_id("1");
    *request.mutable_batch() = MakeBatch({MakeActivity("ann@x", "mail.sent")});
    for (int j = 0; j < 40; ++j) stream->Write(request);
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  grpc::ClientContext context;
  IngestActivitiesResponse response;
  EXPECT_TRUE(
      stub_->IngestActivities(&context, MakeBatch({MakeActivity("ann@x", "mail.sent")}), &response)
          .ok());
}

// Mutation: to learn of it when activity comes alone, or never to learn that it is over.
// Mutation: what waits is sent, whoever waits for it.
TEST_F(IngestServiceTest, BeginsNothingForACallerWhoIsGone) {
  CoalescerLimits limits;
  limits.max_flushes_in_flight = 1;
  DeltaCoalescer small(client, SmallCatalog(), limits, steady_clock);
  ActivityIngester own(
      {SmallCatalog(), *policies, *acknowledged, small, *opt_outs, counters, clock});
  IngestServiceImpl service(own, *access_);
  const std::unique_ptr<grpc::Server> server = Serve("own", service);
  const auto stub = ingest::v1::IngestService::NewStub(Connect("own"));
  const auto batch = MakeBatch({MakeActivity("ann@x", "mail.sent")});
  struct Call {
    grpc::ClientContext context;
    IngestActivitiesResponse response;
    grpc::Status status;
    absl::Notification done;
  };
  const auto begin = [&](Call& call) {
    stub->async()->IngestActivities(&call.context, &batch, &call.response, [&call](grpc::Status s) {
      call.status = std::move(s);
      call.done.Notify();
    });
    ASSERT_TRUE(WaitUntil([&] { return small.pending_batches() == 1; }));
  };
  const auto dropped = [&] {
    steady_clock.Advance(absl::Seconds(1));
    small.Tick();
    return small.pending_batches() == 0;
  };
  client.hold_merges = true;
  Call patient;
  begin(patient);
  small.Tick();
  Call given_up;
  begin(given_up);
  given_up.context.TryCancel();
  EXPECT_TRUE(WaitUntil(dropped));
  Call late;
  late.context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(3));
  begin(late);
  EXPECT_TRUE(WaitUntil(dropped));
  client.AnswerMerges();
  small.Tick();
  small.AnswerWritten();
  for (Call* const call : {&patient, &given_up, &late}) call->done.WaitForNotification();
  EXPECT_TRUE(patient.status.ok()) << patient.status.error_message();
  EXPECT_EQ(late.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(client.merges, SizeIs(1));
  server->Shutdown();
  server->Wait();
}

TEST_F(IngestServiceTest, KnowsWhetherAggregateCountsAlike) {
  const auto report = [](GrpcAggregateClient& remote) {
    absl::Notification done;
    remote.ReportKeyring([&](const auto& response) {
      EXPECT_EQ(response.status(), absl::OkStatus());
      done.Notify();
    });
    done.WaitForNotification();
  };
  report(*remote_);
  EXPECT_TRUE(remote_->CountsAlike());
  const auto other = MakeClient("another fingerprint");
  EXPECT_TRUE(other->CountsAlike());
  report(*other);
  EXPECT_FALSE(other->CountsAlike());

  const auto refused = MakeClient("another fingerprint");
  absl::Status status;
  absl::Notification done;
  refused->FetchPolicy("acme", [&](const auto& policy) {
    status = policy.status();
    done.Notify();
  });
  done.WaitForNotification();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonIn<aggregate::v1::Reason>(status), aggregate::v1::REASON_CATALOG_MISMATCH);
  EXPECT_FALSE(refused->CountsAlike());
  aggregate_.Count("another fingerprint");
  report(*refused);
  EXPECT_TRUE(refused->CountsAlike());
}

// Mutation: a call is destroyed after it was told that it has finished. Its thread then may be the
// last to hold the channel, and gRPC aborts.
TEST_F(IngestServiceTest, HasDestroyedEveryCallWhenItsClientIsShutDown) {
  for (int i = 0; i < 500; ++i) {
    const auto other = MakeClient(SmallCatalog().counting_fingerprint());
    auto held = std::make_shared<int>(i);
    const std::weak_ptr<int> destroyed = held;
    other->ReportKeyring([held = std::move(held)](const auto& /*response*/) {});
    other->Shutdown();
    ASSERT_TRUE(destroyed.expired());
  }
}

TEST_F(IngestServiceTest, RefusesCallsAfterItsClientIsShutDown) {
  const auto other = MakeClient(SmallCatalog().counting_fingerprint());
  other->Shutdown();
  absl::Status status;
  other->Merge({}, absl::ZeroDuration(),
               [&status](const auto& response) { status = response.status(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace tutti
