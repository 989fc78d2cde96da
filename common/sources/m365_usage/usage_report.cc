#include "common/sources/m365_usage/usage_report.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/sources/day_order.h"
#include "common/sources/input/csv_reader.h"
#include "common/sources/input/cut_text.h"
#include "common/sources/input/json_framer.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using Row = absl::Span<const absl::string_view>;

// What sort of report it is; its columns say.
enum class Kind {
  kActivity,     // what people did
  kDrives,       // OneDrive accounts
  kActiveUsers,  // who has which licence
  kAssistant,    // Copilot's: when each of its licensees last used it, by application
};

// What to do when a file lacks its columns.
constexpr absl::string_view kAdvice =
    "export a report that has a row for each person, as getEmailActivityUserDetail and the other "
    "reports of Microsoft Graph whose names end in UserDetail";

enum Column : size_t {
  kName,
  kLastActivity,  // these two must be there
  kDeleted,
  kProducts,
  kPeriod,
  kLicensed,
  kVisitedPages,
  kFiles,
  kActiveFiles,
  kRefreshed,
  kSite,        // of an account of OneDrive: a person may own several
  kFirstOwned,  // of kActiveUsers: a licence for each service
  kColumnCount = kFirstOwned + 6,
};

const std::array<const char*, kColumnCount> kColumns = {
    "User Principal Name",
    "Last Activity Date",
    "Is Deleted",
    "Assigned Products",
    "Report Period",
    "Is Licensed",
    "Visited Page Count",
    "Viewed Or Edited File Count",
    "Active File Count",
    "Report Refresh Date",
    "Site URL",
    "Has Exchange License",
    "Has OneDrive License",
    "Has SharePoint License",
    "Has Skype For Business License",
    "Has Yammer License",
    "Has Teams License",
};

// What a cell that is not zero says.
struct Cell {
  const char* column;
  const char* type;
  const char* app;
  const char* platform;
  TraitSet traits;
};

constexpr Cell kCells[] = {
    {"Send Count", "mail.sent", "outlook", "", 0},
    {"Read Count", "mail.read", "outlook", "", 0},
    {"Team Chat Message Count", "channel_message.sent", "teams", "", 0},
    {"Post Messages", "channel_message.sent", "teams", "", 0},
    {"Reply Messages", "channel_message.sent", "teams", "", 0},
    {"Private Chat Message Count", "chat.sent", "teams", "", 0},
    {"Call Count", "call.joined", "teams", "", kTraitOneToOne},
    {"Meetings Attended Count", "meeting.attended", "teams", "", 0},
    {"Ad Hoc Meetings Attended Count", "meeting.attended", "teams", "", kTraitMeetNow},
    {"Scheduled One-time Meetings Attended Count", "meeting.attended", "teams", "", kTraitOneOff},
    {"Scheduled Recurring Meetings Attended Count", "meeting.attended", "teams", "",
     kTraitRecurring},
    {"Video Duration In Seconds", "meeting.attended", "teams", "", kTraitVideo},
    {"Screen Share Duration In Seconds", "meeting.attended", "teams", "", kTraitScreenShare},
    {"Shared Internally File Count", "file.shared", "", "", kTraitInternal},
    {"Shared Externally File Count", "file.shared", "", "", kTraitExternal},
    {"Posted Count", "community.posted", "community", "", 0},
    {"Outlook For Windows", "app.used", "outlook", "desktop", 0},
    {"Outlook For Mac", "app.used", "outlook", "desktop", 0},
    {"Outlook For Web", "app.used", "outlook", "web", 0},
    {"Outlook For Mobile", "app.used", "outlook", "mobile", 0},
    {"Mail For Mac", "app.used", "other", "desktop", 0},
    {"Other For Mobile", "app.used", "other", "mobile", 0},
    {"Used Web", "app.used", "teams", "web", 0},
    {"Used Windows", "app.used", "teams", "desktop", 0},
    {"Used Mac", "app.used", "teams", "desktop", 0},
    {"Used Linux", "app.used", "teams", "desktop", 0},
    {"Used Chrome OS", "app.used", "teams", "desktop", 0},
    {"Used iOS", "app.used", "teams", "mobile", 0},
    {"Used Android Phone", "app.used", "teams", "mobile", 0},
    {"Used Windows Phone", "app.used", "teams", "mobile", 0},
};

