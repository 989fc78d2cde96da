#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/catalog/catalog.h"
#include "tests/unit/common/catalog/vendor_catalog.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The error that Build gives; empty when there is none.
std::string ErrorOf(const catalog::v1::Catalog& proto) {
  const absl::StatusOr<std::unique_ptr<const Catalog>> catalog = Catalog::Build(proto, "vendor");
  if (catalog.ok()) return "";
  EXPECT_EQ(catalog.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(catalog.status().message());
}

std::vector<std::string> Lines(const std::string& text) { return absl::StrSplit(text, '\n'); }

// A change of the vendor's catalogue, and every error that it causes.
struct Case {
  const char* name;
  const char* before;  // found exactly once
  const char* after;
  const char* error;
};

void PrintTo(const Case& test_case, std::ostream* out) { *out << test_case.name; }

class CatalogValidation : public ::testing::TestWithParam<Case> {};

TEST_P(CatalogValidation, NamesTheEntryAndTheReason) {
  std::string text = kVendorCatalog;
  ASSERT_EQ(absl::StrReplaceAll({{GetParam().before, GetParam().after}}, &text), 1);
  EXPECT_EQ(ErrorOf(ParseCatalog(text)), GetParam().error);
}

constexpr Case kCollectionCases[] = {
    {"NoName", "name: \"help_desk\"", "", "vendor: name is empty: say it in words"},
    {"NoVersion", "version: \"3\"", "", "vendor: version is empty: say it in words"},
    {"KindWithoutPlural", "plural: \"tickets\"", "",
     "vendor: kind 'ticket': plural is empty: say it in words"},
    {"KindWithoutUnit", "protected_unit: \"one ticket\"", "",
     "vendor: kind 'ticket': protected_unit is empty: say it in words"},
    {"ExpectedNone", "expected_per_100_people: 500", "",
     "vendor: kind 'ticket': expected_per_100_people is 0: it must be in 1..100000"},
    {"ExpectedTooMany", "expected_per_100_people: 500", "expected_per_100_people: 100001",
     "vendor: kind 'ticket': expected_per_100_people is 100001: it must be in 1..100000"},
    {"SlotsPerSubject", "slots_per_subject: 2", "slots_per_subject: 65",
     "vendor: kind 'ticket': slots_per_subject is 65: it must be in 1..64"},
    {"SlotsTooFew", "max_slots_log2: 13 max_slots_log2_daily: 12",
     "max_slots_log2: 5 max_slots_log2_daily: 6",
     "vendor: kind 'ticket': max_slots_log2 is 5: it must be in 6..20"},
    {"SlotsTooMany", "max_slots_log2: 13", "max_slots_log2: 21",
     "vendor: kind 'ticket': max_slots_log2 is 21: it must be in 6..20"},
    {"DailySlotsAboveOthers", "max_slots_log2_daily: 12", "max_slots_log2_daily: 14",
     "vendor: kind 'ticket': max_slots_log2_daily is 14: it must be in 6..13"},
    {"LowMinHeadcount", "min_headcount: 250", "min_headcount: 9",
     "vendor: kind 'ticket': min_headcount is 9: it must be in 10..2147483647"},
    {"MalformedId", "apps { id: \"desk\"", "apps { id: \"Desk\"",
     "vendor: app 'Desk': id must be a lower-case letter followed by at most 62 lower-case "
     "letters, digits, '_' and '.'"},
    {"MissingId", "apps { id: \"desk\"", "apps {",
     "vendor: app number 1: id must be a lower-case letter followed by at most 62 lower-case "
     "letters, digits, '_' and '.'"},
    {"DuplicateApp", "apps { id: \"desk\"", "apps { id: \"pager\"",
     "vendor: app 'pager': id is already used: give each entry its own"},
    {"DuplicateKind", "kinds {\n  id: \"ticket\"",
     "kinds { id: \"person\" plural: \"p\" protected_unit: \"u\" expected_per_100_people: 1 "
     "slots_per_subject: 1 max_slots_log2: 6 max_slots_log2_daily: 6 min_headcount: 10 }\n"
     "kinds {\n  id: \"ticket\"",
     "vendor: kind 'person': id is already used: give each entry its own"},
    {"DuplicateTable", "id: \"places\" kind", "id: \"notes\" kind",
     "vendor: table 'notes': id is already used: give each entry its own\n"
     "vendor: measure 'slow_share' share denominator: unknown table 'places'"},
    {"DuplicateFeature", "id: \"by_pager\"", "id: \"written\"",
     "vendor: table 'notes' feature 'written': id is already used: give each entry its own\n"
     "vendor: measure 'pager_share' share numerator: unknown feature 'by_pager'"},
    {"TermWithoutWords", "display_name: \"Urgent\"", "",
     "vendor: trait 'urgent': display_name is empty: say it in words"},
    {"SourceWithoutWords", "display_name: \"Desk export\"", "",
     "vendor: source 'desk_export': display_name is empty: say it in words"},
    {"TypeWithoutWords", "description: \"opened a ticket\"", "",
     "vendor: activity type 'ticket.opened': description is empty: say it in words"},
    {"TypeOfUnknownKind", "id: \"ticket.opened\" kind: \"ticket\"",
     "id: \"ticket.opened\" kind: \"car\"",
     "vendor: activity type 'ticket.opened': unknown kind 'car'"},
    {"TableOfUnknownKind", "id: \"places\" kind: \"ticket\"", "id: \"places\" kind: \"car\"",
     "vendor: table 'places': unknown kind 'car'\n"
     "vendor: measure 'slow_share' share denominator: is of kind 'car', the numerator of kind "
     "'ticket': a share is of subjects of one kind"},
    {"KindWithoutTypes", "id: \"note.written\" kind: \"person\"",
     "id: \"note.written\" kind: \"ticket\"",
     "vendor: table 'notes': no activity type is of kind 'person': the table could never count "
     "anything\n"
     "vendor: table 'notes' feature 'written' rule number 1: activity type 'note.written' is of "
     "another kind than the table: name types of kind 'person'\n"
     "vendor: table 'notes' feature 'by_pager' rule number 1: activity type 'note.written' is of "
     "another kind than the table: name types of kind 'person'\n"
     "vendor: table 'habit_notes': no activity type is of kind 'person': the table could never "
     "count anything\n"
     "vendor: table 'habit_notes' feature 'did' rule number 1: activity type 'note.written' is of "
     "another kind than the table: name types of kind 'person'"},
    {"TableWithoutRole", "role: TABLE_ROLE_SUPPORTING ", "",
     "vendor: table 'places': role must be primary, habit or supporting"},
    {"WeightNone", "weight: 1000", "weight: 0",
     "vendor: table 'places': weight is 0: it must be in 1..1000"},
    {"WeightTooLarge", "weight: 1000", "weight: 1001",
     "vendor: table 'places': weight is 1001: it must be in 1..1000"},
    {"TableWithoutWords", "description: \"Shows who writes notes.\"", "",
     "vendor: table 'notes': description is empty: say it in words"},
    {"TableWithoutFeatures",
     "features { id: \"web\" column: 3 display_name: \"From the web\" any_of { platforms: \"web\" "
     "} }",
     "",
     "vendor: table 'places': a table has 1 to 4 features, not 0\n"
     "vendor: measure 'slow_share' share denominator: exactly is 1: it must be in 1..0"},
    {"HabitOfTwoFeatures", "features { id: \"did\" column: 0",
     "features { id: \"done\" column: 1 display_name: \"d\" any_of {} } features { id: \"did\" "
     "column: 0",
     "vendor: table 'habit_notes': a habit table has exactly 1 feature, not 2"},
    {"ColumnTwice", "id: \"web\" column: 3", "id: \"web\" column: 2",
     "vendor: table 'places' feature 'web': column 2 is already used by table 'tickets' feature "
     "'large': give it a number of its own"},
    {"ColumnTooLarge", "id: \"web\" column: 3", "id: \"web\" column: 256",
     "vendor: table 'places' feature 'web': column is 256: it must be in 0..255"},
    {"FeatureWithoutWords", "display_name: \"Wrote by pager\"", "",
     "vendor: table 'notes' feature 'by_pager': display_name is empty: say it in words"},
    {"FeatureWithoutRules", "any_of { any_traits: \"large\" }", "",
     "vendor: table 'tickets' feature 'large': any_of is empty: give it at least one rule"},
    {"RuleOfUnknownType", "types: \"note.written\" apps: \"pager\"",
     "types: \"note.read\" apps: \"pager\"",
     "vendor: table 'notes' feature 'by_pager' rule number 1: unknown activity type 'note.read'"},
    {"RuleOfAnotherKind", "types: \"note.written\" apps: \"pager\"",
     "types: \"ticket.closed\" apps: \"pager\"",
     "vendor: table 'notes' feature 'by_pager' rule number 1: activity type 'ticket.closed' is of "
     "another kind than the table: name types of kind 'person'"},
    {"RuleOfUnknownApp", "types: \"note.written\" apps: \"pager\"",
     "types: \"note.written\" apps: \"fax\"",
     "vendor: table 'notes' feature 'by_pager' rule number 1: unknown app 'fax'"},
    {"RuleOfUnknownPlatform", "apps: \"pager\" platforms: \"mobile\"",
     "apps: \"pager\" platforms: \"moon\"",
     "vendor: table 'tickets' feature 'quick' rule number 2: unknown platform 'moon'"},
    {"RuleOfUnknownAnyTrait", "any_traits: \"large\"", "any_traits: [\"large\", \"huge\"]",
     "vendor: table 'tickets' feature 'large' rule number 1: unknown trait 'huge'"},
    {"RuleOfUnknownAllTrait", "[\"urgent\", \"answered\"]", "[\"urgent\", \"huge\"]",
     "vendor: table 'tickets' feature 'quick' rule number 1: unknown trait 'huge'"},
    {"RuleNamesATermTwice", "[\"urgent\", \"answered\"]", "[\"urgent\", \"urgent\"]",
     "vendor: table 'tickets' feature 'quick' rule number 1: trait 'urgent' is named twice"},
    {"SplitSum", "primary_permille: 600", "primary_permille: 601",
     "vendor: budget split 'weekly': the parts sum to 1001: they must sum to 1000"},
    {"SplitOverflow", "primary_permille: 600", "primary_permille: 4294967295",
     "vendor: budget split 'weekly': the parts sum to 4294967695: they must sum to 1000"},
    {"SplitWithoutAPart", "primary_permille: 600 habit_permille: 200",
     "primary_permille: 800 habit_permille: 0",
     "vendor: budget split 'weekly': habit_permille is 0, but there are tables of that role: they "
     "could not be published"},
    {"CadenceTwice", "cadence: \"weekly\"", "cadence: \"daily\"",
     "vendor: budget split 'daily': cadence has a split already: give each exactly one\n"
     "vendor: budget_splits has none for cadence 'weekly': add one"},
    {"CadenceUnknown", "cadence: \"four_weekly\"", "cadence: \"yearly\"",
     "vendor: budget split 'yearly': cadence must be 'daily', 'weekly' or 'four_weekly'\n"
     "vendor: budget_splits has none for cadence 'four_weekly': add one"},
};

constexpr Case kPresentationCases[] = {
    {"MeasureWithoutWords", "display_name: \"Tickets\" sentence: \"S.\" numerator_words: \"n\"", "",
     "vendor: measure 'tickets_seen': display_name is empty: say it in words\n"
     "vendor: measure 'tickets_seen': sentence is empty: say it in words\n"
     "vendor: measure 'tickets_seen': numerator_words is empty: say it in words"},
    {"MeasureOfUnknownCategory", "raise_words: \"r\"\n  count",
     "raise_words: \"r\" category: \"cars\"\n  count",
     "vendor: measure 'tickets_seen': unknown category 'cars'"},
    {"MeasureWithoutFormula",
     "count { table: \"tickets\" any_of { features: [\"seen\", \"quick\"] } }", "",
     "vendor: measure 'tickets_seen': has no formula: give it share, habit or count"},
    {"DuplicateMeasure", "id: \"tickets_seen\"", "id: \"slow_share\"",
     "vendor: measure 'slow_share': id is already used: give each entry its own"},
    {"PredicateOfUnknownTable", "count { table: \"tickets\"", "count { table: \"cars\"",
     "vendor: measure 'tickets_seen' count: unknown table 'cars'"},
    {"PredicateOfHabitTable", "count { table: \"tickets\"", "count { table: \"habit_notes\"",
     "vendor: measure 'tickets_seen' count: table 'habit_notes' is a habit table: name a primary "
     "or a supporting one"},
    {"PredicateOfUnknownFeature", "[\"seen\", \"quick\"]", "[\"seen\", \"slow\"]",
     "vendor: measure 'tickets_seen' count: unknown feature 'slow'"},
    {"PredicateNamesAFeatureTwice", "[\"seen\", \"quick\"]", "[\"seen\", \"seen\"]",
     "vendor: measure 'tickets_seen' count: feature 'seen' is named twice"},
    {"PredicateWithoutCondition", "any_of { features: [\"seen\", \"quick\"] }", "",
     "vendor: measure 'tickets_seen' count: has no condition: give it any_of, all_of, only, "
     "at_least or exactly"},
    {"PredicateOfAnyOfNone", "any_of { features: [\"seen\", \"quick\"] }", "any_of {}",
     "vendor: measure 'tickets_seen' count: names no feature: it could select subjects without "
     "any; name at least one"},
    {"PredicateOfAllOfNone", "any_of { features: [\"seen\", \"quick\"] }", "all_of {}",
     "vendor: measure 'tickets_seen' count: names no feature: it could select subjects without "
     "any; name at least one"},
    {"PredicateOfOnlyNone", "any_of { features: [\"seen\", \"quick\"] }", "only {}",
     "vendor: measure 'tickets_seen' count: names no feature: it could select subjects without "
     "any; name at least one"},
    {"PredicateOfAtLeastNone", "any_of { features: [\"seen\", \"quick\"] }", "at_least: 0",
     "vendor: measure 'tickets_seen' count: at_least is 0: it must be in 1..3"},
    {"PredicateOfExactlyNone", "any_of { features: [\"seen\", \"quick\"] }", "exactly: 0",
     "vendor: measure 'tickets_seen' count: exactly is 0: it must be in 1..3"},
    {"PredicateOfMoreThanAll", "any_of { features: [\"seen\", \"quick\"] }", "at_least: 4",
     "vendor: measure 'tickets_seen' count: at_least is 4: it must be in 1..3"},
    {"PredicateOfNobody", "any_of { features: [\"seen\", \"quick\"] }",
     "only { features: \"quick\" }",
     "vendor: measure 'tickets_seen' count: selects nobody: no activities could ever satisfy it"},
    // Those who show nothing are known as the rest of a public number alone.
    {"ShareOfNothing", "numerator { table: \"tickets\" only { features: \"seen\" } }",
     "numerator { table: \"tickets\" exactly: 0 }",
     "vendor: measure 'slow_share' share numerator: exactly is 0: it must be in 1..3"},
    {"ShareWithoutNumerator", "numerator { table: \"notes\" at_least: 1 }", "",
     "vendor: measure 'notes_reach' share: has no numerator"},
    {"ShareWithoutDenominator", "subjects { table: \"places\" exactly: 1 }", "",
     "vendor: measure 'slow_share' share: has no denominator: give it entitled_product or "
     "subjects"},
    {"ShareOfTwoKinds", "subjects { table: \"places\" exactly: 1 }",
     "subjects { table: \"notes\" exactly: 1 }",
     "vendor: measure 'slow_share' share denominator: is of kind 'person', the numerator of kind "
     "'ticket': a share is of subjects of one kind"},
    {"ShareAboveOne", "any_of { features: \"written\" }", "only { features: \"written\" }",
     "vendor: measure 'pager_share' share: the denominator leaves out subjects of table 'notes' "
     "that the numerator counts: widen it"},
    {"HabitOfUnknownTable", "habit { table: \"habit_notes\"", "habit { table: \"cars\"",
     "vendor: measure 'notes_habit' habit: unknown table 'cars'"},
    {"HabitOfReachTable", "habit { table: \"habit_notes\"", "habit { table: \"notes\"",
     "vendor: measure 'notes_habit' habit: table 'notes' is not a habit table: name one"},
    {"MeasureOfUnknownSource", "share { numerator { table: \"notes\" at_least: 1",
     "sources: \"fax\" share { numerator { table: \"notes\" at_least: 1",
     "vendor: measure 'notes_reach': unknown source 'fax'"},
    {"CategoryWithoutWords", "description: \"Measures notes.\"", "",
     "vendor: category 'notes': description is empty: say it in words"},
    {"CategoryWithoutSources", "description: \"Measures notes.\" sources: \"desk_export\"",
     "description: \"Measures notes.\"",
     "vendor: category 'notes': sources is empty: it could never be measured; name at least one"},
    {"CategoryOfUnknownSource", "description: \"Measures notes.\" sources: \"desk_export\"",
     "description: \"Measures notes.\" sources: \"fax\"",
     "vendor: category 'notes': unknown source 'fax'"},
    {"CategoryWithoutFormula", "fault_free { fault_measures: \"slow_share\" }", "",
     "vendor: category 'faults': has no formula: give it reach_and_habit, practices or "
     "fault_free"},
    {"ReachOfUnknownMeasure", "reach_measure: \"notes_reach\"", "reach_measure: \"reach\"",
     "vendor: category 'notes': unknown measure 'reach'"},
    {"ReachOfHabit", "reach_measure: \"notes_reach\"", "reach_measure: \"notes_habit\"",
     "vendor: category 'notes': reach measure 'notes_habit' is not a share"},
    {"HabitOfShare", "habit_measure: \"notes_habit\"", "habit_measure: \"notes_reach\"",
     "vendor: category 'notes': habit measure 'notes_reach' is not a habit"},
    {"PointsSum", "reach_points: 70", "reach_points: 71",
     "vendor: category 'notes': reach_points and habit_points sum to 101: they must sum to 100"},
    {"FullHabitAboveOne", "full_habit_numerator: 3", "full_habit_numerator: 8",
     "vendor: category 'notes': full_habit_numerator must be in 1..full_habit_denominator"},
    {"FullHabitNone", "full_habit_numerator: 3 full_habit_denominator: 7", "",
     "vendor: category 'notes': full_habit_denominator is 0: it must be in 1..2147483647\n"
     "vendor: category 'notes': full_habit_numerator must be in 1..full_habit_denominator"},
    {"PracticeOfUnknownTable", "table: \"tickets\" followed_feature",
     "table: \"cars\" followed_feature",
     "vendor: category 'service' practices practice number 1: unknown table 'cars'"},
    {"PracticeOfUnknownFeature", "followed_feature: \"quick\"", "followed_feature: \"slow\"",
     "vendor: category 'service' practices practice number 1: unknown feature 'slow'"},
    {"PracticeOfOneFeatureTwice", "double_weight_feature: \"large\"",
     "double_weight_feature: \"quick\"",
     "vendor: category 'service' practices practice number 1: followed_feature and "
     "double_weight_feature must differ"},
    {"PracticeWithoutDenominator",
     "denominator { table: \"tickets\" any_of { features: \"seen\" } }", "",
     "vendor: category 'service' practices practice number 1: has no denominator"},
    {"PracticeOfAnotherKind", "denominator { table: \"tickets\" any_of { features: \"seen\" } }",
     "denominator { table: \"notes\" at_least: 1 }",
     "vendor: category 'service' practices practice number 1 denominator: is of another kind than "
     "the practice's table"},
    {"PracticeWithoutPhase", "phase: \"follow up\"", "",
     "vendor: category 'service' practices practice number 1: phase is empty: say it in words"},
    {"PracticeWeight", "display_name: \"Closed quickly\" weight: 1",
     "display_name: \"Closed quickly\"",
     "vendor: category 'service' practices practice number 1: weight is 0: it must be in 1..1000"},
    {"NoFaults", "fault_measures: \"slow_share\"", "",
     "vendor: category 'faults': fault_measures and health_measures are empty: name at least one"},
    {"FaultOfUnknownMeasure", "fault_measures: \"slow_share\"", "fault_measures: \"fast\"",
     "vendor: category 'faults': unknown measure 'fast'"},
    {"FaultOfCount", "fault_measures: \"slow_share\"", "fault_measures: \"tickets_seen\"",
     "vendor: category 'faults': measure 'tickets_seen' is not a share"},
    {"HealthOfCount", "fault_measures: \"slow_share\"", "health_measures: \"tickets_seen\"",
     "vendor: category 'faults': measure 'tickets_seen' is not a share"},
    {"SubstituteOfUnknown", "substitutes: \"service\"", "substitutes: \"cars\"",
     "vendor: category 'faults': unknown category 'cars'"},
    {"SubstituteOfItself", "substitutes: \"service\"", "substitutes: \"faults\"",
     "vendor: category 'faults': substitutes itself"},
    {"SubstituteOfSubstitute", "id: \"notes\" display_name: \"Notes\" description: \"Measures",
     "id: \"notes\" substitutes: \"faults\" display_name: \"Notes\" description: \"Measures",
     "vendor: category 'notes': category 'faults' is a substitute itself: name one that is not"},
    {"ActionOfUnknownMeasure", "measure: \"notes_reach\" below", "measure: \"cars\" below",
     "vendor: action 'write_notes': unknown measure 'cars'"},
    {"ActionOfCount", "measure: \"notes_reach\" below", "measure: \"tickets_seen\" below",
     "vendor: action 'write_notes': measure 'tickets_seen' is a count: name a share or a habit"},
    {"ActionWithoutThreshold", "below_permille: 500", "",
     "vendor: action 'write_notes': below_permille is 0: it must be in 1..1000"},
    {"ActionAboveAll", "below_permille: 500", "below_permille: 1001",
     "vendor: action 'write_notes': below_permille is 1001: it must be in 1..1000"},
    {"ActionAboveAlways", "below_permille: 500", "above_permille: 1000",
     "vendor: action 'write_notes': above_permille is 1000: it must be in 1..999"},
    {"ActionBelowAndAbove", "below_permille: 500", "below_permille: 500 above_permille: 600",
     "vendor: action 'write_notes': has below_permille and above_permille: give it one of them"},
    {"ActionWithoutWords", "title: \"Write notes\" text: \"Do.\"", "",
     "vendor: action 'write_notes': title is empty: say it in words\n"
     "vendor: action 'write_notes': text is empty: say it in words"},
    {"NeverMeasuredWithoutWords", "\"Who is slow.\"", "\"\"",
     "vendor: never_measured number 1: sentence is empty: say it in words"},
    {"NotUtf8", "\"Who is slow.\"", "\"\\377\"",
     "vendor: a text in it is not UTF-8: save it as UTF-8"},
};

std::string NameOf(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Collection, CatalogValidation, ::testing::ValuesIn(kCollectionCases),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Presentation, CatalogValidation, ::testing::ValuesIn(kPresentationCases),
                         NameOf);

TEST(CatalogValidationLimits, AcceptsTheUnchangedCatalogue) {
  EXPECT_EQ(ErrorOf(ParseCatalog(kVendorCatalog)), "");
}

TEST(CatalogValidationLimits, AcceptsWhatIsLeftOfAPublicNumber) {
  const std::string rest =
      absl::StrReplaceAll(kVendorCatalog, {{"numerator { table: \"notes\" at_least: 1 }",
                                            "numerator { table: \"notes\" exactly: 0 }"}});
  ASSERT_NE(rest, kVendorCatalog);
  EXPECT_EQ(ErrorOf(ParseCatalog(rest)), "");
}

TEST(CatalogValidationLimits, RefusesAnEmptyCatalogue) {
  EXPECT_THAT(Lines(ErrorOf({})),
              ElementsAre("vendor: name is empty: say it in words",
                          "vendor: version is empty: say it in words",
                          "vendor: kinds is empty: name at least one kind of subject",
                          "vendor: budget_splits has none for cadence 'daily': add one",
                          "vendor: budget_splits has none for cadence 'weekly': add one",
                          "vendor: budget_splits has none for cadence 'four_weekly': add one"));
}

TEST(CatalogValidationLimits, BoundsTheLengthOfIds) {
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  proto.mutable_actions(0)->set_id(std::string(63, 'a'));
  EXPECT_EQ(ErrorOf(proto), "");
  proto.mutable_actions(0)->set_id(std::string(64, 'a'));
  EXPECT_THAT(ErrorOf(proto), HasSubstr("at most 62"));
}

void AddTerms(google::protobuf::RepeatedPtrField<catalog::v1::Term>& terms, int total) {
  while (terms.size() < total) {
    catalog::v1::Term& term = *terms.Add();
    term.set_id(absl::StrCat("term_", terms.size()));
    term.set_display_name("Term");
  }
}

TEST(CatalogValidationLimits, BoundsPlatforms) {
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  AddTerms(*proto.mutable_platforms(), 8);
  EXPECT_EQ(ErrorOf(proto), "");
  AddTerms(*proto.mutable_platforms(), 9);
  EXPECT_EQ(ErrorOf(proto), "vendor: platforms has 9 entries: it may have at most 8");
}

TEST(CatalogValidationLimits, BoundsTraits) {
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  AddTerms(*proto.mutable_traits(), 64);
  EXPECT_EQ(ErrorOf(proto), "");
  AddTerms(*proto.mutable_traits(), 65);
  EXPECT_EQ(ErrorOf(proto), "vendor: traits has 65 entries: it may have at most 64");
}

TEST(CatalogValidationLimits, BoundsFeatures) {
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  catalog::v1::Table& table = *proto.mutable_tables(1);
  const auto add_feature = [&table](const std::string& id, uint32_t column) {
    catalog::v1::Feature& feature = *table.add_features();
    feature = table.features(2);
    feature.set_id(id);
    feature.set_column(column);
  };
  add_feature("fourth", 100);
  EXPECT_EQ(ErrorOf(proto), "");
  add_feature("fifth", 101);
  EXPECT_EQ(ErrorOf(proto), "vendor: table 'tickets': a table has 1 to 4 features, not 5");
}

TEST(CatalogValidationLimits, LetsColumnsRepeatInOtherKindsAndWindows) {
  const catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  ASSERT_EQ(proto.tables(0).features(0).column(), 0u);  // a person's reach window
  ASSERT_EQ(proto.tables(1).features(0).column(), 0u);  // a ticket's
  ASSERT_EQ(proto.tables(3).features(0).column(), 0u);  // a person's day window
  EXPECT_EQ(ErrorOf(proto), "");
}

TEST(CatalogValidationLimits, RefusesAnUnknownRole) {
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  proto.mutable_tables(2)->set_role(static_cast<catalog::v1::TableRole>(17));
  EXPECT_EQ(ErrorOf(proto), "vendor: table 'places': role must be primary, habit or supporting");
}

// A rule for every ticket that looks at this many traits.
std::string ErrorOfTraits(int count) {
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  AddTerms(*proto.mutable_traits(), count);
  catalog::v1::Rule& rule = *proto.mutable_tables(2)->mutable_features(0)->add_any_of();
  for (const catalog::v1::Term& trait : proto.traits()) rule.add_any_traits(trait.id());
  return ErrorOf(proto);
}

TEST(CatalogValidationLimits, BoundsCombinationsOfTerms) {
  EXPECT_EQ(ErrorOfTraits(14), "");
  EXPECT_EQ(ErrorOfTraits(17),
            "vendor: activity type 'ticket.closed': rules for it look at 1 apps, 2 platforms and "
            "17 traits; the combinations of all types together may be at most 262144: name fewer");
  for (int traits : {18, 32, 33, 63, 64}) {
    EXPECT_THAT(ErrorOfTraits(traits), HasSubstr(absl::StrCat(" and ", traits, " traits;")));
  }
}

TEST(CatalogValidationLimits, ReportsEveryErrorAtOnce) {
  std::string text = kVendorCatalog;
  absl::StrReplaceAll({{"weight: 1000", "weight: 0"},
                       {"reach_points: 70", "reach_points: 60"},
                       {"id: \"write_notes\"", "id: \"Write\""}},
                      &text);
  EXPECT_THAT(Lines(ErrorOf(ParseCatalog(text))),
              ElementsAre(StartsWith("vendor: table 'places': weight"),
                          StartsWith("vendor: category 'notes': reach_points"),
                          StartsWith("vendor: action 'Write': id")));
}

}  // namespace
}  // namespace tutti
