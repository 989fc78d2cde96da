#include "common/sources/m365_usage/usage_report.h"

#include <simdjson.h>

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "common/sources/day_order.h"
#include "common/sources/input/csv_header.h"
#include "common/sources/input/csv_reader.h"
#include "common/sources/input/cut_text.h"
#include "common/sources/input/json_framer.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"
#include "common/sources/known_names.h"
#include "common/sources/m365_usage/usage_columns.h"
#include "common/sources/m365_usage/usage_row_mapper.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

// What to do when a file lacks its columns.
constexpr absl::string_view kAdvice =
    "export a report that has a row for each person, as getEmailActivityUserDetail and the other "
    "reports of Microsoft Graph whose names end in UserDetail";

// What all reports of Graph have, those without people too; see PlainName.
constexpr absl::string_view kOfGraph = "reportrefreshdate";

// A report as JSON, as Microsoft Graph gives it.
constexpr absl::string_view kLists[] = {"value"};
constexpr absl::string_view kRecordMembers[] = {"userPrincipalName",    "ownerPrincipalName",
                                                "reportRefreshDate",    "User Principal Name",
                                                "Owner Principal Name", "Report Refresh Date"};
constexpr JsonLayout kLayout = {kLists, kRecordMembers};

// In what follows `names` are those of a CSV file's columns, or of a JSON object's members, as
// PlainNames joins them.
std::string PlainNames(absl::Span<const std::string> names) {
  return absl::StrJoin(names, "|", [](std::string* out, const std::string& name) {
    absl::StrAppend(out, PlainName(name));
  });
}

// A report of OneDrive accounts. Those of sites and of groups name an owner too, who
// need not use them; sites have page views, groups have no site's address.
bool IsOfDrives(absl::string_view names) {
  return !absl::StrContains(names, "userprincipalname") &&
         absl::StrContains(names, "ownerprincipalname") && absl::StrContains(names, "siteurl") &&
         !absl::StrContains(names, "pageviewcount");
}

UsageReportKind KindOf(absl::string_view names) {
  if (IsOfDrives(names)) return UsageReportKind::kDrives;
  if (absl::StrContains(names, "copilotlastactivitydate") ||
      absl::StrContains(names, "copilotchatlastactivitydate") ||
      absl::StrContains(names, "copilotutc")) {
    return UsageReportKind::kAssistant;
  }
  if (absl::StrContains(names, "hasexchangelicense")) return UsageReportKind::kActiveUsers;
  if (absl::StrContains(names, "postedcount")) return UsageReportKind::kPosts;
  // OneDrive's has no pages.
  if (absl::StrContains(names, "visitedpagecount")) return UsageReportKind::kSites;
  return UsageReportKind::kActivity;
}

// Whether a report has a row for everybody who has a licence of the organisation's: those of mail,
// of Teams and of active users. Others list the licensees of one product or service, or those who
// have used it.
bool ListsEverybody(absl::string_view names) {
  return absl::StrContains(names, "sendcount") ||
         absl::StrContains(names, "privatechatmessagecount") ||
         KindOf(names) == UsageReportKind::kActiveUsers;
}

// The rows of one sort among those of an input.
class UsagePart {
 public:
  UsagePart(UsageReportKind kind, SourceSink& sink) : kind_(kind), mapper_(columns_, sink) {
    if (kind == UsageReportKind::kDrives) {
      columns_.Rename(UsageColumns::kName, "Owner Principal Name");
    }
    if (kind == UsageReportKind::kActiveUsers) {
      columns_.Rename(UsageColumns::kLastActivity, "Exchange Last Activity Date");
    }
  }
  UsagePart(const UsagePart&) = delete;
  UsagePart& operator=(const UsagePart&) = delete;

  UsageReportKind kind() const { return kind_; }
  const UsageColumns& columns() const { return columns_; }
  const std::vector<std::vector<std::string>>& names() const { return columns_.names(); }

  // A column of Copilot's that is added may hold days.
  void NoteColumn(absl::string_view name) {
    if (kind_ != UsageReportKind::kAssistant || !columns_.Note(name)) return;
    order_.Watch(columns_.names().size() - 1);
  }
  absl::Status Add(UsageRow row) { return order_.Add(row); }
  absl::Status Finish() { return order_.Finish(); }
  void TellWhomItLists(bool everybody) { mapper_.TellWhomItLists(everybody); }

 private:
  const UsageReportKind kind_;
  UsageColumns columns_;
  UsageRowMapper mapper_;
  DayOrderFinder order_{UsageColumns::DayColumns(), [this](UsageRow row, DayOrder order) {
                          return mapper_.Map(kind_, row, order);
                        }};
};

class UsageReader : public JsonSink {
 public:
  explicit UsageReader(SourceSink& sink) : sink_(sink) {}

