#ifndef TUTTI_SERVICES_AGGREGATE_JOURNAL_ENTRY_H_
#define TUTTI_SERVICES_AGGREGATE_JOURNAL_ENTRY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/privacy/ledger.h"

namespace tutti {

// What the journal notes of one record.
struct JournalEntry {
  std::string digest;  // SHA-256 of the record, 64 hexadecimal digits
  Costs nano_rho;      // of at least one kind
};

JournalEntry JournalEntryOf(absl::string_view record, Costs nano_rho);

// Writes an entry as one line without its end: the digest, then "kind=cost" of each kind in
// order, separated by single spaces.
std::string FormatJournalEntry(const JournalEntry& entry);

// Parses exactly what FormatJournalEntry writes. InvalidArgument otherwise; the text is not
// repeated.
absl::StatusOr<JournalEntry> ParseJournalEntry(absl::string_view text);

}  // namespace tutti

#endif  // TUTTI_SERVICES_AGGREGATE_JOURNAL_ENTRY_H_
