#ifndef TUTTI_TESTS_INTEGRATION_CLOSING_CLOSING_TEST_H_
#define TUTTI_TESTS_INTEGRATION_CLOSING_CLOSING_TEST_H_

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/redis/redis_stores.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/aggregate/closing_loop.h"
#include "services/aggregate/delta_merger.h"
#include "services/aggregate/window_closer.h"
#include "tests/doubles/fake_clock.h"
#include "tests/doubles/fake_store_clock.h"
#include "tests/support/organizations.h"
#include "tests/support/redis_server.h"

namespace tutti {

// An organisation with something in its counters, in a redis-server of its own, and
// what it takes to close its first window.
class ClosingTest : public ::testing::Test {
 protected:
  static constexpr int64_t kHeadcount = 300;  // weekly
  static const Day kFirstDay;
  static const Day kEndDay;  // of the first window

  ClosingTest();
  ~ClosingTest() override;

  // Starts a server and makes the organisation "acme" with a few bits.
  void SetUp() override;

  // Makes an organisation to be back-filled, like "acme", and with nothing in it.
  void Create(const std::string& organization);
  // For every open window of an organisation, a few slots of every column.
  aggregate::v1::MergeDeltasRequest DeltasOf(const std::string& organization);
  // Merges those.
  void Fill(const std::string& organization);

  // Closes what is due in a process of its own, killed after the n-th step unless
  // `steps` is 0. Its exit status; -1 when a signal ended it.
  int CloseInProcess(int steps, int* steps_made = nullptr);

  // Asks whether windows may be closed, as aggregate does when it starts.
  absl::Status Bind();

  // Closes what is due in this process.
  absl::StatusOr<CloseReport> Close(const std::function<void(CloseStep)>& on_step = [](CloseStep) {
  });

  // What readers see, what is staged, and what it cost.
  std::string Published(Day end_day = kEndDay);
  std::string Staged(Day end_day = kEndDay);
  Ledger Costs();
  std::vector<std::string> JournalLines() const;  // of records
  // Keys that hold bits or counts of one window or its days.
  std::vector<std::string> CounterKeys();

  // After a close: one record, paid for once, noted once, and nothing left.
  void ExpectClosed();

  void Connect(int wait_replicas = 0);

  // Copies the server's files, and puts them back as somebody restores a backup; connects
  // anew.
  void SaveBackup();
  void RestoreBackup();

  BindingParts PartsWith(PublicationJournal& journal);
  CloserParts PartsWith(JournalBinding& binding, const std::function<void(CloseStep)>& on_step);
  // Lends a closing loop that is not started.
  void WithClosingLoop(const std::function<void(CloseStep)>& on_step,
                       const std::function<void(ClosingLoop&)>& use);

  std::filesystem::path folder_;
  std::string journal_ = "journal";  // a file in folder_
  std::string adopt_;                // what --adopt_journal says
  std::unique_ptr<const Catalog> catalog_;
  FakeWallClock clock_;
  FakeStoreClock same_clock_{clock_};
  StoreClock* store_clock_ = &same_clock_;  // by which a closing loop checks its own
  StoreVerdict fit_;                        // what a closing loop is told of the store
  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<RedisStores> stores_;
  std::unique_ptr<RedisPool> inspector_;
  std::unique_ptr<Organizations> organizations_;
  std::unique_ptr<DeltaMerger> merger_;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_INTEGRATION_CLOSING_CLOSING_TEST_H_