  absl::Status Read(TextInput& input) {
    absl::Status status = ReadRows(input);
    // What was held back was read before whatever ended the reading.
    for (const auto& [sort, part] : parts_) status.Update(part->Finish());
    // Copilot's licensees are none of the headcount, whatever else lists it.
    const bool everybody = absl::c_all_of(parts_, [](const auto& entry) {
      return entry.first.lists_everybody || entry.first.kind == UsageReportKind::kAssistant;
    });
    for (const auto& [sort, part] : parts_) {
      part->TellWhomItLists(everybody && sort.lists_everybody);
      TellOfColumns(part->columns());
    }
    return status;
  }

  absl::Status OnJson(absl::string_view json) override {
    simdjson::dom::element root;
    if (!ParseLenient(parser_, json, true, &root)) {
      return sink_.OnRejected(RejectionReason::kMalformedJson);
    }
    simdjson::dom::object members;
    if (root.get(members) != simdjson::SUCCESS) {
      return sink_.OnRejected(RejectionReason::kNotAnObject);
    }
    names_.clear();
    said_.clear();
    Collect(members, 0);
    ChoosePart();
    for (const std::string& name : names_) part_->NoteColumn(name);
    std::vector<std::string> texts(part_->names().size());
    for (size_t i = 0; i < names_.size(); ++i) {
      if (!Put(names_[i], said_[i], texts)) {
        return sink_.OnRejected(RejectionReason::kWrongFieldType);
      }
    }
    const std::vector<absl::string_view> row(texts.begin(), texts.end());
    return part_->Add(row);
  }
  absl::Status OnRejected(RejectionReason reason) override { return sink_.OnRejected(reason); }

 private:
  // Which rows are alike.
  struct Sort {
    UsageReportKind kind = UsageReportKind::kActivity;
    bool lists_everybody = false;

    bool operator<(const Sort& other) const {
      return std::tie(kind, lists_everybody) < std::tie(other.kind, other.lists_everybody);
    }
  };

  static constexpr int kMaxDepth = 3;
  static constexpr size_t kRequired = UsageColumns::kLastActivity + 1;

  absl::Status ReadRows(TextInput& input) {
    ASSIGN_OR_RETURN(const absl::string_view beginning, input.Peek());
    if (IsJson(beginning)) {
      RETURN_IF_ERROR(CheckMembers(PlainNames(MemberNames(beginning, kAnyDepth))));
      return ReadJson(input, kLayout, *this);
    }
    const UsageColumns columns;
    return ReadCsv(
        input,
        {columns.names(), kRequired, kAdvice, /*is_self_evident=*/false,
         [this](const std::vector<std::string>& header) { return ColumnsOf(header); }},
        [this](UsageRow row) { return part_->Add(row); },
        [this](RejectionReason reason) { return sink_.OnRejected(reason); });
  }

  // Of a header, or of a row that may be one.
  CsvColumns ColumnsOf(const std::vector<std::string>& header) {
    UsagePart& part = PartOf(PlainNames(header));
    if (FindColumns(header, part.names(), kRequired).missing.empty()) {
      part_ = &part;
      for (const std::string& name : header) part.NoteColumn(name);
    }
    return part.names();
  }

  UsagePart& PartOf(absl::string_view names) {
    const Sort sort = {KindOf(names), ListsEverybody(names)};
    std::unique_ptr<UsagePart>& part = parts_[sort];
    if (part == nullptr) part = std::make_unique<UsagePart>(sort.kind, sink_);
    return *part;
  }

  // An object that has no members but those of the ones before is of their sort: it may lack what
  // it says nothing of.
  void ChoosePart() {
    const bool is_alike = part_ != nullptr && absl::c_all_of(names_, [this](const auto& name) {
                            return known_names_.contains(name);
                          });
    if (is_alike) return;
    UsagePart& part = PartOf(PlainNames(names_));
    if (&part != part_) known_names_.clear();
    known_names_.insert(names_.begin(), names_.end());
    part_ = &part;
  }

  // Whether JSON has the columns that CSV must have. Of a page without rows nobody knows.
  absl::Status CheckMembers(absl::string_view names) const {
    if (!absl::StrContains(names, kOfGraph)) return absl::OkStatus();
    const UsagePart part(KindOf(names), sink_);
    std::vector<std::string> missing;
    for (size_t column = 0; column < kRequired; ++column) {
      const std::vector<std::string>& known = part.names()[column];
      const bool found = absl::c_any_of(known, [&names](const std::string& name) {
        return absl::StrContains(names, PlainName(name));
      });
      if (!found) missing.push_back(known.front());
    }
    if (missing.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("the JSON has no ", absl::StrJoin(missing, ", "), ": ", kAdvice));
  }

