#include "common/keyring/keyring_operations.h"

#include <sodium.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/keyring/covered_windows.h"
#include "common/organization/organization_id.h"
#include "common/status/status_macros.h"
#include "common/window/grace.h"
#include "common/window/window_proto.h"

namespace tutti {
namespace {

using keyring::v1::CoveredRange;
using keyring::v1::Keyring;
using keyring::v1::WindowKey;

constexpr WindowKind kKinds[] = {WindowKind::kReach, WindowKind::kDay};

Day DayAt(absl::Time time, int hours_east) {
  return absl::ToCivilDay(time, absl::FixedTimeZone(hours_east * 3600));
}

Day LastDayOfExtension(absl::Time now) { return DayAt(now, 14) + kExtensionDays; }

Day LastEndDayAhead(absl::Time now) { return DayAt(now, 14) + kKeyDaysAhead; }

absl::Status CheckClock(absl::Time now, absl::Duration grace) {
  if (grace < absl::ZeroDuration() || grace > kLongestGrace) {
    return absl::InvalidArgumentError("grace must be from 0 to 14 days");
  }
  if (now < absl::FromCivil(Day(2000, 3, 1), absl::UTCTimeZone()) ||
      now > absl::FromCivil(Day(2999, 10, 1), absl::UTCTimeZone())) {
    return absl::InvalidArgumentError("the clock must show a time between 2000-03 and 2999-10");
  }
  return absl::OkStatus();
}

void AddKey(Window window, absl::string_view organization, absl::string_view kept_until,
            Keyring& keyring) {
  WindowKey& key = *keyring.add_keys();
  SetWindow(window, key);
  key.set_organization(organization.data(), organization.size());
  key.set_kept_until(kept_until.data(), kept_until.size());
  // Sized first: the secret is drawn into its final place.
  key.mutable_id()->resize(kKeyIdBytes);
  randombytes_buf(key.mutable_id()->data(), kKeyIdBytes);
  key.mutable_key()->resize(kWindowKeyBytes);
  randombytes_buf(key.mutable_key()->data(), kWindowKeyBytes);
}

// Makes keys for the end days from first to last, both included, and records it:
// in the range that ends on the day before, if there is one.
int AddKeys(WindowKind kind, Day first, Day last, absl::string_view organization,
            absl::string_view kept_until, Keyring& keyring) {
  if (last < first) return 0;
  for (Day day = first; day <= last; ++day) AddKey({kind, day}, organization, kept_until, keyring);
  auto& ranges = organization.empty() ? *keyring.mutable_shared() : *keyring.mutable_extensions();
  for (CoveredRange& range : ranges) {
    if (range.window_kind() == ToProto(kind) && range.organization() == organization &&
        range.last_end_day() == FormatDay(first - 1)) {
      range.set_last_end_day(FormatDay(last));
      return static_cast<int>(last - first) + 1;
    }
  }
  CoveredRange& range = *ranges.Add();
  range.set_window_kind(ToProto(kind));
  range.set_first_end_day(FormatDay(first));
  range.set_last_end_day(FormatDay(last));
  range.set_organization(organization.data(), organization.size());
  return static_cast<int>(last - first) + 1;
}

std::optional<Day> FirstSharedDay(const Keyring& keyring) {
  std::optional<Day> first;
  for (const CoveredRange& range : keyring.shared()) {
    const absl::StatusOr<Day> day = ParseDay(range.first_end_day());
    if (day.ok() && (!first.has_value() || *day < *first)) first = *day;
  }
  return first;
}

// What a rotation destroys: shared keys of windows that end before one day, and keys of
// extensions that are kept until a day before another. ISO 8601 days compare like their texts.
class Limits {
 public:
  Limits(Day first_kept, Day today)
      : first_kept_(FormatDay(first_kept)), today_(FormatDay(today)) {}

  bool IsOver(const WindowKey& key) const {
    if (key.organization().empty()) return key.end_day() < first_kept_;
    return !key.kept_until().empty() && key.kept_until() < today_;
  }

