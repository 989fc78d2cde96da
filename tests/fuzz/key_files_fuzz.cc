// The keyring's file and the opt-out list's: what is read is written back as it was, and a
// changed list is refused.

#include <fuzzer/FuzzedDataProvider.h>

#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/keyring/keyring_operations.h"
#include "common/keyring/opt_out_list.h"
#include "common/keyring/scrubbed_keyring.h"
#include "tests/fuzz/fuzz.h"

namespace tutti {
namespace {

std::vector<uint8_t> Copy(const SecretBytes& bytes) {
  return {bytes.span().begin(), bytes.span().end()};
}

void ReadAnyKeyring(absl::Span<const uint8_t> bytes) {
  const auto keyring = ScrubbedKeyring::Parse(bytes);
  if (!keyring.ok()) return;
  const std::vector<uint8_t> written = Copy(*keyring->Serialize());
  const auto again = ScrubbedKeyring::Parse(written);
  Require(again.ok() && Copy(*again->Serialize()) == written, "a keyring is written as it is read");
  for (const keyring::v1::WindowKey& key : keyring->message().keys()) {
    Require(key.key().size() == kWindowKeyBytes && key.id().size() == kKeyIdBytes,
            "keys have their length");
  }
}

void RotateAnyTime(absl::Time now, ScrubbedKeyring& keyring) {
  const std::vector<uint8_t> before = Copy(*keyring.Serialize());
  if (RotateKeyring(now, kDefaultGrace, keyring).ok()) return;
  Require(Copy(*keyring.Serialize()) == before, "a refusal changes nothing");
  Require(RotateKeyring(now, kDefaultGrace, keyring, OverdueKeys::kDestroy).ok(),
          "a keyring can be rotated");
}

void ChangeAKeyring(FuzzedDataProvider& draw) {
  const auto day = [&] { return Day(2026, 1, 1) + draw.ConsumeIntegralInRange(0, 500); };
  const auto at = [&] { return absl::FromCivil(absl::CivilSecond(day()), absl::UTCTimeZone()); };
  auto keyring = *NewKeyring(at(), kDefaultGrace);
  for (int changes = 0; changes < 20 && draw.remaining_bytes() > 0; ++changes) {
    const std::string organization = absl::StrCat("o", draw.ConsumeIntegralInRange(0, 3));
    switch (draw.ConsumeIntegralInRange(0, 2)) {
      case 0:
        RotateAnyTime(at(), keyring);
        break;
      case 1:
        static_cast<void>(ExtendKeyring(organization, day(), day(), at(), keyring));
        break;
      default:
        ForgetExtension(organization, keyring);
    }
  }
  const std::vector<uint8_t> written = Copy(*keyring.Serialize());
  const auto again = ScrubbedKeyring::Parse(written);
  Require(again.ok() && Copy(*again->Serialize()) == written,
          "a keyring that was changed by its operations is a keyring");
}

void ReadAnyList(absl::Span<const uint8_t> bytes) {
  const auto list = OptOutList::Parse(bytes);
  if (!list.ok()) return;
  Require(OptOutList::Parse(list->Serialize()->span()).ok(), "a list is written as it is read");
}

void ChangeAList(FuzzedDataProvider& draw) {
  auto list = *OptOutList::New();
  std::set<std::pair<std::string, int>> people;
  for (int changes = 0; changes < 30 && draw.remaining_bytes() > 0; ++changes) {
    const std::string organization = absl::StrCat("o", draw.ConsumeIntegralInRange(0, 3));
    const int number = draw.ConsumeIntegralInRange(0, 20);
    const auto person = SubjectId::Parse(absl::StrCat("p", number, "@made-up.example"));
    const bool there = people.count({organization, number}) > 0;
    if (draw.ConsumeBool()) {
      Require(*list.Add(organization, std::get<SubjectId>(person)) != there, "adding says if new");
      people.emplace(organization, number);
    } else {
      Require(list.Remove(organization, std::get<SubjectId>(person)) == there, "so does removing");
      people.erase({organization, number});
    }
  }
  std::vector<uint8_t> written = Copy(*list.Serialize());
  const auto again = OptOutList::Parse(written);
  Require(again.ok(), "a list is read as it is written");
  for (const auto& [organization, number] : people) {
    const auto person = SubjectId::Parse(absl::StrCat("p", number, "@MADE-UP.example"));
    Require(again->Has(organization) &&
                again->MembersOf(organization).Contain(std::get<SubjectId>(person)),
            "with its people");
  }
  const size_t at = draw.ConsumeIntegralInRange<size_t>(0, written.size() - 1);
  written[at] = static_cast<uint8_t>(written[at] ^ (1 << draw.ConsumeIntegralInRange(0, 7)));
  Require(!OptOutList::Parse(written).ok(), "a changed list is refused");
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider draw(data, size);
  switch (draw.ConsumeIntegralInRange(0, 3)) {
    case 0:
      tutti::ChangeAKeyring(draw);
      break;
    case 1:
      tutti::ChangeAList(draw);
      break;
    case 2:
      tutti::ReadAnyList(draw.ConsumeRemainingBytes<uint8_t>());
      break;
    default:
      tutti::ReadAnyKeyring(draw.ConsumeRemainingBytes<uint8_t>());
  }
  return 0;
}
