#ifndef TUTTI_COMMON_IDENTITY_DIGESTER_H_
#define TUTTI_COMMON_IDENTITY_DIGESTER_H_

#include <array>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/identity/subject_id.h"

struct evp_mac_ctx_st;

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
// with id normalised. Holds the key in OpenSSL's contexts only, which are cleansed
// when they are freed. Immutable and thread-safe.
class Digester {
 public:
  static constexpr size_t kKeyBytes = 32;

  // One thread's working state, made for a batch and dropped with it; not
  // thread-safe. Making one costs less than a microsecond.
  class Session {
   public:
    Session(Session&&) noexcept = default;
    Digest Compute(const DigestScope& scope, const SubjectId& subject) {
      return Digester::Compute(*context_, scope, subject);
    }

   private:
    friend class Digester;
    struct Free {
      void operator()(evp_mac_ctx_st* context) const;
    };
    explicit Session(std::unique_ptr<evp_mac_ctx_st, Free> context)
        : context_(std::move(context)) {}
    std::unique_ptr<evp_mac_ctx_st, Free> context_;
  };

  // InvalidArgument unless the key has kKeyBytes bytes; Internal when OpenSSL
  // lacks HMAC-SHA-256.
  static absl::StatusOr<Digester> Create(absl::Span<const uint8_t> key);

  Session NewSession() const;

 private:
  explicit Digester(Session prototype) : prototype_(std::move(prototype)) {}
  static Digest Compute(evp_mac_ctx_st& context, const DigestScope& scope,
                        const SubjectId& subject);

  Session prototype_;  // only ever duplicated
};

}  // namespace tutti

#endif  // TUTTI_COMMON_IDENTITY_DIGESTER_H_
