#include "services/score/statement.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/estimate/public_figures.h"
#include "common/privacy/budget.h"
#include "common/privacy/zcdp.h"

namespace tutti {
namespace {

using score::v1::PrivacyStatement;

constexpr double kNano = 1e-9;

std::string Hours(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Hours(duration), " hours");
}

void AddRetention(PrivacyStatement& statement, const std::string& what, const std::string& where,
                  const std::string& how_long) {
  score::v1::Retention& entry = *statement.add_retention();
  entry.set_what(what);
  entry.set_where(where);
  entry.set_how_long(how_long);
}

void FillRetention(const StatementConfiguration& configuration, PrivacyStatement& statement) {
  const std::string closed =
      absl::StrCat("until its window closes: one day and ", Hours(configuration.grace),
                   " after the window's last day");
  AddRetention(statement, "identifiers of people", "the memory of ingest",
               "while the request that brings them is handled");
  AddRetention(statement, "hashes of identifiers, so that repeats cost little",
               "the memory of ingest", "minutes");
  AddRetention(statement, "window keys", "the keyring's file and the memory of ingest", closed);
  AddRetention(statement, "the identity key", "the keyring's file and the memory of ingest",
               "as long as the keyring; it links nothing without window keys");
  AddRetention(statement, "bitmaps of hashed slots for 28 days (pseudonymised data)", "Redis",
               closed);
  AddRetention(statement, "bitmaps of hashed slots for one day (pseudonymised data)", "Redis",
               closed);
  AddRetention(statement, "exact counts of closed days, without slots", "Redis",
               "until the publication that takes them");
  AddRetention(statement, "published records of noisy counts (assessed as anonymous)", "Redis",
               "until the organisation is erased");
  AddRetention(statement, "the ledger of what each publication cost", "Redis",
               "for ever; after an erasure its total alone");
  AddRetention(statement, "the organisation's profile", "Redis",
               "until the organisation is erased");
  AddRetention(statement, "a list of which records were published, with their checksums",
               "the journal of aggregate", "for ever");
}

void FillClaim(const Catalog& catalog, PrivacyStatement& statement) {
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
  for (const catalog::v1::ActivityType& type : catalog.proto().activity_types()) {
    statement.add_collected(
        absl::StrCat("That somebody ", type.description(),
                     " on a day, with the app, platform and traits that "
                     "the catalogue names; as a hashed slot, never with who it was."));
  }
  for (const std::string& never : catalog.proto().never_measured()) {
    statement.add_never_measured(never);
  }
}

void FillReadersAndLimits(PrivacyStatement& statement) {
  for (const char* reader : {
           "ingest: activities as they come in, and the keyring. It has no access to Redis.",
           "aggregate: bitmaps, counts and records in Redis. It has no keys.",
           "score: published records in Redis, and nothing else there. It has no keys.",
           "callers of score: scores, tables and this statement, of the organisations that they "
           "may read; nothing smaller than an organisation can be asked for.",
       }) {
    statement.add_readers(reader);
  }
  for (const char* limit : {
           "Ingest is trusted while it handles an event.",
           "Somebody who holds the keyring and Redis can test a known person in windows that are "
           "still open, of every organisation; never in closed ones. Such a test is wrong for at "
           "most 12% of the people who did not do a thing.",
           "Bitmaps of open windows are pseudonymised personal data (GDPR Art. 4(5)).",
           "Tables of items (mails, documents, meetings) protect one item, not a person with many.",
           "A person with k identifiers is protected at k^2 times rho.",
           "Erased key files may survive on solid-state disks, in journals and in snapshots.",
       }) {
    statement.add_limits(limit);
  }
}

}  // namespace

StatementWriter::StatementWriter(const Catalog& catalog, StatementConfiguration configuration)
    : catalog_(catalog), configuration_(configuration) {
  for (const catalog::v1::Category& category : catalog.proto().categories()) {
    thresholds_.push_back(SmallestHeadcount(catalog, category));
  }
}

PrivacyStatement StatementWriter::Write(
    const std::optional<publication::v1::Publication>& latest) const {
  PrivacyStatement statement;
  FillClaim(catalog_, statement);
  const aggregate::v1::Cadence cadence =
      latest.has_value() ? latest->cadence() : aggregate::v1::CADENCE_WEEKLY;
  const int step = cadence == aggregate::v1::CADENCE_DAILY    ? 1
                   : cadence == aggregate::v1::CADENCE_WEEKLY ? 7
                                                              : 28;
  for (size_t kind = 0; kind < catalog_.kinds().size(); ++kind) {
    uint64_t nano_rho = PlanNoise(catalog_, static_cast<int>(kind), cadence, step).nano_rho;
    if (latest.has_value()) {
      for (const auto& record : latest->kinds()) {
        if (record.kind() == catalog_.kinds()[kind].proto->id() && record.nano_rho() > 0) {
          nano_rho = record.nano_rho();
        }
      }
    }
    score::v1::KindGuarantee& guarantee = *statement.add_guarantees();
    guarantee.set_kind(catalog_.kinds()[kind].proto->id());
    guarantee.set_protected_unit(catalog_.kinds()[kind].proto->protected_unit());
    guarantee.set_delta(kStatementDelta);
    guarantee.set_rho_per_publication(static_cast<double>(nano_rho) * kNano);
    guarantee.set_epsilon_per_publication(
        ZcdpEpsilon(guarantee.rho_per_publication(), kStatementDelta));
    guarantee.set_rho_per_year(static_cast<double>(kYearlyNanoRho) * kNano);
    guarantee.set_epsilon_per_year(ZcdpEpsilon(guarantee.rho_per_year(), kStatementDelta));
  }
  FillRetention(configuration_, statement);
  FillReadersAndLimits(statement);
  for (size_t i = 0; i < thresholds_.size(); ++i) {
    if (!thresholds_[i].has_value()) continue;
    score::v1::CategoryThreshold& threshold = *statement.add_thresholds();
    threshold.set_category(catalog_.proto().categories(static_cast<int>(i)).id());
    threshold.set_headcount(*thresholds_[i]);
  }
  statement.set_catalog_version(catalog_.proto().version());
  statement.set_catalog_fingerprint(catalog_.fingerprint());
  return statement;
}

}  // namespace tutti
