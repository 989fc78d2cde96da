// Published records read back: whatever a record holds, what is said of it is a number with
// a margin, in range, and a record that is whole is scored.

#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <memory>
#include <string>

#include "common/scoring/score_builder.h"
#include "common/scoring/score_change.h"
#include "common/scoring/table_breakdown.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/messages.h"
#include "tests/support/simulated_organization.h"

namespace tutti {
namespace {

using publication::v1::Publication;

const Catalog& TheCatalog() {
  static const auto& catalog = *LoadShippedCatalog().release();
  return catalog;
}

const Publication& Whole() {
  static const auto& whole = *[] {
    SlotSimulator simulator(7);
    Activity activity;
    activity.tables = {{"modes", {0, 500, 0, 400}}};
    return new Publication(
        Publish(TheCatalog(), 2000, window::v1::CADENCE_WEEKLY, activity, simulator));
  }();
  return whole;
}

// No number of an answer is beyond numbers, and no margin negative.
void RequireFinite(const google::protobuf::Message& message) {
  using google::protobuf::FieldDescriptor;
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE && !field->is_repeated()) {
      const double value = reflection.GetDouble(message, field);
      Require(std::isfinite(value), "a number is one");
      Require(value >= 0 || field->name().find("margin") == std::string::npos,
              "a margin is not negative");
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      RequireFinite(reflection.GetMessage(message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      RequireFinite(reflection.GetRepeatedMessage(message, field, i));
    }
  }
}

bool ReadRecord(const Publication& record) {
  const auto scored = ScorePublication(TheCatalog(), record);
  if (scored.ok()) RequireFinite(scored->score);
  const int tables = static_cast<int>(TheCatalog().tables().size());
  for (int table = 0; table < tables; ++table) {
    const auto rows = BreakDown(TheCatalog(), record, table);
    if (rows.ok()) RequireFinite(*rows);
  }
  return scored.ok();
}

void ReadAnything(FuzzedDataProvider& draw) {
  Publication record;
  if (record.ParseFromString(draw.ConsumeRemainingBytesAsString())) ReadRecord(record);
}

void ChangeAWholeOne(FuzzedDataProvider& draw) {
  static const bool taken = ReadRecord(Whole());
  Require(taken, "a whole record is scored");
  Publication record = Whole();
  for (int changes = draw.ConsumeIntegralInRange(1, 4); changes > 0; --changes) {
    ChangeOneField(draw, record);
  }
  ReadRecord(record);
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tutti::SilenceProtobuf();
  FuzzedDataProvider draw(data, size);
  if (draw.ConsumeIntegralInRange(0, 3) == 0) {
    tutti::ReadAnything(draw);
  } else {
    tutti::ChangeAWholeOne(draw);
  }
  return 0;
}