 private:
  const std::string first_kept_;
  const std::string today_;
};

// See RotateKeyring.
absl::Status CheckNoneOverdue(absl::Time now, absl::Duration grace, const Keyring& keyring) {
  const Day first_kept = FirstKeptEndDay(now, grace);
  const Day today = DayAt(now, -12);
  const Limits limits(first_kept, today);
  const Limits overdue(first_kept - kMaxOverdueDays, today - kMaxOverdueDays);
  if (std::none_of(keyring.keys().begin(), keyring.keys().end(),
                   [&](const WindowKey& key) { return overdue.IsOver(key); })) {
    return absl::OkStatus();
  }
  int shared = 0;
  int extended = 0;
  std::string last;
  for (const WindowKey& key : keyring.keys()) {
    if (!limits.IsOver(key)) continue;
    ++(key.organization().empty() ? shared : extended);
    if (key.organization().empty()) last = std::max(last, key.end_day());
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "by this clock, which shows ", absl::FormatTime("%Y-%m-%d %H:%M", now, absl::UTCTimeZone()),
      " UTC, ", shared, " keys of windows", last.empty() ? "" : " up to ", last, " and ", extended,
      " keys of back-fills are over, some for more than ", kMaxOverdueDays,
      " days; nothing was changed. If the clock is wrong they are needed, and a window never gets "
      "a second key: set the clock. If it is right, and nobody has rotated for so long or the "
      "grace was longer, destroy them with `tutti keyring rotate --force`"));
}

void Name(absl::Time birth, Keyring& keyring) {
  keyring.mutable_id()->resize(kKeyringIdBytes);
  randombytes_buf(keyring.mutable_id()->data(), kKeyringIdBytes);
  keyring.mutable_birth_time()->set_seconds(absl::ToUnixSeconds(birth));
}

absl::Status CheckExtension(absl::string_view organization, Day from, Day to, absl::Time now) {
  if (!IsOrganizationId(organization)) {
    return absl::InvalidArgumentError("--organization must match [a-z0-9][a-z0-9-]{0,62}");
  }
  if (to < from) {
    return absl::InvalidArgumentError(
        "--from must be a past day and not later than --to, which is by default the day before "
        "the shared keys begin");
  }
  if (to >= DayAt(now, -12)) {
    return absl::InvalidArgumentError("--to must be a past day: coming days have shared keys");
  }
  if (from < DayAt(now, 14) - kMaxExtensionDays) {
    return absl::InvalidArgumentError(
        absl::StrCat("--from must be at most ", kMaxExtensionDays, " days ago"));
  }
  return absl::OkStatus();
}

// The windows whose keys there are now that serve an organisation, and until when each is kept;
// empty for shared ones.
std::map<Window, std::string> HeldKeys(const Keyring& keyring, absl::string_view organization) {
  std::map<Window, std::string> held;
  for (const WindowKey& key : keyring.keys()) {
    if (!key.organization().empty() && key.organization() != organization) continue;
    const absl::StatusOr<Window> window = WindowFrom(key);
    if (window.ok()) held.emplace(*window, key.kept_until());
  }
  return held;
}

// ISO 8601 days compare like their texts; empty is never.
void KeepEarlier(const std::string& day, std::string& earliest) {
  if (!day.empty() && (earliest.empty() || day < earliest)) earliest = day;
}

}  // namespace

// The window of E is open somewhere while the day at UTC-12, `grace` ago, is not later
// than E + 1.
Day FirstKeptEndDay(absl::Time now, absl::Duration grace) { return DayAt(now - grace, -12) - 1; }

absl::StatusOr<ScrubbedKeyring> NewKeyring(absl::Time now, absl::Duration grace) {
  if (sodium_init() < 0) return absl::InternalError("libsodium cannot be initialised");
  RETURN_IF_ERROR(CheckClock(now, grace));
  ScrubbedKeyring keyring;
  Keyring& message = keyring.mutable_message();
  message.set_format(kKeyringFormat);
  Name(now, message);
  message.mutable_identity_key()->resize(kIdentityKeyBytes);
  randombytes_buf(message.mutable_identity_key()->data(), kIdentityKeyBytes);
  for (const WindowKind kind : kKinds) {
    AddKeys(kind, FirstKeptEndDay(now, grace), LastEndDayAhead(now), "", "", message);
  }
  return keyring;
}

absl::StatusOr<RotationResult> RotateKeyring(absl::Time now, absl::Duration grace,
                                             ScrubbedKeyring& keyring, OverdueKeys overdue) {
  if (sodium_init() < 0) return absl::InternalError("libsodium cannot be initialised");
  RETURN_IF_ERROR(CheckClock(now, grace));
  Keyring& message = keyring.mutable_message();
  if (overdue == OverdueKeys::kRefuse) {
    RETURN_IF_ERROR(CheckNoneOverdue(now, grace, message));
  }
  if (message.id().empty()) {
    // It was made when the first of its windows were open.
    Name(absl::FromCivil(FirstSharedDay(message).value_or(DayAt(now, -12)), absl::UTCTimeZone()),
         message);
  }
  const Day first_kept = FirstKeptEndDay(now, grace);
  RotationResult result;
  // Days of before the keyring belong to extensions, whatever the clock shows.
  const Day first_shared = FirstSharedDay(message).value_or(first_kept);
  const CoveredWindows covered(message);
  for (const WindowKind kind : kKinds) {
    for (Day day = std::max(first_kept, first_shared); day <= LastEndDayAhead(now); ++day) {
      if (covered.Contains({kind, day}, "")) continue;
      result.created += AddKeys(kind, day, day, "", "", message);
    }
  }
  for (WindowKey& key : *message.mutable_keys()) {
    if (key.organization().empty() || !key.kept_until().empty()) continue;
    key.set_kept_until(FormatDay(LastDayOfExtension(now)));
  }
  const Limits limits(first_kept, DayAt(now, -12));
  result.destroyed = keyring.EraseKeys([&](const WindowKey& key) { return limits.IsOver(key); });
  return result;
}

