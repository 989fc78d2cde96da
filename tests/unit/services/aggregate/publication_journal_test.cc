#include "services/aggregate/publication_journal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

int syncs = 0;
bool disk_fails = false;
std::function<void()> during_sync = [] {};

}  // namespace

// Takes the place of libc's: a disk that fails when it is told to.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): that of libc is reserved.
extern "C" int fdatasync(int file) {
  ++syncs;
  during_sync();
  if (!disk_fails) return static_cast<int>(syscall(SYS_fdatasync, file));
  errno = EIO;
  return -1;
}

namespace tutti {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::ExitedWithCode;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Day kEnd(2026, 3, 1);
const Costs kCosts = {{"device", 7}, {"person", 46'428'571}};

class FileJournalTest : public testing::Test {
 protected:
  FileJournalTest() {
    std::string pattern = testing::TempDir() + "journalXXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/journal";
  }
  ~FileJournalTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<FileJournal> Open() {
    auto journal = FileJournal::Open(path_);
    EXPECT_TRUE(journal.ok()) << journal.status();
    return journal.ok() ? *std::move(journal) : nullptr;
  }
  std::string Content() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string folder_;
  std::string path_;
};

TEST_F(FileJournalTest, KnowsWhatWasRecordedAndWhatItCostAlsoAfterAReopening) {
  {
    const auto journal = Open();
    EXPECT_THAT(journal->Read("acme").value(), IsEmpty());
    EXPECT_TRUE(journal->Record("acme", kEnd, "record", kCosts).ok());
    EXPECT_TRUE(journal->Record("acme", kEnd, "record", kCosts).ok());
    EXPECT_TRUE(absl::IsAlreadyExists(journal->Record("acme", kEnd, "another", kCosts)));
  }
  const auto journal = Open();
  EXPECT_THAT(journal->Read("acme").value(), ElementsAre(std::pair(kEnd, kCosts)));
  EXPECT_THAT(journal->Read("acm").value(), IsEmpty());
  EXPECT_TRUE(absl::IsAlreadyExists(journal->Record("acme", kEnd, "another", kCosts)));
  EXPECT_EQ(Content().find("record"), std::string::npos) << "only digests stand there";
}

TEST_F(FileJournalTest, SeesWhatAnotherProcessRecorded) {
  const auto one = Open();
  const auto other = Open();
  EXPECT_TRUE(one->Record("acme", kEnd, "record", kCosts).ok());
  EXPECT_THAT(other->Read("acme").value(), SizeIs(1));
  EXPECT_TRUE(absl::IsAlreadyExists(other->Record("acme", kEnd, "another", kCosts)));
}

// Mutations: an identity made at every opening; one that every journal has.
TEST_F(FileJournalTest, HasAnIdentityOfItsOwnForAsLongAsItLasts) {
  const std::string identity = Open()->Identity().value();
  EXPECT_TRUE(IsJournalIdentity(identity)) << identity;
  EXPECT_TRUE(Open()->Record("acme", kEnd, "record", kCosts).ok());
  EXPECT_EQ(Open()->Identity().value(), identity);
  std::filesystem::remove(path_);
  EXPECT_NE(Open()->Identity().value(), identity);
}

// Mutations: a note that is not written, or not read again; a note each time.
TEST_F(FileJournalTest, RemembersThatAStoreHasIt) {
  const auto journal = Open();
  const auto other = Open();
  EXPECT_FALSE(journal->WasBound().value());
  EXPECT_TRUE(journal->NoteBound().ok());
  EXPECT_TRUE(other->WasBound().value()) << "another process noted it";
  const std::string noted = Content();
  EXPECT_TRUE(journal->NoteBound().ok());
  EXPECT_TRUE(other->NoteBound().ok());
  EXPECT_EQ(Content(), noted);
  EXPECT_TRUE(Open()->WasBound().value());
  EXPECT_TRUE(journal->Record("acme", kEnd, "record", kCosts).ok());
  EXPECT_THAT(Open()->Read("acme").value(), SizeIs(1));
}

// An edition that did not note it has recorded.
TEST_F(FileJournalTest, ARecordShowsThatAStoreHasIt) {
  ASSERT_TRUE(Open()->Record("acme", kEnd, "record", kCosts).ok());
  EXPECT_TRUE(Open()->WasBound().value());
}

// Readiness asks all the time, and a disk may take long. Mutation: the lock that is held while a
// line is made durable.
TEST_F(FileJournalTest, SaysItsIdentityWhileADiskWrites) {
  const auto journal = Open();
  const std::string identity = journal->Identity().value();
  std::string meanwhile;
  during_sync = [&] { std::thread([&] { meanwhile = journal->Identity().value(); }).join(); };
  EXPECT_TRUE(journal->Record("acme", kEnd, "record", kCosts).ok());
  during_sync = [] {};
  EXPECT_EQ(meanwhile, identity);
}

// Mutation: a first line that is written without the lock, or before it is looked for.
TEST_F(FileJournalTest, ProcessesThatMakeItAtTheSameTimeMakeOne) {
  std::vector<std::string> identities(8);
  std::vector<std::thread> threads;
  threads.reserve(identities.size());
  for (std::string& identity : identities) {
    threads.emplace_back([&] { identity = Open()->Identity().value(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(identities, Each(Eq(identities[0])));
}

// A crash came while the file was made. Mutation: taking half an identity for one, or
// refusing the file for ever.
TEST_F(FileJournalTest, BeginsAnewWhereTheFirstLineWasCutShort) {
  const std::string identity = Open()->Identity().value();
  const std::string whole = Content();
  for (size_t size = 0; size < whole.size(); ++size) {
    std::ofstream(path_, std::ios::trunc) << whole.substr(0, size);
    const auto journal = Open();
    ASSERT_NE(journal, nullptr);
    EXPECT_NE(journal->Identity().value(), identity) << size;
    EXPECT_EQ(Content().size(), whole.size());
    EXPECT_EQ(Open()->Identity().value(), journal->Identity().value());
  }
}

// Mutation: appending after half a line makes one line of two.
TEST_F(FileJournalTest, DropsALineThatACrashCutShort) {
  EXPECT_TRUE(Open()->Record("acme", kEnd, "record", kCosts).ok());
  const std::string whole = Content();
  std::ofstream(path_, std::ios::app) << "acme 2026-03-08 0123";
  const auto journal = Open();
  EXPECT_THAT(journal->Read("acme").value(), SizeIs(1));
  EXPECT_TRUE(journal->Record("acme", kEnd + 7, "next", kCosts).ok());
  EXPECT_THAT(Open()->Read("acme").value(), SizeIs(2));
  EXPECT_EQ(Content().substr(0, whole.size()), whole);
}

// Mutations: reading numbers, days or digests as they come; taking the first of two lines of
// a window.
TEST_F(FileJournalTest, RefusesAFileThatIsNoJournal) {
  std::ofstream(path_) << "something else";
  EXPECT_TRUE(absl::IsDataLoss(FileJournal::Open(path_).status()));
  EXPECT_FALSE(FileJournal::Open(folder_ + "/none/journal").ok());

  std::filesystem::remove(path_);
  ASSERT_TRUE(Open()->Record("acme", kEnd, "record", kCosts).ok());
  const std::string whole = Content();
  const std::string digest(64, 'a');
  std::vector<std::string> lines = {"", "acme", "acme 2026-03-08 aa person=1",
                                    whole.substr(0, whole.find('\n'))};
  for (const char* const rest :
       {"", " ", " person", " person=", " =1", " person=01", " person=-1", " person=+1",
        " person=1 ", "  person=1", " person=1\r", " person=18446744073709551616",
        " person=1 person=1", " person=1 device=1"}) {
    lines.push_back(absl::StrCat("acme 2026-03-08 ", digest, rest));
  }
  for (const char* const front : {"acme 2026-3-8 ", "Acme 2026-03-08 ", " acme 2026-03-08 ",
                                  "acme 2026-03-08  ", "acme 2026-03-08 A",
                                  // A second record of the window.
                                  "acme 2026-03-01 "}) {
    lines.push_back(absl::StrCat(front, digest, " person=1"));
  }
  for (const std::string& line : lines) {
    std::ofstream(path_, std::ios::trunc) << whole << line << "\n";
    const absl::Status refused = FileJournal::Open(path_).status();
    EXPECT_TRUE(absl::IsDataLoss(refused)) << line << ": " << refused;
    EXPECT_THAT(refused.message(), HasSubstr(path_));
  }
  // The control.
  std::ofstream(path_, std::ios::trunc)
      << whole << "acme 2026-03-08 " << digest << " device=0 person=18446744073709551615\n";
  EXPECT_THAT(Open()->Read("acme").value(), SizeIs(2));
}

// A window that was published became another one, and what it had cost another number. Mutation: no
// checksum is looked at.
TEST_F(FileJournalTest, RefusesALineWithAFlippedBit) {
  ASSERT_TRUE(Open()->Record("acme", kEnd, "record", kCosts).ok());
  const std::string whole = Content();
  for (size_t bit = 8 * (whole.find('\n') + 1); bit < 8 * (whole.size() - 1); ++bit) {
    std::string bad = whole;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bad;
    EXPECT_TRUE(absl::IsDataLoss(FileJournal::Open(path_).status())) << bit;
  }
}

// Mutation: a line is written again with a checksum, over the next one.
TEST_F(FileJournalTest, LeavesLinesOfBeforeThereWereChecksumsAsTheyAre) {
  ASSERT_TRUE(Open()->Record("acme", kEnd, "record", kCosts).ok());
  ASSERT_TRUE(Open()->Record("acme", kEnd + 7, "record", kCosts).ok());
  std::string before = Content();
  for (size_t mark = before.find(" ~"); mark != std::string::npos; mark = before.find(" ~")) {
    before.erase(mark, before.find('\n', mark) - mark);
  }
  std::ofstream(path_, std::ios::binary | std::ios::trunc) << before;
  const auto journal = Open();
  EXPECT_THAT(journal->Read("acme").value(), SizeIs(2));
  EXPECT_TRUE(journal->Record("acme", kEnd, "record", kCosts).ok());
  EXPECT_EQ(Content(), before);
  EXPECT_TRUE(journal->Record("acme", kEnd + 14, "record", kCosts).ok());
  EXPECT_EQ(Content().substr(0, before.size()), before);
  EXPECT_THAT(Open()->Read("acme").value(), SizeIs(3));
}

// Mutation: writing what cannot be read again.
TEST_F(FileJournalTest, TakesNothingThatItCouldNotRead) {
  const auto journal = Open();
  for (const Costs& costs : {Costs(), Costs{{"", 1}}, Costs{{"a b", 1}}, Costs{{"a\nb", 1}}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(journal->Record("acme", kEnd, "record", costs)));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(journal->Record("a\nb", kEnd, "record", kCosts)));
  EXPECT_THAT(Open()->Read("acme").value(), IsEmpty());
}

// After a failed sync the kernel takes the line for written, and a repeat finds it. Mutation: an
// error in place of the end of the process.
TEST_F(FileJournalTest, EndsTheProcessWhenALineCannotBeMadeDurable) {
  const auto journal = Open();
  const auto record = [&] {
    disk_fails = true;
    static_cast<void>(journal->Record("acme", kEnd, "record", kCosts));
  };
  EXPECT_EXIT(record(), ExitedWithCode(1), "journal_not_durable");
  // The line is there, but for a power cut; its repeat is no more durable.
  EXPECT_THAT(journal->Read("acme").value(), SizeIs(1));
  EXPECT_EXIT(record(), ExitedWithCode(1), "journal_not_durable");
  EXPECT_TRUE(journal->Record("acme", kEnd, "record", kCosts).ok());
}

// What another process wrote, or an earlier run, may be in memory alone, in pages that count as
// written: they are written once more. Mutations: OK for what is found; a sync without the write.
TEST_F(FileJournalTest, ARepeatIsWrittenAndSynchronisedBeforeItIsAcknowledged) {
  const auto other = Open();
  ASSERT_TRUE(Open()->Record("acme", kEnd, "record", kCosts).ok());
  ASSERT_TRUE(Open()->Record("acme", kEnd + 7, "next", kCosts).ok());
  const std::string whole = Content();
  const auto reopened = Open();
  for (FileJournal* const journal : {other.get(), reopened.get()}) {
    const timespec long_ago[] = {{1, 0}, {1, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, path_.c_str(), long_ago, 0), 0);
    syncs = 0;
    EXPECT_TRUE(journal->Record("acme", kEnd, "record", kCosts).ok());
    EXPECT_EQ(syncs, 1);
    struct stat file = {};
    ASSERT_EQ(stat(path_.c_str(), &file), 0);
    EXPECT_GT(file.st_mtim.tv_sec, 1) << "nothing was written";
    EXPECT_EQ(Content(), whole);
    // The control: what is refused needs no disk.
    EXPECT_TRUE(absl::IsAlreadyExists(journal->Record("acme", kEnd, "another", kCosts)));
    EXPECT_EQ(syncs, 1);
  }
}

// Whoever goes on with a file that nobody finds again forgets all of it at the next start.
// Mutation: never looking at the name again.
TEST_F(FileJournalTest, NoticesThatTheFileIsGone) {
  const auto journal = Open();
  ASSERT_TRUE(journal->Record("acme", kEnd, "record", kCosts).ok());
  std::filesystem::rename(path_, path_ + ".1");
  EXPECT_TRUE(absl::IsDataLoss(journal->Record("acme", kEnd + 7, "next", kCosts)));
  const auto another = Open();
  EXPECT_TRUE(absl::IsDataLoss(journal->Read("acme").status()));
  std::filesystem::rename(path_ + ".1", path_);
  EXPECT_THAT(journal->Read("acme").value(), SizeIs(1));
  std::filesystem::resize_file(path_, 60);
  EXPECT_TRUE(absl::IsDataLoss(journal->Record("acme", kEnd + 7, "next", kCosts)));
}

}  // namespace
}  // namespace tutti
