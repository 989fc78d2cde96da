#include "common/catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/unit/common/catalog/vendor_catalog.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;

// A file that is removed with the test.
class CatalogFile : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string name = absl::StrCat(
        "tutti-", ::testing::UnitTest::GetInstance()->current_test_info()->name(), ".textproto");
    path_ = std::filesystem::path(::testing::TempDir()) / name;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  absl::Status Load(const std::string& text) {
    std::ofstream(path_) << text;
    return Catalog::Load(path_.string()).status();
  }
  // An error, as it should be: with the file's name in front.
  absl::Status Invalid(const std::string& rest) const {
    return absl::InvalidArgumentError(path_.string() + rest);
  }

  std::filesystem::path path_;
};

TEST_F(CatalogFile, LoadsWhatBuildBuilds) {
  ASSERT_EQ(Load(kVendorCatalog), absl::OkStatus());
  EXPECT_EQ((*Catalog::Load(path_.string()))->fingerprint(), VendorCatalog()->fingerprint());
}

TEST_F(CatalogFile, SaysThatItIsMissing) {
  EXPECT_EQ(Catalog::Load(path_.string()).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CatalogFile, SaysThatItIsAFolder) {
  const std::string folder = ::testing::TempDir();
  EXPECT_EQ(Catalog::Load(folder).status(),
            absl::InvalidArgumentError(folder + " is a folder; give the file of the catalogue"));
}

TEST_F(CatalogFile, IsBounded) {
  EXPECT_EQ(Load("#" + std::string((size_t{1} << 20) - 1, ' ') + "\n"),
            Invalid(" is larger than 1048576 bytes; give the file of the catalogue"));
  EXPECT_EQ(Load(std::string(kVendorCatalog) + "#" + std::string(900'000, ' ')), absl::OkStatus());
}

TEST_F(CatalogFile, PointsAtSyntaxErrors) {
  EXPECT_EQ(Load("name: \"a\"\nversion: }\n"), Invalid(":2: column 10: Expected string, got: }"));
}

TEST_F(CatalogFile, PointsAtUnknownFields) {
  EXPECT_EQ(Load("name: \"a\"\n\nkind { id: \"person\" }\n"),
            Invalid(":3: column 6: Message type \"tutti.catalog.v1.Catalog\" has no field named "
                    "\"kind\"."));
}

TEST_F(CatalogFile, PointsAtEntries) {
  const std::string text =
      absl::StrReplaceAll(kVendorCatalog, {{"apps: \"pager\" }\n", "apps: \"fax\" }\n"},
                                           {"column: 3", "column: 256"},
                                           {"numerator { table: \"notes\" at_least: 1 }",
                                            "numerator { table: \"notes\" at_least: 3 }"}});
  // Lines, from 1, of what is looked for.
  const auto line = [&text](const std::string& part) {
    const size_t at = text.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1;
  };
  const std::string& path = path_.string();
  EXPECT_EQ(Load(text),
            Invalid(absl::StrCat(
                ":", line("apps: \"fax\""),
                ": table 'notes' feature 'by_pager' rule number 1: unknown app 'fax'\n", path, ":",
                line("column: 256"),
                ": table 'places' feature 'web': column is 256: it must be in 0..255\n", path, ":",
                line("at_least: 3"),
                ": measure 'notes_reach' share numerator: at_least is 3: it must be in 1..2")));
}

TEST(Catalog, CompilesKindsAndTables) {
  const std::unique_ptr<const Catalog> catalog = VendorCatalog();
  ASSERT_NE(catalog, nullptr);
  ASSERT_EQ(catalog->kinds().size(), 2u);
  const CatalogKind& person = catalog->kinds()[0];
  EXPECT_EQ(person.proto->id(), "person");
  EXPECT_THAT(person.reach_tables, ElementsAre(0));
  EXPECT_THAT(person.habit_tables, ElementsAre(3));
  EXPECT_EQ(person.reach_columns, 6u);  // columns 1 to 4 are reserved
  EXPECT_EQ(person.day_columns, 1u);
  const CatalogKind& ticket = catalog->kinds()[1];
  EXPECT_THAT(ticket.reach_tables, ElementsAre(1, 2));
  EXPECT_THAT(ticket.habit_tables, ElementsAre());
  EXPECT_EQ(ticket.reach_columns, 4u);
  EXPECT_EQ(ticket.day_columns, 0u);

  ASSERT_EQ(catalog->tables().size(), 4u);
  const CatalogTable& notes = catalog->tables()[0];
  EXPECT_EQ(notes.proto->id(), "notes");
  EXPECT_EQ(notes.kind, 0);
  EXPECT_THAT(notes.columns, ElementsAre(0, 5));
  EXPECT_EQ(notes.feature_count(), 2);
  EXPECT_FALSE(notes.is_habit());
  EXPECT_EQ(notes.FindFeature("by_pager"), 1);
  EXPECT_EQ(notes.FindFeature("seen"), -1);
  EXPECT_EQ(catalog->tables()[1].kind, 1);
  EXPECT_TRUE(catalog->tables()[3].is_habit());
}

TEST(Catalog, PutsPrimaryTablesBeforeSupportingOnes) {
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  proto.mutable_tables()->SwapElements(1, 2);
  const absl::StatusOr<std::unique_ptr<const Catalog>> catalog = Catalog::Build(proto, "vendor");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_THAT((*catalog)->kinds()[1].reach_tables, ElementsAre(2, 1));
}

TEST(Catalog, FindsEntriesById) {
  const std::unique_ptr<const Catalog> catalog = VendorCatalog();
  ASSERT_NE(catalog, nullptr);
  EXPECT_EQ(catalog->FindKind("ticket"), 1);
  EXPECT_EQ(catalog->FindKind("car"), -1);
  EXPECT_EQ(catalog->FindTable("places"), 2);
  EXPECT_EQ(catalog->FindTable(""), -1);
  ASSERT_NE(catalog->FindMeasure("slow_share"), nullptr);
  EXPECT_EQ(catalog->FindMeasure("slow_share")->display_name(), "Slow");
  EXPECT_EQ(catalog->FindMeasure("notes"), nullptr);
  ASSERT_NE(catalog->FindCategory("faults"), nullptr);
  EXPECT_EQ(catalog->FindCategory("faults")->substitutes(), "service");
  EXPECT_EQ(catalog->FindCategory("slow_share"), nullptr);
}

// Mutation: the name of a kind decides in a catalogue that says which are people.
TEST(Catalog, KnowsWhichSubjectsArePeople) {
  catalog::v1::Catalog proto = VendorCatalog()->proto();
  const auto are_people = [&](const std::string& kind) {
    const auto built = Catalog::Build(proto, "test");
    EXPECT_TRUE(built.ok()) << built.status();
    return (*built)->kind((*built)->FindKind(kind)).are_people;
  };
  EXPECT_TRUE(are_people("person"));
  EXPECT_FALSE(are_people("ticket"));
  for (auto& kind : *proto.mutable_kinds()) kind.set_are_people(kind.id() == "ticket");
  EXPECT_FALSE(are_people("person"));
  EXPECT_TRUE(are_people("ticket"));
}

}  // namespace
}  // namespace tutti
