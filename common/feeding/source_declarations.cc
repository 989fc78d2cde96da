#include "common/feeding/source_declarations.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/feeding/given_activity.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using aggregate::v1::ActivityContents;
using aggregate::v1::SourceContents;

constexpr size_t kLongestId = 63;

// What a caller wrote, for an error: ids are short and plain, anything else is cut and
// escaped.
std::string Quoted(absl::string_view word) {
  return absl::StrCat("'", absl::CHexEscape(word.substr(0, kLongestId)), "'");
}

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

absl::Status CheckType(const std::string& source, const ActivityContents& contents,
                       const GivenActivity& givable) {
  const auto found = givable.find(contents.type());
  if (found == givable.end()) {
    std::vector<std::string> types;
    for (const auto& [type, unused] : givable) types.push_back(type);
    return Wrong(absl::StrCat(Quoted(contents.type()), " is no activity type that ", source,
                              " can give; these are: ", absl::StrJoin(types, ", ")));
  }
  const ActivityContents& known = found->second;
  for (const auto& [told, useful, term] :
       {std::tuple(contents.app(), known.app(), "app"),
        std::tuple(contents.platform(), known.platform(), "platform")}) {
    if (told && !useful) {
      return Wrong(absl::StrCat("no figure looks at the ", term, " of ", contents.type()));
    }
  }
  std::set<std::string> seen;
  for (const std::string& trait : contents.traits()) {
    if (std::find(known.traits().begin(), known.traits().end(), trait) == known.traits().end()) {
      return Wrong(absl::StrCat(
          Quoted(trait), " is no trait of ", contents.type(), " that a figure looks at; ",
          known.traits().empty()
              ? "it has none"
              : absl::StrCat("these are: ", absl::StrJoin(known.traits(), ", "))));
    }
    if (!seen.insert(trait).second) {
      return Wrong(absl::StrCat(trait, " stands twice at ", contents.type()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSource(const Catalog& catalog, const SourceContents& declaration) {
  std::vector<std::string> own;
  for (const catalog::v1::Source& source : catalog.proto().sources()) {
    if (source.own_format()) own.push_back(source.id());
  }
  if (std::find(own.begin(), own.end(), declaration.source()) != own.end()) {
    return absl::OkStatus();
  }
  return Wrong(absl::StrCat(declaration.source(),
                            " gives what its importer finds, so nothing is declared of it; "
                            "sources that declare what they give: ",
                            absl::StrJoin(own, ", ")));
}

}  // namespace

absl::Status CheckDeclarations(
    const Catalog& catalog, const google::protobuf::RepeatedPtrField<std::string>& sources,
    const google::protobuf::RepeatedPtrField<SourceContents>& declarations) {
  std::set<std::string> declared;
  for (const SourceContents& declaration : declarations) {
    const std::string& source = declaration.source();
    if (std::find(sources.begin(), sources.end(), source) == sources.end()) {
      return Wrong(absl::StrCat(Quoted(source), " is not among the organisation's sources"));
    }
    RETURN_IF_ERROR(CheckSource(catalog, declaration));
    if (!declared.insert(source).second) return Wrong(absl::StrCat(source, " stands twice"));
    if (declaration.types().empty()) {
      return Wrong(absl::StrCat(source, " names no activity type: leave it out if it gives all"));
    }
    const GivenActivity givable = GivableBy(catalog, source);
    std::set<std::string> types;
    for (const ActivityContents& contents : declaration.types()) {
      RETURN_IF_ERROR(CheckType(source, contents, givable));
      if (!types.insert(contents.type()).second) {
        return Wrong(absl::StrCat(contents.type(), " stands twice in ", source));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace tutti
