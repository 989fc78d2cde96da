#include "common/upload/import_summary.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/text/plain_text.h"

namespace tutti {
namespace {

constexpr size_t kMaxNames = 1000;
constexpr size_t kMaxNameBytes = 200;
constexpr size_t kShownOperations = 20;
constexpr absl::string_view kOther = "(other)";
constexpr absl::string_view kNoName = "(none)";

using Json = nlohmann::ordered_json;
using Counts = std::vector<std::pair<std::string, int64_t>>;

using CountsByType = std::map<std::string, std::map<std::string, int64_t>>;

// Counts under a name, while there is room for one more.
void AddTo(std::map<std::string, int64_t>& counts, absl::string_view name) {
  std::string key(name.size() <= kMaxNameBytes ? name : kOther);
  if (counts.size() >= kMaxNames && counts.count(key) == 0) key = std::string(kOther);
  ++counts[key];
}

// The counts of a type, likewise.
std::map<std::string, int64_t>& PlaceOf(CountsByType& counts, absl::string_view type) {
  std::string key(type.size() <= kMaxNameBytes ? type : kOther);
  if (counts.size() >= kMaxNames && counts.count(key) == 0) key = std::string(kOther);
  return counts[key];
}

std::string TimeText(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds),
                          absl::UTCTimeZone());
}

Counts RejectedCounts(const ImportSummary& summary) {
  Counts counts;
  for (size_t i = 0; i < summary.rejected.size(); ++i) {
    if (summary.rejected[i] == 0) continue;
    counts.emplace_back(RejectionReasonName(static_cast<RejectionReason>(i)), summary.rejected[i]);
  }
  return counts;
}

Counts ExcludedCounts(const TenantSummary& tenant) {
  Counts counts;
  for (size_t i = 0; i < tenant.excluded.size(); ++i) {
    if (tenant.excluded[i] == 0) continue;
    counts.emplace_back(ExclusionName(static_cast<Exclusion>(i)), tenant.excluded[i]);
  }
  return counts;
}

// What may be shown of the names of an input: a known one as it is documented, any other in one
// number, unless all are asked for.
std::map<std::string, int64_t> Shown(const std::map<std::string, int64_t>& counts,
                                     absl::FunctionRef<absl::string_view(absl::string_view)> known,
                                     ShownNames shown) {
  std::map<std::string, int64_t> named;
  for (const auto& [name, count] : counts) {
    absl::string_view as = name;
    if (shown == ShownNames::kKnown && name != kNoName) as = known(name);
    named[as.empty() ? std::string(kOther) : PlainText(as)] += count;
  }
  return named;
}

Counts ActivityCounts(const TenantSummary& tenant, const std::set<std::string>& known_types,
                      ShownNames shown) {
  const auto known = [&known_types](absl::string_view type) {
    const auto found = known_types.find(std::string(type));
    return found == known_types.end() ? absl::string_view() : absl::string_view(*found);
  };
  const auto named = Shown(tenant.activities, known, shown);
  return {named.begin(), named.end()};
}

// Names that the catalogue has, of types that it has.
std::map<std::string, Counts> ByType(const CountsByType& counts,
                                     const std::set<std::string>& known_types, ShownNames shown) {
  std::map<std::string, std::map<std::string, int64_t>> named;
  for (const auto& [type, names] : counts) {
    const bool known = shown == ShownNames::kAll || known_types.count(type) > 0;
    auto& sums = named[known ? PlainText(type) : std::string(kOther)];
    for (const auto& [name, count] : names) sums[name] += count;
  }
  std::map<std::string, Counts> lists;
  for (const auto& [type, sums] : named) lists[type] = Counts(sums.begin(), sums.end());
  return lists;
}

Counts UnknownAppCounts(const TenantSummary& tenant, const Source* source, ShownNames shown) {
  const auto known = [source](absl::string_view name) {
    return source == nullptr ? absl::string_view() : source->KnownApplication(name);
  };
  const auto named = Shown(tenant.unknown_apps, known, shown);
  return {named.begin(), named.end()};
}