constexpr size_t kReadCount = 1;
static_assert(absl::string_view(kCells[kReadCount].column) == "Read Count");
constexpr size_t kPostedCount = 15;
static_assert(absl::string_view(kCells[kPostedCount].column) == "Posted Count");
constexpr Cell kPostsRead = {"Read Count", "community.read", "community", "", 0};

// "Word (Web)": each application on each platform.
struct Named {
  const char* name;
  const char* id;
};
// A report as JSON, as Microsoft Graph gives it.
constexpr absl::string_view kLists[] = {"value"};
constexpr absl::string_view kRecordMembers[] = {"userPrincipalName",    "ownerPrincipalName",
                                                "reportRefreshDate",    "User Principal Name",
                                                "Owner Principal Name", "Report Refresh Date"};
constexpr JsonLayout kLayout = {kLists, kRecordMembers};

constexpr Named kApps[] = {{"Outlook", "outlook"}, {"Word", "word"},
                           {"Excel", "excel"},     {"PowerPoint", "powerpoint"},
                           {"OneNote", "onenote"}, {"Teams", "teams"}};
constexpr Named kPlatforms[] = {
    {"Windows", "desktop"}, {"Mac", "desktop"}, {"Mobile", "mobile"}, {"Web", "web"}};

// Where somebody used the assistant: the day of the last time has a column of its own.
struct Assisted {
  const char* name;
  const char* app;
  TraitSet traits;
};
constexpr Assisted kAssisted[] = {
    {"Microsoft Teams Copilot", "teams", 0},
    {"Teams Copilot", "teams", 0},
    {"Word Copilot", "word", kTraitInDocument},
    {"Excel Copilot", "excel", kTraitInDocument},
    {"PowerPoint Copilot", "powerpoint", kTraitInDocument},
    {"OneNote Copilot", "onenote", kTraitInDocument},
    {"Loop Copilot", "other", kTraitInDocument},
    {"Outlook Copilot", "outlook", kTraitInMail},
    {"Copilot Chat", "assistant", 0},
    {"Copilot Chat (work)", "assistant", 0},
    {"Copilot Chat (web)", "assistant", 0},
    {"Microsoft 365 Copilot", "assistant", 0},
    {"Edge", "assistant", 0},
    {"Edge Copilot", "assistant", 0},
    {"Copilot Agent", "other", kTraitWithAgent},
};

// Of a row, the first column of kAssisted.
constexpr size_t kFirstAssisted =
    kColumnCount + std::size(kCells) + std::size(kApps) * std::size(kPlatforms);

bool IsTrue(absl::string_view text) { return FlagOf(text).value_or(false); }

// A member's name in words: "plannerCopilotLastActivityDate" as "planner Copilot Last Activity
// Date". What has words stays.
std::string InWords(absl::string_view name) {
  std::string words;
  for (const char c : name) {
    const bool begins = absl::ascii_isupper(static_cast<unsigned char>(c)) && !words.empty() &&
                        absl::ascii_islower(static_cast<unsigned char>(words.back()));
    if (begins) words.push_back(' ');
    words.push_back(c);
  }
  return absl::StrContains(name, ' ') ? std::string(name) : words;
}

// "User Principal Name" and "userPrincipalName" are one: letters and digits, in lower case.
std::string MemberName(absl::string_view name) {
  std::string plain;
  for (const char c : name) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) plain.push_back(absl::ascii_tolower(byte));
  }
  return plain;
}

// What the products of somebody licence.
struct Licences {
  bool additions_alone = false;  // nothing but Copilots, which add to a licence of the organisation
  bool assistant = false;
};

