#ifndef TUTTI_COMMON_RPC_REFLECTION_H_
#define TUTTI_COMMON_RPC_REFLECTION_H_

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/impl/codegen/service_type.h"

namespace tutti {

// Serves gRPC's server reflection, v1 and v1alpha, whose messages are the same: clients
// such as grpcurl ask for the files of descriptors that they need to call a method and to
// show what it answers. Names the services that it is given, and finds every file that is
// linked into the program, those of error details included. A call holds no thread, and
// gets a file once, with the files that it imports. Thread-safe.
class Reflection {
 public:
  static constexpr char kV1[] = "grpc.reflection.v1.ServerReflection";
  static constexpr char kV1Alpha[] = "grpc.reflection.v1alpha.ServerReflection";

  // `services`: the full names that it lists.
  explicit Reflection(std::vector<std::string> services);
  ~Reflection();

  // Both versions, for ServerBuilder; they live as long as this.
  std::vector<grpc::Service*> services() const;

 private:
  std::vector<std::unique_ptr<grpc::Service>> versions_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_RPC_REFLECTION_H_
