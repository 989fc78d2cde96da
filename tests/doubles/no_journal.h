#ifndef TUTTI_TESTS_DOUBLES_NO_JOURNAL_H_
#define TUTTI_TESTS_DOUBLES_NO_JOURNAL_H_

#include <map>
#include <string>

#include "services/aggregate/publication_journal.h"

namespace tutti {

// A journal that remembers nothing, for tests that restore no store.
class NoJournal final : public PublicationJournal {
 public:
  absl::StatusOr<std::string> Identity() override { return std::string(32, '0'); }
  absl::StatusOr<bool> WasBound() override { return false; }
  absl::Status NoteBound() override { return absl::OkStatus(); }
  absl::Status Record(const std::string&, Day, const std::string&, const Costs&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::map<Day, Costs>> Read(const std::string&) override {
    return std::map<Day, Costs>();
  }
};

}  // namespace tutti

#endif  // TUTTI_TESTS_DOUBLES_NO_JOURNAL_H_
