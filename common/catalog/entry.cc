#include "common/catalog/entry.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tutti/catalog/v1/catalog.pb.h"

namespace tutti {

CatalogEntry CatalogEntry::Root(const google::protobuf::TextFormat::ParseInfoTree* tree) {
  CatalogEntry root;
  root.descriptor_ = catalog::v1::Catalog::descriptor();
  root.tree_ = tree;
  return root;
}

CatalogEntry CatalogEntry::Child(const std::string& field, int index, absl::string_view noun,
                                 absl::string_view id) const {
  const google::protobuf::FieldDescriptor* const found = descriptor_->FindFieldByName(field);
  CatalogEntry child;
  child.name_ = absl::StrCat(name_, name_.empty() ? "" : " ", noun);
  if (!id.empty()) {
    absl::StrAppend(&child.name_, " '", id, "'");
  } else if (index >= 0) {
    absl::StrAppend(&child.name_, " number ", index + 1);
  }
  child.descriptor_ = found->message_type();
  child.line_ = line_;
  if (tree_ != nullptr) {
    // The parser counts lines from 0, and says -1 for what is not in the text.
    const int line = tree_->GetLocation(found, index).line + 1;
    if (line > 0) child.line_ = line;
    if (child.descriptor_ != nullptr) child.tree_ = tree_->GetTreeForNested(found, index);
  }
  return child;
}

void CatalogErrors::Add(const CatalogEntry& entry, absl::string_view reason) {
  if (entry.name().empty()) {
    AddAtLine(entry.line(), reason);
  } else {
    AddAtLine(entry.line(), absl::StrCat(entry.name(), ": ", reason));
  }
}

void CatalogErrors::AddAtLine(int line, absl::string_view reason) {
  lines_.push_back(line > 0 ? absl::StrCat(origin_, ":", line, ": ", reason)
                            : absl::StrCat(origin_, ": ", reason));
}

std::string CatalogErrors::Text() const { return absl::StrJoin(lines_, "\n"); }

}  // namespace tutti
