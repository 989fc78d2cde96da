#include "common/upload/fed_categories.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::unique_ptr<const Catalog> ShippedCatalog() {
  const char* source = std::getenv("TUTTI_SOURCE_DIR");
  auto catalog = Catalog::Load(absl::StrCat(source, "/deploy/catalog/adoption.textproto"));
  return catalog.ok() ? *std::move(catalog) : nullptr;
}

// The tables that the points of each category are computed from.
std::map<std::string, std::set<std::string>> TablesOfCategories(const Catalog& catalog) {
  std::map<std::string, std::set<std::string>> tables;
  for (const catalog::v1::Category& category : catalog.proto().categories()) {
    std::vector<std::string> measures = {category.reach_and_habit().reach_measure(),
                                         category.reach_and_habit().habit_measure()};
    for (const std::string& id : category.fault_free().fault_measures()) measures.push_back(id);
    for (const std::string& id : category.fault_free().health_measures()) measures.push_back(id);
    for (const std::string& id : measures) {
      const catalog::v1::Measure* measure = catalog.FindMeasure(id);
      if (measure == nullptr) continue;
      tables[category.id()].insert(measure->has_habit() ? measure->habit().table()
                                                        : measure->share().numerator().table());
    }
    for (const catalog::v1::Practice& practice : category.practices().practices()) {
      tables[category.id()].insert(practice.table());
      tables[category.id()].insert(practice.denominator().table());
    }
  }
  return tables;
}

class FedCategoriesTest : public ::testing::Test {
 protected:
  // What the catalogue says that an activity sets, as categories.
  std::set<std::string> ByCatalog(const MappedActivity& mapped,
                                  const std::vector<absl::string_view>& traits) const {
    IgnoredTerms ignored;
    const ActivityShape* shape =
        catalog_->Classify({mapped.type, mapped.app, mapped.platform, traits}, ignored);
    std::set<std::string> categories;
    if (shape == nullptr) return categories;
    for (const std::vector<TableHit>* hits : {&shape->reach, &shape->day}) {
      for (const TableHit& hit : *hits) {
        const std::string& table = catalog_->table(hit.table).proto->id();
        for (const auto& [category, tables] : tables_) {
          if (tables.count(table) > 0) categories.insert(category);
        }
      }
    }
    return categories;
  }

  const std::unique_ptr<const Catalog> catalog_ = ShippedCatalog();
  const std::map<std::string, std::set<std::string>> tables_ = TablesOfCategories(*catalog_);
};

// Every type of the catalogue, on every platform, with every trait. Mutation: a line of
// kFeedings left out, or files that are not shared taken for collaboration.
TEST_F(FedCategoriesTest, AreThoseWhoseTablesTheShippedCatalogueFills) {
  std::vector<std::string> platforms = {"", "phone"};
  for (const auto& platform : catalog_->proto().platforms()) platforms.push_back(platform.id());
  for (const auto& type : catalog_->proto().activity_types()) {
    for (const std::string& platform : platforms) {
      for (size_t bit = 0; bit <= kTraitNames.size(); ++bit) {
        MappedActivity mapped = {"somebody", type.id(), 0, "", platform, 0};
        ingest::v1::Activity activity;
        activity.set_type(type.id());
        activity.set_platform(platform);
        std::vector<absl::string_view> traits;
        if (bit < kTraitNames.size()) {
          mapped.traits = TraitSet{1} << bit;
          traits.push_back(kTraitNames[bit]);
          activity.add_traits(std::string(kTraitNames[bit]));
        }
        FedCategories of_mapped;
        of_mapped.Add(mapped);
        FedCategories of_activity;
        of_activity.Add(activity);
        const std::set<std::string> expected = ByCatalog(mapped, traits);
        EXPECT_EQ(of_mapped.Names(), expected) << activity.ShortDebugString();
        EXPECT_EQ(of_activity.Names(), expected) << activity.ShortDebugString();
      }
    }
  }
}

TEST_F(FedCategoriesTest, AddUp) {
  FedCategories fed;
  EXPECT_THAT(fed.Names(), IsEmpty());
  fed.Add(MappedActivity{"somebody", "ticket.closed", 0, "", "", 0});
  EXPECT_THAT(fed.Names(), IsEmpty());
  fed.Add(MappedActivity{"somebody", "mail.sent", 0, "", "", 0});
  fed.Add(MappedActivity{"somebody", "mail.read", 0, "", "web", 0});
  EXPECT_THAT(fed.Names(), ElementsAre("communication", "mobility"));
}

}  // namespace
}  // namespace tutti
