#ifndef TUTTI_COMMON_STATUS_STATUS_MACROS_H_
#define TUTTI_COMMON_STATUS_STATUS_MACROS_H_

#include <utility>

#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Abseil 20220623 has neither; these do what the macros of these names do elsewhere.

// Returns the error of an absl::Status from the function around it. The function returns an
// absl::Status or an absl::StatusOr; the expression is evaluated once.
//
//   RETURN_IF_ERROR(file.Write(bytes));
#define RETURN_IF_ERROR(...)                                                                 \
  do {                                                                                       \
    if (absl::Status tutti_status = (__VA_ARGS__); ABSL_PREDICT_FALSE(!tutti_status.ok())) { \
      return tutti_status;                                                                   \
    }                                                                                        \
  } while (false)

// Declares a variable with, or assigns to one, the value of an absl::StatusOr, moved out of it; or
// returns its error, as RETURN_IF_ERROR does. A type with a comma is written as auto. It is more
// than one statement, so it does not stand alone under an `if`.
//
//   ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
#define ASSIGN_OR_RETURN(variable, ...) \
  TUTTI_ASSIGN_OR_RETURN(TUTTI_JOINED(tutti_status_or_, __LINE__), variable, __VA_ARGS__)

#define TUTTI_JOINED(a, b) TUTTI_JOINED_TOKENS(a, b)
#define TUTTI_JOINED_TOKENS(a, b) a##b
#define TUTTI_ASSIGN_OR_RETURN(status_or, variable, ...)                         \
  auto status_or = (__VA_ARGS__);                                                \
  if (ABSL_PREDICT_FALSE(!status_or.ok())) return std::move(status_or).status(); \
  variable = *std::move(status_or)

#endif  // TUTTI_COMMON_STATUS_STATUS_MACROS_H_
