#ifndef TUTTI_COMMON_STATUS_STATUS_MACROS_H_
#define TUTTI_COMMON_STATUS_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// For a status that is only passed on, in a function that returns absl::Status or
// absl::StatusOr. Both evaluate their expression once, and return an error with all its details.

// Returns the error, if the expression (an absl::Status) is one.
//
//   RETURN_IF_ERROR(store.Delete(key));
#define RETURN_IF_ERROR(...) \
  TUTTI_STATUS_RETURN_IF_ERROR(TUTTI_STATUS_JOIN(tutti_status_, __COUNTER__), (__VA_ARGS__))

// Returns the error, if the expression (an absl::StatusOr) has one; else declares or assigns what
// stands first, from the value, which is moved. A declaration with commas stands in parentheses.
// It is several statements, so not for an if or a loop without braces. A reference that it
// declares lives as long as the scope.
//
//   ASSIGN_OR_RETURN(const Record record, store.Read(key));
//   ASSIGN_OR_RETURN((auto [first, last]), store.Range());
#define ASSIGN_OR_RETURN(target, ...)                                             \
  TUTTI_STATUS_ASSIGN_OR_RETURN(TUTTI_STATUS_JOIN(tutti_status_or_, __COUNTER__), \
                                TUTTI_STATUS_UNWRAP(target), (__VA_ARGS__))

// What follows is of the two alone.

// A name that is declared cannot stand in parentheses, and expressions come in them.
// NOLINTBEGIN(bugprone-macro-parentheses)

#define TUTTI_STATUS_RETURN_IF_ERROR(holder, expression) \
  if (absl::Status holder = expression; holder.ok()) {   \
  } else                                                 \
    return holder

#define TUTTI_STATUS_ASSIGN_OR_RETURN(holder, target, expression) \
  auto holder = expression;                                       \
  if (!holder.ok()) return std::move(holder).status();            \
  target = *std::move(holder)
// NOLINTEND(bugprone-macro-parentheses)

#define TUTTI_STATUS_JOIN(a, b) TUTTI_STATUS_JOIN_EXPANDED(a, b)
#define TUTTI_STATUS_JOIN_EXPANDED(a, b) a##b

// The argument without the parentheses around it, if there are any.
#define TUTTI_STATUS_UNWRAP(target)                                                          \
  TUTTI_STATUS_JOIN(TUTTI_STATUS_UNWRAP_, TUTTI_STATUS_SECOND(TUTTI_STATUS_PROBE target, 0)) \
  (target)
#define TUTTI_STATUS_UNWRAP_0(target) target
#define TUTTI_STATUS_UNWRAP_1(target) TUTTI_STATUS_CONTENT target
#define TUTTI_STATUS_CONTENT(...) __VA_ARGS__
#define TUTTI_STATUS_PROBE(...) ~, 1
#define TUTTI_STATUS_SECOND(...) TUTTI_STATUS_SECOND_EXPANDED(__VA_ARGS__, 0)
#define TUTTI_STATUS_SECOND_EXPANDED(first, second, ...) second

#endif  // TUTTI_COMMON_STATUS_STATUS_MACROS_H_
