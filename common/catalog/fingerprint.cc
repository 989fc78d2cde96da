#include "common/catalog/fingerprint.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <set>

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

// What is counted of one kind, in an order that does not depend on the file's.
catalog::v1::Catalog CountedOf(const catalog::v1::Catalog& catalog, const std::string& kind) {
  catalog::v1::Catalog counted;
  for (const catalog::v1::SubjectKind& each : catalog.kinds()) {
    if (each.id() != kind) continue;
    catalog::v1::SubjectKind& sizes = *counted.add_kinds();
    sizes = each;
    sizes.clear_plural();
    sizes.clear_protected_unit();
    sizes.clear_are_people();
  }
  std::set<std::string> types;
  bool every_type = false;
  for (const catalog::v1::Table& each : catalog.tables()) {
    if (each.kind() != kind) continue;
    catalog::v1::Table& table = *counted.add_tables();
    table = each;
    table.clear_display_name();
    table.clear_description();
    for (catalog::v1::Feature& feature : *table.mutable_features()) {
      feature.clear_display_name();
      for (const catalog::v1::Rule& rule : feature.any_of()) {
        types.insert(rule.types().begin(), rule.types().end());
        every_type |= rule.types().empty();
      }
    }
  }
  std::sort(counted.mutable_tables()->begin(), counted.mutable_tables()->end(),
            [](const auto& a, const auto& b) { return a.id() < b.id(); });
  for (const catalog::v1::ActivityType& each : catalog.activity_types()) {
    if (types.count(each.id()) == 0 && !(every_type && each.kind() == kind)) continue;
    catalog::v1::ActivityType& type = *counted.add_activity_types();
    type.set_id(each.id());
    type.set_kind(each.kind());
  }
  std::sort(counted.mutable_activity_types()->begin(), counted.mutable_activity_types()->end(),
            [](const auto& a, const auto& b) { return a.id() < b.id(); });
  return counted;
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

std::string CountingFingerprint(const catalog::v1::Catalog& catalog, const std::string& kind) {
  catalog::v1::Catalog counted = CountedOf(catalog, kind);
  for (catalog::v1::Table& table : *counted.mutable_tables()) table.clear_weight();
  return CatalogFingerprint(counted);
}

std::string CountingFingerprint(const catalog::v1::Catalog& catalog) {
  std::set<std::string> kinds;
  for (const catalog::v1::SubjectKind& kind : catalog.kinds()) kinds.insert(kind.id());
  catalog::v1::Catalog counted;
  for (const std::string& kind : kinds) counted.MergeFrom(CountedOf(catalog, kind));
  *counted.mutable_budget_splits() = catalog.budget_splits();
  std::sort(counted.mutable_budget_splits()->begin(), counted.mutable_budget_splits()->end(),
            [](const auto& a, const auto& b) { return a.cadence() < b.cadence(); });
  return CatalogFingerprint(counted);
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
