#include "common/rpc/host_port.h"

#include <sys/un.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/text/plain_text.h"

namespace tutti {
namespace {

constexpr int kMaxPort = 65535;
constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

bool IsHost(absl::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != '/';
  });
}

}  // namespace

std::optional<HostPort> SplitHostPort(absl::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  const absl::string_view written = address.substr(0, colon);
  const absl::string_view port = address.substr(colon + 1);
  absl::string_view host = written;
  const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  HostPort parts{std::string(written), std::string(host), 0};
  if (!IsHost(host) || (!bracketed && absl::StrContains(host, ':')) || !IsNumber(port) ||
      !absl::SimpleAtoi(port, &parts.port) || parts.port > kMaxPort) {
    return std::nullopt;
  }
  return parts;
}

absl::Status CheckAddress(absl::string_view address) {
  absl::string_view rest = address;
  if (absl::ConsumePrefix(&rest, "unix:") && !rest.empty() && rest.size() <= kMaxPath) {
    return absl::OkStatus();
  }
  rest = address;
  absl::ConsumePrefix(&rest, "dns:///");
  const std::optional<HostPort> parts = SplitHostPort(rest);
  if (parts.has_value() && parts->port > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("give HOST:PORT, with a port from 1 to ", kMaxPort,
                                                 ", [IPv6]:PORT or unix:PATH, not \"",
                                                 PlainText(address), "\""));
}

}  // namespace tutti
