#include "services/aggregate/counting_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/doubles/fake_clock.h"
#include "tests/doubles/memory_store.h"
#include "tests/support/local_suite.h"

namespace tutti {
namespace {

using Counted = CountingEras::Counted;

const absl::Time kNow = absl::FromCivil(absl::CivilHour(2026, 3, 4, 12), absl::UTCTimeZone());
const absl::Time kBefore = kNow - absl::Hours(1);
const absl::Time kLater = kNow + absl::Hours(1);

std::unique_ptr<const Catalog> Changed(const std::function<void(catalog::v1::Catalog&)>& change) {
  catalog::v1::Catalog proto = ShippedCatalog().proto();
  change(proto);
  auto built = Catalog::Build(proto, "changed");
  EXPECT_TRUE(built.ok()) << built.status();
  return *std::move(built);
}

class CountingHistoryTest : public testing::Test {
 protected:
  // What a process that begins now, with a catalogue, knows.
  std::shared_ptr<const CountingEras> Begin(const Catalog& catalog) {
    CountingHistory history(store_, catalog, clock_);
    return *history.Current();
  }
  Counted How(const CountingEras& eras, const Catalog& catalog, const std::string& kind,
              absl::Time opened) {
    return eras.HowCounted(catalog.kind(catalog.FindKind(kind)), opened);
  }