  // Members, and those of the objects in them, which may be in lists: reports by application have a
  // row's cells in one.
  void Collect(simdjson::dom::object members, int depth) {
    for (const auto [key, value] : members) Take({key.data(), key.size()}, value, depth);
  }

  void Take(absl::string_view name, simdjson::dom::element value, int depth) {
    simdjson::dom::array list;
    simdjson::dom::object inner;
    if (value.get(list) == simdjson::SUCCESS) {
      for (const simdjson::dom::element item : list) {
        if (!item.is_array()) Take(name, item, depth);
      }
    } else if (value.get(inner) != simdjson::SUCCESS) {
      Note(name, ScalarText(value));
    } else if (simdjson::dom::element held; inner["value"].get(held) == simdjson::SUCCESS) {
      // {"value":[...],"Count":1}, as PowerShell writes a list.
      if (depth < kMaxDepth) Take(name, held, depth + 1);
    } else if (depth < kMaxDepth) {
      Collect(inner, depth + 1);
    }
  }

  // Names none: a column's name is whatever the file says, perhaps a person's.
  void TellOfColumns(const UsageColumns& columns) {
    const size_t unknown = columns.unknown_apps().size();
    if (unknown > 0) {
      sink_.OnWarning(absl::StrCat(
          "has ", unknown, unknown == 1 ? " column" : " columns",
          " of the assistant in applications that are not known: what stands there counts as the "
          "assistant in another application, which --show-operations names"));
    }
    if (columns.has_unread()) {
      sink_.OnWarning("has more columns of applications than are read: it is no report of Copilot");
    }
  }

  void Note(absl::string_view name, absl::string_view said) {
    if (IsCut(said)) return NoteCut(said);
    names_.emplace_back(name);
    said_.emplace_back(said);
  }

  // What PowerShell cut off has no objects inside.
  void NoteCut(absl::string_view text) {
    for (const absl::string_view item : ItemsOfCut(text)) {
      for (const auto& [name, said] : PartsOfCut(item)) {
        if (!IsCut(said)) Note(name, said);
      }
    }
  }

  // Several texts of one list are joined as they are in CSV; a member that comes again, in a
  // list inside, does not replace the first. False when it is of somebody else: then the object is
  // not one row, but holds several in a way that nobody knows.
  bool Put(absl::string_view name, absl::string_view said, std::vector<std::string>& texts) const {
    const absl::optional<size_t> column = part_->columns().Find(name);
    if (!column.has_value() || said.empty()) return true;
    std::string& slot = texts[*column];
    if (slot.empty()) {
      slot = std::string(said);
    } else if (column == UsageColumns::kProducts) {
      absl::StrAppend(&slot, "+", said);
    }
    return column != UsageColumns::kName || slot == said;
  }

  SourceSink& sink_;
  std::map<Sort, std::unique_ptr<UsagePart>> parts_;
  UsagePart* part_ = nullptr;  // of the last header, or of the last object
  // What reading JSON needs.
  simdjson::dom::parser parser_;
  std::vector<std::string> names_;                // of the object, as often as they say something
  std::vector<std::string> said_;                 // under each
  absl::flat_hash_set<std::string> known_names_;  // of objects of the part, since it is the last
};

class UsageReportSource final : public Source {
 public:
  absl::string_view name() const override { return "m365-usage-report"; }
  absl::string_view signs() const override {
    return "a column \"User Principal Name\" (a report with a row for each person, as "
           "getEmailActivityUserDetail gives it)";
  }
  const JsonLayout* json() const override { return &kLayout; }
  absl::string_view KnownApplication(absl::string_view name) const override {
    return KnownMicrosoftApplication(name);
  }
  // Those without people are told what to export instead.
  bool Recognizes(const Beginning& beginning) const override {
    const std::vector<std::string> names =
        beginning.json ? MemberNames(beginning.text, beginning.whole ? 1 : kAnyDepth)
                       : CsvNames(beginning.text);
    const auto has = [&names](absl::string_view plain) {
      return absl::c_any_of(names,
                            [plain](const std::string& name) { return PlainName(name) == plain; });
    };
    if (has(kOfGraph)) return true;
    return !beginning.json && (has("userprincipalname") || IsOfDrives(PlainNames(names)));
  }
  std::unique_ptr<SourceReader> MakeReader(const ReadingOptions& /*options*/) const override {
    return ReaderOf(ReadUsageReport);
  }
};

}  // namespace

const Source& UsageReports() {
  static const UsageReportSource& source = *new UsageReportSource;
  return source;
}

absl::Status ReadUsageReport(TextInput& input, SourceSink& sink) {
  return UsageReader(sink).Read(input);
}

}  // namespace tutti
