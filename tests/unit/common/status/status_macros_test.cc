#include "common/status/status_macros.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

constexpr char kDetail[] = "detail";

absl::Status Failure() {
  absl::Status status = absl::NotFoundError("there is none");
  status.SetPayload(kDetail, absl::Cord("more"));
  return status;
}

template <typename Value>
absl::StatusOr<Value> Counted(int& calls, absl::StatusOr<Value> result) {
  ++calls;
  return result;
}

absl::Status Twice(const absl::Status& first, const absl::Status& second, int& reached) {
  RETURN_IF_ERROR(first);
  ++reached;
  RETURN_IF_ERROR(second);
  ++reached;
  return absl::OkStatus();
}

// Mutation: the error is made anew; the function goes on.
TEST(StatusMacrosTest, ReturnsTheFirstErrorAsItIs) {
  int reached = 0;
  EXPECT_EQ(Twice(absl::OkStatus(), absl::OkStatus(), reached), absl::OkStatus());
  EXPECT_EQ(reached, 2);
  const absl::Status failed = Twice(absl::OkStatus(), Failure(), reached);
  EXPECT_EQ(reached, 3);
  EXPECT_EQ(failed, Failure());
  EXPECT_EQ(failed.GetPayload(kDetail), absl::Cord("more"));
}

// One statement: an else belongs to the if that is written.
absl::Status UnderAnIf(bool ask, int& others) {
  if (ask)
    RETURN_IF_ERROR(Failure());
  else
    ++others;
  return absl::OkStatus();
}

TEST(StatusMacrosTest, IsOneStatement) {
  int others = 0;
  EXPECT_EQ(UnderAnIf(false, others), absl::OkStatus());
  EXPECT_EQ(others, 1);
  EXPECT_TRUE(absl::IsNotFound(UnderAnIf(true, others)));
}

absl::StatusOr<std::string> Joined(absl::StatusOr<std::string> first,
                                   absl::StatusOr<std::string> second, int& calls) {
  std::string text = "?";
  ASSIGN_OR_RETURN(text, Counted(calls, std::move(first)));
  ASSIGN_OR_RETURN(const std::string& more, Counted(calls, std::move(second)));
  if (more.empty()) {
    ASSIGN_OR_RETURN(const std::string more_text, Counted<std::string>(calls, "-"));
    return text + more_text;
  }
  return text + more;
}

// Mutation: the expression is written twice; the names of two in one scope are one.
TEST(StatusMacrosTest, AssignsOrReturnsTheErrorAsItIs) {
  int calls = 0;
  EXPECT_EQ(*Joined("a", "b", calls), "ab");
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(*Joined("a", "", calls), "a-");
  EXPECT_EQ(calls, 5);
  const absl::Status failed = Joined("a", Failure(), calls).status();
  EXPECT_EQ(failed, Failure());
  EXPECT_EQ(failed.GetPayload(kDetail), absl::Cord("more"));
  EXPECT_EQ(Joined(Failure(), "b", calls).status(), Failure());
  EXPECT_EQ(calls, 8);
}

absl::StatusOr<int> Moved(absl::StatusOr<std::unique_ptr<int>> number) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> held, std::move(number));
  return *held;
}

absl::StatusOr<size_t> Commas() {
  ASSIGN_OR_RETURN(auto numbers, absl::StatusOr<std::map<int, int>>({{1, 2}, {3, 4}}));
  return numbers.size();
}

TEST(StatusMacrosTest, MovesAndTakesCommas) {
  EXPECT_EQ(*Moved(std::make_unique<int>(7)), 7);
  EXPECT_EQ(Moved(Failure()).status(), Failure());
  EXPECT_EQ(*Commas(), 2u);
}

}  // namespace
}  // namespace tutti
