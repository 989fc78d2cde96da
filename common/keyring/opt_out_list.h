#ifndef TUTTI_COMMON_KEYRING_OPT_OUT_LIST_H_
#define TUTTI_COMMON_KEYRING_OPT_OUT_LIST_H_

#include <cstddef>
#include <map>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/identity/digester.h"
#include "common/identity/subject_id.h"
#include "common/keyring/secret_bytes.h"

namespace tutti {

// The people whose activity is dropped, by organisation: digests under a key of
// this list alone, so that neither an id nor the digest that ingest counts by can
// be read from it. Thread-compatible.
class OptOutList {
 public:
  static constexpr size_t kMaxPeople = 1'000'000;  // of all organisations

  // An empty list with a new key.
  static absl::StatusOr<OptOutList> New();

  // DataLoss when the bytes are not a whole list: another format, a key or digest
  // of another length, a wrong checksum.
  static absl::StatusOr<OptOutList> Parse(absl::Span<const uint8_t> bytes);
  absl::StatusOr<SecretBytes> Serialize() const;

  // False when the person was (was not) there. ResourceExhausted above kMaxPeople.
  absl::StatusOr<bool> Add(absl::string_view organization, const SubjectId& person);
  bool Remove(absl::string_view organization, const SubjectId& person);
  size_t Count(absl::string_view organization) const;

  // Who of one organisation is on the list, for one thread and one batch.
  class Members {
   public:
    bool Contain(const SubjectId& person) {
      return digests_.contains(session_.Compute(scope_, person));
    }

   private:
    friend class OptOutList;
    Members(const absl::flat_hash_set<Digest>& digests, const Digester::Session& session,
            DigestScope scope)
        : digests_(digests), session_(session), scope_(std::move(scope)) {}
    const absl::flat_hash_set<Digest>& digests_;
    Digester::Session session_;
    DigestScope scope_;
  };
  bool Has(absl::string_view organization) const { return Count(organization) > 0; }
  // Only for an organisation that it has; good as long as this list is.
  Members MembersOf(absl::string_view organization) const;

 private:
  OptOutList(SecretBytes key, const Digester& digester)
      : key_(std::move(key)), digester_(digester) {}
  static absl::StatusOr<OptOutList> WithKey(absl::Span<const uint8_t> key);
  Digest DigestOf(absl::string_view organization, const SubjectId& person) const;

  SecretBytes key_;
  Digester digester_;
  std::map<std::string, absl::flat_hash_set<Digest>, std::less<>> organizations_;
  size_t people_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_OPT_OUT_LIST_H_
