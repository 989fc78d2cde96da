#include "common/feeding/declared_sources.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/feeding/contents_text.h"

namespace tutti {
namespace {

unsigned AllFeatures(const catalog::v1::Table& table) { return (1U << table.features_size()) - 1; }

}  // namespace

DeclaredSources::DeclaredSources(const Catalog& catalog, const Ids& sources,
                                 const Contents& contents)
    : catalog_(catalog), sources_(sources.begin(), sources.end()) {
  for (const aggregate::v1::SourceContents& each : contents) contents_[each.source()] = each;
  const auto prepare = [this](const std::set<std::string>& connected) {
    if (!AllDeclare(connected) || feedings_.count(connected) != 0) return;
    feedings_.emplace(connected, Feeding(catalog_, GivenBy(connected)));
  };
  for (const std::string& source : sources_) prepare({source});
  for (const catalog::v1::Measure& measure : catalog.proto().measures()) {
    prepare(Connected(SourcesOf(catalog, measure)));
  }
  for (const catalog::v1::Category& category : catalog.proto().categories()) {
    prepare(Connected(&category.sources()));
  }
}

std::set<std::string> DeclaredSources::Connected(const Ids* sources) const {
  if (sources == nullptr) return sources_;
  std::set<std::string> connected;
  for (const std::string& source : *sources) {
    if (sources_.count(source) != 0) connected.insert(source);
  }
  return connected;
}

GivenActivity DeclaredSources::GivenBy(const std::set<std::string>& sources) const {
  GivenActivity given;
  for (const std::string& source : sources) {
    const auto found = contents_.find(source);
    if (found != contents_.end()) Add(found->second, given);
  }
  return given;
}

bool DeclaredSources::AllDeclare(const std::set<std::string>& sources) const {
  return !sources.empty() &&
         std::all_of(sources.begin(), sources.end(),
                     [this](const std::string& source) { return contents_.count(source) != 0; });
}

bool DeclaredSources::Feeds(const Ids* sources, const std::vector<FigureInput>& inputs) const {
  const std::set<std::string> connected = Connected(sources);
  // What has no source in the catalogue is given by whatever there is.
  if (connected.empty()) return sources == nullptr;
  return !AllDeclare(connected) || Of(connected).Feeds(inputs);
}

bool DeclaredSources::Feeds(const catalog::v1::Measure& measure) const {
  return Feeds(SourcesOf(catalog_, measure), InputsOf(catalog_, measure));
}

bool DeclaredSources::Feeds(const catalog::v1::Category& category) const {
  return Feeds(&category.sources(), InputsOf(catalog_, category));
}

unsigned DeclaredSources::FeaturesBy(const Ids* sources, int table) const {
  const unsigned all = AllFeatures(*catalog_.table(table).proto);
  const std::set<std::string> connected = Connected(sources);
  if (connected.empty()) return sources == nullptr ? all : 0;
  return AllDeclare(connected) ? Of(connected).Features(table) : all;
}

bool DeclaredSources::FeedsTable(int table) const {
  // A table has no sources of its own: it has those of what reads it.
  const std::vector<const Ids*> readers = ReadersOf(catalog_, table);
  return readers.empty() || std::any_of(readers.begin(), readers.end(), [&](const Ids* sources) {
           return FeaturesBy(sources, table) != 0;
         });
}

unsigned DeclaredSources::UnfedFeatures(int table) const {
  const catalog::v1::Table& proto = *catalog_.table(table).proto;
  unsigned named = 0;
  unsigned named_fed = 0;
  for (const catalog::v1::Measure& measure : catalog_.proto().measures()) {
    const catalog::v1::Predicate& counted =
        measure.has_share() ? measure.share().numerator() : measure.count();
    if (counted.table() != proto.id() || counted.any_of().features_size() != 1) continue;
    for (int i = 0; i < proto.features_size(); ++i) {
      if (proto.features(i).id() != counted.any_of().features(0)) continue;
      named |= 1U << i;
      named_fed |= FeaturesBy(SourcesOf(catalog_, measure), table) & 1U << i;
    }
  }
  const std::vector<const Ids*> readers = ReadersOf(catalog_, table);
  unsigned fed = readers.empty() ? AllFeatures(proto) : 0;
  for (const Ids* sources : readers) fed |= FeaturesBy(sources, table);
  return (named & ~named_fed) | (AllFeatures(proto) & ~named & ~fed);
}

std::optional<std::string> DeclaredSources::Missing(const Ids* sources,
                                                    const std::vector<FigureInput>& inputs) const {
  const std::set<std::string> connected = Connected(sources);
  if (connected.empty()) return std::nullopt;
  return absl::StrJoin(Feeding(catalog_, GivenBy(connected)).Missing(inputs), "; and ");
}

std::optional<std::string> DeclaredSources::Missing(const catalog::v1::Measure& measure) const {
  return Missing(SourcesOf(catalog_, measure), InputsOf(catalog_, measure));
}

std::optional<std::string> DeclaredSources::Missing(const catalog::v1::Category& category) const {
  return Missing(&category.sources(), InputsOf(catalog_, category));
}

std::optional<std::string> DeclaredSources::MissingIn(int table) const {
  const Ids sources = SourcesOfTable(catalog_, table);
  return Missing(&sources, {AnythingIn(*catalog_.table(table).proto)});
}

std::vector<std::string> DeclaredSources::FedCategories() const {
  std::vector<std::string> fed;
  for (const catalog::v1::Category& category : catalog_.proto().categories()) {
    if (Feeds(category)) fed.push_back(category.id());
  }
  return fed;
}

}  // namespace tutti