absl::StatusOr<ExtensionResult> ExtendKeyring(absl::string_view organization, Day from,
                                              std::optional<Day> to, absl::Time now,
                                              ScrubbedKeyring& keyring) {
  if (sodium_init() < 0) return absl::InternalError("libsodium cannot be initialised");
  RETURN_IF_ERROR(CheckClock(now, absl::ZeroDuration()));
  Keyring& message = keyring.mutable_message();
  if (!to.has_value()) {
    const Day last_over = DayAt(now, -12) - 1;
    to = FirstSharedDay(message).value_or(last_over + 1) - 1;
    if (*to < from) to = last_over;
  }
  RETURN_IF_ERROR(CheckExtension(organization, from, *to, now));
  // Aggregate's grace is not known here, so the longest one counts.
  RETURN_IF_ERROR(CheckNoneOverdue(now, kLongestGrace, message));
  ExtensionResult result;
  const std::map<Window, std::string> held = HeldKeys(message, organization);
  const CoveredWindows covered(message);
  std::vector<Window> missing;
  std::string kept_until;
  for (const WindowKind kind : kKinds) {
    for (Day day = from; day <= *to; ++day) {
      const auto key = held.find({kind, day});
      if (key != held.end()) {
        ++result.held;
        KeepEarlier(key->second, kept_until);
      } else if (covered.Contains({kind, day}, organization)) {
        return absl::FailedPreconditionError(absl::StrCat(
            "the organisation had a key for the window that ends on ", FormatDay(day),
            ", shared or extended, which was destroyed; a window never gets a second key: choose "
            "--from and --to so that they leave it out"));
      } else {
        missing.push_back({kind, day});
      }
    }
  }
  const std::string made_until = FormatDay(LastDayOfExtension(now));
  for (const Window window : missing) {
    result.created +=
        AddKeys(window.kind, window.end_day, window.end_day, organization, made_until, message);
  }
  if (result.created > 0) KeepEarlier(made_until, kept_until);
  if (const absl::StatusOr<Day> day = ParseDay(kept_until); day.ok()) result.kept_until = *day;
  return result;
}

int ForgetExtension(absl::string_view organization, ScrubbedKeyring& keyring) {
  if (organization.empty()) return 0;
  return keyring.EraseKeys(
      [organization](const WindowKey& key) { return key.organization() == organization; });
}

KeyringSummary Summarize(const ScrubbedKeyring& keyring) {
  KeyringSummary summary;
  summary.id_hex = absl::BytesToHexString(keyring.message().id());
  if (keyring.message().has_birth_time()) {
    summary.birth_time = absl::FromUnixSeconds(keyring.message().birth_time().seconds());
  }
  for (const WindowKey& key : keyring.message().keys()) {
    const absl::StatusOr<Window> window = WindowFrom(key);
    if (!window.ok()) continue;
    ++(key.organization().empty() ? summary.shared_keys : summary.extension_keys);
    summary.keys.push_back(
        {*window, key.organization(), absl::BytesToHexString(key.id()), key.kept_until()});
  }
  std::sort(summary.keys.begin(), summary.keys.end(), [](const auto& a, const auto& b) {
    return std::tie(a.organization, a.window) < std::tie(b.organization, b.window);
  });
  for (const auto* ranges : {&keyring.message().shared(), &keyring.message().extensions()}) {
    for (const CoveredRange& range : *ranges) {
      const absl::StatusOr<Day> first = ParseDay(range.first_end_day());
      const absl::StatusOr<Day> last = ParseDay(range.last_end_day());
      if (!first.ok() || !last.ok()) continue;
      const WindowKind kind = range.window_kind() == window::v1::WINDOW_KIND_REACH
                                  ? WindowKind::kReach
                                  : WindowKind::kDay;
      summary.ranges.push_back({kind, *first, *last, range.organization()});
    }
  }
  return summary;
}

}  // namespace tutti
