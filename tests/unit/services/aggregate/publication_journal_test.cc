#include "services/aggregate/publication_journal.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tutti {
namespace {

const Day kEnd(2026, 3, 1);

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

TEST_F(FileJournalTest, KnowsWhatWasRecordedAlsoAfterAReopening) {
  {
    const auto journal = Open();
    EXPECT_FALSE(journal->Knows("acme", kEnd).value());
    EXPECT_TRUE(journal->Record("acme", kEnd, "record").ok());
    EXPECT_TRUE(journal->Record("acme", kEnd, "record").ok());
    EXPECT_TRUE(absl::IsAlreadyExists(journal->Record("acme", kEnd, "another")));
  }
  const auto journal = Open();
  EXPECT_TRUE(journal->Knows("acme", kEnd).value());
  EXPECT_FALSE(journal->Knows("acme", kEnd + 1).value());
  EXPECT_FALSE(journal->Knows("acm", kEnd).value());
  EXPECT_TRUE(absl::IsAlreadyExists(journal->Record("acme", kEnd, "another")));
  EXPECT_EQ(Content().find("record"), std::string::npos) << "only digests stand there";
}

TEST_F(FileJournalTest, SeesWhatAnotherProcessRecorded) {
  const auto one = Open();
  const auto other = Open();
  EXPECT_TRUE(one->Record("acme", kEnd, "record").ok());
  EXPECT_TRUE(other->Knows("acme", kEnd).value());
  EXPECT_TRUE(absl::IsAlreadyExists(other->Record("acme", kEnd, "another")));
}

// Mutation: appending after half a line makes one line of two.
TEST_F(FileJournalTest, DropsALineThatACrashCutShort) {
  EXPECT_TRUE(Open()->Record("acme", kEnd, "record").ok());
  const std::string whole = Content();
  std::ofstream(path_, std::ios::app) << "acme 2026-03-08 0123";
  const auto journal = Open();
  EXPECT_FALSE(journal->Knows("acme", kEnd + 7).value());
  EXPECT_TRUE(journal->Record("acme", kEnd + 7, "next").ok());
  EXPECT_TRUE(Open()->Knows("acme", kEnd + 7).value());
  EXPECT_EQ(Content().substr(0, whole.size()), whole);
}

TEST_F(FileJournalTest, RefusesAFileThatIsNoJournal) {
  std::ofstream(path_) << "something else\n";
  EXPECT_TRUE(absl::IsDataLoss(FileJournal::Open(path_).status()));
  EXPECT_FALSE(FileJournal::Open(folder_ + "/none/journal").ok());
}

}  // namespace
}  // namespace tutti
