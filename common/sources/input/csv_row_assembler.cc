#include "common/sources/input/csv_row_assembler.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sources/input/csv_header.h"

namespace tutti {
namespace {

constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxColumns = 10'000;
constexpr size_t kPadding = 64;

}  // namespace

CsvRowAssembler::CsvRowAssembler(const CsvLayout& layout, OnRow on_row, OnRejected on_rejected)
    : layout_(layout),
      on_row_(on_row),
      on_rejected_(on_rejected),
      values_(layout.columns.size()),
      views_(layout.columns.size()) {
  for (const auto& names : layout.columns) {
    for (const std::string& name : names) names_.insert(absl::AsciiStrToLower(name));
  }
}

void CsvRowAssembler::Field(absl::string_view value) {
  const size_t index = field_++;
  // A row that begins with a column's name may be a header.
  if (index == 0) maybe_header_ = !has_header() || BeginsHeader(value);
  if (maybe_header_ && index < kMaxColumns) {
    header_.emplace_back(ColumnName(value.substr(0, kMaxNameBytes)));
  }
  if (!has_header()) return;
  if (index >= slots_.size()) {
    is_too_wide_ = is_too_wide_ || (slots_.size() < kMaxColumns && !ColumnName(value).empty());
    return;
  }
  if (slots_[index] == ColumnPlaces::kUnwanted) return;
  values_[static_cast<size_t>(slots_[index])].assign(value.data(), value.size());
}

absl::Status CsvRowAssembler::EndRow(bool is_cut) {
  absl::Status status = TakeRow(is_cut);
  AbandonRow();
  return status;
}

void CsvRowAssembler::AbandonRow() {
  field_ = 0;
  is_too_wide_ = false;
  header_.clear();
  for (std::string& value : values_) value.clear();
}

bool CsvRowAssembler::BeginsHeader(absl::string_view value) const {
  if (value.size() > kMaxNameBytes) return false;
  return PrecedesHeader(value) || names_.contains(absl::AsciiStrToLower(ColumnName(value)));
}

absl::Status CsvRowAssembler::TakeRow(bool is_cut) {
  if (maybe_header_) {
    if (PrecedesHeader(header_[0])) return absl::OkStatus();
    const CsvColumns columns = layout_.columns_of ? layout_.columns_of(header_) : layout_.columns;
    ColumnPlaces places = FindColumns(header_, columns, layout_.required);
    if (places.missing.empty()) {
      slots_ = std::move(places.slots);
      values_.resize(columns.size());
      views_.resize(columns.size());
      for (const std::string& name : header_) {
        if (names_.size() < kMaxColumns) names_.insert(absl::AsciiStrToLower(name));
      }
      return absl::OkStatus();
    }
    if (!has_header()) return Missing(places.missing);
  }
  if (is_too_wide_ && !layout_.is_self_evident) {
    return on_rejected_(RejectionReason::kTooManyFields);
  }
  if (is_cut && field_ < slots_.size() && !layout_.is_self_evident) {
    return on_rejected_(RejectionReason::kCutOffRow);
  }
  for (size_t i = 0; i < values_.size(); ++i) {
    const size_t size = values_[i].size();
    values_[i].reserve(size + kPadding);
    views_[i] = absl::string_view(values_[i].data(), size);
  }
  return on_row_(views_);
}

absl::Status CsvRowAssembler::Missing(const std::vector<std::string>& missing) const {
  return absl::InvalidArgumentError(absl::StrCat(
      "the CSV file lacks ", missing.size() == 1 ? "the column " : "the columns ",
      absl::StrJoin(missing, ", "), ": leave the header in, in English, and ", layout_.advice));
}

}  // namespace tutti
