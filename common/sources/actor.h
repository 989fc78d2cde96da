#ifndef TUTTI_COMMON_SOURCES_ACTOR_H_
#define TUTTI_COMMON_SOURCES_ACTOR_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "common/sources/exclusion.h"

namespace tutti {

// Whom a source names as the one who did something, or who has a licence. Every source asks
// ClassifyActor, and nothing else, whether that is a person of the organisation.
struct Actor {
  absl::string_view name;  // as the source has it
  // The UserType of an audit record, -1 when absent; 0 is what sources without it have.
  int user_type = 0;
  // The source says that software acted, though it did so in somebody's name: an agent, an
  // application that impersonates, a key.
  bool is_software = false;
};

// What an actor is.
enum class ActorKind {
  kPerson,
  kGuest,          // a person of another organisation
  kPartner,        // a partner's technician
  kService,        // the user type names a system, an application, a policy
  kNotAPerson,     // an ordinary user type, but an account that is no person's
  kForeignDomain,  // not in one of the accepted domains
  kUnknownType,    // no user type, or one that is not known
  kSoftware,       // an agent or an application in somebody's name
};

// The name of an account without what SharePoint's claims put around it: of
// "i:0#.f|membership|amy@example.com" it is "amy@example.com", of "i:0#.w|acme\\amy", as a farm
// with Windows sign-in writes it, "acme\\amy". Claims of applications and of groups are left as
// they are. Without white space at its ends.
absl::string_view AccountName(absl::string_view name);

// Tells people from the rest. Of user types 0 (regular) and 2 (administrator) are people. An
// ordinary user type is not enough: system accounts, SIDs, GUIDs, synchronisation, service and
// health mailboxes, bots and conversations have it too, some of them in the form of an address. Of
// addresses those are told by names that nobody but the vendor gives: its domains, the beginnings
// of its accounts' names, "live.com#" and the like before a guest's. So is a name that is "noreply"
// or "postmaster" and nothing else. Nothing is guessed of names that an organisation gives itself:
// "sync_team@acme.example",
// "svc-backup@acme.example" and "scanner@acme.example" are people until they opt out, for so may
// a person be called. `accepted_domains` are in lower case; none means that every domain is
// accepted. The name may be a claim; the domain of a Windows account is accepted when an accepted
// one begins with it.
ActorKind ClassifyActor(const Actor& actor,
                        const absl::flat_hash_set<std::string>& accepted_domains);

// What an actor that is no person (any kind but kPerson) is left out as.
Exclusion ExclusionOf(ActorKind kind);

// Whether the text is a GUID, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".
bool IsGuid(absl::string_view text);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_ACTOR_H_
