#include "common/status/status_macros.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

constexpr char kDetail[] = "type.googleapis.com/detail";

absl::Status Failed() {
  absl::Status status = absl::NotFoundError("it is not there");
  status.SetPayload(kDetail, absl::Cord("the detail"));
  return status;
}

// Mutations: an expression that is evaluated for its test and again for its value; a status that
// is made anew of code and text.
TEST(StatusMacros, ReturnIfErrorPassesAnErrorOnAndGoesOnWithoutOne) {
  int evaluated = 0;
  const auto run = [&evaluated](const absl::Status& given) -> absl::Status {
    const auto give = [&] {
      ++evaluated;
      return given;
    };
    RETURN_IF_ERROR(give());
    return absl::AlreadyExistsError("the end");
  };
  EXPECT_EQ(run(Failed()), Failed());
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(run(absl::OkStatus()), absl::AlreadyExistsError("the end"));
  EXPECT_EQ(evaluated, 2);
}

// Mutation: a macro whose else is taken by the if before it.
TEST(StatusMacros, ReturnIfErrorIsOneStatement) {
  const auto run = [](bool look) -> absl::StatusOr<int> {
    if (look)
      RETURN_IF_ERROR(Failed());
    else
      return 2;
    return 1;
  };
  EXPECT_EQ(run(true).status(), Failed());
  EXPECT_EQ(run(false).value(), 2);
}

// Mutations: as above; a value that is copied.
TEST(StatusMacros, AssignOrReturnMovesTheValueOrPassesTheErrorOn) {
  int evaluated = 0;
  using Owned = std::unique_ptr<int>;
  const auto run = [&evaluated](bool there) -> absl::StatusOr<Owned> {
    const auto give = [&]() -> absl::StatusOr<Owned> {
      ++evaluated;
      if (!there) return Failed();
      return std::make_unique<int>(7);
    };
    ASSIGN_OR_RETURN(Owned owned, give());
    return owned;
  };
  EXPECT_EQ(run(false).status(), Failed());
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(**run(true), 7);
  EXPECT_EQ(evaluated, 2);
}

absl::StatusOr<std::string> Text(bool there) {
  if (!there) return Failed();
  return std::string("text");
}

absl::Status AssignToAll(bool there, std::string& existing, std::string& copy) {
  ASSIGN_OR_RETURN(existing, Text(there));
  ASSIGN_OR_RETURN(const std::string& reference, Text(there));
  copy = reference;
  return absl::OkStatus();
}

// Mutation: a value that goes at the end of the statement that a reference is bound in.
TEST(StatusMacros, AssignOrReturnTakesWhatIsThereAndReferences) {
  std::string existing = "before";
  std::string copy;
  EXPECT_EQ(AssignToAll(false, existing, copy), Failed());
  EXPECT_EQ(existing, "before");
  EXPECT_EQ(AssignToAll(true, existing, copy), absl::OkStatus());
  EXPECT_EQ(existing, "text");
  EXPECT_EQ(copy, "text");
}

template <typename First, typename Second>
absl::StatusOr<std::pair<First, Second>> Pair(First first, Second second) {
  return std::make_pair(first, second);
}

absl::StatusOr<int> Sum() {
  ASSIGN_OR_RETURN((auto [one, two]), Pair<int, int>(1, 2));
  ASSIGN_OR_RETURN((std::pair<int, int> others), Pair(3, 4));
  return one + two + others.first + others.second;
}

// Mutation: parentheses that stay, or one argument.
TEST(StatusMacros, AssignOrReturnTakesDeclarationsAndExpressionsWithCommas) {
  EXPECT_EQ(Sum().value(), 10);
}

absl::StatusOr<int> Nested(const absl::Status& inner) {
  ASSIGN_OR_RETURN(const int outer, [&]() -> absl::StatusOr<int> {
    RETURN_IF_ERROR([&]() -> absl::Status {
      RETURN_IF_ERROR(inner);
      return absl::OkStatus();
    }());
    ASSIGN_OR_RETURN(const int value, absl::StatusOr<int>(5));
    return value;
  }());
  ASSIGN_OR_RETURN(const int a, absl::StatusOr<int>(1));
  ASSIGN_OR_RETURN(const int b, absl::StatusOr<int>(2));  // NOLINT
  return outer + a + b;
}

// Mutation: names by the line, which two of one line, or one inside another, share.
TEST(StatusMacros, AreUsedInOneAnotherAndTwiceInALine) {
  EXPECT_EQ(Nested(absl::OkStatus()).value(), 8);
  EXPECT_EQ(Nested(Failed()).status(), Failed());
}

}  // namespace
}  // namespace tutti
