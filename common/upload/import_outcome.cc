#include "common/upload/import_outcome.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status/status_macros.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {
namespace {

constexpr char kReasonPrefix[] = "REASON_";
constexpr char kRepeat[] = "Then run the import again: nothing counts twice";

}  // namespace

absl::string_view RepairOf(absl::string_view reason) {
  ingest::v1::Reason parsed = ingest::v1::REASON_UNSPECIFIED;
  ingest::v1::Reason_Parse(absl::StrCat(kReasonPrefix, reason), &parsed);
  switch (parsed) {
    case ingest::v1::REASON_KEY_MISSING:
      return "rotate the keyring, or extend it for the back-fill";
    case ingest::v1::REASON_OPT_OUTS_UNREADABLE:
      return "put an undamaged opt-out list back beside ingest's keyring";
    case ingest::v1::REASON_TYPE_UNKNOWN:
      return "give the services a catalogue that has these types, or correct the types";
    case ingest::v1::REASON_TIME_IN_FUTURE:
      return "set the clocks of this machine and of ingest's";
    case ingest::v1::REASON_CATALOG_MISMATCH:
      return "give every service the same catalogue";
    case ingest::v1::REASON_ORGANIZATION_NOT_FOUND:
      return "create the organisation";
    case ingest::v1::REASON_STORE_UNAVAILABLE:
    case ingest::v1::REASON_OVERLOADED:
      return "wait until the services are ready";
    default:
      return "";
  }
}

absl::Status CheckReadable(const ImportSummary& summary) {
  if (summary.rows == 0 || summary.rows > summary.Rejected()) return absl::OkStatus();
  std::string reasons;
  for (size_t i = 0; i < summary.rejected.size(); ++i) {
    if (summary.rejected[i] == 0) continue;
    absl::StrAppend(&reasons, reasons.empty() ? "" : "; ", summary.rejected[i], " with ",
                    RejectionReasonName(static_cast<RejectionReason>(i)));
  }
  return absl::InvalidArgumentError(absl::StrCat("no row could be read: ", reasons));
}

absl::Status CheckHeadcount(const TenantSummary& tenant, int64_t on_record) {
  if (tenant.licensed.empty() && tenant.listing == Listing::kNone) return absl::OkStatus();
  const auto everybody = tenant.licensed.find("");
  const int64_t people = everybody == tenant.licensed.end() ? 0 : everybody->second;
  if (tenant.listing != Listing::kEverybody) {
    std::string which = "or service";
    std::string by_hand = "--headcount N";
    if (people == 0 && tenant.licensed.size() == 1) {
      const auto& [product, licensees] = *tenant.licensed.begin();
      which = absl::StrCat("(", product, ")");
      by_hand = absl::StrCat("--entitlement ", product, "=", licensees);
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "--update-profile: the input lists the licensees of one product ", which,
        " alone, not everybody who has a licence, so it gives no headcount. Import it together "
        "with a report that lists everybody, of active users (getOffice365ActiveUserDetail), mail "
        "(getEmailActivityUserDetail) or Teams (getTeamsUserActivityUserDetail), or set the number "
        "by hand: tutti organizations update ",
        by_hand));
  }
  if (people >= on_record - people) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "--update-profile: the input lists ", people,
      " people, fewer than half of the headcount on record, which is ", on_record,
      ": it may be cut, or be of a part of the organisation. Import the whole report; if so few "
      "are left, set the number by hand: tutti organizations update --headcount ",
      people));
}

absl::Status NothingSent(const ImportSummary& summary) {
  return absl::NotFoundError(
      summary.rows == 0
          ? "nothing was sent: the input has no record, so look at how it was exported"
          : "nothing was sent: the input has no activity that counts, see the summary for what was "
            "left out");
}

bool SentNothing(const ImportSummary& summary) {
  return CheckReadable(summary).ok() &&
         std::all_of(summary.tenants.begin(), summary.tenants.end(), [](const auto& tenant) {
           return tenant.upload.accepted == 0 && tenant.upload.refused.empty();
         });
}

absl::Status OutcomeOf(const ImportSummary& summary) {
  RETURN_IF_ERROR(CheckReadable(summary));
  // A report of people who did nothing has said who is licensed.
  const bool tells =
      std::any_of(summary.tenants.begin(), summary.tenants.end(), [](const auto& tenant) {
        return !tenant.licensed.empty() || tenant.listing != Listing::kNone;
      });
  if (SentNothing(summary)) return tells ? absl::OkStatus() : NothingSent(summary);
  int64_t accepted = 0;
  int64_t refused = 0;
  int64_t repairable = 0;
  std::map<std::string, int64_t> repairs;
  for (const TenantSummary& tenant : summary.tenants) {
    accepted += tenant.upload.accepted;
    for (const auto& [name, count] : tenant.upload.refused) {
      refused += count;
      const absl::string_view repair = RepairOf(absl::StripPrefix(name, kReasonPrefix));
      if (repair.empty()) continue;
      repairable += count;
      repairs[std::string(repair)] += count;
    }
  }
  if (repairable > 0) {
    std::string message =
        absl::StrCat(repairable, " activities were refused for what can be repaired. ");
    for (const auto& [repair, count] : repairs) {
      absl::StrAppend(&message, "For ", count, ": ", repair, ". ");
    }
    return absl::NotFoundError(absl::StrCat(message, kRepeat));
  }
  if (accepted > 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("all ", refused, " activities were refused: see the summary for the reasons"));
}

absl::Status OutcomeOf(const absl::Status& error, absl::string_view reason) {
  const absl::string_view repair = RepairOf(reason);
  if (repair.empty()) return error;
  return absl::NotFoundError(
      absl::StrCat(error.message(), ". To repair it: ", repair, ". ", kRepeat));
}

absl::Status NotFinished(const absl::Status& error) {
  if (error.ok()) return error;
  const absl::string_view said = absl::StripSuffix(error.message(), ".");
  return absl::Status(error.code(), absl::StrCat(said, ". ", kNotYet));
}

}  // namespace tutti
