#ifndef TUTTI_COMMON_CATALOG_VALIDATION_H_
#define TUTTI_COMMON_CATALOG_VALIDATION_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "common/catalog/entry.h"
#include "common/catalog/index.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

// What a validation reads and writes. Everything is borrowed for the call.
struct CatalogCheck {
  const catalog::v1::Catalog& catalog;
  const CatalogIndex& index;
  const CatalogEntry& root;
  CatalogErrors& errors;
};

// Checks what is collected: kinds, activity types, terms, sources, tables with
// their features and rules, budget splits.
void ValidateCollection(const CatalogCheck& check);

// Checks what is shown: measures, categories, recommended actions. Asks only that
// each entry makes sense by itself and refers to what exists.
void ValidatePresentation(const CatalogCheck& check);

// The checks that both share.

// Checks the form of an id, and that nothing else in `seen` has it; adds it.
void CheckId(absl::string_view id, const CatalogEntry& entry,
             absl::flat_hash_set<absl::string_view>& seen, CatalogErrors& errors);

// Checks that words for people are there.
void CheckWords(absl::string_view words, absl::string_view field, const CatalogEntry& entry,
                CatalogErrors& errors);

// Checks that a number lies in least..most, both included.
void CheckRange(int64_t value, int64_t least, int64_t most, absl::string_view field,
                const CatalogEntry& entry, CatalogErrors& errors);

// Checks that every id of a list is known, and that none is there twice.
void CheckReferences(const google::protobuf::RepeatedPtrField<std::string>& ids,
                     const CatalogIndex::Positions& known, absl::string_view noun,
                     const CatalogEntry& entry, CatalogErrors& errors);

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_VALIDATION_H_
