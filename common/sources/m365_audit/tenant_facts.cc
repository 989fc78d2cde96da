#include "common/sources/m365_audit/tenant_facts.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/sources/actor.h"
#include "common/sources/input/text_match.h"
#include "common/sources/m365_audit/operation.h"

namespace tutti {
namespace {

TraitSet MeetingKind(absl::string_view kind) {
  if (absl::EqualsIgnoreCase(kind, "ScheduledMeeting")) return kTraitOneOff;
  if (absl::EqualsIgnoreCase(kind, "RecurringMeeting")) return kTraitRecurring;
  if (absl::EqualsIgnoreCase(kind, "AdHocMeeting")) return kTraitMeetNow;
  return 0;
}

TraitSet Find(const absl::flat_hash_map<uint64_t, TraitSet>& map, uint64_t key) {
  const auto found = map.find(key);
  return found == map.end() ? 0 : found->second;
}

}  // namespace

absl::string_view FileIdOf(const AuditRecord& record) {
  const absl::string_view id = record[Field::kItemId];
  return id.empty() ? record[Field::kObjectId] : id;
}

uint64_t TenantFacts::ShareKey(const AuditRecord& record) {
  // Without a correlation id every record is a share of its own.
  const absl::string_view correlation = record[Field::kCorrelation];
  return Fingerprint({"share", correlation.empty() ? record[Field::kId] : correlation,
                      FileIdOf(record), AccountName(record[Field::kUser])});
}

uint64_t TenantFacts::AttendanceKey(const AuditRecord& record, const Attendee& attendee) {
  return Fingerprint({"attendance", record[Field::kMeeting],
                      attendee.object_id.empty() ? attendee.upn : attendee.object_id});
}

void TenantFacts::Observe(const AuditRecord& record) {
  ++records_;
  if (IsGuid(record[Field::kUserKey]) && ClassifyActor({record[Field::kUser], record.user_type},
                                                       accepted_domains_) == ActorKind::kPerson) {
    std::string& person = people_[Fingerprint({"person", record[Field::kUserKey]})];
    if (person.empty()) {
      person = absl::AsciiStrToLower(AccountName(record[Field::kUser]));
    }
  }
  switch (OperationOf(record)) {
    case Operation::kFileShared: {
      const ShareTarget target = ShareTargetOf(record);
      if (target == ShareTarget::kNone || !Succeeded(record)) return;
      shared_.insert(Fingerprint({"shared", FileIdOf(record), AccountName(record[Field::kUser])}));
      TraitSet& traits = shares_[ShareKey(record)];
      if (target == ShareTarget::kInternal) traits |= kTraitInternal;
      if (target == ShareTarget::kExternal) traits |= kTraitExternal;
      return;
    }
    case Operation::kMeetingDetail:
    case Operation::kMeetingAttended:
    case Operation::kCallJoined:
      ObserveMeeting(record);
      return;
    default:
      return;
  }
}

void TenantFacts::ObserveMeeting(const AuditRecord& record) {
  if (OperationOf(record) == Operation::kMeetingDetail) {
    const TraitSet kind = MeetingKind(record[Field::kCommunicationSubType]);
    if (kind != 0) meetings_[Fingerprint({"meeting", record[Field::kId]})] = kind;
    return;
  }
  TraitSet traits = 0;
  if (record.video) traits |= kTraitVideo;
  if (record.screen_share) traits |= kTraitScreenShare;
  if (traits == 0) return;
  for (const Attendee& attendee : record.attendees) {
    attendances_[AttendanceKey(record, attendee)] |= traits;
  }
}

bool TenantFacts::SharedByActor(const AuditRecord& record) const {
  return shared_.contains(
      Fingerprint({"shared", FileIdOf(record), AccountName(record[Field::kUser])}));
}

TraitSet TenantFacts::ShareTraits(const AuditRecord& record) const {
  return Find(shares_, ShareKey(record));
}

TraitSet TenantFacts::MeetingTraits(const AuditRecord& record, const Attendee& attendee) const {
  return Find(attendances_, AttendanceKey(record, attendee)) |
         Find(meetings_, Fingerprint({"meeting", record[Field::kMeeting]}));
}

absl::string_view TenantFacts::PersonOf(absl::string_view object_id) const {
  const auto found = people_.find(Fingerprint({"person", object_id}));
  return found == people_.end() ? absl::string_view() : absl::string_view(found->second);
}

}  // namespace tutti
