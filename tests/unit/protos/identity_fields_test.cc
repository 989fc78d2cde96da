#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.pb.h"
#include "tests/unit/protos/every_file.h"

namespace tutti {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

constexpr char kActivity[] = "tutti.ingest.v1.Activity";

// The words that would name somebody, or something of somebody's.
const std::set<std::string>& WordsOfIdentity() {
  static const std::set<std::string> words = {
      "account",  "actor", "author",    "device",    "email",       "employee", "identifier",
      "identity", "mail",  "mailbox",   "member",    "participant", "people",   "person",
      "persons",  "phone", "principal", "pseudonym", "recipient",   "sender",   "subject",
      "subjects", "upn",   "user",      "username",  "users"};
  return words;
}

bool NamesSomebody(const FieldDescriptor& field) {
  const std::vector<std::string> words = absl::StrSplit(field.name(), '_');
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return WordsOfIdentity().count(word) != 0; });
}

// Whether a message is an activity, or has a field that leads to one.
bool LeadsToActivity(const Descriptor* message, std::set<const Descriptor*>& seen) {
  if (message == nullptr || !seen.insert(message).second) return false;
  if (message->full_name() == kActivity) return true;
  for (int i = 0; i < message->field_count(); ++i) {
    if (LeadsToActivity(message->field(i)->message_type(), seen)) return true;
  }
  return false;
}

void Walk(const Descriptor& message, std::vector<std::string>& found) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    std::set<const Descriptor*> seen;
    if (NamesSomebody(field) || LeadsToActivity(field.message_type(), seen)) {
      found.push_back(field.full_name());
    }
  }
  for (int i = 0; i < message.nested_type_count(); ++i) Walk(*message.nested_type(i), found);
}

// The fields of a file, in messages of any depth, that hold or name somebody.
std::vector<std::string> IdentityFields(const FileDescriptor& file) {
  std::vector<std::string> found;
  for (int i = 0; i < file.message_type_count(); ++i) Walk(*file.message_type(i), found);
  return found;
}

// Fields outside of ingest that have such a word and hold nobody: each was read.
// A new one fails the test until somebody has read it too.
const std::vector<std::string>& Harmless() {
  static const std::vector<std::string> fields = {
      "tutti.aggregate.v1.Entitlement.people",        // a public count
      "tutti.aggregate.v1.FirstShown.needed_people",  // a public count
      "tutti.catalog.v1.SubjectKind.are_people",
      "tutti.catalog.v1.SubjectKind.expected_per_100_people",  // a size
      "tutti.catalog.v1.SubjectKind.slots_per_subject",        // a size
      "tutti.catalog.v1.Share.subjects",                       // a rule that counts
      "tutti.keyring.v1.Keyring.identity_key",                 // the key, never sent
      "tutti.score.v1.CategoryScore.state_reason_subject",     // an id of the catalogue
      "tutti.score.v1.CategoryThreshold.people",               // a public count
      "tutti.score.v1.FigureThreshold.people",                 // a public count
      "tutti.score.v1.MeasureValue.state_reason_subject",      // an id of the catalogue
      "tutti.score.v1.PlannedProfile.entitled_people",         // public counts
      "tutti.score.v1.Table.state_reason_subject",             // an id of the catalogue
      "tutti.score.v1.Table.subjects",                         // the word "people"
      "tutti.score.v1.TableRow.subjects",                      // an estimated count
      "tutti.score.v1.TableWords.subjects",                    // the word "people"
  };
  return fields;
}

const FileDescriptor& IngestFile() { return *ingest::v1::Activity::descriptor()->file(); }

std::vector<const FileDescriptor*> OtherFiles() {
  std::vector<const FileDescriptor*> files = EveryFile();
  files.erase(std::remove(files.begin(), files.end(), &IngestFile()), files.end());
  return files;
}

// Mutation: a proto file that nobody walks.
TEST(IdentityFieldsTest, AreLookedForInEveryProtoFile) {
  const char* const source = std::getenv("TUTTI_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "ctest sets TUTTI_SOURCE_DIR";
  const std::filesystem::path folder = std::filesystem::path(source) / "protos";
  std::vector<std::string> there;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".proto") continue;
    there.push_back(entry.path().lexically_relative(folder).string());
  }
  std::vector<std::string> walked;
  for (const FileDescriptor* file : EveryFile()) walked.push_back(file->name());
  EXPECT_THAT(walked, testing::UnorderedElementsAreArray(there));
}

// Mutation: a second message of ingest with a subject, such as one that it answers with.
TEST(IdentityFieldsTest, AreInOneMessageAndTheRequestsThatBringIt) {
  EXPECT_THAT(IdentityFields(IngestFile()),
              testing::UnorderedElementsAre(
                  absl::StrCat(kActivity, ".subject"),
                  std::string("tutti.ingest.v1.IngestActivitiesRequest.activities"),
                  std::string("tutti.ingest.v1.StreamActivitiesRequest.batch")));
}

// Mutation: a delta, a record or a score with a field for a subject.
TEST(IdentityFieldsTest, AreInNoOtherPackage) {
  std::vector<std::string> found;
  for (const FileDescriptor* file : OtherFiles()) {
    const std::vector<std::string> of_file = IdentityFields(*file);
    found.insert(found.end(), of_file.begin(), of_file.end());
  }
  EXPECT_THAT(found, testing::UnorderedElementsAreArray(Harmless()));
}

// Shows that the walk finds what it looks for.
TEST(IdentityFieldsTest, WouldBeFoundInAnyMessage) {
  google::protobuf::FileDescriptorProto proto;
  proto.set_name("leak.proto");
  proto.set_package("leak");
  proto.add_dependency("tutti/ingest/v1/ingest.proto");
  auto& outer = *proto.add_message_type();
  outer.set_name("Outer");
  auto& inner = *outer.add_nested_type();
  inner.set_name("Inner");
  const auto add = [&inner](const char* name, google::protobuf::FieldDescriptorProto::Type type) {
    auto& field = *inner.add_field();
    field.set_name(name);
    field.set_number(inner.field_size());
    field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
    field.set_type(type);
    return &field;
  };
  add("user_id", google::protobuf::FieldDescriptorProto::TYPE_STRING);
  add("device_id", google::protobuf::FieldDescriptorProto::TYPE_BYTES);
  add("rows", google::protobuf::FieldDescriptorProto::TYPE_MESSAGE)
      ->set_type_name(absl::StrCat(".", kActivity));
  add("headcount", google::protobuf::FieldDescriptorProto::TYPE_INT64);

  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  const FileDescriptor* file = pool.BuildFile(proto);
  ASSERT_NE(file, nullptr);
  EXPECT_THAT(IdentityFields(*file),
              testing::ElementsAre("leak.Outer.Inner.user_id", "leak.Outer.Inner.device_id",
                                   "leak.Outer.Inner.rows"));
}

}  // namespace
}  // namespace tutti
