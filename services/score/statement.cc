#include "services/score/statement.h"

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/feeding/contents_text.h"
#include "common/feeding/declared_sources.h"
#include "common/privacy/budget.h"
#include "common/privacy/zcdp.h"
#include "common/redis/keys.h"
#include "common/retention/retention.h"
#include "common/rpc/error_details.h"
#include "common/scoring/peer_benchmark.h"
#include "common/scoring/planned_levels.h"
#include "common/scoring/planned_margins.h"
#include "common/scoring/public_terms.h"
#include "common/window/cadence.h"
#include "common/window/schedule.h"
#include "common/window/window.h"

namespace tutti {
namespace {

using publication::v1::KindRecord;
using publication::v1::Publication;
using score::v1::PrivacyStatement;
using window::v1::Cadence;

constexpr double kNano = 1e-9;

// Aggregate alone knows it before there is a record.
constexpr char kUnknownGrace[] =
    "the grace that aggregate is run with (48 hours unless it is told another)";

// How long after the day that follows its last day a window stays open: as the latest
// record was closed.
std::string GraceOf(const Publication& latest) {
  if (!latest.has_grace()) return kUnknownGrace;
  const absl::Duration grace = absl::Seconds(latest.grace().seconds());
  if (grace % absl::Hours(1) != absl::ZeroDuration()) return absl::FormatDuration(grace);
  return absl::StrCat(absl::ToInt64Hours(grace), " hours");
}

// Grouped by who keeps it, in the order in which activities flow.
void FillRetention(const std::string& grace, PrivacyStatement& statement) {
  for (const std::vector<Retention>& kept :
       {RetentionsOfIngest(grace), RetentionsOfRedis(grace), RetentionsOfAggregate(),
        RetentionsOfScore(), RetentionsOfEveryService()}) {
    for (const Retention& retention : kept) {
      score::v1::Retention& entry = *statement.add_retention();
      entry.set_what(retention.what);
      entry.set_where(retention.where);
      entry.set_how_long(retention.how_long);
    }
  }
}

// One sentence for each kind, and what is true of them all in one at the end.
void FillCollected(const Catalog& catalog, PrivacyStatement& statement) {
  for (const CatalogKind& kind : catalog.kinds()) {
    std::vector<absl::string_view> types;
    for (const catalog::v1::ActivityType& type : catalog.proto().activity_types()) {
      if (type.kind() == kind.proto->id()) types.emplace_back(type.description());
    }
    if (types.empty()) continue;
    std::string plural = kind.proto->plural();
    plural[0] = absl::ascii_toupper(static_cast<unsigned char>(plural[0]));
    statement.add_collected(absl::StrCat(plural, ": that ", kind.are_people ? "somebody " : "one ",
                                         absl::StrJoin(types, "; "), "."));
  }
  statement.add_collected(
      "Each with its day, and the app, platform and traits that the catalogue names; as a hashed "
      "slot, never with who or which it was.");
}

void FillClaim(const Catalog& catalog, PrivacyStatement& statement) {
  statement.set_in_short(
      "Tutti publishes figures of the whole organisation only, and adds random noise to every "
      "count before anybody sees it, as a rule many times what one person's activity in the 28 "
      "days can change, so no figure shows what one person did. Of who did something, hashed bits "
      "alone are kept, and "
      "only until its windows are over; what was written or said never is; nothing smaller than "
      "the "
      "organisation can be asked for; how strong that is "
      "in numbers, and what it does not cover, is said below.");
  statement.set_claim(
      "Each published record's tables about people are rho-zCDP, hence (epsilon, "
      "delta)-differentially private, under the addition or removal of one identifier's entire "
      "activity in one window of one organisation (central model, unbounded neighbours; the ingest "
      "service is trusted while it handles an event; headcount and profile are public). Any 392 "
      "consecutive days of publications compose to the yearly (epsilon, delta) printed beside it. "
      "Tables of other kinds protect one item, and do not hide a person with many items. The "
      "guarantee covers published records and everything computed from them. It does not cover the "
      "ingest process and the counters of windows that are still open, and it does not hide what a "
      "true fact about the whole organisation implies about its members. Duplicate organisations "
      "over the same people spend separate budgets.");
  FillCollected(catalog, statement);
  for (const std::string& never : catalog.proto().never_measured()) {
    statement.add_never_measured(never);
  }
}

// A slot that shows a feature may be another subject's: 1 - e^(-N/V), at most one
// subject for every slots_per_subject slots.
void AddMembershipLimit(const Catalog& catalog, PrivacyStatement& statement) {
  std::map<std::string, std::vector<absl::string_view>> kinds;  // by how often a test is wrong
  for (const catalog::v1::SubjectKind& kind : catalog.proto().kinds()) {
    const double wrong = -std::expm1(-1.0 / kind.slots_per_subject());
    kinds[absl::StrFormat("%.0f%%", 100 * wrong)].push_back(kind.id());
  }
  std::vector<std::string> parts;
  parts.reserve(kinds.size());
  for (const auto& [wrong, ids] : kinds) {
    parts.push_back(absl::StrCat("up to ", wrong, " of them (", absl::StrJoin(ids, ", "), ")"));
  }
  statement.add_limits(absl::StrCat(
      "Somebody who holds the keyring and Redis can test a known identifier, of whatever kind, in "
      "windows that are still open, of every organisation; never in closed ones. The larger the "
      "part of the organisation that did a thing, the more often such a test is wrong about those "
      "who did not: for ",
      absl::StrJoin(parts, ", "), "."));
}

// The kinds that are nobody themselves, of which a person may have many.
void AddItemsLimit(const Catalog& catalog, PrivacyStatement& statement) {
  std::vector<absl::string_view> items;
  for (const CatalogKind& kind : catalog.kinds()) {
    if (!kind.are_people) items.emplace_back(kind.proto->plural());
  }
  if (items.empty()) return;
  const std::string names = absl::StrJoin(items, ", ");
  statement.add_limits(
      absl::StrCat("Tables of items (", names, ") protect one item, not a person with many."));
  statement.add_limits(absl::StrCat(
      "Opting out covers what a person does: activities whose subject is the person. Items that "
      "the person owns, made or took part in (",
      names, ") are counted as before."));
}

// Each mean is rounded to a point, so the sum of N others is known to N/2.
void AddBenchmarkLimit(PrivacyStatement& statement) {
  statement.add_limits(absl::StrCat(
      "A benchmark is a mean over at least ", kFewestPeers,
      " other organisations' published scores. Whoever knows the scores of all of a group but one, "
      "because they are one owner's or pool what they are told, can work out that one's published "
      "score, in a group of ",
      kFewestPeers + 1, " to about ", kFewestPeers / 2,
      " points; nothing of a person that the published record does not say. Region and industry "
      "count as they stood when the window opened."));
}

void FillReadersAndLimits(const Catalog& catalog, PrivacyStatement& statement) {
  for (const char* reader : {
           "ingest: activities as they come in, and the keyring. It has no access to Redis.",
           "aggregate: bitmaps, counts and records in Redis. It has no keys.",
           "score: published records in Redis, and nothing else there. It has no keys.",
           "callers of score: scores, tables and this statement, of the organisations that they "
           "may read; nothing smaller than an organisation can be asked for.",
       }) {
    statement.add_readers(reader);
  }
  statement.add_limits("Ingest is trusted while it handles an event.");
  AddMembershipLimit(catalog, statement);
  AddItemsLimit(catalog, statement);
  AddBenchmarkLimit(statement);
  const auto kinds = static_cast<double>(catalog.kinds().size());
  if (catalog.kinds().size() > 1) {
    statement.add_limits(absl::StrFormat(
        "Each of the %.0f kinds has a budget of its own. One item in each of them composes to rho "
        "%.1f over any 392 consecutive days.",
        kinds, kinds * static_cast<double>(kYearlyNanoRho) * kNano));
  }
  for (const char* limit : {
           "Bitmaps of open windows are pseudonymised personal data (GDPR Art. 4(5)).",
           "A person with k identifiers is protected at k^2 times rho.",
           "Erased key files may survive on solid-state disks, in journals and in snapshots.",
       }) {
    statement.add_limits(limit);
  }
}

// The figures are those that tests/privacy/margins/levels_test.cc finds.
void FillLevels(PrivacyStatement& statement) {
  statement.set_levels(absl::StrCat(
      "From the third record of a series on, the score and its categories are levels: what a "
      "record and up to ",
      kMostLevelWindows - 1,
      " before it say together, supposing that adoption moves slowly and jumps seldom. Where "
      "earlier records are not expected to make the margin smaller, as in large organisations, "
      "the level is what the record says alone. Measures and breakdowns are of one window alone. "
      "Margins are 95% margins: the truth is meant to lie within one 95 times in 100. That was "
      "checked on simulated levels that stay, wander, rise, jump, dip and swing, with the noise "
      "of small and large organisations: in each of them it does so at least 93.5 times in 100, "
      "all windows taken together; in the first windows after a sudden change it does so less "
      "often. A sudden change shows, which is to say that what was before lies outside of the "
      "margin, "
      "in one or two weekly windows when it is two and a half times the margin of one window alone "
      "or more, in three (nine times in ten in at most five) when it is a little more than that "
      "margin, and in five (nine times in ten in at most nine) when it is three quarters of it, "
      "counted from the first that all of it is in. A window that contradicts the level before it "
      "is marked, and what each window says alone stands beside the level, unless it is the level. "
      "The change of a level is against the earlier "
      "one as all windows up to now tell it: so it is not quite the difference of two levels that "
      "were shown, each at its time. A category is shown once the margin that is planned with "
      "earlier windows is at most ",
      kWidestMarginShown, " points, if the one that is planned for one window is at most ",
      kWidestMarginWithLevel,
      ". The plan alone decides: a margin that comes out a little wider is shown as it is, for "
      "hiding it would tell what people did. Records are drawn where the plan lets one category at "
      "least be shown: the first ones of a small organisation spend their budget and show nothing "
      "yet. Which those are follows from its size, its cadence and the number of its records "
      "alone. "
      "Levels are computed from published records: they spend nothing and tell nothing that those "
      "do not."));
}

// What is declared decides what is shown, so it is told; it decides nothing else.
void FillDeclared(const Publication& latest, PrivacyStatement& statement) {
  for (const std::string& source : latest.sources()) {
    std::string given = "everything that it can";
    for (const aggregate::v1::SourceContents& contents : latest.source_contents()) {
      if (contents.source() == source) given = ContentsText(contents);
    }
    statement.add_declared(absl::StrCat(source, " was declared to give ", given, "."));
  }
  statement.add_declared(
      "What the sources are not declared to give is said to be not measured. What is counted, and "
      "with how much noise, does not depend on it.");
}

// The cost of a publication of a kind: as the latest record says it, else as it is planned.
void FillGuarantees(const Catalog& catalog, Cadence cadence,
                    const google::protobuf::RepeatedPtrField<KindRecord>& paid,
                    PrivacyStatement& statement) {
  for (size_t i = 0; i < catalog.kinds().size(); ++i) {
    const catalog::v1::SubjectKind& kind = *catalog.kinds()[i].proto;
    uint64_t nano_rho =
        PlanNoise(catalog, static_cast<int>(i), cadence, PeriodDays(cadence)).nano_rho;
    for (const KindRecord& record : paid) {
      if (record.kind() == kind.id() && record.nano_rho() > 0) nano_rho = record.nano_rho();
    }
    score::v1::KindGuarantee& guarantee = *statement.add_guarantees();
    guarantee.set_kind(kind.id());
    guarantee.set_protected_unit(kind.protected_unit());
    guarantee.set_delta(kStatementDelta);
    guarantee.set_rho_per_publication(static_cast<double>(nano_rho) * kNano);
    guarantee.set_epsilon_per_publication(
        ZcdpEpsilon(guarantee.rho_per_publication(), kStatementDelta));
    guarantee.set_rho_per_year(static_cast<double>(kYearlyNanoRho) * kNano);
    guarantee.set_epsilon_per_year(ZcdpEpsilon(guarantee.rho_per_year(), kStatementDelta));
  }
}

// What is the same for everybody.
PrivacyStatement StatementOf(const Catalog& catalog, const std::string& grace) {
  PrivacyStatement statement;
  FillClaim(catalog, statement);
  FillRetention(grace, statement);
  FillReadersAndLimits(catalog, statement);
  FillLevels(statement);
  statement.set_catalog_version(catalog.proto().version());
  statement.set_catalog_fingerprint(catalog.fingerprint());
  statement.set_counting_fingerprint(catalog.counting_fingerprint());
  return statement;
}

absl::Status PlanError(const char* field, const char* what) {
  return WithReason(
      WithFieldViolation(absl::InvalidArgumentError(absl::StrCat(field, ": ", what)), field, what),
      score::v1::REASON_PLAN_INVALID);
}

}  // namespace

PrivacyStatement StatementWriter::Write(const Publication& latest, int records) {
  PrivacyStatement statement = StatementOf(catalog_, GraceOf(latest));
  FillGuarantees(catalog_, latest.cadence(), latest.kinds(), statement);
  FillDeclared(latest, statement);
  Standing standing;
  standing.cadence = latest.cadence();
  standing.terms =
      PlannedTerms(catalog_, latest.headcount(), latest.cadence(), latest.entitlements());
  const DeclaredSources sources(catalog_, latest.sources(), latest.source_contents());
  for (std::string& id : sources.FedCategories()) standing.fed_categories.insert(std::move(id));
  if (const absl::StatusOr<Day> end_day = ParseDay(latest.end_day()); end_day.ok()) {
    standing.end_day = *end_day;
  }
  standing.records = records;
  thresholds_.Fill(standing, statement);
  statement.set_generated_data(latest.generated_data());
  return statement;
}

PrivacyStatement StatementWriter::Write(const score::v1::PlannedProfile& planned) {
  PrivacyStatement statement = StatementOf(catalog_, kUnknownGrace);
  statement.set_claim(absl::StrCat(
      statement.claim(),
      " Nothing is published for this organisation yet: the figures of one publication are those "
      "that are planned at its ",
      CadenceWord(planned.cadence()), " cadence."));
  FillGuarantees(catalog_, planned.cadence(), {}, statement);
  Standing standing;
  standing.cadence = planned.cadence();
  standing.terms =
      PlannedTerms(catalog_, planned.headcount(), planned.cadence(), PeriodDays(planned.cadence()));
  for (const auto& [product, people] : planned.entitled_people()) {
    standing.terms.entitled[product] = people;
  }
  standing.fed_categories = {planned.fed_categories().begin(), planned.fed_categories().end()};
  thresholds_.Fill(standing, statement);
  statement.set_generated_data(planned.generated_data());
  return statement;
}

absl::Status CheckPlan(const score::v1::PlannedProfile& planned) {
  if (planned.headcount() < 1 || planned.headcount() > kMaxHeadcount) {
    return PlanError("planned.headcount", "must be 1 to 10000000");
  }
  if (!IsConcrete(planned.cadence())) {
    return PlanError("planned.cadence", "must be DAILY, WEEKLY or FOUR_WEEKLY");
  }
  for (const auto& [product, people] : planned.entitled_people()) {
    if (people < 0 || people > planned.headcount()) {
      return PlanError("planned.entitled_people", "must be 0 to headcount");
    }
  }
  return absl::OkStatus();
}

}  // namespace tutti
