// Catalogues: the shipped one is taken, and what is taken is whole, however it was made.

#include <fuzzer/FuzzedDataProvider.h>
#include <google/protobuf/text_format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/messages.h"

namespace tutti {
namespace {

using google::protobuf::TextFormat;

const catalog::v1::Catalog& Shipped() {
  static const auto& shipped = *[] {
    std::ifstream file(absl::StrCat(std::getenv("TUTTI_SOURCE_DIR"),  // NOLINT: before any thread
                                    "/deploy/catalog/adoption.textproto"));
    std::stringstream text;
    text << file.rdbuf();
    auto* const catalog = new catalog::v1::Catalog();
    Require(TextFormat::ParseFromString(text.str(), catalog), "the shipped catalogue is text");
    Require(Catalog::Build(*catalog, "shipped").ok(), "the shipped catalogue is taken");
    return catalog;
  }();
  return shipped;
}

void RequireWhole(const Catalog& catalog) {
  Require(!catalog.kinds().empty() && !catalog.tables().empty(),
          "a catalogue has kinds and tables");
  for (const CatalogTable& table : catalog.tables()) {
    Require(table.kind >= 0 && static_cast<size_t>(table.kind) < catalog.kinds().size(),
            "a table is of a kind");
    Require(table.feature_count() >= 1 && table.feature_count() <= 4, "and has 1 to 4 features");
  }
  for (const catalog::v1::ActivityType& type : catalog.proto().activity_types()) {
    IgnoredTerms ignored;
    Require(catalog.Classify({type.id(), {}, {}, {}}, ignored) != nullptr, "each type is known");
  }
  std::string text;
  Require(TextFormat::PrintToString(catalog.proto(), &text), "it can be printed");
  catalog::v1::Catalog again;
  Require(TextFormat::ParseFromString(text, &again), "and read");
  const auto built = Catalog::Build(again, "again");
  Require(built.ok() && (*built)->fingerprint() == catalog.fingerprint(), "as the same");
}

void ReadAnything(const std::string& text) {
  catalog::v1::Catalog proto;
  if (!TextFormat::ParseFromString(text, &proto)) return;
  const auto catalog = Catalog::Build(proto, "any");
  if (catalog.ok()) RequireWhole(**catalog);
}

void ChangeTheShippedOne(FuzzedDataProvider& draw) {
  catalog::v1::Catalog proto = Shipped();
  for (int changes = draw.ConsumeIntegralInRange(1, 3); changes > 0; --changes) {
    ChangeOneField(draw, proto);
  }
  const auto catalog = Catalog::Build(proto, "changed");
  if (!catalog.ok()) {
    Require(absl::IsInvalidArgument(catalog.status()), "or it is refused as a catalogue");
    return;
  }
  RequireWhole(**catalog);
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tutti::SilenceProtobuf();
  FuzzedDataProvider draw(data, size);
  if (draw.ConsumeIntegralInRange(0, 3) == 0) {
    tutti::ReadAnything(draw.ConsumeRemainingBytesAsString());
  } else {
    tutti::ChangeTheShippedOne(draw);
  }
  return 0;
}
