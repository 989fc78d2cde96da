#include "common/catalog/fingerprint.h"

#include <openssl/sha.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace tutti {
namespace {

using Sha256Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

constexpr size_t kFingerprintBytes = 16;

Sha256Digest Sha256(const std::string& bytes) {
  Sha256Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

}  // namespace

std::string CatalogFingerprint(const catalog::v1::Catalog& catalog) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream sink(&bytes);
    google::protobuf::io::CodedOutputStream output(&sink);
    output.SetSerializationDeterministic(true);
    catalog.SerializeToCodedStream(&output);
  }
  const Sha256Digest digest = Sha256(bytes);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), kFingerprintBytes));
}

uint64_t TableSalt(const catalog::v1::Table& table) {
  std::string bytes;
  for (const std::string& part :
       {table.kind(), table.id(), catalog::v1::TableRole_Name(table.role())}) {
    bytes.append(part).push_back('\0');
  }
  const Sha256Digest digest = Sha256(bytes);
  uint64_t salt = 0;
  for (size_t i = 0; i < sizeof(salt); ++i) salt = (salt << 8) | digest[i];
  return salt;
}

}  // namespace tutti
