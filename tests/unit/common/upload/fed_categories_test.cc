#include "common/upload/fed_categories.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/catalog/shipped_catalog.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::set<std::string> FedBy(const Catalog& catalog, const MappedActivity& activity) {
  FedCategories fed(catalog);
  fed.Add(activity);
  return fed.Names();
}

TEST(FedCategories, AreThoseWhoseTablesAnActivitySets) {
  const std::unique_ptr<const Catalog> catalog = ShippedCatalog().value();
  EXPECT_THAT(FedBy(*catalog, {"", "mail.sent", 0, "", "", 0}), ElementsAre("communication"));
  EXPECT_THAT(FedBy(*catalog, {"", "mail.read", 0, "", "", 0}), IsEmpty());
  EXPECT_THAT(FedBy(*catalog, {"", "mail.read", 0, "", "web", 0}), ElementsAre("mobility"));
  EXPECT_THAT(FedBy(*catalog, {"", "mail.sent", 0, "", "", kTraitGroupMailbox}),
              ElementsAre("communication", "teamwork"));
  EXPECT_THAT(FedBy(*catalog, {"", "device.app_crashed", 0, "", "", 0}), ElementsAre("endpoint"));
  EXPECT_THAT(FedBy(*catalog, {"", "meeting.held", 0, "", "", 0}), ElementsAre("meeting_practice"));
  // A call explains meetings, and decides no points.
  EXPECT_THAT(FedBy(*catalog, {"", "call.joined", 0, "", "", kTraitOneToOne}), IsEmpty());
  EXPECT_THAT(FedBy(*catalog, {"", "ticket.closed", 0, "", "", 0}), IsEmpty());
}

// Mutation: traits that have no bit are not asked for.
TEST(FedCategories, AskForTraitsByTheirNames) {
  const std::unique_ptr<const Catalog> catalog = ShippedCatalog().value();
  const absl::string_view traits[] = {"group_mailbox"};
  EXPECT_THAT(FedBy(*catalog, {"", "mail.sent", 0, "", "", 0, traits}),
              ElementsAre("communication", "teamwork"));
}

TEST(FedCategories, AddUp) {
  const std::unique_ptr<const Catalog> catalog = ShippedCatalog().value();
  FedCategories fed(*catalog);
  EXPECT_THAT(fed.Names(), IsEmpty());
  fed.Add({"", "mail.sent", 0, "", "", 0});
  fed.Add({"", "mail.read", 0, "", "web", 0});
  EXPECT_THAT(fed.Names(), ElementsAre("communication", "mobility"));
}

// Mutation: the names of the shipped catalogue's categories or types in the code.
TEST(FedCategories, AreTheCataloguesAndNobodyElses) {
  catalog::v1::Catalog proto = ShippedCatalog().value()->proto();
  const std::string reach = proto.categories(0).reach_and_habit().reach_measure();
  for (auto& category : *proto.mutable_categories()) {
    if (category.id() == "meetings") category.mutable_reach_and_habit()->set_reach_measure(reach);
  }
  const auto other = Catalog::Build(std::move(proto), "a vendor's");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_THAT(FedBy(**other, {"", "mail.sent", 0, "", "", 0}),
              ElementsAre("communication", "meetings"));
}

}  // namespace
}  // namespace tutti
