#include "services/cli/import/json_framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Texts : public JsonSink {
 public:
  absl::Status OnJson(absl::string_view json) override {
    texts.emplace_back(json);
    return absl::OkStatus();
  }
  absl::Status OnRejected(RejectionReason reason) override {
    texts.push_back(absl::StrCat("!", RejectionReasonName(reason)));
    return absl::OkStatus();
  }
  std::vector<std::string> texts;
};

// Gives its bytes a few at a time.
class SlowSource : public ByteSource {
 public:
  SlowSource(std::string bytes, size_t step) : bytes_(std::move(bytes)), step_(step) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t capacity) override {
    const size_t count = std::min({capacity, step_, bytes_.size() - at_});
    std::copy_n(bytes_.data() + at_, count, buffer);
    at_ += count;
    return count;
  }
  uint64_t size() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  size_t step_;
  size_t at_ = 0;
};

std::vector<std::string> Document(std::string text, size_t step = 1 << 20) {
  TextInput input(std::make_unique<SlowSource>(std::move(text), step));
  Texts sink;
  EXPECT_TRUE(ReadJsonDocument(input, sink).ok());
  return sink.texts;
}

std::vector<std::string> Lines(std::string text) {
  TextInput input(MakeStringSource(std::move(text)));
  Texts sink;
  EXPECT_TRUE(ReadJsonLines(input, sink).ok());
  return sink.texts;
}

TEST(ReadJsonDocument, FindsObjectsInEveryLayout) {
  const auto expected = ElementsAre(R"({"a":1})", R"({"a":{"b":[2,"}"]}})");
  const std::string first = R"({"a":1})";
  const std::string second = R"({"a":{"b":[2,"}"]}})";
  for (size_t step : {size_t{1}, size_t{3}, size_t{1000}}) {
    EXPECT_THAT(Document(absl::StrCat(first, "\n", second), step), expected);
    EXPECT_THAT(Document(absl::StrCat("  [\n", first, ",\n", second, "\n]\n"), step), expected);
    EXPECT_THAT(Document(absl::StrCat(R"({"events":[)", first, ",", second, "]}"), step), expected);
    EXPECT_THAT(Document(absl::StrCat(R"({"@odata.context":"x[{","value" : [)", first, ",", second,
                                      R"(],"next":{"k":"]"}})"),
                         step),
                expected);
  }
}

TEST(ReadJsonDocument, DoesNotTakeAListInsideARecordForOne) {
  const std::string text = R"({"Parameters":[{"Name":"n"}],"inner":{"value":[{"a":1}]}})";
  EXPECT_THAT(Document(text), ElementsAre(text));
}

TEST(ReadJsonDocument, HandlesQuotesAndEscapesInStrings) {
  const std::string text = R"({"a":"\"}{\\","b":"[{"})";
  EXPECT_THAT(Document(absl::StrCat("[", text, "]"), 1), ElementsAre(text));
}

TEST(ReadJsonDocument, RejectsWhatIsCutOffAtTheEnd) {
  EXPECT_THAT(Document(R"([{"a":1},{"a":"tw)"),
              ElementsAre(R"({"a":1})", "!malformed or truncated JSON"));
}

TEST(ReadJsonDocument, RejectsWhatIsNoObjectAndGoesOn) {
  EXPECT_THAT(Document(R"([null,{"a":1},7])"),
              ElementsAre("!not a JSON object", R"({"a":1})", "!not a JSON object"));
  EXPECT_THAT(Document("[]"), IsEmpty());
}

TEST(ReadJsonDocument, RejectsARecordThatIsTooLongAndGoesOn) {
  const std::string text = absl::StrCat(R"([{"a":")", std::string(17 << 20, 'x'), R"("},{"a":1}])");
  EXPECT_THAT(Document(text), ElementsAre("!longer than 16 MiB", R"({"a":1})"));
}

TEST(ReadJsonLines, CutsLinesAndSkipsBlankOnes) {
  EXPECT_THAT(Lines("{\"a\":1}\r\n\n  {\"a\":2}\n{\"a\":3}"),
              ElementsAre(R"({"a":1})", R"({"a":2})", R"({"a":3})"));
}

TEST(ReadJsonLines, RejectsALineThatIsTooLongAndGoesOn) {
  EXPECT_THAT(Lines(absl::StrCat(std::string(17 << 20, 'x'), "\n{}\n")),
              ElementsAre("!longer than 16 MiB", "{}"));
}

}  // namespace
}  // namespace tutti
