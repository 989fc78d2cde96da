#include "common/scoring/published_counts.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/scoring/public_terms.h"
#include "common/status/status_macros.h"
#include "common/window/window.h"

namespace tutti {
namespace {

using publication::v1::HabitRecord;
using publication::v1::KindRecord;
using publication::v1::Publication;
using publication::v1::TableRecord;

constexpr uint32_t kMaxSlotsLog2 = 40;

absl::Status Misfit(const std::string& what) {
  return absl::DataLossError(absl::StrCat("a published record does not fit its catalogue: ", what));
}

const CatalogTable& TableAt(const Catalog& catalog, int table) { return catalog.table(table); }

template <typename Records>
const typename Records::value_type* FindRecord(const Records& records, const std::string& table) {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const auto& record) { return record.table() == table; });
  return found == records.end() ? nullptr : &*found;
}

bool HasFeatures(const TableRecord& record, const catalog::v1::Table& table) {
  return std::equal(record.features().begin(), record.features().end(), table.features().begin(),
                    table.features().end(),
                    [](const std::string& id, const auto& feature) { return id == feature.id(); });
}

absl::Status ReadKind(const Catalog& catalog, const PublicTerms& terms, const CatalogKind& kind,
                      const KindRecord& record, PublishedCounts& counts) {
  for (const int table : kind.reach_tables) {
    const catalog::v1::Table& proto = *TableAt(catalog, table).proto;
    const TableRecord* const found = FindRecord(record.tables(), proto.id());
    if (found == nullptr) return Misfit(absl::StrCat("table ", proto.id(), " is missing"));
    const int cells = proto.features_size() == 1 ? 1 : 1 << proto.features_size();
    if (!HasFeatures(*found, proto) || found->cells_size() != cells) {
      return Misfit(absl::StrCat("table ", proto.id(), " has other features or cells"));
    }
    counts.tables.emplace(
        table, TableCounts::FromCells(ModelOf(catalog, terms, table),
                                      {found->cells().data(), static_cast<size_t>(cells)}));
  }
  for (const int table : kind.habit_tables) {
    const std::string& id = TableAt(catalog, table).proto->id();
    const HabitRecord* const found = FindRecord(record.habits(), id);
    if (found == nullptr) return Misfit(absl::StrCat("habit ", id, " is missing"));
    counts.habits[table] =
        HabitMeanFromSum(ModelOf(catalog, terms, table), terms.step_days, found->sum());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PublishedCounts> ReadCounts(const Catalog& catalog, const Publication& publication) {
  if (publication.headcount() < 1 || publication.step_days() < 1 ||
      publication.step_days() > static_cast<uint32_t>(kReachDays)) {
    return Misfit("headcount or step_days is out of range");
  }
  const PublicTerms terms = TermsOf(catalog, publication);
  PublishedCounts counts;
  for (const KindRecord& record : publication.kinds()) {
    const int kind = catalog.FindKind(record.kind());
    if (kind < 0) return Misfit("it has an unknown kind");
    if (record.state() != publication::v1::KIND_STATE_COMPLETE) {
      counts.incomplete_kinds.insert(kind);
      continue;
    }
    if (record.slots_log2() > kMaxSlotsLog2 || record.kept_slots_log2() > record.slots_log2()) {
      return Misfit(absl::StrCat("kind ", record.kind(), " has sizes out of range"));
    }
    RETURN_IF_ERROR(ReadKind(catalog, terms, catalog.kind(kind), record, counts));
  }
  return counts;
}

}  // namespace tutti