// The commonest operations first, and the rest in one number.
Counts IgnoredCounts(const TenantSummary& tenant, const Source* source, ShownNames shown) {
  const auto known = [source](absl::string_view name) {
    return source == nullptr ? absl::string_view() : source->KnownOperation(name);
  };
  const auto named = Shown(tenant.ignored_operations, known, shown);
  Counts counts(named.begin(), named.end());
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (shown == ShownNames::kAll || counts.size() <= kShownOperations) return counts;
  const int64_t rest =
      std::accumulate(counts.begin() + kShownOperations, counts.end(), int64_t{0},
                      [](int64_t sum, const auto& count) { return sum + count.second; });
  const size_t names = counts.size() - kShownOperations;
  counts.resize(kShownOperations);
  counts.emplace_back(absl::StrCat("(", names, " others)"), rest);
  return counts;
}

// Records by what became of them; together they are all distinct ones.
Counts FateCounts(const TenantSummary& tenant) {
  return {{"with an activity", tenant.fates.Of(Fate::kActivity)},
          {"left out", tenant.fates.Of(Fate::kLeftOut)},
          {"without a meaning here", tenant.fates.Of(Fate::kWithoutMeaning)}};
}

Counts ToCounts(const std::map<std::string, int64_t>& map) { return {map.begin(), map.end()}; }

void AppendLine(std::string* text, absl::string_view label, int64_t count, int indent) {
  // A product's name is as a report has it.
  absl::StrAppendFormat(text, "%*s%-44s %12d\n", indent, "", PlainText(label), count);
}

void AppendBlock(std::string* text, absl::string_view title, const Counts& counts) {
  if (counts.empty()) return;
  absl::StrAppend(text, "  ", title, "\n");
  for (const auto& [name, count] : counts) AppendLine(text, name, count, 4);
}

std::string JoinNames(const std::set<std::string>& names) { return absl::StrJoin(names, ", "); }

