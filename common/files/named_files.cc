#include "common/files/named_files.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

std::filesystem::path Resolved(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  std::filesystem::path resolved = std::filesystem::weakly_canonical(absolute, error);
  return error ? absolute.lexically_normal() : resolved;
}

bool AreOne(const std::string& one, const std::string& other) {
  std::error_code error;
  // The same device and inode, where both are there.
  if (std::filesystem::equivalent(one, other, error) && !error) return true;
  return Resolved(one) == Resolved(other);
}

// That nothing that is made beside one of them is another.
absl::Status CheckBeside(const NamedFile& written, const NamedFile& other) {
  if (!written.written) return absl::OkStatus();
  for (const std::string& suffix : written.beside) {
    const std::string path = absl::StrCat(written.path, suffix);
    if (!AreOne(path, other.path)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        other.flag, " is ", path, ", which ", written.flag, " makes and removes: give it another"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckFilesApart(const std::vector<NamedFile>& files) {
  for (size_t i = 0; i < files.size(); ++i) {
    for (size_t j = i + 1; j < files.size(); ++j) {
      const NamedFile& one = files[i];
      const NamedFile& other = files[j];
      RETURN_IF_ERROR(CheckBeside(one, other));
      RETURN_IF_ERROR(CheckBeside(other, one));
      if ((!one.written && !other.written) || !AreOne(one.path, other.path)) continue;
      const NamedFile& written = one.written ? one : other;
      return absl::InvalidArgumentError(
          absl::StrCat(one.flag, " and ", other.flag, " are the same file, ", written.path,
                       ", and ", written.flag, " is written to: give each its own"));
    }
  }
  return absl::OkStatus();
}

}  // namespace tutti
