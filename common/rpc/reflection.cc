#include "common/rpc/reflection.h"

#include <grpcpp/grpcpp.h>

#include <set>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace tutti {
namespace {

namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

// The largest request: names are much shorter, and each answer repeats it.
constexpr size_t kMaxRequestBytes = 16 << 10;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

void SetError(grpc::StatusCode code, const char* message, v1::ServerReflectionResponse& response) {
  response.mutable_error_response()->set_error_code(code);
  response.mutable_error_response()->set_error_message(message);
}

// One call's answers.
class Answers {
 public:
  explicit Answers(const std::vector<std::string>& services) : services_(services) {}

  v1::ServerReflectionResponse Answer(const v1::ServerReflectionRequest& request) {
    v1::ServerReflectionResponse response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    switch (request.message_request_case()) {
      case v1::ServerReflectionRequest::kFileByFilename:
        Send(Pool().FindFileByName(request.file_by_filename()), response);
        break;
      case v1::ServerReflectionRequest::kFileContainingSymbol:
        Send(Pool().FindFileContainingSymbol(request.file_containing_symbol()), response);
        break;
      case v1::ServerReflectionRequest::kFileContainingExtension:
        Send(FileOf(request.file_containing_extension()), response);
        break;
      case v1::ServerReflectionRequest::kAllExtensionNumbersOfType:
        SendExtensions(request.all_extension_numbers_of_type(), response);
        break;
      case v1::ServerReflectionRequest::kListServices:
        for (const std::string& name : services_) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        break;
      case v1::ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
        SetError(grpc::StatusCode::INVALID_ARGUMENT, "the request asks for nothing", response);
        break;
    }
    return response;
  }

 private:
  static const FileDescriptor* FileOf(const v1::ExtensionRequest& request) {
    const Descriptor* const type = Pool().FindMessageTypeByName(request.containing_type());
    const FieldDescriptor* const extension =
        type == nullptr ? nullptr : Pool().FindExtensionByNumber(type, request.extension_number());
    return extension == nullptr ? nullptr : extension->file();
  }

  static void SendExtensions(const std::string& name, v1::ServerReflectionResponse& response) {
    const Descriptor* const type = Pool().FindMessageTypeByName(name);
    if (type == nullptr) {
      SetError(grpc::StatusCode::NOT_FOUND, "there is no such type", response);
      return;
    }
    std::vector<const FieldDescriptor*> extensions;
    Pool().FindAllExtensions(type, &extensions);
    auto& numbers = *response.mutable_all_extension_numbers_response();
    numbers.set_base_type_name(name);
    for (const FieldDescriptor* extension : extensions) {
      numbers.add_extension_number(extension->number());
    }
  }

  // The file and those that it imports, but for those that this call has been sent.
  void Send(const FileDescriptor* file, v1::ServerReflectionResponse& response) {
    if (file == nullptr) {
      SetError(grpc::StatusCode::NOT_FOUND, "there is no such file, symbol or extension", response);
      return;
    }
    auto& files = *response.mutable_file_descriptor_response();
    std::vector<const FileDescriptor*> to_send = {file};
    sent_.erase(file);  // who asks by name gets it, also when it came before as an import
    while (!to_send.empty()) {
      const FileDescriptor& next = *to_send.back();
      to_send.pop_back();
      if (!sent_.insert(&next).second) continue;
      google::protobuf::FileDescriptorProto proto;
      next.CopyTo(&proto);
      files.add_file_descriptor_proto(proto.SerializeAsString());
      for (int i = 0; i < next.dependency_count(); ++i) to_send.push_back(next.dependency(i));
    }
  }

  const std::vector<std::string>& services_;
  std::set<const FileDescriptor*> sent_;
};

// One call. Reads a request when the answer to the one before it is on its way.
class Call final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit Call(const std::vector<std::string>& services) : answers_(services) {
    StartRead(&read_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      Finish(grpc::Status::OK);
      return;
    }
    v1::ServerReflectionRequest request;
    if (read_.Length() > kMaxRequestBytes) {
      Finish({grpc::StatusCode::INVALID_ARGUMENT, "a request has at most 16 KiB"});
      return;
    }
    if (!grpc::SerializationTraits<v1::ServerReflectionRequest>::Deserialize(&read_, &request)
             .ok()) {
      Finish({grpc::StatusCode::INVALID_ARGUMENT, "this is no ServerReflectionRequest"});
      return;
    }
    bool own_buffer = false;
    written_.Clear();
    const grpc::Status written = grpc::SerializationTraits<v1::ServerReflectionResponse>::Serialize(
        answers_.Answer(request), &written_, &own_buffer);
    if (!written.ok()) {
      Finish(written);
      return;
    }
    StartWrite(&written_);
  }

  void OnWriteDone(bool ok) override {
    if (ok) {
      StartRead(&read_);
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }

  void OnDone() override { delete this; }

 private:
  Answers answers_;
  grpc::ByteBuffer read_;
  grpc::ByteBuffer written_;
};

// A version of the service, of which only the name differs.
template <typename Raw>
class Version final : public Raw {
 public:
  explicit Version(std::vector<std::string> services) : services_(std::move(services)) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ServerReflectionInfo(
      grpc::CallbackServerContext* /*context*/) override {
    return new Call(services_);
  }

 private:
  const std::vector<std::string> services_;
};

using V1 = Version<v1::ServerReflection::WithRawCallbackMethod_ServerReflectionInfo<
    v1::ServerReflection::Service>>;
using V1Alpha = Version<v1alpha::ServerReflection::WithRawCallbackMethod_ServerReflectionInfo<
    v1alpha::ServerReflection::Service>>;

}  // namespace

Reflection::Reflection(std::vector<std::string> services) {
  // Links the file of v1alpha in, whose messages nothing else here uses.
  static_cast<void>(v1alpha::ServerReflectionRequest::descriptor());
  versions_.push_back(std::make_unique<V1>(services));
  versions_.push_back(std::make_unique<V1Alpha>(std::move(services)));
}

Reflection::~Reflection() = default;

std::vector<grpc::Service*> Reflection::services() const {
  std::vector<grpc::Service*> services;
  services.reserve(versions_.size());
  for (const std::unique_ptr<grpc::Service>& version : versions_) services.push_back(version.get());
  return services;
}

}  // namespace tutti
