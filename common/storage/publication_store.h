#ifndef TUTTI_COMMON_STORAGE_PUBLICATION_STORE_H_
#define TUTTI_COMMON_STORAGE_PUBLICATION_STORE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/privacy/ledger.h"
#include "common/storage/lease_token.h"
#include "common/window/day.h"

namespace tutti {

// Asks whether a record is published: of one end day, or the latest one.
struct PublicationQuery {
  std::string organization;
  std::optional<Day> end_day;  // absent: the latest

  friend bool operator==(const PublicationQuery& a, const PublicationQuery& b) {
    return a.organization == b.organization && a.end_day == b.end_day;
  }
  template <typename H>
  friend H AbslHashValue(H state, const PublicationQuery& query) {
    return H::combine(std::move(state), query.organization, query.end_day.has_value(),
                      query.end_day.value_or(Day()));
  }
};

// Reads published records. Thread-safe. Every method may return Unavailable. A
// published record's bytes never change.
class PublicationReader {
 public:
  virtual ~PublicationReader() = default;

  // Lists the end days that are published, ascending. Empty when there are none,
  // or no such organisation.
  virtual absl::StatusOr<std::vector<Day>> ListEndDays(const std::string& organization) = 0;

  // The latest published end day; NotFound when there is none.
  virtual absl::StatusOr<Day> LatestEndDay(const std::string& organization) = 0;

  // The end day that each query means; absent when it is not published. Many cost
  // hardly more than one.
  virtual absl::StatusOr<std::vector<std::optional<Day>>> Find(
      absl::Span<const PublicationQuery> queries) = 0;

  // Reads records (serialised tutti.publication.v1.Publication), one for each end
  // day, in order; NotFound when one of them is not published.
  virtual absl::StatusOr<std::vector<std::string>> Read(const std::string& organization,
                                                        absl::Span<const Day> end_days) = 0;
};

// What staging a record changes, in one atomic step.
struct StagedRecord {
  Day end_day;
  std::string record;  // serialised Publication
  Costs nano_rho;
  std::vector<Day> tallied_days;  // whose tallies are deleted
  LeaseToken lease = {};          // the caller's closing lease
};

// Writes records, each once. Thread-safe.
class PublicationStore : public PublicationReader {
 public:
  // Stores a record where readers do not see it, enters its cost in the ledger
  // and deletes the tallies. AlreadyExists, and nothing is changed, when the
  // window has a staged or published record or a ledger entry; else Aborted when
  // somebody else has the closing lease or nobody has it. Returns when that is durable.
  virtual absl::Status Stage(const std::string& organization, const StagedRecord& staged) = 0;

  // The staged record's bytes; NotFound when there is none.
  virtual absl::StatusOr<std::string> ReadStaged(const std::string& organization, Day end_day) = 0;

  // Deletes the staged record, if there is one. Idempotent. Returns when that is durable.
  virtual absl::Status DropStaged(const std::string& organization, Day end_day) = 0;

  // Makes the staged record visible, adds it to the index and announces it. Never
  // replaces a published record: AlreadyExists then. Idempotent otherwise;
  // NotFound when nothing is staged nor published.
  virtual absl::Status Promote(const std::string& organization, Day end_day) = 0;

  // Enters the cost of a record that was drawn once and is lost. Entries that are there stay as
  // they are. Returns when that is durable.
  virtual absl::Status Charge(const std::string& organization, Day end_day,
                              const Costs& nano_rho) = 0;

  virtual absl::StatusOr<Ledger> ReadLedger(const std::string& organization) = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_STORAGE_PUBLICATION_STORE_H_
