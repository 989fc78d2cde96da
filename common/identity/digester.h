#ifndef TUTTI_COMMON_IDENTITY_DIGESTER_H_
#define TUTTI_COMMON_IDENTITY_DIGESTER_H_

#include <nettle/hmac.h>

#include <array>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/identity/subject_id.h"

namespace tutti {

// The keyed one-way hash of a subject of one kind in one organisation. Lives in
// the memory of ingest alone: it can be compared and hashed for a cache, and has no
// text form.
struct Digest {
  std::array<uint8_t, 16> bytes = {};

  friend bool operator==(const Digest& a, const Digest& b) { return a.bytes == b.bytes; }
  friend std::ostream& operator<<(std::ostream&, const Digest&) = delete;
  template <typename H>
  friend H AbslHashValue(H state, const Digest& digest) {
    return H::combine(std::move(state), digest.bytes);
  }
};

// What a digest is taken within: a subject's digests in two kinds or in two
// organisations are unrelated.
class DigestScope {
 public:
  // Neither may contain a zero byte (ids of kinds and organisations cannot).
  DigestScope(absl::string_view kind, absl::string_view organization);

 private:
  friend class Digester;
  std::string prefix_;
};

// Computes digests:
//   first 16 bytes of HMAC-SHA-256(identity key, kind 0x00 organisation 0x00 id)
// with id normalised. Keeps what HMAC makes of the key, not the key, and wipes it at its end.
// Immutable and thread-safe.
class Digester {
 public:
  static constexpr size_t kKeyBytes = 32;

  // One thread's working state, made for a batch and dropped with it; not
  // thread-safe. Keeps nothing of a subject. Making one allocates nothing.
  class Session {
   public:
    Session(const Session&) = default;
    Session& operator=(const Session&) = default;
    ~Session();
    Digest Compute(const DigestScope& scope, const SubjectId& subject);

   private:
    friend class Digester;
    explicit Session(const hmac_sha256_ctx& start) : state_(start) {}
    hmac_sha256_ctx state_;
  };

  // InvalidArgument unless the key has kKeyBytes bytes.
  static absl::StatusOr<Digester> Create(absl::Span<const uint8_t> key);

  Digester(const Digester&) = default;
  Digester& operator=(const Digester&) = default;
  ~Digester();

  Session NewSession() const { return Session(start_); }

 private:
  Digester() = default;

  hmac_sha256_ctx start_ = {};
};

}  // namespace tutti

#endif  // TUTTI_COMMON_IDENTITY_DIGESTER_H_
