// Batches as they come over the wire: read where they stand, they mean what protobuf
// says that they mean.

#include <fuzzer/FuzzedDataProvider.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "services/ingest/batch_view.h"
#include "services/ingest/rejection.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/messages.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {
namespace {

using google::protobuf::Message;
using google::protobuf::UnknownField;
using ingest::v1::Activity;
using ingest::v1::IngestActivitiesRequest;
using ingest::v1::StreamActivitiesRequest;

// The messages with bytes for texts: what protobuf would read if it did not ask for UTF-8.
class ByteMessages {
 public:
  ByteMessages() : pool_(google::protobuf::DescriptorPool::generated_pool()) {
    google::protobuf::FileDescriptorProto file;
    Activity::descriptor()->file()->CopyTo(&file);
    file.set_name("bytes.proto");
    file.set_package("bytes");
    file.clear_service();
    for (auto& message : *file.mutable_message_type()) {
      for (auto& field : *message.mutable_field()) {
        if (field.type() == field.TYPE_STRING) field.set_type(field.TYPE_BYTES);
        const std::string type = field.type_name();
        field.set_type_name(absl::StrReplaceAll(type, {{".tutti.ingest.v1.", ".bytes."}}));
        if (type.empty()) field.clear_type_name();
      }
    }
    const auto* const built = pool_.BuildFile(file);
    Require(built != nullptr, "the messages with bytes can be made");
    request_ = factory_.GetPrototype(built->FindMessageTypeByName("IngestActivitiesRequest"));
    stream_ = factory_.GetPrototype(built->FindMessageTypeByName("StreamActivitiesRequest"));
  }

  std::unique_ptr<Message> NewRequest() const { return std::unique_ptr<Message>(request_->New()); }
  std::unique_ptr<Message> NewStream() const { return std::unique_ptr<Message>(stream_->New()); }

 private:
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  const Message* request_ = nullptr;
  const Message* stream_ = nullptr;
};

const ByteMessages& TheByteMessages() {
  static const auto& messages = *new ByteMessages();
  return messages;
}

bool HasGroup(const Message& message) {
  const auto& reflection = *message.GetReflection();
  const auto& unknown = reflection.GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    if (unknown.field(i).type() == UnknownField::TYPE_GROUP) return true;
  }
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->message_type() == nullptr) continue;
    if (!field->is_repeated()) {
      if (HasGroup(reflection.GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (HasGroup(reflection.GetRepeatedMessage(message, field, i))) return true;
    }
  }
  return false;
}

void RequireEqual(const BatchView& view, const IngestActivitiesRequest& request) {
  Require(view.organization() == request.organization(), "the organisation is the same");
  Require(view.size() == static_cast<size_t>(request.activities_size()), "as many activities");
  for (size_t i = 0; i < std::min(view.size(), kMaxActivities); ++i) {
    const ActivityView a = view.activity(i);
    const Activity& b = request.activities(static_cast<int>(i));
    Require(a.subject == b.subject() && a.type == b.type() && a.app == b.app() &&
                a.platform == b.platform(),
            "texts are the same");
    Require(a.traits.size() == std::min(static_cast<size_t>(b.traits_size()), kMaxTraits + 1),
            "as many traits");
    for (size_t t = 0; t < a.traits.size(); ++t) {
      Require(a.traits[t] == b.traits(static_cast<int>(t)), "traits are the same");
    }
    Require(a.has_time == b.has_occurred_at() && a.seconds == b.occurred_at().seconds() &&
                a.nanos == b.occurred_at().nanos(),
            "times are the same");
  }
}

void ReadAnything(absl::string_view bytes) {
  const int size = static_cast<int>(bytes.size());
  const std::unique_ptr<Message> loose = TheByteMessages().NewRequest();
  const bool by_protobuf = loose->ParseFromArray(bytes.data(), size) && !HasGroup(*loose);
  BatchView view;
  Require(view.Append(bytes) == by_protobuf, "what protobuf reads is read, and nothing else");
  IngestActivitiesRequest request;
  if (by_protobuf && request.ParseFromArray(bytes.data(), size)) RequireEqual(view, request);
}

void ReadAnyStream(absl::string_view bytes) {
  const int size = static_cast<int>(bytes.size());
  const std::unique_ptr<Message> loose = TheByteMessages().NewStream();
  const bool by_protobuf = loose->ParseFromArray(bytes.data(), size) && !HasGroup(*loose);
  BatchView view;
  absl::string_view id;
  Require(ReadStreamRequest(bytes, id, view) == by_protobuf, "so it is with a stream's");
  StreamActivitiesRequest request;
  if (!by_protobuf || !request.ParseFromArray(bytes.data(), size)) return;
  Require(id == request.request_id(), "the request's id is the same");
  RequireEqual(view, request.batch());
}

void ReadWhatIsWellFormed(FuzzedDataProvider& draw) {
  IngestActivitiesRequest request;
  request.set_organization(draw.ConsumeRandomLengthString(100));
  while (draw.remaining_bytes() > 0 && request.activities_size() < 100) {
    Activity& activity = *request.add_activities();
    activity.set_subject(draw.ConsumeRandomLengthString(700));
    activity.set_type(draw.ConsumeRandomLengthString(40));
    if (draw.ConsumeBool()) activity.set_app(draw.ConsumeRandomLengthString(40));
    if (draw.ConsumeBool()) activity.set_platform(draw.ConsumeRandomLengthString(40));
    for (int traits = draw.ConsumeIntegralInRange(0, 4); traits > 0; --traits) {
      activity.add_traits(draw.ConsumeRandomLengthString(40));
    }
    if (draw.ConsumeBool()) {
      activity.mutable_occurred_at()->set_seconds(draw.ConsumeIntegral<int64_t>());
      activity.mutable_occurred_at()->set_nanos(draw.ConsumeIntegral<int32_t>());
    }
  }
  const std::string bytes = request.SerializeAsString();
  BatchView view;
  Require(view.Append(bytes), "a well-formed batch is read");
  RequireEqual(view, request);
  StreamActivitiesRequest stream;
  stream.set_request_id("7");
  *stream.mutable_batch() = request;
  const std::string stream_bytes = stream.SerializeAsString();
  BatchView streamed;
  absl::string_view id;
  Require(ReadStreamRequest(stream_bytes, id, streamed), "a well-formed stream is read");
  Require(id == "7", "with its id");
  RequireEqual(streamed, request);
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tutti::SilenceProtobuf();
  FuzzedDataProvider draw(data, size);
  if (draw.ConsumeBool()) {
    tutti::ReadWhatIsWellFormed(draw);
  } else {
    tutti::ReadAnything(tutti::Text(data, size));
    tutti::ReadAnyStream(tutti::Text(data, size));
  }
  return 0;
}
