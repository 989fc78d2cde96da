#include "common/keyring/opt_out_list.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "tutti/keyring/v1/keyring.pb.h"

namespace tutti {
namespace {

constexpr uint32_t kFormat = 1;
constexpr char kScope[] = "opt-out";
static_assert(crypto_auth_hmacsha256_KEYBYTES == Digester::kKeyBytes);

absl::Status Damaged(absl::string_view rule) {
  return absl::DataLossError(
      absl::StrCat("opt-out list: ", rule, ": put an undamaged copy of the file back"));
}

// A message that leaves no key behind in the heap.
class ScrubbedList {
 public:
  ScrubbedList() = default;
  ScrubbedList(const ScrubbedList&) = delete;
  ScrubbedList& operator=(const ScrubbedList&) = delete;
  ~ScrubbedList() {
    std::string& key = *message.mutable_key();
    if (!key.empty()) sodium_memzero(key.data(), key.size());
  }

  absl::StatusOr<SecretBytes> Serialize() const {
    const size_t size = message.ByteSizeLong();
    ASSIGN_OR_RETURN(SecretBytes bytes, SecretBytes::Create(size));
    if (!message.SerializeToArray(bytes.span().data(), static_cast<int>(size))) {
      return absl::InternalError("opt-out list: cannot be serialised");
    }
    return bytes;
  }

  // HMAC-SHA-256 of the message without its checksum.
  absl::StatusOr<std::string> Checksum() {
    const std::string kept = std::exchange(*message.mutable_checksum(), "");
    const absl::StatusOr<SecretBytes> bytes = Serialize();
    message.set_checksum(kept);
    if (!bytes.ok()) return bytes.status();
    std::string checksum(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256(reinterpret_cast<unsigned char*>(checksum.data()), bytes->span().data(),
                           bytes->size(),
                           reinterpret_cast<const unsigned char*>(message.key().data()));
    return checksum;
  }

  keyring::v1::OptOutList message;
};

}  // namespace

absl::StatusOr<OptOutList> OptOutList::WithKey(absl::Span<const uint8_t> key) {
  ASSIGN_OR_RETURN(SecretBytes secret, SecretBytes::Create(key.size()));
  std::copy(key.begin(), key.end(), secret.span().begin());
  ASSIGN_OR_RETURN(Digester digester, Digester::Create(key));
  return OptOutList(std::move(secret), digester);
}

absl::StatusOr<OptOutList> OptOutList::New() {
  ASSIGN_OR_RETURN(SecretBytes key, SecretBytes::Create(Digester::kKeyBytes));
  randombytes_buf(key.span().data(), key.size());
  return WithKey(key.span());
}

absl::StatusOr<OptOutList> OptOutList::Parse(absl::Span<const uint8_t> bytes) {
  if (bytes.empty()) return Damaged("the file is empty");
  ScrubbedList list;
  if (!list.message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Damaged("the file is not an opt-out list, or is cut off");
  }
  if (list.message.format() != kFormat) {
    return absl::DataLossError(absl::StrCat("opt-out list: format must be ", kFormat,
                                            ": this file was written by another edition"));
  }
  if (list.message.key().size() != Digester::kKeyBytes) return Damaged("key must have 32 bytes");
  ASSIGN_OR_RETURN(const std::string checksum, list.Checksum());
  if (checksum != list.message.checksum()) return Damaged("the checksum is wrong");
  const std::string& key = list.message.key();
  ASSIGN_OR_RETURN(OptOutList parsed,
                   WithKey({reinterpret_cast<const uint8_t*>(key.data()), key.size()}));
  for (const keyring::v1::OrganizationOptOuts& organization : list.message.organizations()) {
    absl::flat_hash_set<Digest>& digests = parsed.organizations_[organization.organization()];
    for (const std::string& bytes_of_digest : organization.digests()) {
      Digest digest;
      if (bytes_of_digest.size() != digest.bytes.size()) {
        return Damaged("a digest must have 16 bytes");
      }
      std::memcpy(digest.bytes.data(), bytes_of_digest.data(), digest.bytes.size());
      if (digests.insert(digest).second) ++parsed.people_;
    }
  }
  return parsed;
}

absl::StatusOr<SecretBytes> OptOutList::Serialize() const {
  ScrubbedList list;
  list.message.set_format(kFormat);
  list.message.set_key(key_.span().data(), key_.size());
  for (const auto& [organization, digests] : organizations_) {
    if (digests.empty()) continue;
    keyring::v1::OrganizationOptOuts& entry = *list.message.add_organizations();
    entry.set_organization(organization);
    // In order: the order of additions would say who was added when.
    std::vector<Digest> sorted(digests.begin(), digests.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const Digest& a, const Digest& b) { return a.bytes < b.bytes; });
    for (const Digest& digest : sorted) {
      entry.add_digests(digest.bytes.data(), digest.bytes.size());
    }
  }
  ASSIGN_OR_RETURN(std::string checksum, list.Checksum());
  list.message.set_checksum(std::move(checksum));
  return list.Serialize();
}

absl::StatusOr<bool> OptOutList::Add(absl::string_view organization, const SubjectId& person) {
  const Digest digest = DigestOf(organization, person);
  absl::flat_hash_set<Digest>& digests = organizations_[std::string(organization)];
  if (digests.contains(digest)) return false;
  if (people_ == kMaxPeople) {
    return absl::ResourceExhaustedError(
        absl::StrCat("opt-out list: holds ", kMaxPeople, " people, which is its limit"));
  }
  digests.insert(digest);
  ++people_;
  return true;
}

bool OptOutList::Remove(absl::string_view organization, const SubjectId& person) {
  const auto found = organizations_.find(organization);
  if (found == organizations_.end()) return false;
  const bool removed = found->second.erase(DigestOf(organization, person)) > 0;
  if (removed) --people_;
  return removed;
}

size_t OptOutList::Count(absl::string_view organization) const {
  const auto found = organizations_.find(organization);
  return found == organizations_.end() ? 0 : found->second.size();
}

OptOutList::Members OptOutList::MembersOf(absl::string_view organization) const {
  return {organizations_.find(organization)->second, digester_.NewSession(),
          DigestScope(kScope, organization)};
}

Digest OptOutList::DigestOf(absl::string_view organization, const SubjectId& person) const {
  return digester_.NewSession().Compute(DigestScope(kScope, organization), person);
}

}  // namespace tutti