Licences LicencesOf(absl::string_view products) {
  Licences licences;
  bool others = false;
  for (const absl::string_view product : absl::StrSplit(products, '+', absl::SkipWhitespace())) {
    const std::string plain = MemberName(product);
    const bool addition = absl::StrContains(plain, "copilot");
    licences.additions_alone = licences.additions_alone || addition;
    others = others || !addition;
    // "Microsoft 365 Copilot", "Copilot for Microsoft 365", or the bare name; those of Studio,
    // Sales, Security and GitHub are other products.
    licences.assistant = licences.assistant || plain == "copilot" || plain == "microsoftcopilot" ||
                         absl::StrContains(plain, "365copilot") ||
                         absl::StrContains(plain, "copilotformicrosoft365");
  }
  licences.additions_alone = licences.additions_alone && !others;
  return licences;
}

// The application that a column names which holds the day of its last use, "Planner" of "Planner
// Copilot Last Activity Date"; empty of other columns.
absl::string_view AppOfColumn(absl::string_view column) {
  column = absl::StripAsciiWhitespace(column);
  bool is_day = false;
  for (const absl::string_view after : {" (UTC)", "Last Activity Date"}) {
    if (!absl::EndsWithIgnoreCase(column, after)) continue;
    column = absl::StripAsciiWhitespace(column.substr(0, column.size() - after.size()));
    is_day = is_day || after != " (UTC)";
  }
  constexpr absl::string_view kBefore = "Last activity date of ";
  if (absl::StartsWithIgnoreCase(column, kBefore)) {
    column.remove_prefix(kBefore.size());
    is_day = true;
  }
  if (!is_day) return "";
  constexpr absl::string_view kProduct = "Copilot";
  const absl::string_view app = absl::StripAsciiWhitespace(
      absl::EndsWithIgnoreCase(column, kProduct) ? column.substr(0, column.size() - kProduct.size())
                                                 : column);
  return app.empty() ? column : app;
}

