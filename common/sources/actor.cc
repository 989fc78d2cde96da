#include "common/sources/actor.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"

namespace tutti {
namespace {

bool IsAccountCharacter(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f && c != '\\' && c != '"' && c != '(' && c != ')' && c != '<' &&
         c != '>' && c != ',' && c != ';' && c != ':';
}

// Domains that Microsoft and Google run accounts of theirs and of applications in.
bool IsServiceDomain(absl::string_view domain) {
  return absl::EqualsIgnoreCase(domain, "support.onmicrosoft.com") ||
         absl::EndsWithIgnoreCase(domain, ".prod.outlook.com") ||
         absl::EndsWithIgnoreCase(domain, ".sharepoint.com") ||
         absl::EndsWithIgnoreCase(domain, ".gserviceaccount.com") ||
         absl::EndsWithIgnoreCase(domain, ".calendar.google.com");
}

// Mailboxes and accounts that a tenant holds for its own machinery.
bool IsServiceAccount(absl::string_view local) {
  static constexpr absl::string_view kPrefixes[] = {"fim_password_service",
                                                    "spoolsprovisioning-",
                                                    "healthmailbox",
                                                    "systemmailbox{",
                                                    "discoverysearchmailbox{",
                                                    "federatedemail.",
                                                    "migration.",
                                                    "serviceprincipal_",
                                                    "sync_",
                                                    "msol_",
                                                    "adtoaadsyncserviceaccount",
                                                    "msexchdiscovery",
                                                    "exchange online-applicationaccount"};
  for (absl::string_view prefix : kPrefixes) {
    if (StartsIgnoringCase(local, prefix)) return true;
  }
  return IsGuid(local);
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

}  // namespace

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
  const absl::string_view name = absl::StripAsciiWhitespace(actor.name);
  const int user_type = actor.user_type;
  if (user_type == 10 || ContainsIgnoringCase(name, "#ext#") ||
      StartsIgnoringCase(name, "urn:spo:")) {
    return ActorKind::kGuest;
  }
  if (user_type == 9) return ActorKind::kPartner;
  if (user_type < 0) return ActorKind::kUnknownType;
  if (user_type != 0 && user_type != 2) return ActorKind::kService;
  absl::string_view domain;
  if (!LooksLikePerson(name, &domain)) return ActorKind::kNotAPerson;
  if (!accepted_domains.empty() && !accepted_domains.contains(absl::AsciiStrToLower(domain))) {
    return ActorKind::kForeignDomain;
  }
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
