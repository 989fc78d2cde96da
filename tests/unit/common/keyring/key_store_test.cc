#include "common/keyring/key_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/keyring/keyring_operations.h"
#include "tests/support/own_memory.h"

namespace tutti {
namespace {

const absl::Time kNow = absl::FromCivil(absl::CivilHour(2026, 11, 20, 12), absl::UTCTimeZone());
constexpr Window kSharedWindow = {WindowKind::kReach, Day(2026, 11, 22)};

class KeyStoreTest : public testing::Test {
 protected:
  KeyStoreTest() {
    std::string pattern = testing::TempDir() + "keystoreXXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/keyring";
    EXPECT_TRUE(KeyringFile(path_).Create(*NewKeyring(kNow, kDefaultGrace)).ok());
  }
  ~KeyStoreTest() override { std::filesystem::remove_all(folder_); }

  template <typename Change>
  void Update(Change change) {
    const absl::Status status = KeyringFile(path_).Update([&](ScrubbedKeyring& keyring) {
      change(keyring);
      return absl::OkStatus();
    });
    ASSERT_TRUE(status.ok()) << status;
  }

  static KeyId IdOf(const KeySnapshot& keys, absl::string_view organization, Window window) {
    SlotHash hash;
    EXPECT_TRUE(keys.Find(organization, window, hash));
    return hash.key_id();
  }

