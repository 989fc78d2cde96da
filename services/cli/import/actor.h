#ifndef TUTTI_SERVICES_CLI_IMPORT_ACTOR_H_
#define TUTTI_SERVICES_CLI_IMPORT_ACTOR_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace tutti {

// Who did what an audit record says.
enum class ActorKind {
  kPerson,
  kGuest,          // a person of another organisation
  kPartner,        // a partner's technician
  kService,        // the user type names a system, an application, a policy
  kNotAPerson,     // an ordinary user type, but an account that is no person's
  kForeignDomain,  // not in one of the accepted domains
  kUnknownType,    // no user type, or one that is not known
};

// Tells people from the rest. `user_type` is the record's UserType (0 regular and
// 2 administrator are people), -1 when absent. An ordinary user type is not
// enough: system accounts, SIDs, GUIDs, synchronisation and health mailboxes have
// it too, some of them in the form of an address. `accepted_domains` are in lower
// case; none means that every domain is accepted.
ActorKind ClassifyActor(absl::string_view user, int user_type,
                        const absl::flat_hash_set<std::string>& accepted_domains);

// Whether the text is a GUID, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".
bool IsGuid(absl::string_view text);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_IMPORT_ACTOR_H_
