#ifndef TUTTI_COMMON_SOURCES_KNOWN_NAMES_H_
#define TUTTI_COMMON_SOURCES_KNOWN_NAMES_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace tutti {

// Names that an input may give something and that are certainly nobody's, because whoever makes
// the input documents them. A summary shows no other: an exporter, a customer's own connector or a
// broken row can have anything in its place, a person's name, an address, a subject line. Immutable
// and thread-safe.
class KnownNames {
 public:
  // What of a name tells it from others.
  using Plain = std::string (*)(absl::string_view name);

  // `names`, which outlive this, are separated by bars.
  KnownNames(absl::string_view names, Plain plain);

  // As it is documented; empty for any other.
  absl::string_view Find(absl::string_view name) const;

 private:
  const Plain plain_;
  absl::flat_hash_map<std::string, absl::string_view> by_plain_;
};

// A name without white space at its ends and full stops at its end, whatever its case.
std::string PlainOperation(absl::string_view name);

// An application of Microsoft's that may host its assistant, as more than one source names them,
// whatever its case, its spaces, and with its maker's name or without.
absl::string_view KnownMicrosoftApplication(absl::string_view name);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_KNOWN_NAMES_H_
