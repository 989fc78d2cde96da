#include "common/sources/m365_usage/usage_report.h"

#include <simdjson.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
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

// In what follows `names` is what the header of a CSV file says, or the beginning of a JSON
// document, as PlainName has it.

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

class UsageReader : public JsonSink {
 public:
  explicit UsageReader(SourceSink& sink) : sink_(sink) {}

  absl::Status Read(TextInput& input) {
    absl::Status status = ReadRows(input);
    // What was held back was read before whatever ended the reading.
    status.Update(order_.Finish());
    mapper_.TellWhomItLists(lists_everybody_);
    TellOfColumns();
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
    texts_.assign(columns_.names().size(), "");
    Collect(members, 0);
    const std::vector<absl::string_view> row(texts_.begin(), texts_.end());
    return order_.Add(row);
  }
  absl::Status OnRejected(RejectionReason reason) override { return sink_.OnRejected(reason); }

 private:
  static constexpr int kMaxDepth = 3;
  static constexpr size_t kRequired = UsageColumns::kLastActivity + 1;

  absl::Status ReadRows(TextInput& input) {
    ASSIGN_OR_RETURN(const absl::string_view peeked, input.Peek());
    const absl::string_view beginning = absl::StripLeadingAsciiWhitespace(peeked);
    const bool json = IsJson(beginning);
    const absl::string_view header = json ? beginning : CsvHeader(peeked);
    const std::string names = PlainName(header);
    kind_ = KindOf(names);
    lists_everybody_ = ListsEverybody(names);
    if (kind_ == UsageReportKind::kDrives) {
      columns_.Rename(UsageColumns::kName, "Owner Principal Name");
    }
    if (kind_ == UsageReportKind::kActiveUsers) {
      columns_.Rename(UsageColumns::kLastActivity, "Exchange Last Activity Date");
    }
    if (json) {
      RETURN_IF_ERROR(CheckMembers(names));
      return ReadJson(input, kLayout, *this);
    }
    if (kind_ == UsageReportKind::kAssistant) {
      for (const std::string& name : CsvNames(header)) NoteColumn(name);
    }
    return ReadCsv(
        input, {columns_.names(), kRequired, kAdvice},
        [this](UsageRow row) { return order_.Add(row); },
        [this](RejectionReason reason) { return sink_.OnRejected(reason); });
  }

  // Whether JSON has the columns that CSV must have. Of a page without rows nobody knows.
  absl::Status CheckMembers(absl::string_view names) const {
    if (!absl::StrContains(names, kOfGraph)) return absl::OkStatus();
    std::vector<std::string> missing;
    for (size_t column = 0; column < kRequired; ++column) {
      const std::vector<std::string>& known = columns_.names()[column];
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
      Put(name, ScalarText(value));
    } else if (simdjson::dom::element held; inner["value"].get(held) == simdjson::SUCCESS) {
      // {"value":[...],"Count":1}, as PowerShell writes a list.
      if (depth < kMaxDepth) Take(name, held, depth + 1);
    } else if (depth < kMaxDepth) {
      Collect(inner, depth + 1);
    }
  }

  // A column that is added may hold days, and has a text in each row.
  void NoteColumn(absl::string_view name) {
    if (!columns_.Note(name)) return;
    order_.Watch(columns_.names().size() - 1);
    texts_.resize(columns_.names().size());
  }

  // Names none: a column's name is whatever the file says, perhaps a person's.
  void TellOfColumns() {
    const size_t unknown = columns_.unknown_apps().size();
    if (unknown > 0) {
      sink_.OnWarning(absl::StrCat(
          "has ", unknown, unknown == 1 ? " column" : " columns",
          " of the assistant in applications that are not known: what stands there counts as the "
          "assistant in another application, which --show-operations names"));
    }
    if (columns_.has_unread()) {
      sink_.OnWarning("has more columns of applications than are read: it is no report of Copilot");
    }
  }

  // Several texts of one list are joined as they are in CSV; a member that comes again, in a
  // list inside, does not replace the first.
  void Put(absl::string_view name, absl::string_view said) {
    if (IsCut(said)) return PutCut(said);
    if (kind_ == UsageReportKind::kAssistant) NoteColumn(name);
    const absl::optional<size_t> column = columns_.Find(name);
    if (!column.has_value() || said.empty()) return;
    std::string& slot = texts_[*column];
    if (slot.empty()) {
      slot = std::string(said);
    } else if (column == UsageColumns::kProducts) {
      absl::StrAppend(&slot, "+", said);
    }
  }

  // What PowerShell cut off has no objects inside.
  void PutCut(absl::string_view text) {
    for (const absl::string_view item : ItemsOfCut(text)) {
      for (const auto& [name, said] : PartsOfCut(item)) {
        if (!IsCut(said)) Put(name, said);
      }
    }
  }

  SourceSink& sink_;
  UsageReportKind kind_ = UsageReportKind::kActivity;
  bool lists_everybody_ = false;
  UsageColumns columns_;
  UsageRowMapper mapper_{columns_, sink_};
  DayOrderFinder order_{UsageColumns::DayColumns(), [this](UsageRow row, DayOrder order) {
                          return mapper_.Map(kind_, row, order);
                        }};
  // What reading JSON needs.
  simdjson::dom::parser parser_;
  std::vector<std::string> texts_;
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
    const std::string names = PlainName(beginning.text);
    if (absl::StrContains(names, kOfGraph)) return true;
    return !beginning.json && (absl::StrContains(names, "userprincipalname") || IsOfDrives(names));
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
