#include "common/catalog/validation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr size_t kMaxIdBytes = 63;

bool IsId(absl::string_view id) {
  if (id.empty() || id.size() > kMaxIdBytes) return false;
  if (id[0] < 'a' || id[0] > 'z') return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

}  // namespace

void CheckId(absl::string_view id, const CatalogEntry& entry,
             absl::flat_hash_set<absl::string_view>& seen, CatalogErrors& errors) {
  if (!IsId(id)) {
    errors.Add(entry,
               "id must be a lower-case letter followed by at most 62 lower-case letters, digits, "
               "'_' and '.'");
  } else if (!seen.insert(id).second) {
    errors.Add(entry, "id is already used: give each entry its own");
  }
}

void CheckWords(absl::string_view words, absl::string_view field, const CatalogEntry& entry,
                CatalogErrors& errors) {
  if (words.empty()) errors.Add(entry, absl::StrCat(field, " is empty: say it in words"));
}

void CheckRange(int64_t value, int64_t least, int64_t most, absl::string_view field,
                const CatalogEntry& entry, CatalogErrors& errors) {
  if (value >= least && value <= most) return;
  errors.Add(entry, absl::StrCat(field, " is ", value, ": it must be in ", least, "..", most));
}

void CheckReferences(const google::protobuf::RepeatedPtrField<std::string>& ids,
                     const CatalogIndex::Positions& known, absl::string_view noun,
                     const CatalogEntry& entry, CatalogErrors& errors) {
  absl::flat_hash_set<absl::string_view> seen;
  for (const std::string& id : ids) {
    if (CatalogIndex::Find(known, id) < 0) {
      errors.Add(entry, absl::StrCat("unknown ", noun, " '", id, "'"));
    } else if (!seen.insert(id).second) {
      errors.Add(entry, absl::StrCat(noun, " '", id, "' is named twice"));
    }
  }
}

}  // namespace tutti
