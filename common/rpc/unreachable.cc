#include "common/rpc/unreachable.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr absl::string_view kOtherName =
    "the TLS handshake failed: its certificate is for another name than the address has";
constexpr absl::string_view kEnded = "Socket closed";

struct Cause {
  absl::string_view part;
  absl::string_view meaning;
};

// In gRPC's words, and OpenSSL's.
constexpr Cause kCauses[] = {
    {"Peer name", kOtherName},
    {"Hostname Verification", kOtherName},
    {"certificate verify failed",
     "the TLS handshake failed: no authority that is believed here vouches for its certificate"},
    {"wrong version number", "the TLS handshake failed: what listens there speaks no TLS"},
    {"andshake failed", "the TLS handshake failed"},
    {kEnded,
     "it ends the connection, as what speaks TLS does with plain text, or with a certificate that "
     "it does not believe"},
};

}  // namespace

std::string WhyUnreachable(absl::string_view said, bool was_reached) {
  for (const Cause& cause : kCauses) {
    if (!absl::StrContains(said, cause.part) || (was_reached && cause.part == kEnded)) continue;
    return absl::StrCat(cause.meaning, " (", said, ")");
  }
  return std::string(said);
}

}  // namespace tutti
