#include "services/score/record_reader.h"

#include "common/rpc/error_details.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/services/score/fake_publications.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RecordReaderTest : public ::testing::Test {
 protected:
  // Weekly records from 2024-01-07 on.
  void PublishWeeks(int count) {
    publication::v1::Publication record;
    record.set_organization("acme");
    for (int i = 0; i < count; ++i) publications_.Publish(record, FormatDay(Week(i)));
  }
  static Day Week(int i) { return Day(2024, 1, 7) + 7 * i; }

  // The calls of the store that reading the last `limit` records up to a week costs. All of them
  // can be read, and come in their order.
  int CostOf(RecordReader& reader, int week, size_t limit) {
    const int before = publications_.calls();
    const auto days = EndDaysUpTo(end_days_, Week(week), limit);
    const auto records = reader.ReadAll("acme", days);
    EXPECT_EQ(records.size(), days.size());
    for (size_t i = 0; i < records.size(); ++i) {
      EXPECT_TRUE(records[i].ok()) << records[i].status();
      EXPECT_TRUE(!records[i].ok() || (*records[i])->end_day() == FormatDay(days[i]));
    }
    return publications_.calls() - before;
  }

  FakePublications publications_;
  RecordReader reader_{publications_};
  std::vector<Day> end_days_;
};

TEST(EndDaysUpTo, TakesTheLastOnesThatAreNotLater) {
  const std::vector<Day> days = {Day(2026, 11, 1), Day(2026, 11, 8), Day(2026, 11, 15),
                                 Day(2026, 11, 22)};
  EXPECT_THAT(EndDaysUpTo(days, Day(2026, 11, 15), 2), ElementsAre(days[1], days[2]));
  EXPECT_THAT(EndDaysUpTo(days, Day(2026, 11, 14), 9), ElementsAre(days[0], days[1]));
  EXPECT_THAT(EndDaysUpTo(days, Day(2026, 10, 31), 9), IsEmpty());
  EXPECT_THAT(EndDaysUpTo(days, Day(2026, 11, 22), 0), IsEmpty());
}

// Mutations: a record is read by a call of its own; a call reads any number; what was read is not
// kept, or what is kept is read again with the rest.
TEST_F(RecordReaderTest, ReadsTheRecordsUpToAWindowTogetherAndOnce) {
  PublishWeeks(130);
  end_days_ = *reader_.EndDays("acme");
  ASSERT_EQ(end_days_.size(), 130U);
  EXPECT_EQ(CostOf(reader_, 128, 120), 4);
  EXPECT_EQ(publications_.most_together(), RecordReader::kMostReadTogether);
  EXPECT_EQ(CostOf(reader_, 128, 120), 0);
  EXPECT_EQ(CostOf(reader_, 129, 120), 1);
  EXPECT_EQ(CostOf(reader_, 100, 120), 1) << "nine that are older";
}

// Mutation: a bound that is not held, or that what a record takes does not count for.
TEST_F(RecordReaderTest, KeepsNoMoreThanItMay) {
  PublishWeeks(3);
  RecordReader small(publications_, /*cached_bytes=*/1000);
  end_days_ = *small.EndDays("acme");
  EXPECT_EQ(CostOf(small, 2, 3), 1);
  EXPECT_EQ(CostOf(small, 2, 1), 0) << "the newest";
  EXPECT_EQ(CostOf(small, 2, 3), 1);
}

// Mutation: one that is broken takes those that were read with it along.
TEST_F(RecordReaderTest, TellsABrokenRecordFromTheOthers) {
  PublishWeeks(3);
  publications_.PublishBytes("acme", FormatDay(Week(1)), "\xff\xff");
  const std::vector<Day> days = {Week(0), Week(1), Week(2)};
  for (int i = 0; i < 2; ++i) {
    const auto records = reader_.ReadAll("acme", days);
    EXPECT_TRUE(records[0].ok());
    EXPECT_EQ(records[1].status().code(), absl::StatusCode::kDataLoss);
    EXPECT_TRUE(records[2].ok());
  }
}

// Mutation: the two are not told apart; a store that is away says that nothing is there.
TEST_F(RecordReaderTest, SaysWhyARecordIsNotThere) {
  EXPECT_EQ(ReasonOf(reader_.Read("acme", Week(0)).status()), "NOTHING_PUBLISHED");
  PublishWeeks(1);
  EXPECT_EQ(ReasonOf(reader_.Read("acme", Week(1)).status()), "NO_SUCH_WINDOW");
  publications_.Fail(absl::UnavailableError("away"));
  EXPECT_EQ(ReasonOf(reader_.Read("acme", Week(0)).status()), "STORE_UNAVAILABLE");
  EXPECT_EQ(ReasonOf(reader_.Latest("acme").status()), "STORE_UNAVAILABLE");
}

}  // namespace
}  // namespace tutti
