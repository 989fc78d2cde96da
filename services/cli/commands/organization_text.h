#ifndef TUTTI_SERVICES_CLI_COMMANDS_ORGANIZATION_TEXT_H_
#define TUTTI_SERVICES_CLI_COMMANDS_ORGANIZATION_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// An organisation for people: its profile, then in words from when on activity is taken and when
// the first score is to be expected at `now`. `asked_first_day` is the first day that was asked
// for, when there is one: where another became of it, the text says why.
std::string OrganizationText(const aggregate::v1::Organization& given, absl::Time now,
                             const std::string& asked_first_day = "");

// "backfilling", "active", "paused".
std::string StateText(aggregate::v1::OrganizationState state);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_COMMANDS_ORGANIZATION_TEXT_H_
