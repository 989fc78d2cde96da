#include "services/ingest/organization_policy.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "common/status/status_macros.h"
#include "common/window/window_proto.h"

namespace tutti {
namespace {

// Positions are 32 bits wide and a kind has at most 256 columns.
constexpr uint32_t kMaxKeptLog2 = 24;
constexpr uint32_t kMaxSlotsLog2 = 40;

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::Status Malformed(absl::string_view field) {
  return absl::InternalError("aggregate's policy is malformed: " + std::string(field));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const OrganizationPolicy>> OrganizationPolicy::Create(
    const std::string& organization, const aggregate::v1::GetIngestPolicyResponse& response,
    const Catalog& catalog, std::shared_ptr<const KeySnapshot> keys) {
  std::shared_ptr<OrganizationPolicy> policy(new OrganizationPolicy());
  policy->organization_ = organization;
  policy->expire_time_ = ToTime(response.expire_time());
  policy->takes_activity_ = response.state() == aggregate::v1::ORGANIZATION_STATE_ACTIVE ||
                            response.state() == aggregate::v1::ORGANIZATION_STATE_BACKFILLING;
  policy->keys_ = std::move(keys);
  for (const CatalogKind& kind : catalog.kinds()) {
    policy->scopes_.emplace_back(kind.proto->id(), organization);
  }
  if (!policy->takes_activity_) return std::shared_ptr<const OrganizationPolicy>(policy);

  const absl::StatusOr<Day> first_day = ParseDay(response.first_day());
  if (!first_day.ok()) return Malformed("first_day");
  policy->first_day_ = *first_day;
  RETURN_IF_ERROR(policy->AddZones(response));
  for (const aggregate::v1::OpenWindow& open : response.windows()) {
    RETURN_IF_ERROR(policy->AddWindow(open, catalog));
  }
  policy->mismatch_reported_ = std::vector<std::atomic<bool>>(policy->windows_.size());
  policy->IndexByDay();
  return std::shared_ptr<const OrganizationPolicy>(policy);
}

absl::Status OrganizationPolicy::AddZones(const aggregate::v1::GetIngestPolicyResponse& response) {
  if (response.zones().empty()) {
    // An aggregate of an edition that names one zone alone.
    const absl::StatusOr<absl::TimeZone> zone = LoadZone(response.time_zone());
    if (!zone.ok()) return Malformed("time_zone");
    calendar_.Add(first_day_, *zone);
    return absl::OkStatus();
  }
  std::optional<Day> before;
  for (const aggregate::v1::ZoneChange& change : response.zones()) {
    const absl::StatusOr<Day> from = ParseDay(change.from_day());
    const absl::StatusOr<absl::TimeZone> zone = LoadZone(change.time_zone());
    if (!from.ok() || !zone.ok() || (before.has_value() && *from <= *before)) {
      return Malformed("zones");
    }
    calendar_.Add(*from, *zone);
    before = *from;
  }
  return absl::OkStatus();
}

absl::Status OrganizationPolicy::AddWindow(const aggregate::v1::OpenWindow& open,
                                           const Catalog& catalog) {
  PolicyWindow window;
  const absl::StatusOr<Window> key = WindowFrom(open);
  if (!key.ok()) return Malformed("windows");
  window.window = *key;
  if (open.has_close_time()) window.close_time = ToTime(open.close_time());
  window.incomplete = open.incomplete();
  if (keys_->Find(organization_, window.window, window.hash)) {
    const KeyId& id = window.hash.key_id();
    const bool same =
        open.key_id().empty() || (open.key_id().size() == id.size() &&
                                  std::memcmp(open.key_id().data(), id.data(), id.size()) == 0);
    window.key = same ? PolicyWindow::Key::kOurs : PolicyWindow::Key::kDifferent;
  }
  window.kinds.resize(catalog.kinds().size());
  for (const aggregate::v1::KindSize& size : open.kinds()) {
    const int kind = catalog.FindKind(size.kind());
    if (kind < 0 || size.slots_log2() > kMaxSlotsLog2 || size.kept_slots_log2() > kMaxKeptLog2 ||
        size.kept_slots_log2() > size.slots_log2()) {
      return Malformed("windows.kinds");
    }
    window.kinds[static_cast<size_t>(kind)] = {(uint64_t{1} << size.slots_log2()) - 1,
                                               uint32_t{1} << size.kept_slots_log2(),
                                               size.kept_slots_log2(), size.incomplete()};
  }
  windows_.push_back(std::move(window));
  return absl::OkStatus();
}

void OrganizationPolicy::IndexByDay() {
  if (windows_.empty()) return;
  index_begin_ = windows_.front().window.first_day();
  Day last = windows_.front().window.end_day;
  for (const PolicyWindow& window : windows_) {
    index_begin_ = std::min(index_begin_, window.window.first_day());
    last = std::max(last, window.window.end_day);
  }
  by_day_.resize(static_cast<size_t>(last - index_begin_) + 1);
  for (int i = 0; i < window_count(); ++i) {
    const Window& window = this->window(i).window;
    for (Day day = window.first_day(); day <= window.end_day; ++day) {
      by_day_[static_cast<size_t>(day - index_begin_)].push_back(i);
    }
  }
}

absl::Span<const int> OrganizationPolicy::WindowsContaining(Day day) const {
  const auto offset = day - index_begin_;
  if (by_day_.empty() || offset < 0 || static_cast<size_t>(offset) >= by_day_.size()) {
    return {};
  }
  return by_day_[static_cast<size_t>(offset)];
}

}  // namespace tutti
