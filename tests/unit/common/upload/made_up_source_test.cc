// A source that nobody here has heard of: its folder (this file), its entry in a list, and a
// catalogue are all that it takes to be recognised, imported, accounted for and told what it feeds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "common/sources/input/csv_reader.h"
#include "tests/unit/common/upload/import_fixture.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// The visitors' book of a lighthouse: "keeper,climbed at,lamp". A lamp that is not lit is no
// activity; a keeper may have a key.
absl::Status ReadVisits(TextInput& input, SourceSink& sink) {
  const std::vector<std::vector<std::string>> columns = {{"keeper"}, {"climbed at"}, {"lamp"}};
  return ReadCsv(
      input, {columns, 2},
      [&sink](absl::Span<const absl::string_view> row) -> absl::Status {
        const CheckedTime time = sink.times().Instant(row[1]);
        if (!time.seconds.has_value()) return sink.OnRejected(time.problem);
        if (!sink.OnRow(absl::StrCat(row[0], " ", row[1]))) return absl::OkStatus();
        if (!sink.OnPerson({row[0]})) return absl::OkStatus();
        if (row[2] == "smashed" || row[2] == "sold by Amy") {
          sink.OnIgnored(row[2]);
          return absl::OkStatus();
        }
        if (row[2] != "lit") {
          sink.OnExcluded(Exclusion::kNothingDone);
          return absl::OkStatus();
        }
        sink.OnLicensed("lamp");
        const absl::string_view traits[] = {"by_stairs"};
        return sink.OnActivity({"", "lamp.lit", *time.seconds, "", "", 0, traits});
      },
      [&sink](RejectionReason reason) { return sink.OnRejected(reason); });
}

class VisitorsBook final : public Source {
 public:
  absl::string_view name() const override { return "visitors-book"; }
  absl::string_view KnownOperation(absl::string_view name) const override {
    return absl::EqualsIgnoreCase(name, "smashed") ? "Smashed" : "";
  }
  bool Recognizes(const Beginning& beginning) const override {
    return !beginning.json && absl::StrContains(beginning.text, "Climbed at");
  }
  std::unique_ptr<SourceReader> MakeReader(const ReadingOptions& /*options*/) const override {
    return ReaderOf(ReadVisits);
  }
};

// The shipped catalogue with another type, which feeds what meetings do, under another name.
std::unique_ptr<const Catalog> LighthouseCatalog() {
  catalog::v1::Catalog proto = TheShippedCatalog().proto();
  auto* type = proto.add_activity_types();
  type->set_id("lamp.lit");
  type->set_kind("person");
  type->set_description("lit the lamp");
  auto* trait = proto.add_traits();
  trait->set_id("by_stairs");
  trait->set_display_name("by the stairs");
  for (auto& table : *proto.mutable_tables()) {
    for (auto& feature : *table.mutable_features()) {
      for (auto& rule : *feature.mutable_any_of()) {
        if (rule.types_size() == 1 && rule.types(0) == "assistant.used" &&
            table.role() != catalog::v1::TABLE_ROLE_SUPPORTING) {
          rule.set_types(0, "lamp.lit");
          rule.add_all_traits("by_stairs");
        }
      }
    }
  }
  auto catalog = Catalog::Build(std::move(proto), "the lighthouse's");
  EXPECT_TRUE(catalog.ok()) << catalog.status();
  return catalog.ok() ? *std::move(catalog) : nullptr;
}

// Mutation: a list of formats, of types or of categories that stands anywhere else.
TEST(MadeUpSource, NeedsNothingButItsFolderAnEntryAndTheCatalogue) {
  static const auto& book = *new VisitorsBook;
  std::vector<const Source*> sources = ShippedSources().all();
  sources.push_back(&book);
  const SourceRegistry registry(sources, ShippedSources().otherwise());
  EXPECT_EQ(registry.Find("visitors-book"), &book);
  const std::unique_ptr<const Catalog> catalog = LighthouseCatalog();
  ASSERT_NE(catalog, nullptr);

  const TemporaryFile file(
      "Keeper,Climbed at,Lamp\n"
      "amy@example.com,2026-05-04T09:00:00Z,lit\n"
      "amy@example.com,2026-05-04T09:00:00Z,lit\n"
      "bob@example.com,2026-05-04T09:00:00Z,dark\n"
      "eve_x#EXT#@example.com,2026-05-04T09:00:00Z,lit\n"
      "cy@example.com,at noon,lit\n"
      "dee@example.com,2026-05-04T09:00:00Z,smashed\n"
      "dee@example.com,2026-05-04T10:00:00Z,sold by Amy\n");
  ImportOptions options = OptionsFor({file.path()});
  options.sources = &registry;
  options.catalog = catalog.get();
  RecordedActivities activities;
  const absl::StatusOr<ImportSummary> summary = RunImport(options, {.observer = &activities});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(activities.texts, ElementsAre("amy@example.com lamp.lit - - +by_stairs"));
  EXPECT_EQ(summary->rows, 7);
  EXPECT_EQ(summary->Rejected(), 1);
  const TenantSummary& told = summary->tenants.at(0);
  EXPECT_EQ(told.records, 6);
  EXPECT_EQ(told.duplicates, 1);
  EXPECT_EQ(told.Excluded(Exclusion::kGuest), 1);
  EXPECT_EQ(told.Excluded(Exclusion::kNothingDone), 1);
  EXPECT_THAT(told.licensed, ElementsAre(Pair("lamp", 1)));
  EXPECT_THAT(told.feeds, ElementsAre("ai_assistance"));
  EXPECT_THAT(SummaryText(*summary), HasSubstr("lamp.lit")) << "the catalogue knows the name";
  EXPECT_THAT(SummaryJson(*summary),
              HasSubstr(R"j("ignored_operations":{"(other)":1,"Smashed":1})j"))
      << "the source knows the name";
}

}  // namespace
}  // namespace tutti