  std::string folder_;
  std::string path_;
};

TEST_F(KeyStoreTest, FindsTheOrganisationsOwnKeyBeforeTheSharedOne) {
  Update([](ScrubbedKeyring& keyring) {
    ASSERT_TRUE(ExtendKeyring("acme", Day(2026, 11, 1), std::nullopt, kNow, keyring).ok());
  });
  const auto store = KeyStore::Open(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  const auto keys = (*store)->snapshot();
  const Window past = {WindowKind::kDay, Day(2026, 11, 3)};
  SlotHash hash;
  EXPECT_TRUE(keys->Find("acme", past, hash));
  EXPECT_FALSE(keys->Find("other", past, hash));
  EXPECT_TRUE(keys->Find("other", kSharedWindow, hash));
  EXPECT_EQ(IdOf(*keys, "acme", kSharedWindow), IdOf(*keys, "other", kSharedWindow));
  EXPECT_FALSE(keys->Find("acme", {WindowKind::kDay, Day(2027, 11, 3)}, hash));
}

// Mutation: the keys of extensions, or of the first day that is kept, counted too.
TEST_F(KeyStoreTest, CountsTheSharedKeysThatARotationWouldDestroy) {
  Update([](ScrubbedKeyring& keyring) {
    ASSERT_TRUE(ExtendKeyring("acme", Day(2026, 11, 1), std::nullopt, kNow, keyring).ok());
  });
  const auto store = KeyStore::Open(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  const auto count = [&](absl::Time now, absl::Duration grace) {
    return (*store)->snapshot()->CountSharedBefore(FirstKeptEndDay(now, grace));
  };
  EXPECT_EQ(count(kNow, kDefaultGrace), 0);
  EXPECT_EQ(count(kNow, kDefaultGrace - absl::Hours(24)), 2) << "a reach and a day window";
  EXPECT_EQ(count(kNow + absl::Hours(3 * 24), kDefaultGrace), 6);
  Update([](ScrubbedKeyring& keyring) {
    const auto rotated = RotateKeyring(kNow + absl::Hours(3 * 24), kDefaultGrace, keyring);
    ASSERT_TRUE(rotated.ok()) << rotated.status();
    EXPECT_EQ(rotated->destroyed, 6);
  });
  ASSERT_TRUE((*store)->ReloadIfChanged().ok());
  EXPECT_EQ(count(kNow + absl::Hours(3 * 24), kDefaultGrace), 0);
}

TEST_F(KeyStoreTest, HashesByWindowTableAndDigest) {
  const auto store = KeyStore::Open(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  const auto keys = (*store)->snapshot();
  SlotHash reach;
  SlotHash day;
  ASSERT_TRUE(keys->Find("acme", kSharedWindow, reach));
  ASSERT_TRUE(keys->Find("acme", {WindowKind::kDay, kSharedWindow.end_day}, day));
  Digest digest;
  digest.bytes[0] = 1;
  const uint64_t hash = reach.Hash(7, digest);
  EXPECT_EQ(reach.Hash(7, digest), hash);
  EXPECT_NE(reach.Hash(8, digest), hash);
  EXPECT_NE(day.Hash(7, digest), hash);
  digest.bytes[15] = 1;
  EXPECT_NE(reach.Hash(7, digest), hash);
}

TEST_F(KeyStoreTest, PicksUpAReplacedFileAndKeepsOldSnapshotsAlive) {
  const auto store = KeyStore::Open(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  const auto old = (*store)->snapshot();
  EXPECT_FALSE(*(*store)->ReloadIfChanged());
  Update([](ScrubbedKeyring& keyring) {
    ASSERT_TRUE(RotateKeyring(kNow + absl::Hours(24 * 8), kDefaultGrace, keyring).ok());
  });
  const auto reloaded = (*store)->ReloadIfChanged();
  ASSERT_TRUE(reloaded.ok()) << reloaded.status();
  EXPECT_TRUE(*reloaded);
  SlotHash hash;
  EXPECT_FALSE((*store)->snapshot()->Find("acme", kSharedWindow, hash));
  EXPECT_TRUE(old->Find("acme", kSharedWindow, hash));
  const Window kept = {WindowKind::kReach, Day(2026, 12, 20)};
  EXPECT_EQ(IdOf(*old, "acme", kept), IdOf(*(*store)->snapshot(), "acme", kept));
}

TEST_F(KeyStoreTest, KeepsItsKeysWhenTheFileIsGoneOrSpoilt) {
  const auto store = KeyStore::Open(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  std::filesystem::rename(path_, path_ + ".away");
  EXPECT_EQ((*store)->ReloadIfChanged().status().code(), absl::StatusCode::kNotFound);
  std::ofstream(path_) << "spoilt";
  std::filesystem::permissions(path_, std::filesystem::perms(0600));
  EXPECT_EQ((*store)->ReloadIfChanged().status().code(), absl::StatusCode::kDataLoss);
  SlotHash hash;
  EXPECT_TRUE((*store)->snapshot()->Find("acme", kSharedWindow, hash));
}

TEST_F(KeyStoreTest, RefusesAnotherIdentityKey) {
  const auto store = KeyStore::Open(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  std::filesystem::remove(path_);
  ASSERT_TRUE(KeyringFile(path_).Create(*NewKeyring(kNow, kDefaultGrace)).ok());
  EXPECT_EQ((*store)->ReloadIfChanged().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(KeyStoreTest, LeavesNoDestroyedKeyInMemory) {
  // The secret is kept masked, so that the search does not find itself.
  std::vector<uint8_t> masked(16);
  {
    const auto loaded = KeyringFile(path_).Load();
    ASSERT_TRUE(loaded.ok());
    const std::string& key = loaded->keyring.message().keys(0).key();
    for (size_t i = 0; i < masked.size(); ++i) {
      masked[i] = static_cast<uint8_t>(static_cast<uint8_t>(key[i]) ^ kMemoryMask);
    }
  }
  EXPECT_EQ(CountInMemory(masked), 0);
  const auto store = KeyStore::Open(path_);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(CountInMemory(masked), 1);
  Update([](ScrubbedKeyring& keyring) {
    ASSERT_TRUE(RotateKeyring(kNow + absl::Hours(24 * 8), kDefaultGrace, keyring).ok());
  });
  ASSERT_TRUE(*(*store)->ReloadIfChanged());
  EXPECT_EQ(CountInMemory(masked), 0);
}

}  // namespace
}  // namespace tutti
