#ifndef TUTTI_COMMON_FEEDING_DECLARED_SOURCES_H_
#define TUTTI_COMMON_FEEDING_DECLARED_SOURCES_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/feeding/feeding.h"
#include "common/feeding/figure_inputs.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// What an organisation's connected sources can feed. A source that declares nothing gives
// everything that the catalogue lists it for; of those that declare what they give, figures
// are fed by all of it together. Public input alone; never a count. Immutable and
// thread-safe; the catalogue outlives it.
class DeclaredSources {
 public:
  using Ids = google::protobuf::RepeatedPtrField<std::string>;
  using Contents = google::protobuf::RepeatedPtrField<aggregate::v1::SourceContents>;

  DeclaredSources(const Catalog& catalog, const Ids& sources, const Contents& contents);

  bool Feeds(const catalog::v1::Measure& measure) const;
  bool Feeds(const catalog::v1::Category& category) const;
  // Whether something is known of at least one feature of a table.
  bool FeedsTable(int table) const;
  // The features of a table, as bits, of which nothing is known: those that have measures
  // of their own, none of which has a source; and those that no declaration can set, when
  // declarations are all that there is.
  unsigned UnfedFeatures(int table) const;

  // What would have to be declared beside for something that is not fed, as people declare it:
  // "one of: chat.sent; community.posted". Absent when no source of it is connected.
  std::optional<std::string> Missing(const catalog::v1::Measure& measure) const;
  std::optional<std::string> Missing(const catalog::v1::Category& category) const;
  std::optional<std::string> MissingIn(int table) const;

  // The ids of the categories that are fed, in the order of the catalogue.
  std::vector<std::string> FedCategories() const;

 private:
  // Which of a figure's sources are connected: null stands for all.
  std::set<std::string> Connected(const Ids* sources) const;
  GivenActivity GivenBy(const std::set<std::string>& sources) const;
  bool AllDeclare(const std::set<std::string>& sources) const;
  // What sources feed that all declare what they give.
  const Feeding& Of(const std::set<std::string>& declared) const { return feedings_.at(declared); }
  bool Feeds(const Ids* sources, const std::vector<FigureInput>& inputs) const;
  // The features that the connected among the sources set.
  unsigned FeaturesBy(const Ids* sources, int table) const;
  std::optional<std::string> Missing(const Ids* sources,
                                     const std::vector<FigureInput>& inputs) const;

  const Catalog& catalog_;
  std::set<std::string> sources_;
  std::map<std::string, aggregate::v1::SourceContents> contents_;
  // One for every set of connected sources that all declare and that some figure has.
  std::map<std::set<std::string>, Feeding> feedings_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_FEEDING_DECLARED_SOURCES_H_