// A digest in place of an address: 32 or more hexadecimal digits and no "@".
bool IsConcealed(absl::string_view name) {
  return name.size() >= 32 && std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

// A report of OneDrive accounts. Those of sites and of groups name an owner too, who
// need not use them; sites have page views, groups have no site's address.
bool IsOfDrives(absl::string_view header) {
  return !ContainsIgnoringCase(header, "user principal name") &&
         ContainsIgnoringCase(header, "owner principal name") &&
         ContainsIgnoringCase(header, "site url") &&
         !ContainsIgnoringCase(header, "page view count");
}

// The header of a CSV file, or the names of the members of a JSON document's beginning.
Kind KindOf(absl::string_view beginning) {
  const std::string names = MemberName(beginning);
  if (absl::StrContains(names, "copilotlastactivitydate") ||
      absl::StrContains(names, "copilotchatlastactivitydate") ||
      absl::StrContains(names, "copilotutc")) {
    return Kind::kAssistant;
  }
  return absl::StrContains(names, "hasexchangelicense") ? Kind::kActiveUsers : Kind::kActivity;
}

class UsageReader : public JsonSink {
 public:
  explicit UsageReader(SourceSink& sink)
      : sink_(sink), cells_(std::begin(kCells), std::end(kCells)) {
    for (const char* name : kColumns) columns_.push_back({name});
    columns_[kLastActivity].emplace_back("Last Activity Date (UTC)");
    for (const Cell& cell : kCells) {
      columns_.push_back({cell.column});
      // Graph's JSON has the duration alone.
      const absl::string_view name = cell.column;
      if (absl::EndsWith(name, kInSeconds)) {
        columns_.back().emplace_back(absl::StripSuffix(name, kInSeconds));
      }
    }
    for (const Named& app : kApps) {
      for (const Named& platform : kPlatforms) {
        columns_.push_back({absl::StrCat(app.name, " (", platform.name, ")")});
        cells_.push_back({"", "app.used", app.id, platform.id, 0});
      }
    }
    for (const Assisted& one : kAssisted) {
      // As Graph names it, and the page of the admin center.
      columns_.push_back({absl::StrCat(one.name, " Last Activity Date"),
                          absl::StrCat("Last activity date of ", one.name, " (UTC)")});
    }
  }

  absl::Status Read(TextInput& input) {
    absl::Status status = ReadRows(input);
    // What was held back was read before whatever ended the reading.
    status.Update(order_.Finish());
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
    texts_.assign(columns_.size(), "");
    Collect(members, 0);
    const std::vector<absl::string_view> row(texts_.begin(), texts_.end());
    return order_.Add(row);
  }
  absl::Status OnRejected(RejectionReason reason) override { return sink_.OnRejected(reason); }

 private:
  static constexpr absl::string_view kInSeconds = " In Seconds";
  static constexpr int kMaxDepth = 3;
  // The report has some fifteen applications.
  static constexpr size_t kMaxUnknownApps = 100;
  static constexpr size_t kMaxNameBytes = 128;

  absl::Status ReadRows(TextInput& input) {
    ASSIGN_OR_RETURN(const absl::string_view peeked, input.Peek());
    const absl::string_view beginning = absl::StripLeadingAsciiWhitespace(peeked);
    const bool json = IsJson(beginning);
    const absl::string_view header = json ? beginning : CsvHeader(peeked);
    kind_ = KindOf(header);
    for (size_t i = 0; i < columns_.size(); ++i) {
      for (const std::string& name : columns_[i]) members_.emplace(MemberName(name), i);
    }
    if (json) return ReadJson(input, kLayout, *this);
    if (kind_ == Kind::kAssistant) {
      for (const std::string& name : CsvNames(header)) NoteColumn(name);
    }
    if (IsOfDrives(header)) {
      kind_ = Kind::kDrives;
      columns_[kName] = {"Owner Principal Name"};
    }
    if (kind_ == Kind::kActiveUsers) columns_[kLastActivity] = {"Exchange Last Activity Date"};
    return ReadCsv(
        input, {columns_, kLastActivity + 1, kAdvice}, [this](Row row) { return order_.Add(row); },
        [this](RejectionReason reason) { return sink_.OnRejected(reason); });
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

  // A column of Copilot's that holds the day of the last use of an application: of a known one,
  // under another name, or of one that is not known.
  void NoteColumn(absl::string_view name) {
    const std::string plain = MemberName(name);
    if (members_.contains(plain)) return;
    const std::string words = InWords(name);
    const absl::string_view app = AppOfColumn(words);
    if (app.empty()) return;
    const std::string plain_app = MemberName(app);
    for (size_t i = 0; i < std::size(kAssisted); ++i) {
      const std::string known = MemberName(kAssisted[i].name);
      if (known != plain_app && known != absl::StrCat(plain_app, "copilot")) continue;
      members_.emplace(plain, kFirstAssisted + i);
      columns_[kFirstAssisted + i].emplace_back(name);
      return;
    }
    if (unknown_apps_.size() == kMaxUnknownApps || name.size() > kMaxNameBytes) {
      has_unread_columns_ = true;
      return;
    }
    members_.emplace(plain, columns_.size());
    order_.Watch(columns_.size());
    columns_.push_back({std::string(name)});
    unknown_apps_.emplace_back(app);
    texts_.resize(columns_.size());
  }

  // Names none: a column's name is whatever the file says, perhaps a person's.
  void TellOfColumns() {
    if (!unknown_apps_.empty()) {
      sink_.OnWarning(absl::StrCat(
          "has ", unknown_apps_.size(), unknown_apps_.size() == 1 ? " column" : " columns",
          " of the assistant in applications that are not known: what stands there counts as the "
          "assistant in another application, which --show-operations names"));
    }
    if (has_unread_columns_) {
      sink_.OnWarning("has more columns of applications than are read: it is no report of Copilot");
    }
  }

  // Several texts of one list are joined as they are in CSV; a member that comes again, in a
  // list inside, does not replace the first.
  void Put(absl::string_view name, absl::string_view said) {
    if (IsCut(said)) return PutCut(said);
    if (kind_ == Kind::kAssistant) NoteColumn(name);
    const auto found = members_.find(MemberName(name));
    if (found == members_.end() || said.empty()) return;
    std::string& slot = texts_[found->second];
    if (slot.empty()) {
      slot = std::string(said);
    } else if (found->second == kProducts) {
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

  absl::Status ReadRow(Row row, DayOrder order) {
    const absl::string_view name = absl::StripAsciiWhitespace(row[kName]);
    if (name.empty()) return sink_.OnRejected(RejectionReason::kMissingField);
    if (IsConcealed(name)) {
      return absl::FailedPreconditionError(
          "the names in this usage report are concealed (digests in place of addresses), so it "
          "cannot be joined with any other source: let the administrator show names in reports, "
          "and export it again");
    }
    if (!sink_.OnRow(absl::StrJoin(row, "\x1f"))) return absl::OkStatus();
    if (IsTrue(row[kDeleted])) {
      sink_.OnExcluded(Exclusion::kDeleted);
      return absl::OkStatus();
    }
    if (!sink_.OnPerson({name})) return absl::OkStatus();
    TellLicences(row);
    switch (kind_) {
      case Kind::kActivity:
        return ReadCells(row, order);
      case Kind::kAssistant:
        return ReadAssisted(row, order);
      case Kind::kDrives:
      case Kind::kActiveUsers:
        break;
    }
    sink_.OnExcluded(IsAboveNothing(row[kActiveFiles]) || kind_ == Kind::kActiveUsers
                         ? Exclusion::kOtherEvent
                         : Exclusion::kNothingDone);
    return absl::OkStatus();
  }

  void TellLicences(Row row) {
    const Licences licences = LicencesOf(row[kProducts]);
    bool licensed = row[kLicensed].empty() || IsTrue(row[kLicensed]);
    if (kind_ == Kind::kActiveUsers) {
      licensed = std::any_of(row.begin() + kFirstOwned, row.begin() + kColumnCount, IsTrue);
    }
    if (!licensed) return;
    // Copilot's report lists its licensees alone: it says nothing of the others.
    const bool is_assistants = kind_ == Kind::kAssistant;
    if (!is_assistants && !licences.additions_alone) sink_.OnLicensed("");
    if (is_assistants || licences.assistant) sink_.OnLicensed("assistant");
  }

  // Where a file is that somebody viewed or edited: only SharePoint's report counts pages;
  // OneDrive's is otherwise the same.
  static TraitSet PlaceOf(Row row) {
    return row[kVisitedPages].empty() ? TraitSet{kTraitPersonalDrive}
                                      : kTraitTeamSite | kTraitSharedFile;
  }

  // What a cell stands for: mails and posts that somebody read have the same column.
  const Cell& CellOf(Row row, size_t i) const {
    const bool of_posts = i == kReadCount && !row[kColumnCount + kPostedCount].empty();
    return of_posts ? kPostsRead : cells_[i];
  }

  static bool IsOfVersions(const Cell& cell) { return absl::string_view(cell.type) == "app.used"; }

  // A day on which somebody did something: it is not after the report's own.
  CheckedTime DayOf(absl::string_view text, Row row, DayOrder order) const {
    const CheckedTime day = sink_.times().Day(text, order);
    if (!day.seconds.has_value()) return day;
    const absl::optional<int64_t> refreshed = ParseReportDay(row[kRefreshed], order);
    if (!refreshed.has_value() || *ParseReportDay(text, order) <= *refreshed) return day;
    return {{}, RejectionReason::kAfterReport};
  }

  absl::Status ReadCells(Row row, DayOrder order) {
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (row[kColumnCount + i].empty()) continue;
      const Cell& cell = CellOf(row, i);
      sink_.OnOffered({"", cell.type, 0, cell.app, cell.platform, cell.traits});
    }
    if (!row[kFiles].empty()) sink_.OnOffered({"", "file.read", 0, "", "", PlaceOf(row)});
    if (SaysNever(row[kLastActivity])) {
      sink_.OnExcluded(Exclusion::kNothingDone);
      return absl::OkStatus();
    }
    if (IsOfSeveralDays(row)) {
      sink_.OnExcluded(Exclusion::kSeveralDays);
      return absl::OkStatus();
    }
    const CheckedTime day = DayOf(row[kLastActivity], row, order);
    if (!day.seconds.has_value()) return sink_.OnRowRejected(day.problem);
    bool told = false;
    const auto report = [&](absl::string_view text, const Cell& cell) -> absl::Status {
      // An application's version says that it was used.
      absl::optional<bool> any = WhetherAny(text);
      if (!any.has_value() && IsOfVersions(cell)) any = true;
      if (any == false) return absl::OkStatus();
      told = true;
      if (any.has_value()) {
        return sink_.OnActivity(
            {"", cell.type, *day.seconds, cell.app, cell.platform, cell.traits});
      }
      sink_.OnExcluded(Exclusion::kUnreadableNumber);
      return absl::OkStatus();
    };
    for (size_t i = 0; i < cells_.size(); ++i) {
      RETURN_IF_ERROR(report(row[kColumnCount + i], CellOf(row, i)));
    }
    RETURN_IF_ERROR(report(row[kFiles], {"", "file.read", "", "", PlaceOf(row)}));
    if (!told) sink_.OnExcluded(Exclusion::kNothingDone);
    return absl::OkStatus();
  }

  // The day of the last use of each application is a day on which the person used it, whatever
  // the days that the report is about. A cell that cannot be read costs itself.
  absl::Status ReadAssisted(Row row, DayOrder order) {
    sink_.OnOffered({"", "assistant.used", 0, "other", "", 0});
    bool active = false;
    std::vector<RejectionReason> problems;
    // Whether it was used on the day that a cell tells.
    const auto report = [&](absl::string_view text, const char* app,
                            TraitSet traits) -> absl::StatusOr<bool> {
      if (SaysNever(text)) return false;
      const CheckedTime day = DayOf(text, row, order);
      if (!day.seconds.has_value()) {
        problems.push_back(day.problem);
        return false;
      }
      active = true;
      RETURN_IF_ERROR(sink_.OnActivity({"", "assistant.used", *day.seconds, app, "", traits}));
      return true;
    };
    size_t column = kFirstAssisted;
    for (const Assisted& one : kAssisted) {
      RETURN_IF_ERROR(report(row[column++], one.app, one.traits).status());
    }
    for (const std::string& app : unknown_apps_) {
      if (column >= row.size()) break;
      ASSIGN_OR_RETURN(const bool used, report(row[column++], "other", 0));
      if (used) sink_.OnUnknownApp(app);
    }
    // Somewhere that has no column.
    if (!active) {
      RETURN_IF_ERROR(report(row[kLastActivity], "other", 0).status());
    }
    if (!active && !problems.empty()) return sink_.OnRowRejected(problems.front());
    for (size_t i = 0; i < problems.size(); ++i) sink_.OnExcluded(Exclusion::kUnreadableDay);
    if (!active) sink_.OnExcluded(Exclusion::kNothingDone);
    return absl::OkStatus();
  }

  static bool IsOfSeveralDays(Row row) {
    absl::string_view text = absl::StripAsciiWhitespace(row[kPeriod]);
    if (text.empty()) return false;
    if (!absl::ConsumePrefix(&text, "D")) absl::ConsumePrefix(&text, "d");
    int period = 0;
    return !absl::SimpleAtoi(text, &period) || period > 1;
  }

  std::vector<size_t> DayColumns() const {
    std::vector<size_t> days = {kLastActivity, kRefreshed};
    for (size_t i = 0; i < std::size(kAssisted); ++i) days.push_back(kFirstAssisted + i);
    return days;
  }

  SourceSink& sink_;
  Kind kind_ = Kind::kActivity;
  // kColumns, then one for each cell, for each place of kAssisted, and of unknown_apps_.
  std::vector<std::vector<std::string>> columns_;
  std::vector<Cell> cells_;
  std::vector<std::string> unknown_apps_;
  bool has_unread_columns_ = false;
  DayOrderFinder order_{DayColumns(),
                        [this](Row row, DayOrder order) { return ReadRow(row, order); }};
  absl::flat_hash_map<std::string, size_t> members_;  // by their plain names, to columns_
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
  // Its CSV header names a person, or its JSON has the members that Graph gives every row.
  bool Recognizes(const Beginning& beginning) const override {
    const absl::string_view text = beginning.text;
    if (beginning.json) {
      // Its names are in words where a tool made JSON of the CSV.
      const std::string names = MemberName(text);
      return absl::StrContains(names, "userprincipalname") &&
             absl::StrContains(names, "reportrefreshdate");
    }
    return ContainsIgnoringCase(text, "user principal name") || IsOfDrives(text);
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
