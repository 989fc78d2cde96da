#include "services/cli/commands/organization_text.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/feeding/contents_text.h"
#include "services/cli/report/plain_message.h"
#include "services/cli/report/text_layout.h"

namespace tutti {
namespace {

using aggregate::v1::FirstShown;
using aggregate::v1::Organization;

std::string Enumerator(std::string name, const std::string& prefix) {
  name = name.substr(prefix.size());
  for (char& c : name) c = c == '_' ? '-' : absl::ascii_tolower(static_cast<unsigned char>(c));
  return name;
}

// A fact behind its name, on as many lines as it takes.
std::string Line(const std::string& name, const std::string& text) {
  constexpr size_t kColumns = 100;
  constexpr size_t kNameColumns = 16;
  std::string out;
  for (const std::string& line : Fold(text, kColumns - kNameColumns)) {
    absl::StrAppend(&out, PadRight(out.empty() ? absl::StrCat("  ", name) : "", kNameColumns), line,
                    "\n");
  }
  return out;
}

std::string CadenceText(window::v1::Cadence cadence) {
  return Enumerator(Cadence_Name(cadence), "CADENCE_");
}

std::string ActivityText(const Organization& organization, const std::string& asked_first_day) {
  std::string text = absl::StrCat("is taken from ", organization.first_day(), " on");
  if (!asked_first_day.empty() && asked_first_day != organization.first_day()) {
    absl::StrAppend(&text, ", not from ", asked_first_day, ": the first window of a ",
                    CadenceText(organization.effective_cadence()), " cadence begins then");
  }
  if (organization.state() == aggregate::v1::ORGANIZATION_STATE_PAUSED) {
    text = "is not taken while it is paused";
  }
  return text;
}

std::string DayText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
}

std::string FirstFiguresText(const Organization& organization, absl::Time now) {
  if (organization.first_score_headcount() > 0) {
    return absl::StrCat("none with ", organization.headcount(), " people: there are some from ",
                        organization.first_score_headcount(), " people on");
  }
  if (organization.has_first_score_expected()) {
    const absl::Time expected =
        absl::FromUnixSeconds(organization.first_score_expected().seconds());
    const std::string when =
        absl::FormatTime("%Y-%m-%d %H:%M UTC", expected + absl::Seconds(59), absl::UTCTimeZone());
    return absl::StrCat(expected > now ? "to be expected from " : "were to be expected from ", when,
                        " on");
  }
  switch (organization.state()) {
    case aggregate::v1::ORGANIZATION_STATE_BACKFILLING:
      return "when the back-fill is finished (`tutti organizations finish-backfill`) and its first "
             "28 days are over";
    case aggregate::v1::ORGANIZATION_STATE_PAUSED:
      return "none while it is paused";
    default:
      return "none: no category or measure of the connected sources is ever shown";
  }
}

// "from record 4 on, about 2026-12-01".
std::string FromRecordText(const FirstShown& shown) {
  return absl::StrCat(
      shown.record() == 1 ? "from the first record on"
                          : absl::StrCat("from record ", shown.record(), " on"),
      shown.has_expected() ? absl::StrCat(", about ", DayText(shown.expected())) : "");
}

// What it would take for a category to be shown that never is: "network (from 433 people on)".
std::string NeverText(const FirstShown& shown) {
  if (shown.needed_people() == 0) return absl::StrCat(shown.category(), " (at no size)");
  return absl::StrCat(shown.category(), " (from ", shown.needed_people(), " people",
                      shown.entitled_product().empty()
                          ? ""
                          : absl::StrCat(" entitled to ", shown.entitled_product()),
                      " on)");
}

// A total is shown where every category in it is.
std::string TotalText(const Organization& organization) {
  if (!organization.has_first_total()) return "none: nothing is measured";
  if (organization.first_total().record() == 0) {
    return "never at this size: it needs every category that can be measured";
  }
  return FromRecordText(organization.first_total());
}

// From which record on each category is shown, those together that begin together.
std::string ShownText(const Organization& organization) {
  std::map<int, std::vector<std::string>> by_record;
  std::map<int, std::string> from;
  for (const FirstShown& shown : organization.first_shown()) {
    by_record[shown.record()].push_back(shown.record() == 0 ? NeverText(shown) : shown.category());
    from[shown.record()] = FromRecordText(shown);
  }
  std::vector<std::string> parts;
  for (const auto& [record, categories] : by_record) {
    if (record == 0) continue;
    parts.push_back(absl::StrCat(absl::StrJoin(categories, ", "), " ", from[record]));
  }
  if (const auto never = by_record.find(0); never != by_record.end()) {
    parts.push_back(absl::StrCat("never at this size: ", absl::StrJoin(never->second, ", ")));
  }
  return parts.empty() ? "nothing" : absl::StrJoin(parts, "; ");
}

// Each source as --source takes it.
std::vector<std::string> SourceWords(const Organization& organization) {
  std::vector<std::string> words;
  for (const std::string& source : organization.sources()) {
    words.push_back(source);
    for (const auto& contents : organization.source_contents()) {
      if (contents.source() == source) absl::StrAppend(&words.back(), "=", ContentsText(contents));
    }
  }
  return words;
}

std::string FedText(const Organization& organization) {
  if (organization.sources().empty()) return "none: no source is named (--source)";
  if (organization.fed_categories().empty()) {
    return "no category: what the sources are declared to give is too little for each; `tutti "
           "score` says what is missing";
  }
  return absl::StrCat(absl::StrJoin(organization.fed_categories(), ", "), "; no other");
}

}  // namespace

std::string StateText(aggregate::v1::OrganizationState state) {
  return Enumerator(OrganizationState_Name(state), "ORGANIZATION_STATE_");
}

std::string OrganizationText(const Organization& given, absl::Time now,
                             const std::string& asked_first_day) {
  const Organization organization = PlainMessage(given);
  std::vector<std::string> entitlements;
  for (const auto& entitlement : organization.entitlements()) {
    entitlements.push_back(absl::StrCat(entitlement.product(), "=", entitlement.people()));
  }
  return absl::StrCat(
      organization.name(), "\n",
      Line("name", absl::StrCat(organization.display_name(),
                                organization.generated_data() ? "  (generated data)" : "")),
      Line("state", StateText(organization.state())),
      Line("headcount", absl::StrCat(organization.headcount())),
      Line("entitlements", absl::StrJoin(entitlements, ", ")),
      Line("sources", absl::StrJoin(SourceWords(organization), ", ")),
      Line("can measure", FedText(organization)),
      Line("cadence", absl::StrCat(CadenceText(organization.cadence()), ", now ",
                                   CadenceText(organization.effective_cadence()))),
      Line("time zone", organization.time_zone()), Line("first day", organization.first_day()),
      Line("activity", ActivityText(organization, asked_first_day)),
      Line("first figures", FirstFiguresText(organization, now)),
      Line("shows", ShownText(organization)), Line("total", TotalText(organization)));
}

}  // namespace tutti
