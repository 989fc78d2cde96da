#ifndef TUTTI_COMMON_CATALOG_ENTRY_H_
#define TUTTI_COMMON_CATALOG_ENTRY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"

namespace tutti {

// One entry of a catalogue as people find it: its name ("table 'modes' feature
// 'email'") and, when the catalogue was read from text, its line. A value type;
// the parse tree must outlive it.
class CatalogEntry {
 public:
  // The catalogue as a whole. `tree` may be null: then no entry has a line.
  static CatalogEntry Root(const google::protobuf::TextFormat::ParseInfoTree* tree);

  // The entry at `index` of a repeated message field (or -1 for a field that is
  // not repeated), called by its id, or by its place (from 1) when it has none.
  CatalogEntry Child(const std::string& field, int index, absl::string_view noun,
                     absl::string_view id = "") const;

  const std::string& name() const { return name_; }
  // From 1; 0 when unknown.
  int line() const { return line_; }

 private:
  std::string name_;
  int line_ = 0;
  const google::protobuf::Descriptor* descriptor_ = nullptr;
  const google::protobuf::TextFormat::ParseInfoTree* tree_ = nullptr;
};

// Collects what is wrong with a catalogue, in the order in which it is found.
// Not thread-safe.
class CatalogErrors {
 public:
  // `origin` names the file.
  explicit CatalogErrors(std::string origin) : origin_(std::move(origin)) {}

  // Adds "origin:line: entry: reason".
  void Add(const CatalogEntry& entry, absl::string_view reason);
  // Adds an error that has a line (0 when unknown) and no entry.
  void AddAtLine(int line, absl::string_view reason);

  bool empty() const { return lines_.empty(); }
  // Every error, one a line.
  std::string Text() const;

 private:
  std::string origin_;
  std::vector<std::string> lines_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_CATALOG_ENTRY_H_
