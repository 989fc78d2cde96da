#ifndef TUTTI_COMMON_KEYRING_COVERED_WINDOWS_H_
#define TUTTI_COMMON_KEYRING_COVERED_WINDOWS_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "common/window/window.h"
#include "tutti/keyring/v1/keyring.pb.h"

namespace tutti {

// The windows for which a keyring has, or ever had, keys, as its covered ranges say. Looking one
// up costs the ranges that are shared and those of its own organisation: a keyring of thousands
// of back-fills is checked in time that grows with its keys alone. Immutable, so thread-safe.
class CoveredWindows {
 public:
  // Ranges whose days or kind are malformed cover nothing.
  explicit CoveredWindows(const keyring::v1::Keyring& keyring);

  // Whether the organisation (empty: any, by shared keys alone) ever had a key for the window.
  bool Contains(Window window, absl::string_view organization) const;

 private:
  struct Range {
    WindowKind kind;
    Day first;  // both included
    Day last;
  };
  static bool AnyContains(const std::vector<Range>& ranges, Window window);

  absl::flat_hash_map<std::string, std::vector<Range>> of_;  // by organisation; shared: empty
};

}  // namespace tutti

#endif  // TUTTI_COMMON_KEYRING_COVERED_WINDOWS_H_
