#ifndef TUTTI_COMMON_AUTH_CALLER_H_
#define TUTTI_COMMON_AUTH_CALLER_H_

#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace tutti {

// What a token lets its holder do; a bit each.
enum Scope : uint32_t {
  kNoScope = 0,
  kActivitiesWrite = 1,     // "activities.write": send activities
  kScoresRead = 2,          // "scores.read": read what is published
  kOrganizationsAdmin = 4,  // "organizations.admin": create, change, publish, erase
  kSystemAdmin = 8,         // "system.admin": all of these, and every organisation by "*"
};

// The scope of a name in a token; kNoScope for any other word.
inline Scope ScopeNamed(absl::string_view name) {
  if (name == "activities.write") return kActivitiesWrite;
  if (name == "scores.read") return kScoresRead;
  if (name == "organizations.admin") return kOrganizationsAdmin;
  if (name == "system.admin") return kSystemAdmin;
  return kNoScope;
}

// Who calls, as far as a token says. A value; thread-safe to read.
struct Caller {
  // Names the software that calls, for the audit log: the certificate's URI, "token", or
  // "token:" and the claim client_id.
  std::string name;
  // Tells callers apart, for limits: a URI, or a hash of whom the token is for.
  std::string principal;
  // Whether it may use every organisation; then `organizations` does not matter.
  bool every_organization = false;
  std::set<std::string, std::less<>> organizations;
  uint32_t scopes = kNoScope;
  // Expiry: the caller is unauthenticated from then on.
  absl::Time expires = absl::InfiniteFuture();

  bool MayUse(absl::string_view organization) const {
    return every_organization ||
           organizations.find(std::string(organization)) != organizations.end();
  }
  // Whether it has one of the scopes.
  bool HasAny(uint32_t of) const { return (scopes & (of | kSystemAdmin)) != 0; }
};

}  // namespace tutti

#endif  // TUTTI_COMMON_AUTH_CALLER_H_
