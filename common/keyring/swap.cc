#include "common/keyring/swap.h"

#include <filesystem>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/files/read_file.h"

namespace tutti {
namespace {

// The lines of a file of the kernel's; none when it cannot be read.
std::vector<std::string> LinesOf(const std::filesystem::path& path) {
  const absl::StatusOr<FileText> file =
      ReadFile(path.string(), {.noun = "the kernel", .max_bytes = size_t{1} << 20});
  if (!file.ok()) return {};
  return absl::StrSplit(file->text, '\n', absl::SkipEmpty());
}

// A path below the mount of cgroup v2; nothing when it is not known. A cgroup beside or
// above the one that is mounted has a path that leads out of it ("/../other").
std::optional<std::filesystem::path> CgroupOf(const std::string& root) {
  for (const std::string& line : LinesOf(root + "/proc/self/cgroup")) {
    absl::string_view path = line;
    if (!absl::ConsumePrefix(&path, "0::/")) continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
    std::filesystem::path cgroup;
    for (const absl::string_view part : parts) {
      if (part == "..") return std::nullopt;
      cgroup /= std::string(part);
    }
    return cgroup;
  }
  return std::nullopt;
}

bool CgroupMayNotSwap(const std::string& root) {
  const std::filesystem::path mount = root + "/sys/fs/cgroup";
  std::optional<std::filesystem::path> cgroup = CgroupOf(root);
  std::error_code ignored;
  // A mount in which it is not to be found shows other cgroups than those that hold it.
  if (!cgroup.has_value() || !std::filesystem::is_directory(mount / *cgroup, ignored)) return false;
  while (true) {
    if (LinesOf(mount / *cgroup / "memory.swap.max") == std::vector<std::string>{"0"}) return true;
    if (cgroup->empty()) return false;
    cgroup = cgroup->parent_path();
  }
}

}  // namespace

absl::Status CheckNoSwap(const std::string& root) {
  // A heading, and a line for each.
  const std::vector<std::string> swaps = LinesOf(root + "/proc/swaps");
  const bool known = !swaps.empty() && absl::StartsWith(swaps[0], "Filename");
  if ((known && swaps.size() == 1) || CgroupMayNotSwap(root)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      known ? "this machine has swap, and no cgroup of this process forbids it"
            : "/proc/swaps cannot be read, and no cgroup of this process forbids swap");
}

}  // namespace tutti
