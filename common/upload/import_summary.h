#ifndef TUTTI_COMMON_UPLOAD_IMPORT_SUMMARY_H_
#define TUTTI_COMMON_UPLOAD_IMPORT_SUMMARY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/sources/exclusion.h"
#include "common/sources/input/rejection_reason.h"
#include "common/sources/source.h"
#include "common/upload/record_fates.h"

namespace tutti {

// What ingest did with what it was sent.
struct UploadSummary {
  int64_t batches = 0;
  int64_t retries = 0;
  int64_t accepted = 0;
  int64_t partly_late = 0;
  int64_t ignored_values = 0;              // apps, platforms and traits unknown to the catalogue
  std::map<std::string, int64_t> refused;  // by reason: "REASON_LATE"
};

// What became of the records of one tenant. Counts only: no address, no file, and no name
// but those of operations and of types. `organization` and `tenant` name companies, not people.
struct TenantSummary {
  void Exclude(Exclusion why) {
    ++excluded[static_cast<size_t>(why)];
    fates.Mark(Fate::kLeftOut);
  }
  int64_t Excluded(Exclusion why) const { return excluded[static_cast<size_t>(why)]; }
  // Counts an operation that means nothing to the catalogue.
  void Ignore(absl::string_view operation);
  // Counts an activity.
  void Count(absl::string_view type);
  // Counts an application or a trait of an activity, by the catalogue's id; "" for one that the
  // catalogue has not.
  void CountApp(absl::string_view type, absl::string_view app);
  void CountTrait(absl::string_view type, absl::string_view trait);
  // Counts an application that the source does not know, as the input names it.
  void CountUnknownApp(absl::string_view name);
  void Saw(int64_t seconds);

  std::string tenant;        // GUID in lower case; empty for activities and reports
  std::string organization;  // resource name, empty when nothing is sent
  int64_t records = 0;       // readable
  int64_t duplicates = 0;    // records whose id had been seen
  int64_t distinct = 0;      // records - duplicates
  int64_t people = 0;        // distinct people who did anything, mapped or not
  // Distinct subjects of the catalogue's other kinds, by what it calls several of them: "devices".
  std::map<std::string, int64_t> subjects;
  // Distinct people with a licence, by product; "" for any, of lists of everybody if there is one.
  std::map<std::string, int64_t> licensed;
  // Whom the reports list that say so. Without everybody there is no headcount, see CheckHeadcount.
  Listing listing = Listing::kNone;
  // Categories of the catalogue that the input can feed: what its activities are about, and of a
  // report what it has columns or events for. Any other is not measured by it.
  std::set<std::string> feeds;
  // Categories that the organisation's sources, as they are declared, can feed; absent when the
  // organisation was not looked at.
  std::optional<std::set<std::string>> declared;
  std::string declared_problem;  // why it was not, in words; empty when nobody wanted to
  std::array<int64_t, kExclusionCount> excluded = {};
  RecordFates fates;  // of distinct records
  // Counts by type and by operation, as the input names them: at most 1,000 names each, the others
  // together as "(other)". Only names that are known to be no person's are shown unasked.
  std::map<std::string, int64_t> activities;
  std::map<std::string, int64_t> ignored_operations;
  std::map<std::string, int64_t> unknown_apps;
  // Of activities, by type: how many had an application, and a trait.
  std::map<std::string, std::map<std::string, int64_t>> apps;
  std::map<std::string, std::map<std::string, int64_t>> traits;
  absl::optional<int64_t> first_seconds;  // of distinct records, since 1970
  absl::optional<int64_t> last_seconds;
  UploadSummary upload;  // of a rehearsal what ingest would refuse or ignore, whoever's it is
};

// What became of an import.
struct ImportSummary {
  int64_t inputs = 0;
  int64_t rows = 0;           // rejected, of other tenants, or records of `tenants`: see CheckTrace
  int64_t other_tenants = 0;  // records of tenants or customers that were not asked for
  std::array<int64_t, kRejectionReasonCount> rejected = {};
  std::vector<TenantSummary> tenants;  // by tenant
  std::set<std::string> known_types;   // the catalogue's types: certainly nobody's names
  const Source* source = nullptr;      // knows which other names are; null: none
  std::vector<std::string> warnings;
  // What was done with inputs, and is no cause for concern: not part of the text or the JSON.
  std::vector<std::string> notes;

  int64_t Rejected() const;
};

// Which names of the input a summary shows.
enum class ShownNames {
  kKnown,  // those that the source and the catalogue know; others are counted as "(other)"
  kAll,    // all of them: an operation's name can be anything, a person's too
};

// For people: a few lines for the input, then a block for each tenant; the twenty
// commonest ignored operations and how many others there are, or all of them.
std::string SummaryText(const ImportSummary& summary, ShownNames shown = ShownNames::kKnown);

// The same as one JSON object, on a line.
std::string SummaryJson(const ImportSummary& summary, ShownNames shown = ShownNames::kKnown);

}  // namespace tutti

#endif  // TUTTI_COMMON_UPLOAD_IMPORT_SUMMARY_H_
