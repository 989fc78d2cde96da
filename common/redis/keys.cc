#include "common/redis/keys.h"

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

std::string WindowPart(Window window) {
  return absl::StrCat(window.kind == WindowKind::kReach ? "reach:" : "day:",
                      FormatDay(window.end_day));
}

std::string Tagged(absl::string_view organization, absl::string_view rest) {
  return absl::StrCat("{", organization, "}:", rest);
}

}  // namespace

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

std::string ProfileKey(absl::string_view organization) { return Tagged(organization, "profile"); }

std::string BitmapKey(const BitmapId& id) {
  return Tagged(id.organization, absl::StrCat(WindowPart(id.window), ":", id.kind));
}

std::string SealedBitmapKey(const BitmapId& id) {
  return Tagged(id.organization, absl::StrCat("sealed:", WindowPart(id.window), ":", id.kind));
}

std::string MergeKey(absl::string_view organization) { return Tagged(organization, "merge"); }
std::string TickKey(absl::string_view organization) { return Tagged(organization, "tick"); }
std::string TallyKey(absl::string_view organization) { return Tagged(organization, "tally"); }

std::string StagedKey(absl::string_view organization, Day end_day) {
  return Tagged(organization, absl::StrCat("staged:", FormatDay(end_day)));
}

std::string PublicationKey(absl::string_view organization, Day end_day) {
  return Tagged(organization, absl::StrCat("pub:", FormatDay(end_day)));
}

std::string PublicationIndexKey(absl::string_view organization) {
  return Tagged(organization, "pub:index");
}

std::string CohortKey(Day end_day, absl::string_view cohort) {
  return absl::StrCat("cohort:", FormatDay(end_day), ":", cohort);
}

std::string LedgerKey(absl::string_view organization) { return Tagged(organization, "ledger"); }
std::string LeaseKey(absl::string_view organization) { return Tagged(organization, "lease"); }
std::string JournalKey() { return "journal"; }
std::string CountingHistoryKey() { return "counting-history"; }
std::string AllKeysPattern(absl::string_view organization) { return Tagged(organization, "*"); }

std::string PublicationChannel(absl::string_view organization) {
  return absl::StrCat("pub:", organization);
}

int BucketOf(absl::string_view organization) { return Crc16(organization) % kOrganizationBuckets; }

std::string BucketKey(int bucket) { return absl::StrCat("orgs:", bucket); }

}  // namespace tutti
