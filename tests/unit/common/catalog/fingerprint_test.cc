#include "common/catalog/fingerprint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "tests/unit/common/catalog/vendor_catalog.h"

namespace tutti {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Changes one scalar: the `index`-th of a repeated field, or (-1) the only one.
void Change(Message& message, const FieldDescriptor* field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = index >= 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (repeated) {
        reflection.SetRepeatedString(&message, field, index,
                                     reflection.GetRepeatedString(message, field, index) + "x");
      } else {
        reflection.SetString(&message, field, reflection.GetString(message, field) + "x");
      }
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection.SetUInt32(&message, field, reflection.GetUInt32(message, field) + 1);
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      reflection.SetInt32(&message, field, reflection.GetInt32(message, field) + 1);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection.SetEnumValue(&message, field, (reflection.GetEnumValue(message, field) + 1) % 4);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, field, !reflection.GetBool(message, field));
      break;
    default:
      ADD_FAILURE() << "no change is known for " << field->full_name();
  }
}

// Changes each scalar below `part` in turn, and tells `changed` which one; each change is undone
// before the next.
void ChangeEach(Message& part, const std::function<void(const FieldDescriptor&)>& changed) {
  const google::protobuf::Descriptor& descriptor = *part.GetDescriptor();
  const Reflection& reflection = *part.GetReflection();
  for (int f = 0; f < descriptor.field_count(); ++f) {
    const FieldDescriptor* const field = descriptor.field(f);
    const bool absent = field->containing_oneof() != nullptr && !reflection.HasField(part, field);
    if (absent) continue;
    const int entries = field->is_repeated() ? reflection.FieldSize(part, field) : 1;
    for (int i = 0; i < entries; ++i) {
      const int index = field->is_repeated() ? i : -1;
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        if (!field->is_repeated() && !reflection.HasField(part, field)) continue;
        ChangeEach(field->is_repeated() ? *reflection.MutableRepeatedMessage(&part, field, i)
                                        : *reflection.MutableMessage(&part, field),
                   changed);
        continue;
      }
      const std::unique_ptr<Message> before(part.New());
      before->CopyFrom(part);
      Change(part, field, index);
      changed(*field);
      part.CopyFrom(*before);
    }
  }
}

TEST(Fingerprint, ChangesWithEveryField) {
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  const std::string original = CatalogFingerprint(proto);
  std::set<std::string> seen = {original};
  int changes = 0;
  ChangeEach(proto, [&](const FieldDescriptor& field) {
    EXPECT_TRUE(seen.insert(CatalogFingerprint(proto)).second) << field.full_name();
    ++changes;
  });
  EXPECT_GT(changes, 150);
  EXPECT_EQ(CatalogFingerprint(proto), original);
}

// Mutation: a word that counts, or a rule, a column, a size or a weight that does not.
TEST(CountingFingerprint, ChangesWithWhatIsCountedAlone) {
  // The fields of what is counted; every other field is of what is shown.
  const std::set<std::string> counted = {"SubjectKind.id",
                                         "SubjectKind.expected_per_100_people",
                                         "SubjectKind.slots_per_subject",
                                         "SubjectKind.max_slots_log2",
                                         "SubjectKind.max_slots_log2_daily",
                                         "SubjectKind.min_headcount",
                                         "ActivityType.id",
                                         "ActivityType.kind",
                                         "Table.id",
                                         "Table.kind",
                                         "Table.role",
                                         "Table.weight",
                                         "Feature.id",
                                         "Feature.column",
                                         "Rule.types",
                                         "Rule.apps",
                                         "Rule.platforms",
                                         "Rule.any_traits",
                                         "Rule.all_traits",
                                         "BudgetSplit.cadence",
                                         "BudgetSplit.primary_permille",
                                         "BudgetSplit.habit_permille",
                                         "BudgetSplit.supporting_permille"};
  // A type that no rule names, and a kind of which nothing is counted, set no bit.
  const std::set<std::string> partly = {"SubjectKind", "ActivityType"};
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  const std::string original = CountingFingerprint(proto);
  std::set<std::string> changing;
  ChangeEach(proto, [&](const FieldDescriptor& field) {
    const std::string name = absl::StrCat(field.containing_type()->name(), ".", field.name());
    if (CountingFingerprint(proto) != original) {
      changing.insert(name);
      EXPECT_EQ(counted.count(name), 1U) << name;
    } else if (partly.count(field.containing_type()->name()) == 0) {
      EXPECT_EQ(counted.count(name), 0U) << name;
    }
  });
  EXPECT_THAT(changing, ::testing::ContainerEq(counted));
}

TEST(CountingFingerprint, StaysWithTheOrderOfEntries) {
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  const std::string original = CountingFingerprint(proto);
  proto.mutable_tables()->SwapElements(0, 1);
  proto.mutable_activity_types()->SwapElements(0, 1);
  proto.mutable_kinds()->SwapElements(0, 1);
  proto.mutable_budget_splits()->SwapElements(0, 1);
  EXPECT_EQ(CountingFingerprint(proto), original);
}

TEST(Fingerprint, ChangesWithTheOrderOfEntries) {
  catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  const std::string original = CatalogFingerprint(proto);
  proto.mutable_tables()->SwapElements(0, 1);
  EXPECT_NE(CatalogFingerprint(proto), original);
}

TEST(Fingerprint, StaysWithFormattingAndComments) {
  const catalog::v1::Catalog proto = ParseCatalog(kVendorCatalog);
  std::string formatted;
  ASSERT_TRUE(google::protobuf::TextFormat::PrintToString(proto, &formatted));
  EXPECT_EQ(CatalogFingerprint(ParseCatalog("# A comment.\n" + formatted)),
            CatalogFingerprint(proto));
}

TEST(Fingerprint, IsHalfOfSha256InHex) {
  // printf '\x0a\x01a' | sha256sum
  catalog::v1::Catalog proto;
  proto.set_name("a");
  EXPECT_EQ(CatalogFingerprint(proto), "23dca2a7429612378554b0bb5b85012d");
}

TEST(TableSalt, IsKept) {
  // printf 'person\0modes\0TABLE_ROLE_PRIMARY\0' | sha256sum
  catalog::v1::Table table;
  table.set_kind("person");
  table.set_id("modes");
  table.set_role(catalog::v1::TABLE_ROLE_PRIMARY);
  EXPECT_EQ(TableSalt(table), 0x85119E24D3F78785U);
}

TEST(TableSalt, DependsOnKindTableAndRoleAlone) {
  const catalog::v1::Table table = ParseCatalog(kVendorCatalog).tables(0);
  catalog::v1::Table other = table;
  other.set_weight(7);
  other.mutable_features(0)->set_column(99);
  EXPECT_EQ(TableSalt(other), TableSalt(table));
  other.set_role(catalog::v1::TABLE_ROLE_SUPPORTING);
  EXPECT_NE(TableSalt(other), TableSalt(table));
  other = table;
  other.set_id("notes2");
  EXPECT_NE(TableSalt(other), TableSalt(table));
  other = table;
  other.set_kind("ticket");
  EXPECT_NE(TableSalt(other), TableSalt(table));
}

}  // namespace
}  // namespace tutti
