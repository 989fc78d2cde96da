#ifndef TUTTI_COMMON_UPLOAD_KNOWN_NAMES_H_
#define TUTTI_COMMON_UPLOAD_KNOWN_NAMES_H_

#include "absl/strings/string_view.h"

namespace tutti {

// Names that an input may give something and that are certainly nobody's: Microsoft documents
// them. Each as it is spelled there, or empty for any other name. A summary shows no other,
// because an exporter, a customer's own connector or a broken row can have anything in its
// place: a person's name, an address, a subject line.

// An operation of the audit log, whatever its case, and white space and full stops at its end.
absl::string_view KnownOperation(absl::string_view name);

// An application that may host an assistant, whatever its case, its spaces, and with its maker's
// name or without.
absl::string_view KnownApplication(absl::string_view name);

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_KNOWN_NAMES_H_
