#ifndef TUTTI_SERVICES_SCORE_SHARED_BYTES_H_
#define TUTTI_SERVICES_SCORE_SHARED_BYTES_H_

#include "grpcpp/support/byte_buffer.h"
#include "services/score/score_reader.h"

namespace tutti {

// A message that shares an answer's bytes, and keeps them alive while they are sent.
inline grpc::ByteBuffer SharedBytes(const ScoreReader::Answer& answer) {
  auto* const held = new ScoreReader::Answer(answer);
  const grpc::Slice slice(
      const_cast<char*>((*held)->data()), (*held)->size(),  // NOLINT: nobody writes to it
      [](void* user_data) { delete static_cast<ScoreReader::Answer*>(user_data); }, held);
  return {&slice, 1};
}

}  // namespace tutti

#endif  // TUTTI_SERVICES_SCORE_SHARED_BYTES_H_