  FakeWallClock clock_{kNow};
  MemoryStore store_;
};

// Mutation: an era for every process.
TEST_F(CountingHistoryTest, NotesACatalogueOnceHoweverManyProcessesRunIt) {
  EXPECT_EQ(Begin(ShippedCatalog())->history().catalogs_size(), 1);
  EXPECT_EQ(Begin(ShippedCatalog())->history().catalogs_size(), 1);
}

// Mutation: a fingerprint of the whole file.
TEST_F(CountingHistoryTest, TakesOtherWordsAndWeightsForTheSameCatalogue) {
  Begin(ShippedCatalog());
  const auto reworded = Changed([](catalog::v1::Catalog& proto) {
    proto.mutable_tables(0)->set_display_name("Other words");
    proto.mutable_tables(0)->set_weight(proto.tables(0).weight() + 1);
    proto.mutable_kinds(0)->set_plural("others");
  });
  EXPECT_EQ(Begin(*reworded)->history().catalogs_size(), 1);
}

// Mutation: a window of which one kind is counted otherwise loses all its kinds.
TEST_F(CountingHistoryTest, LosesOnlyTheKindThatIsCountedOtherwiseAndOnlyInOpenWindows) {
  Begin(ShippedCatalog());
  clock_.Set(kNow);
  const auto changed = Changed([](catalog::v1::Catalog& proto) {
    for (auto& kind : *proto.mutable_kinds()) {
      if (kind.id() == "device") kind.set_slots_per_subject(2 * kind.slots_per_subject());
    }
  });
  const auto eras = Begin(*changed);
  EXPECT_EQ(How(*eras, *changed, "device", kBefore), Counted::kInPart);
  EXPECT_EQ(How(*eras, *changed, "person", kBefore), Counted::kAlike);
  // From the moment on at which every process knows of it.
  EXPECT_EQ(How(*eras, *changed, "device", kNow), Counted::kInPart);
  EXPECT_EQ(How(*eras, *changed, "device", kLater), Counted::kAlike);
  // A process with the catalogue of before takes nothing of the kind any more.
  EXPECT_EQ(How(*eras, ShippedCatalog(), "device", kBefore), Counted::kInPart);
  EXPECT_EQ(How(*eras, ShippedCatalog(), "device", kLater), Counted::kInPart);
  EXPECT_EQ(How(*eras, ShippedCatalog(), "person", kLater), Counted::kAlike);
  // And back again.
  clock_.Set(kLater);
  const auto back = Begin(ShippedCatalog());
  EXPECT_EQ(How(*back, ShippedCatalog(), "device", kBefore), Counted::kInPart);
  EXPECT_EQ(How(*back, ShippedCatalog(), "device", kLater + absl::Hours(1)), Counted::kAlike);
}

// Mutation: a kind that was added is lost where it was never looked for.
TEST_F(CountingHistoryTest, DoesNotCountANewKindInWindowsThatAreOpen) {
  const auto fewer = Changed([](catalog::v1::Catalog& proto) {
    catalog::v1::SubjectKind added = proto.kinds(0);
    added.set_id("badge");
    added.set_plural("badges");
    *proto.add_kinds() = added;
    catalog::v1::ActivityType& type = *proto.add_activity_types();
    type.set_id("badge.worn");
    type.set_kind("badge");
    type.set_description("A badge is worn.");
    catalog::v1::Table& table = *proto.add_tables();
    table.set_id("badges_worn");
    table.set_kind("badge");
    table.set_role(catalog::v1::TABLE_ROLE_PRIMARY);
    table.set_weight(1);
    table.set_display_name("Badges");
    table.set_description("Badges that are worn.");
    catalog::v1::Feature& feature = *table.add_features();
    feature.set_id("worn");
    feature.set_display_name("Worn");
    feature.add_any_of()->add_types("badge.worn");
  });
  Begin(ShippedCatalog());
  const auto eras = Begin(*fewer);
  EXPECT_EQ(How(*eras, *fewer, "badge", kBefore), Counted::kNotAtAll);
  EXPECT_EQ(How(*eras, *fewer, "person", kBefore), Counted::kAlike);
  EXPECT_EQ(How(*eras, *fewer, "badge", kLater), Counted::kAlike);
}

// Mutations: the first keyring loses something; one that is older than the one before it
// takes over when it was made.
TEST_F(CountingHistoryTest, LosesWhatHadOpenedBeforeASecondKeyringWasMade) {
  const std::string first(16, '1');
  const std::string second(16, '2');
  const std::string older(16, '3');
  CountingHistory history(store_, ShippedCatalog(), clock_, second);
  ASSERT_EQ(history.NoteKeyring(first, kNow - absl::Minutes(1)), absl::OkStatus());
  EXPECT_FALSE((*history.Current())->LostKeyringSince(kBefore));
  ASSERT_EQ(history.NoteKeyring(second, kNow - absl::Minutes(1) + absl::Seconds(1)),
            absl::OkStatus());
  EXPECT_TRUE((*history.Current())->LostKeyringSince(kBefore));
  EXPECT_FALSE((*history.Current())->LostKeyringSince(kNow));
  ASSERT_EQ(history.NoteKeyring(second, kNow - absl::Minutes(1)), absl::OkStatus());
  EXPECT_EQ((*history.Current())->history().keyrings_size(), 2);
  clock_.Set(kLater);
  CountingHistory another(store_, ShippedCatalog(), clock_, older);
  ASSERT_EQ(another.NoteKeyring(older, kBefore), absl::OkStatus());
  EXPECT_TRUE((*another.Current())->LostKeyringSince(kNow));
  EXPECT_FALSE((*another.Current())->LostKeyringSince(kLater));
  // What another process notes is known here soon, and what took its place is not replaced by what
  // was adopted before.
  clock_.Advance(absl::Seconds(6));
  EXPECT_EQ((*history.Current())->history().keyrings_size(), 3);
  EXPECT_TRUE(absl::IsFailedPrecondition(history.NoteKeyring(second, kNow)));
  EXPECT_TRUE(absl::IsInvalidArgument(history.NoteKeyring("short", kNow)));
}

// One ingest with a keyring of its own, for seconds, left no window of anybody complete.
TEST_F(CountingHistoryTest, RefusesAKeyringThatIsNotTheSuitesAndLosesNothing) {
  const std::string right(16, '1');
  const std::string wrong(16, '2');
  CountingHistory history(store_, ShippedCatalog(), clock_);
  // The first needs no word, and nor does one of before keyrings had ids, where none has one.
  ASSERT_EQ(history.NoteKeyring("", kBefore), absl::OkStatus());
  // Of two that begin at once one is the first.
  CountingHistory another(store_, ShippedCatalog(), clock_, std::string(16, '9'));
  ASSERT_TRUE(another.Current().ok());
  ASSERT_EQ(history.NoteKeyring(right, kBefore), absl::OkStatus());
  const std::string noted = store_.ReadHistory()->version;
  for (CountingHistory* asked : {&history, &another}) {
    for (const auto& [id, said] :
         {std::pair(wrong, absl::StrCat("--adopt_keyring=", absl::BytesToHexString(wrong))),
          std::pair(std::string(), std::string("it has no id"))}) {
      const absl::Status refused = asked->NoteKeyring(id, clock_.Now());
      EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
      EXPECT_THAT(std::string(refused.message()), testing::HasSubstr(said));
      EXPECT_THAT(std::string(refused.message()),
                  testing::HasSubstr(absl::BytesToHexString(right)));
    }
  }
  EXPECT_EQ(store_.ReadHistory()->version, noted);
  EXPECT_FALSE((*history.Current())->LostKeyringSince(kBefore));
  ASSERT_EQ(another.NoteKeyring(right, kBefore), absl::OkStatus());
}

// A store that is restored under processes that go on. The next catalogue was the first one
// then, and what it counts otherwise was published; or, where an older one was restored, nothing
// of what had changed was taken any more until a restart.
TEST_F(CountingHistoryTest, NotesACatalogueAgainThatARestoredStoreDoesNotKnow) {
  const auto changed = Changed([](catalog::v1::Catalog& proto) {
    for (auto& kind : *proto.mutable_kinds()) {
      if (kind.id() == "device") kind.set_slots_per_subject(2 * kind.slots_per_subject());
    }
  });
  Begin(ShippedCatalog());
  const std::string backup = store_.ReadHistory()->version;
  CountingHistory history(store_, *changed, clock_);
  ASSERT_TRUE(history.Current().ok());
  for (const bool any : {true, false}) {
    aggregate::v1::CountingHistory restored;
    ASSERT_TRUE(!any || restored.ParseFromString(backup));
    ASSERT_EQ(store_.ReplaceHistory(store_.ReadHistory()->version, restored), absl::OkStatus());
    clock_.Advance(absl::Minutes(5));
    ASSERT_TRUE(history.Current().ok());
    const absl::Time opened = clock_.Now() + absl::Minutes(17);
    clock_.Advance(absl::Minutes(5));
    EXPECT_EQ(How(**history.Current(), *changed, "device", opened), Counted::kAlike) << any;
    EXPECT_EQ(How(*Begin(ShippedCatalog()), ShippedCatalog(), "device", opened), Counted::kInPart);
    // A process that goes on beside a newer one notes nothing.
    const int eras = store_.ReadHistory()->history.catalogs_size();
    clock_.Advance(absl::Minutes(5));
    ASSERT_TRUE(history.Current().ok());
    EXPECT_EQ(store_.ReadHistory()->history.catalogs_size(), eras);
  }
}

// A keyring was adopted by mistake, and the one before was restored. Windows that had opened under
// the wrong one were incomplete only where somebody had acted meanwhile.
TEST_F(CountingHistoryTest, LosesWhatHadOpenedUnderAKeyringThatIsGoneAgain) {
  const std::string right(16, '1');
  const std::string wrong(16, '2');
  CountingHistory mistaken(store_, ShippedCatalog(), clock_, wrong);
  ASSERT_EQ(mistaken.NoteKeyring(right, kBefore), absl::OkStatus());
  ASSERT_EQ(mistaken.NoteKeyring(wrong, kNow - absl::Minutes(1)), absl::OkStatus());
  clock_.Set(kLater);
  ASSERT_TRUE(absl::IsFailedPrecondition(mistaken.NoteKeyring(right, kBefore)));
  CountingHistory history(store_, ShippedCatalog(), clock_, right);
  ASSERT_EQ(history.NoteKeyring(right, kBefore), absl::OkStatus());
  EXPECT_TRUE((*history.Current())->LostKeyringSince(kNow));
  EXPECT_TRUE((*history.Current())->LostKeyringSince(kBefore));
  EXPECT_FALSE((*history.Current())->LostKeyringSince(kLater));
  EXPECT_EQ((*history.Current())->history().keyrings_size(), 2);
}

}  // namespace
}  // namespace tutti
