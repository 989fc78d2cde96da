#include "common/organization/organization_id.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace tutti {

bool IsOrganizationId(absl::string_view id) {
  return !id.empty() && id.size() <= 63 && id.front() != '-' &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-';
         });
}

}  // namespace tutti
