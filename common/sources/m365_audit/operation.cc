#include "common/sources/m365_audit/operation.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/types/optional.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"

namespace tutti {
namespace {

enum class Workload { kOther, kExchange, kFiles, kTeams, kCommunity, kCopilot };

struct Meaning {
  Workload workload;
  Operation operation;
};

Workload WorkloadOf(absl::string_view name) {
  if (absl::EqualsIgnoreCase(name, "Exchange")) return Workload::kExchange;
  if (absl::EqualsIgnoreCase(name, "SharePoint") || absl::EqualsIgnoreCase(name, "OneDrive")) {
    return Workload::kFiles;
  }
  if (absl::EqualsIgnoreCase(name, "MicrosoftTeams")) return Workload::kTeams;
  if (absl::EqualsIgnoreCase(name, "Yammer") || absl::EqualsIgnoreCase(name, "Viva Engage")) {
    return Workload::kCommunity;
  }
  return Workload::kOther;
}

// By the type of a record, as a number or as a name.
Workload WorkloadOfType(absl::string_view type) {
  static const auto& by_number = *new absl::flat_hash_map<int64_t, Workload>{
      {2, Workload::kExchange}, {3, Workload::kExchange},   {50, Workload::kExchange},
      {4, Workload::kFiles},    {6, Workload::kFiles},      {7, Workload::kFiles},
      {14, Workload::kFiles},   {22, Workload::kCommunity}, {25, Workload::kTeams}};
  if (const absl::optional<int64_t> number = IntegerOf(type); number.has_value()) {
    const auto found = by_number.find(*number);
    return found == by_number.end() ? Workload::kOther : found->second;
  }
  if (StartsIgnoringCase(type, "exchangeitem")) return Workload::kExchange;
  for (const absl::string_view files :
       {"SharePoint", "SharePointFileOperation", "OneDrive", "SharePointSharingOperation"}) {
    if (absl::EqualsIgnoreCase(type, files)) return Workload::kFiles;
  }
  if (absl::EqualsIgnoreCase(type, "MicrosoftTeams")) return Workload::kTeams;
  if (absl::EqualsIgnoreCase(type, "Yammer")) return Workload::kCommunity;
  return Workload::kOther;
}

const absl::flat_hash_map<absl::string_view, Meaning>& Meanings() {
  static const auto& meanings = *new absl::flat_hash_map<absl::string_view, Meaning>{
      {"send", {Workload::kExchange, Operation::kMailSent}},
      {"sendas", {Workload::kExchange, Operation::kMailSent}},
      {"sendonbehalf", {Workload::kExchange, Operation::kMailSent}},
      {"mailitemsaccessed", {Workload::kExchange, Operation::kMailAccessed}},
      {"messagesent", {Workload::kTeams, Operation::kMessageSent}},
      {"messagecreatedhaslink", {Workload::kTeams, Operation::kMessageSent}},
      {"meetingdetail", {Workload::kTeams, Operation::kMeetingDetail}},
      {"meetingparticipantdetail", {Workload::kTeams, Operation::kMeetingAttended}},
      {"callparticipantdetail", {Workload::kTeams, Operation::kCallJoined}},
      {"messagecreation", {Workload::kCommunity, Operation::kCommunityPosted}},
      {"threadviewed", {Workload::kCommunity, Operation::kCommunityRead}},
      {"filevisited", {Workload::kCommunity, Operation::kCommunityRead}},
      {"markedmessagechanged", {Workload::kCommunity, Operation::kCommunityRead}},
      {"fileaccessed", {Workload::kFiles, Operation::kFileRead}},
      {"fileaccessedextended", {Workload::kFiles, Operation::kFileRead}},
      {"filedownloaded", {Workload::kFiles, Operation::kFileRead}},
      {"filepreviewed", {Workload::kFiles, Operation::kFileRead}},
      {"fileuploaded", {Workload::kFiles, Operation::kFileWritten}},
      {"filecopied", {Workload::kFiles, Operation::kFileWritten}},
      {"filemodified", {Workload::kFiles, Operation::kFileWritten}},
      {"filemodifiedextended", {Workload::kFiles, Operation::kFileWritten}},
      {"filesyncuploadedfull", {Workload::kFiles, Operation::kFileSyncWritten}},
      {"filesyncuploadedpartial", {Workload::kFiles, Operation::kFileSyncWritten}},
      {"sharingset", {Workload::kFiles, Operation::kFileShared}},
      {"securelinkcreated", {Workload::kFiles, Operation::kFileShared}},
      {"addedtosecurelink", {Workload::kFiles, Operation::kFileShared}},
      {"companylinkcreated", {Workload::kFiles, Operation::kFileShared}},
      {"anonymouslinkcreated", {Workload::kFiles, Operation::kFileShared}},
      {"sharinginvitationcreated", {Workload::kFiles, Operation::kFileShared}},
      {"copilotinteraction", {Workload::kCopilot, Operation::kAssistantUsed}},
  };
  return meanings;
}

// Groups that SharePoint makes for itself: of links, of limited access, of hashed
// or claims names, of a site's owners and members.
bool IsMachineryTarget(absl::string_view name) {
  if (StartsIgnoringCase(name, "sharinglinks.") ||
      StartsIgnoringCase(name, "limited access system group") ||
      StartsIgnoringCase(name, "sharepoint\\") || ContainsIgnoringCase(name, "c:0") ||
      absl::EndsWithIgnoreCase(name, " owners") || absl::EndsWithIgnoreCase(name, " members") ||
      absl::EndsWithIgnoreCase(name, " visitors")) {
    return true;
  }
  return name.size() >= 60 && std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

}  // namespace

Operation OperationOf(const AuditRecord& record) {
  absl::string_view name = absl::StripAsciiWhitespace(record[Field::kOperation]);
  while (!name.empty() && (name.back() == '.' || name.back() == ' ')) name.remove_suffix(1);
  char lower[32];
  if (name.empty() || name.size() > sizeof(lower)) return Operation::kUnknown;
  std::transform(name.begin(), name.end(), lower,
                 [](char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); });
  const auto found = Meanings().find(absl::string_view(lower, name.size()));
  if (found == Meanings().end()) return Operation::kUnknown;
  const Meaning& meaning = found->second;
  if (meaning.workload == Workload::kCopilot) return meaning.operation;
  const absl::string_view named = absl::StripAsciiWhitespace(record[Field::kWorkload]);
  const Workload workload =
      named.empty() ? WorkloadOfType(record[Field::kRecordType]) : WorkloadOf(named);
  return workload == meaning.workload ? meaning.operation : Operation::kUnknown;
}

bool Succeeded(const AuditRecord& record) {
  const absl::string_view result = StripSpaces(record[Field::kResult]);
  for (absl::string_view failure : {"Failed", "Failure", "PartiallySucceeded"}) {
    if (absl::EqualsIgnoreCase(result, failure)) return false;
  }
  // Written as a number it is the flag that Exchange writes as a word.
  return FlagOf(result).value_or(true);
}

ShareTarget ShareTargetOf(const AuditRecord& record) {
  const absl::string_view operation = absl::StripAsciiWhitespace(record[Field::kOperation]);
  const absl::string_view type = record[Field::kTargetType];
  if (absl::EqualsIgnoreCase(operation, "AnonymousLinkCreated") ||
      absl::EqualsIgnoreCase(operation, "SharingInvitationCreated") ||
      absl::EqualsIgnoreCase(type, "Guest")) {
    return ShareTarget::kExternal;
  }
  if (absl::EqualsIgnoreCase(operation, "CompanyLinkCreated")) return ShareTarget::kInternal;
  const bool machinery = IsMachineryTarget(record[Field::kTargetName]);
  if (!machinery &&
      (absl::EqualsIgnoreCase(type, "Member") || absl::EqualsIgnoreCase(type, "SecurityGroup"))) {
    return ShareTarget::kInternal;
  }
  if (absl::EqualsIgnoreCase(operation, "SharingSet") && machinery) return ShareTarget::kNone;
  return ShareTarget::kUnstated;
}

}  // namespace tutti
