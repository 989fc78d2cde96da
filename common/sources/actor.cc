#include "common/sources/actor.h"

#include <algorithm>
#include <cstddef>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"

namespace tutti {
namespace {

bool IsAccountCharacter(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f && c != '\\' && c != '"' && c != '(' && c != ')' && c != '<' &&
         c != '>' && c != ',' && c != ';' && c != ':';
}

// Domains that Microsoft and Google run accounts of theirs, of applications, of bots and of
// conversations in. What begins with a dot is the end of one.
constexpr absl::string_view kServiceDomains[] = {"support.onmicrosoft.com",
                                                 ".prod.outlook.com",
                                                 ".sharepoint.com",
                                                 ".gserviceaccount.com",
                                                 ".calendar.google.com",
                                                 "teams.bot",
                                                 "thread.skype",
                                                 "thread.tacv2",
                                                 "thread.v2",
                                                 "unq.gbl.spaces"};

// Mailboxes and accounts that a tenant holds for its own machinery.
constexpr absl::string_view kServicePrefixes[] = {"fim_password_service",
                                                  "spoolsprovisioning-",
                                                  "healthmailbox",
                                                  "systemmailbox{",
                                                  "discoverysearchmailbox{",
                                                  "federatedemail.",
                                                  "serviceprincipal_",
                                                  "msol_",
                                                  "adtoaadsyncserviceaccount",
                                                  "msexchdiscovery",
                                                  "exchange online-applicationaccount"};

// Such accounts that have eight or more hexadecimal digits, and nothing else, behind this.
constexpr absl::string_view kNumberedPrefixes[] = {"aad_", "microsoftexchange"};

// Senders whom nobody is to answer, without dots, dashes and underscores.
constexpr absl::string_view kSenders[] = {"donotreply", "mailerdaemon", "noreply", "postmaster"};

// What stands before the address of a guest who signs in elsewhere.
constexpr absl::string_view kGuestPrefixes[] = {"live.com#", "google.com#", "facebook.com#",
                                                "mail#", "urn:spo:"};

bool IsServiceDomain(absl::string_view domain) {
  return absl::c_any_of(kServiceDomains, [domain](absl::string_view one) {
    return one.front() == '.' ? absl::EndsWithIgnoreCase(domain, one)
                              : absl::EqualsIgnoreCase(domain, one);
  });
}

bool IsNumber(absl::string_view text) {
  return text.size() >= 8 && absl::c_all_of(text, [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

bool IsServiceAccount(absl::string_view local) {
  const auto begins = [local](absl::string_view prefix) {
    return StartsIgnoringCase(local, prefix);
  };
  const auto is_numbered = [local, &begins](absl::string_view prefix) {
    return begins(prefix) && IsNumber(local.substr(prefix.size()));
  };
  // What copies a directory is named after its server and a number: "sync_server_0123456789ab".
  constexpr absl::string_view kSync = "sync_";
  const bool is_sync = begins(kSync) && local.rfind('_') >= kSync.size() &&
                       IsNumber(local.substr(local.rfind('_') + 1));
  constexpr absl::string_view kMigration = "migration.";
  const bool is_migration = begins(kMigration) && IsGuid(local.substr(kMigration.size()));
  std::string sender = absl::AsciiStrToLower(local);
  sender.erase(std::remove_if(sender.begin(), sender.end(),
                              [](char c) { return c == '.' || c == '-' || c == '_'; }),
               sender.end());
  return is_sync || is_migration || absl::c_any_of(kServicePrefixes, begins) ||
         absl::c_any_of(kNumberedPrefixes, is_numbered) ||
         absl::c_linear_search(kSenders, sender) || IsGuid(local);
}

bool IsGuest(absl::string_view name) {
  return ContainsIgnoringCase(name, "#ext#") ||
         absl::c_any_of(kGuestPrefixes, [name](absl::string_view prefix) {
           return StartsIgnoringCase(name, prefix);
         });
}

// Whether it has the form local@domain and is nobody's machinery.
bool LooksLikePerson(absl::string_view user, absl::string_view* domain) {
  if (IsDamaged(user)) return false;
  const size_t at = user.find('@');
  if (at == 0 || at == absl::string_view::npos || user.find('@', at + 1) != user.npos) return false;
  if (!std::all_of(user.begin(), user.end(), IsAccountCharacter)) return false;
  *domain = user.substr(at + 1);
  const size_t dot = domain->find('.');
  if (dot == 0 || dot == absl::string_view::npos || domain->back() == '.') return false;
  return !IsServiceDomain(*domain) && !IsServiceAccount(user.substr(0, at));
}

// A Windows account, "acme\\amy", that a claim named.
bool IsWindowsAccount(absl::string_view user, absl::string_view* domain) {
  const size_t slash = user.find('\\');
  if (IsDamaged(user) || slash == 0 || slash == user.npos || slash + 1 == user.size()) return false;
  const absl::string_view local = user.substr(slash + 1);
  *domain = user.substr(0, slash);
  // Machines and built-in accounts.
  if (absl::EndsWith(local, "$") || absl::StrContains(*domain, ' ')) return false;
  if (absl::EqualsIgnoreCase(*domain, "sharepoint") ||
      !std::all_of(local.begin(), local.end(), IsAccountCharacter))
    return false;
  return !IsServiceAccount(local);
}

bool Accepts(const absl::flat_hash_set<std::string>& accepted, absl::string_view domain,
             bool is_windows) {
  const std::string lower = CaseFolded(domain);
  if (accepted.empty() || accepted.contains(lower)) return true;
  return is_windows && std::any_of(accepted.begin(), accepted.end(), [&](const std::string& one) {
           return absl::StartsWith(one, absl::StrCat(lower, "."));
         });
}

}  // namespace

absl::string_view AccountName(absl::string_view name) {
  name = StripSpaces(name);
  // "i:0", what the value is (a logon name, an address, a UPN), its type, who vouches for it.
  if (!StartsIgnoringCase(name, "i:0") || name.size() < 6) return name;
  const bool of_user =
      absl::StrContains("#5e", absl::ascii_tolower(static_cast<unsigned char>(name[3])));
  const size_t bar = name.find('|');
  if (!of_user || name[4] != '.' || bar != 6) return name;
  return name.substr(name.rfind('|') + 1);
}

bool IsGuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const unsigned char byte = static_cast<unsigned char>(text[i]);
    if (dash ? byte != '-' : !absl::ascii_isxdigit(byte)) return false;
  }
  return true;
}

ActorKind ClassifyActor(const Actor& actor,
                        const absl::flat_hash_set<std::string>& accepted_domains) {
  const absl::string_view name = AccountName(actor.name);
  const int user_type = actor.user_type;
  if (user_type == 10 || IsGuest(name)) return ActorKind::kGuest;
  if (user_type == 9) return ActorKind::kPartner;
  if (user_type < 0) return ActorKind::kUnknownType;
  if (user_type != 0 && user_type != 2) return ActorKind::kService;
  absl::string_view domain;
  const bool is_windows = name != StripSpaces(actor.name) && IsWindowsAccount(name, &domain);
  if (!is_windows && !LooksLikePerson(name, &domain)) return ActorKind::kNotAPerson;
  if (!Accepts(accepted_domains, domain, is_windows)) return ActorKind::kForeignDomain;
  return actor.is_software ? ActorKind::kSoftware : ActorKind::kPerson;
}

Exclusion ExclusionOf(ActorKind kind) {
  switch (kind) {
    case ActorKind::kGuest:
      return Exclusion::kGuest;
    case ActorKind::kPartner:
      return Exclusion::kPartner;
    case ActorKind::kService:
      return Exclusion::kService;
    case ActorKind::kForeignDomain:
      return Exclusion::kForeignDomain;
    case ActorKind::kUnknownType:
      return Exclusion::kUnknownUserType;
    case ActorKind::kSoftware:
      return Exclusion::kSoftware;
    case ActorKind::kPerson:
    case ActorKind::kNotAPerson:
      break;
  }
  return Exclusion::kNotAPerson;
}

}  // namespace tutti
