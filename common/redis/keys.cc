#include "common/redis/keys.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "common/retention/lifetimes.h"

namespace tutti {
namespace {

constexpr absl::Duration kForEver = absl::InfiniteDuration();
constexpr absl::string_view kGuardTypes = "list hash";

constexpr KeyRow kRows[] = {
    {Key::kProfile, "{$0}:profile", "string", kForEver, Held::kProfiles},
    {Key::kBucket, "orgs:$4", "zset", kForEver, Held::kProfiles},
    {Key::kReachBitmap, "{$0}:reach:$1:$2", "string", kForEver, Held::kReachBitmaps},
    {Key::kDayBitmap, "{$0}:day:$1:$2", "string", kForEver, Held::kDayBitmaps},
    {Key::kSealedReachBitmap, "{$0}:sealed:reach:$1:$2", "string", kForEver, Held::kReachBitmaps},
    {Key::kSealedDayBitmap, "{$0}:sealed:day:$1:$2", "string", kForEver, Held::kDayBitmaps},
    {Key::kTransit, "{$0}:merge", "string", kTransitLife, Held::kBitmapsInTransit},
    {Key::kReachGuard, "{$0}:reach:$1:$2", kGuardTypes, kGuardLife, Held::kGuards},
    {Key::kDayGuard, "{$0}:day:$1:$2", kGuardTypes, kGuardLife, Held::kGuards},
    {Key::kErasedReachGuard, "{$0}:reach:$1:$2", kGuardTypes, kErasedGuardLife, Held::kGuards},
    {Key::kErasedDayGuard, "{$0}:day:$1:$2", kGuardTypes, kErasedGuardLife, Held::kGuards},
    {Key::kTick, "{$0}:tick", "string", kTickLife, Held::kTicks},
    {Key::kTally, "{$0}:tally", "hash", kForEver, Held::kTallies},
    {Key::kStaged, "{$0}:staged:$1", "string", kForEver, Held::kStagedRecords},
    {Key::kPublication, "{$0}:pub:$1", "string", kForEver, Held::kRecords},
    {Key::kPublicationIndex, "{$0}:pub:index", "zset", kForEver, Held::kRecords},
    {Key::kLedger, "{$0}:ledger", "hash", kForEver, Held::kLedgers},
    {Key::kLease, "{$0}:lease", "string", kLeaseLife, Held::kLeases},
    {Key::kCohort, "cohort:$1:$3", "string", kForEver, Held::kCohorts},
    {Key::kJournal, "journal", "string", kForEver, Held::kJournalIdentity},
    {Key::kCountingHistory, "counting-history", "string", kForEver, Held::kCountingHistory},
    {Key::kJournalIdentity, "journal-identity", "string", kForEver, Held::kJournal},
    {Key::kJournalBound, "journal:-bound", "string", kForEver, Held::kJournal},
    {Key::kJournalEntries, "journal:$0", "hash", kForEver, Held::kJournal},
};

constexpr bool EveryKeyHasItsRow() {
  size_t next = 0;
  for (const KeyRow& row : kRows) {
    if (row.key != static_cast<Key>(next++)) return false;
  }
  return next == static_cast<size_t>(Key::kJournalEntries) + 1;
}
static_assert(EveryKeyHasItsRow(), "a row for each key, in the order of Key");

constexpr const KeyRow& RowOf(Key key) { return kRows[static_cast<size_t>(key)]; }

// What stands in names, see KeyRow.
struct NameParts {
  absl::string_view organization = "";
  absl::string_view day = "";
  absl::string_view kind = "";
  absl::string_view cohort = "";
  absl::string_view bucket = "";
};

std::string Name(Key key, const NameParts& parts) {
  return absl::Substitute(RowOf(key).name, parts.organization, parts.day, parts.kind, parts.cohort,
                          parts.bucket);
}

std::string Name(Key of_reach, Key of_day, const BitmapId& id) {
  const std::string day = FormatDay(id.window.end_day);
  return Name(id.window.kind == WindowKind::kReach ? of_reach : of_day,
              {.organization = id.organization, .day = day, .kind = id.kind});
}

std::string Name(Key key, absl::string_view organization, Day end_day) {
  const std::string day = FormatDay(end_day);
  return Name(key, {.organization = organization, .day = day});
}

Retention InRedis(absl::string_view what, absl::string_view how_long) {
  return {std::string(what), "Redis", std::string(how_long), {}};
}

}  // namespace

absl::Span<const KeyRow> KeyRows() { return kRows; }

Retention RetentionOf(Held held, absl::string_view grace) {
  const std::string until_closed =
      absl::StrCat("until its window closes: one day and ", grace,
                   " after the window's last day, and some seconds more for ingest to stop");
  switch (held) {
    case Held::kReachBitmaps:
      return InRedis("bitmaps of hashed slots for 28 days (pseudonymised data)", until_closed);
    case Held::kDayBitmaps:
      return InRedis("bitmaps of hashed slots for one day (pseudonymised data)", until_closed);
    case Held::kBitmapsInTransit:
      return InRedis("what is being merged into one of those bitmaps (pseudonymised data)",
                     absl::StrCat("until the same step has merged it; ", InWords(kTransitLife),
                                  " when that fails"));
    case Held::kGuards:
      return InRedis("markers that a window is closed, without content",
                     absl::StrCat(InWords(kGuardLife), "; of an organisation that is erased, ",
                                  InWords(kErasedGuardLife)));
    case Held::kTallies:
      return InRedis("exact counts of closed days, without slots",
                     "until the publication that takes them, or until the organisation pauses");
    case Held::kStagedRecords:
      return InRedis("records of noisy counts that are not yet safe to show",
                     "until they are published, seconds later, or until the organisation pauses");
    case Held::kRecords:
      return InRedis("published records of noisy counts (assessed as anonymous)",
                     "until the organisation is erased");
    case Held::kLedgers:
      return InRedis("the ledger of what each publication cost",
                     "for ever; after an erasure its total alone");
    case Held::kProfiles:
      return InRedis("the organisation's profile, and when its next window closes",
                     "until the organisation is erased; then its name alone, so that it is not "
                     "used again");
    case Held::kLeases:
      return InRedis("which process is closing windows now",
                     absl::StrCat(InWords(kLeaseLife), " after that process last said so"));
    case Held::kTicks:
      return InRedis("that somebody sent something, so that an answer's time tells nothing",
                     absl::StrCat(InWords(kTickLife), " after the last activity"));
    case Held::kCohorts:
      return InRedis("means of published scores of at least ten organisations",
                     "for ever; they hold a hash of each organisation's id");
    case Held::kJournalIdentity:
      return InRedis("which journal of publications is this Redis's: a random number", "for ever");
    case Held::kCountingHistory:
      return InRedis(
          "which keyrings and catalogues counted, and since when: random ids of "
          "keyrings, checksums of catalogues",
          absl::StrCat("for ever; of catalogues the last ", kMostCatalogsNoted));
    case Held::kJournal:
      return RetentionOfJournal();
  }
  return {};
}

std::vector<Retention> RetentionsOfRedis(absl::string_view grace) {
  std::vector<Retention> retentions;
  retentions.reserve(static_cast<size_t>(Held::kJournal));
  for (int held = 0; held < static_cast<int>(Held::kJournal); ++held) {
    retentions.push_back(RetentionOf(static_cast<Held>(held), grace));
  }
  return retentions;
}

std::string ExpirySeconds(Key key) { return absl::StrCat(RowOf(key).lifetime / absl::Seconds(1)); }

uint16_t Crc16(absl::string_view bytes) {
  uint32_t crc = 0;
  for (const char c : bytes) {
    crc ^= static_cast<uint32_t>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000U) != 0 ? (crc << 1) ^ 0x1021U : crc << 1;
    }
    crc &= 0xFFFFU;
  }
  return static_cast<uint16_t>(crc);
}