std::set<std::string> Without(const std::set<std::string>& names,
                              const std::set<std::string>& others) {
  std::set<std::string> rest;
  std::set_difference(names.begin(), names.end(), others.begin(), others.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

// What the input can feed, beside what the organisation says that it is fed with.
void AppendFed(std::string* text, const TenantSummary& tenant) {
  absl::StrAppend(text, "  can feed: ", JoinNames(tenant.feeds),
                  "; it measures no other category\n");
  if (!tenant.declared_problem.empty()) {
    absl::StrAppend(text, "  declared: not looked at: ", PlainText(tenant.declared_problem), "\n");
  }
  if (!tenant.declared.has_value()) return;
  absl::StrAppend(
      text, "  declared: ",
      tenant.declared->empty() ? "the sources feed no category" : JoinNames(*tenant.declared),
      "\n");
  if (const auto more = Without(tenant.feeds, *tenant.declared); !more.empty()) {
    absl::StrAppend(text, "    not declared, so not measured: ", JoinNames(more),
                    "; declare what is sent with `tutti organizations update --source`\n");
  }
  if (const auto missing = Without(*tenant.declared, tenant.feeds); !missing.empty()) {
    absl::StrAppend(text, "    declared, and nothing of it here: ", JoinNames(missing),
                    "; what no source sends counts as not done\n");
  }
}

// Each type, with the applications and the traits that its activities had.
void AppendActivities(std::string* text, const TenantSummary& tenant,
                      const std::set<std::string>& known_types, ShownNames shown) {
  const std::map<std::string, Counts> apps = ByType(tenant.apps, known_types, shown);
  const std::map<std::string, Counts> traits = ByType(tenant.traits, known_types, shown);
  const Counts types = ActivityCounts(tenant, known_types, shown);
  if (!types.empty()) absl::StrAppend(text, "  activities\n");
  for (const auto& [type, count] : types) {
    AppendLine(text, type, count, 4);
    for (const auto& [lists, word] : {std::make_pair(&apps, "in "), std::make_pair(&traits, "")}) {
      const auto found = lists->find(type);
      if (found == lists->end()) continue;
      for (const auto& [name, part] : found->second) {
        AppendLine(text, absl::StrCat(word, name), part, 6);
      }
    }
  }
}

// What ingest refused, or would.
void AppendUpload(std::string* text, const UploadSummary& upload) {
  AppendLine(text, "values unknown to the catalogue", upload.ignored_values, 4);
  for (const auto& [reason, count] : upload.refused) {
    AppendLine(text, absl::StrCat("refused: ", reason), count, 4);
  }
}

void AppendTenant(std::string* text, const TenantSummary& tenant, const ImportSummary& summary,
                  ShownNames shown) {
  absl::StrAppend(text, "\n", tenant.tenant.empty() ? "activities" : "tenant " + tenant.tenant);
  if (!tenant.organization.empty()) absl::StrAppend(text, " -> ", tenant.organization);
  absl::StrAppend(text, "\n");
  AppendLine(text, "records", tenant.records, 2);
  AppendLine(text, "duplicates", tenant.duplicates, 2);
  AppendLine(text, "distinct", tenant.distinct, 2);
  for (const auto& [fate, count] : FateCounts(tenant)) AppendLine(text, fate, count, 4);
  AppendLine(text, "people", tenant.people, 2);
  for (const auto& [kind, count] : tenant.subjects) AppendLine(text, kind, count, 2);
  if (tenant.first_seconds.has_value() && tenant.last_seconds.has_value()) {
    absl::StrAppend(text, "  from ", TimeText(*tenant.first_seconds), " to ",
                    TimeText(*tenant.last_seconds), "\n");
  }
  if (!tenant.feeds.empty()) AppendFed(text, tenant);
  for (const auto& [product, people] : tenant.licensed) {
    AppendLine(text,
               product.empty()
                   ? absl::StrCat("licensed people", tenant.listing == Listing::kEverybody
                                                         ? " (--headcount)"
                                                         : ", not of all products")
                   : absl::StrCat("licensed (--entitlement ", product, "=...)"),
               people, 2);
  }
  AppendActivities(text, tenant, summary.known_types, shown);
  AppendBlock(text, "applications that are not known here, counted as other",
              UnknownAppCounts(tenant, summary.source, shown));
  AppendBlock(text, "left out", ExcludedCounts(tenant));
  AppendBlock(text, "operations that mean nothing here",
              IgnoredCounts(tenant, summary.source, shown));
  const UploadSummary& upload = tenant.upload;
  if (upload.batches == 0 && upload.refused.empty() && upload.ignored_values == 0) return;
  if (upload.batches == 0) {
    absl::StrAppend(text, "  not sent; of this, any organisation's ingest would refuse\n");
    AppendUpload(text, upload);
    return;
  }
  absl::StrAppend(text, "  sent\n");
  AppendLine(text, "batches", upload.batches, 4);
  AppendLine(text, "retries", upload.retries, 4);
  AppendLine(text, "accepted", upload.accepted, 4);
  AppendLine(text, "accepted, too late for some windows", upload.partly_late, 4);
  AppendUpload(text, upload);
}

Json JsonCounts(const Counts& counts) {
  Json json = Json::object();
  for (const auto& [name, count] : counts) json[name] = count;
  return json;
}

Json JsonByType(const std::map<std::string, Counts>& lists) {
  Json json = Json::object();
  for (const auto& [type, counts] : lists) json[type] = JsonCounts(counts);
  return json;
}

Json JsonUpload(const UploadSummary& upload) {
  return {{"batches", upload.batches},
          {"retries", upload.retries},
          {"accepted", upload.accepted},
          {"partly_late", upload.partly_late},
          {"ignored_values", upload.ignored_values},
          {"refused", JsonCounts(ToCounts(upload.refused))}};
}

Json JsonTenant(const TenantSummary& tenant, const ImportSummary& summary, ShownNames shown) {
  Json json = {{"tenant", tenant.tenant},     {"organization", tenant.organization},
               {"records", tenant.records},   {"duplicates", tenant.duplicates},
               {"distinct", tenant.distinct}, {"fates", JsonCounts(FateCounts(tenant))},
               {"people", tenant.people},     {"subjects", JsonCounts(ToCounts(tenant.subjects))}};
  if (tenant.first_seconds.has_value() && tenant.last_seconds.has_value()) {
    json["first"] = TimeText(*tenant.first_seconds);
    json["last"] = TimeText(*tenant.last_seconds);
  }
  json["feeds"] = tenant.feeds;
  json["licensed"] = JsonCounts(ToCounts(tenant.licensed));
  json["lists_everybody"] = tenant.listing == Listing::kEverybody;
  if (tenant.declared.has_value()) json["declared"] = *tenant.declared;
  json["activities"] = JsonCounts(ActivityCounts(tenant, summary.known_types, shown));
  json["apps"] = JsonByType(ByType(tenant.apps, summary.known_types, shown));
  json["traits"] = JsonByType(ByType(tenant.traits, summary.known_types, shown));
  json["unknown_apps"] = JsonCounts(UnknownAppCounts(tenant, summary.source, shown));
  json["excluded"] = JsonCounts(ExcludedCounts(tenant));
  json["ignored_operations"] = JsonCounts(IgnoredCounts(tenant, summary.source, shown));
  json["upload"] = JsonUpload(tenant.upload);
  return json;
}

}  // namespace

void TenantSummary::Ignore(absl::string_view operation) {
  operation = absl::StripAsciiWhitespace(operation);
  AddTo(ignored_operations, operation.empty() ? kNoName : operation);
  fates.Mark(Fate::kWithoutMeaning);
}

void TenantSummary::Count(absl::string_view type) {
  AddTo(activities, type);
  fates.Mark(Fate::kActivity);
}

void TenantSummary::CountApp(absl::string_view type, absl::string_view app) {
  AddTo(PlaceOf(apps, type), app.empty() ? kOther : app);
}

void TenantSummary::CountTrait(absl::string_view type, absl::string_view trait) {
  AddTo(PlaceOf(traits, type), trait.empty() ? kOther : trait);
}

void TenantSummary::CountUnknownApp(absl::string_view name) { AddTo(unknown_apps, name); }

void TenantSummary::Saw(int64_t seconds) {
  if (!first_seconds.has_value() || seconds < *first_seconds) first_seconds = seconds;
  if (!last_seconds.has_value() || seconds > *last_seconds) last_seconds = seconds;
}

int64_t ImportSummary::Rejected() const {
  return std::accumulate(rejected.begin(), rejected.end(), int64_t{0});
}

std::string SummaryText(const ImportSummary& summary, ShownNames shown) {
  std::string text;
  AppendLine(&text, "inputs", summary.inputs, 0);
  AppendLine(&text, "rows", summary.rows, 0);
  AppendLine(&text, "rejected", summary.Rejected(), 0);
  for (const auto& [reason, count] : RejectedCounts(summary)) AppendLine(&text, reason, count, 2);
  if (summary.other_tenants > 0) AppendLine(&text, "of other tenants", summary.other_tenants, 0);
  for (const std::string& warning : summary.warnings) {
    absl::StrAppend(&text, "warning: ", warning, "\n");
  }
  for (const TenantSummary& tenant : summary.tenants) AppendTenant(&text, tenant, summary, shown);
  return text;
}

std::string SummaryJson(const ImportSummary& summary, ShownNames shown) {
  Json tenants = Json::array();
  for (const TenantSummary& tenant : summary.tenants) {
    tenants.push_back(JsonTenant(tenant, summary, shown));
  }
  const Json json = {{"inputs", summary.inputs},
                     {"rows", summary.rows},
                     {"other_tenants", summary.other_tenants},
                     {"rejected", JsonCounts(RejectedCounts(summary))},
                     {"warnings", summary.warnings},
                     {"tenants", std::move(tenants)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tutti
