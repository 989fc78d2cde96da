#ifndef TUTTI_SERVICES_CLI_COMMANDS_KEYRING_EXTENSION_H_
#define TUTTI_SERVICES_CLI_COMMANDS_KEYRING_EXTENSION_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/window/day.h"

namespace tutti {

// Makes the keys of an organisation's past windows in a keyring's file, see ExtendKeyring, and
// says what it did, or what it found there already.
absl::Status ExtendKeyringFile(const std::string& path, const std::string& organization, Day from,
                               std::optional<Day> to);

// What would keep it from doing so: OK when nothing does. Changes nothing.
absl::Status CheckKeyringExtends(const std::string& path, const std::string& organization,
                                 Day from);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_COMMANDS_KEYRING_EXTENSION_H_
