#include "common/status/graver.h"

#include <vector>

#include "gtest/gtest.h"

namespace tutti {
namespace {

TEST(KeepGraverTest, WhatLastsIsSaidBeforeWhatPasses) {
  const absl::Status fine;
  const absl::Status passes = absl::UnavailableError("it is away");
  const absl::Status lasts = absl::FailedPreconditionError("it may forget");
  const absl::Status lost = absl::DataLossError("it is lost");
  struct Case {
    absl::Status first, second, kept;
  };
  for (const Case& one :
       {Case{fine, fine, fine}, Case{fine, passes, passes}, Case{passes, fine, passes},
        Case{passes, absl::UnavailableError("so is this"), passes}, Case{passes, lasts, lasts},
        Case{lasts, passes, lasts}, Case{lasts, lost, lasts}, Case{lost, fine, lost}}) {
    absl::Status found = one.first;
    KeepGraver(one.second, found);
    EXPECT_EQ(found, one.kept) << one.first << ", " << one.second;
  }
}

}  // namespace
}  // namespace tutti