std::string ProfileKey(absl::string_view organization) {
  return Name(Key::kProfile, {.organization = organization});
}

std::string BitmapKey(const BitmapId& id) { return Name(Key::kReachBitmap, Key::kDayBitmap, id); }

std::string SealedBitmapKey(const BitmapId& id) {
  return Name(Key::kSealedReachBitmap, Key::kSealedDayBitmap, id);
}

std::string TransitKey(absl::string_view organization) {
  return Name(Key::kTransit, {.organization = organization});
}

std::string TickKey(absl::string_view organization) {
  return Name(Key::kTick, {.organization = organization});
}

std::string TallyKey(absl::string_view organization) {
  return Name(Key::kTally, {.organization = organization});
}

std::string StagedKey(absl::string_view organization, Day end_day) {
  return Name(Key::kStaged, organization, end_day);
}

std::string PublicationKey(absl::string_view organization, Day end_day) {
  return Name(Key::kPublication, organization, end_day);
}

std::string PublicationIndexKey(absl::string_view organization) {
  return Name(Key::kPublicationIndex, {.organization = organization});
}

std::string CohortKey(Day end_day, absl::string_view cohort) {
  const std::string day = FormatDay(end_day);
  return Name(Key::kCohort, {.day = day, .cohort = cohort});
}

std::string LedgerKey(absl::string_view organization) {
  return Name(Key::kLedger, {.organization = organization});
}

std::string LeaseKey(absl::string_view organization) {
  return Name(Key::kLease, {.organization = organization});
}

std::string JournalKey() { return Name(Key::kJournal, {}); }
std::string CountingHistoryKey() { return Name(Key::kCountingHistory, {}); }
std::string JournalIdentityKey() { return Name(Key::kJournalIdentity, {}); }
std::string JournalBoundKey() { return Name(Key::kJournalBound, {}); }

std::string JournalEntriesKey(absl::string_view organization) {
  return Name(Key::kJournalEntries, {.organization = organization});
}

int BucketOf(absl::string_view organization) { return Crc16(organization) % kOrganizationBuckets; }

std::string BucketKey(int bucket) {
  const std::string number = absl::StrCat(bucket);
  return Name(Key::kBucket, {.bucket = number});
}

std::string AllKeysPattern(absl::string_view organization) {
  return absl::StrCat("{", organization, "}:*");
}

std::string NeverKey(absl::string_view organization) {
  return absl::StrCat("{", organization, "}:never");
}

std::string PublicationChannel(absl::string_view organization) {
  return absl::StrCat("pub:", organization);
}

}  // namespace tutti
