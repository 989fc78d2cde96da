#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <variant>

#include "common/keyring/opt_out_list.h"
#include "common/keyring/opt_out_store.h"

namespace tutti {
namespace {

SubjectId Id(const std::string& text) { return std::get<SubjectId>(SubjectId::Parse(text)); }

TEST(OptOutList, KnowsAPersonInEverySpellingAndInOneOrganisationAlone) {
  OptOutList list = *OptOutList::New();
  EXPECT_FALSE(list.Has("acme"));
  EXPECT_TRUE(list.Add("acme", Id("Ann@X.example")).value());
  EXPECT_FALSE(list.Add("acme", Id(" ann@x.EXAMPLE ")).value());
  EXPECT_EQ(list.Count("acme"), 1u);
  EXPECT_TRUE(list.MembersOf("acme").Contain(Id("ann@x.example")));
  EXPECT_FALSE(list.MembersOf("acme").Contain(Id("bob@x.example")));
  EXPECT_FALSE(list.Has("other"));
  EXPECT_FALSE(list.Remove("acme", Id("bob@x.example")));
  EXPECT_FALSE(list.Remove("other", Id("ann@x.example")));
  EXPECT_TRUE(list.Remove("acme", Id("ann@x.example")));
  EXPECT_EQ(list.Count("acme"), 0u);
}

TEST(OptOutList, ReadsBackWhatItWrites) {
  OptOutList list = *OptOutList::New();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(list.Add(i % 3 == 0 ? "acme" : "other", Id("person" + std::to_string(i))).value());
  }
  const auto bytes = list.Serialize();
  ASSERT_TRUE(bytes.ok());
  const auto read = OptOutList::Parse(bytes->span());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->Count("acme"), 34u);
  EXPECT_EQ(read->Count("other"), 66u);
  OptOutList::Members members = read->MembersOf("acme");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(members.Contain(Id("person" + std::to_string(i))), i % 3 == 0);
  }
}

// Written in the order of addition, the file would say who came when.
TEST(OptOutList, IsTheSameFileInWhateverOrderPeopleWereAdded) {
  OptOutList forth = *OptOutList::New();
  const auto empty = forth.Serialize();
  OptOutList back = *OptOutList::Parse(empty->span());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(forth.Add("acme", Id("person" + std::to_string(i))).ok());
    ASSERT_TRUE(back.Add("acme", Id("person" + std::to_string(19 - i))).ok());
  }
  EXPECT_EQ(forth.Serialize()->span(), back.Serialize()->span());
}

// Without the checksum a flipped bit of a digest goes unseen, and somebody who
// opted out is counted.
TEST(OptOutList, RefusesEveryFlippedBitAndEveryPrefix) {
  OptOutList list = *OptOutList::New();
  ASSERT_TRUE(list.Add("acme", Id("ann")).value());
  const auto bytes = list.Serialize();
  const std::string whole(bytes->span().begin(), bytes->span().end());
  const auto parse = [](const std::string& text) {
    return OptOutList::Parse({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  };
  ASSERT_TRUE(parse(whole).ok());
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_TRUE(absl::IsDataLoss(parse(damaged).status())) << "byte " << i;
    EXPECT_TRUE(absl::IsDataLoss(parse(whole.substr(0, i)).status())) << "prefix of " << i;
  }
}

class OptOutStoreTest : public testing::Test {
 protected:
  OptOutStoreTest() {
    std::string pattern = testing::TempDir() + "optoutXXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/keyring.optout";
  }
  ~OptOutStoreTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
};

TEST_F(OptOutStoreTest, FailsClosedWithoutAWholeFile) {
  EXPECT_TRUE(absl::IsNotFound(OptOutStore::Open(path_).status()));
  ASSERT_TRUE(OptOutFile(path_).Create().ok());
  EXPECT_TRUE(OptOutStore::Open(path_).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(OptOutFile(path_).Create()));
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
  EXPECT_TRUE(absl::IsDataLoss(OptOutStore::Open(path_).status()));
  std::filesystem::resize_file(path_, 0);
  EXPECT_TRUE(absl::IsDataLoss(OptOutStore::Open(path_).status()));
}

// Mutation: to keep the list of before.
TEST_F(OptOutStoreTest, FollowsTheFileAndHasNoListWhileItCannotBeRead) {
  ASSERT_TRUE(OptOutFile(path_).Create().ok());
  const auto store = OptOutStore::Open(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_FALSE((*store)->snapshot()->Has("acme"));
  ASSERT_TRUE(OptOutFile(path_)
                  .Update([](OptOutList& list) { return list.Add("acme", Id("ann")).status(); })
                  .ok());
  EXPECT_TRUE((*store)->ReloadIfChanged().ok());
  EXPECT_TRUE((*store)->snapshot()->Has("acme"));
  std::filesystem::copy_file(path_, path_ + ".whole");
  std::ofstream(path_, std::ios::trunc) << "damaged";
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(absl::IsDataLoss((*store)->ReloadIfChanged()));
    EXPECT_EQ((*store)->snapshot(), nullptr);
  }
  std::filesystem::remove(path_);
  EXPECT_TRUE(absl::IsNotFound((*store)->ReloadIfChanged()));
  EXPECT_EQ((*store)->snapshot(), nullptr);
  std::filesystem::rename(path_ + ".whole", path_);
  EXPECT_TRUE((*store)->ReloadIfChanged().ok());
  ASSERT_NE((*store)->snapshot(), nullptr);
  EXPECT_TRUE((*store)->snapshot()->Has("acme"));
}

}  // namespace
}  // namespace tutti
