#include "services/cli/commands/score_json.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "google/protobuf/util/json_util.h"
#include "tutti/score/v1/score.pb.h"

namespace tutti {
namespace {

// Two scores; the text of the second has what looks like a level.
score::v1::ListScoresResponse Scores() {
  score::v1::ListScoresResponse response;
  for (const char* const name : {"one", "\n  \"level\": {\n"}) {
    score::v1::Score& score = *response.add_scores();
    score.set_name(name);
    score.set_state(score::v1::FIGURE_STATE_MEASURED);
    score.mutable_percent()->set_value(40);
    score.mutable_level()->mutable_percent()->set_value(50);
    score.mutable_level()->mutable_change()->mutable_difference()->set_value(1);
    score.add_categories()->mutable_level()->mutable_points()->set_value(60);
    score.add_categories()->set_category("without");
  }
  return response;
}

// Mutations: fields by their numbers; only the levels of totals.
TEST(ScoreJsonTest, LeadsWithTheLevel) {
  const std::vector<std::string> lines = absl::StrSplit(*ScoreJson(Scores()), '\n');
  int levels = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t indent = lines[i].find("\"level\": {");
    if (indent == std::string::npos || lines[i].find_first_not_of(' ') != indent) continue;
    ++levels;
    const std::string margin(indent, ' ');
    size_t end = i;
    while (lines[end] != margin + "},") ASSERT_LT(++end, lines.size());
    EXPECT_EQ(lines[end + 1].find(margin + "\"state\": "), 0U) << lines[end + 1];
  }
  EXPECT_EQ(levels, 4);
}

// Mutations: a comma that is left behind, or missing; a line that is lost.
TEST(ScoreJsonTest, SaysTheSame) {
  score::v1::ListScoresResponse read;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(*ScoreJson(Scores()), &read).ok());
  EXPECT_EQ(read.SerializeAsString(), Scores().SerializeAsString());
}

}  // namespace
}  // namespace tutti
