// What nodes of a cluster say of slots: a map is whole and points at nodes that it has, and a
// redirection at a place that can be; what is sound is read as it is.

#include <fuzzer/FuzzedDataProvider.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/redis/slot_map.h"
#include "tests/fuzz/fuzz.h"

namespace tutti {
namespace {

const RedisAddress kAsked{"asked.example", 7000};

void RequireSound(const RedisAddress& address) {
  Require(address.port >= 1 && address.port <= 65535, "a port can be");
  Require(address.host != "?", "no host is unknown");
}

void ReadAnyMap(FuzzedDataProvider& draw) {
  std::vector<std::vector<std::string>> rows;
  while (draw.remaining_bytes() > 0 && rows.size() < 20) {
    std::vector<std::string>& row = rows.emplace_back();
    for (int columns = draw.ConsumeIntegralInRange(0, 12); columns > 0; --columns) {
      row.push_back(draw.ConsumeBool() ? absl::StrCat(draw.ConsumeIntegralInRange(-2, 70000))
                                       : draw.ConsumeRandomLengthString(12));
    }
  }
  const absl::StatusOr<SlotMap> map = ParseSlotMap(rows, kAsked);
  if (!map.ok()) {
    Require(absl::IsInternal(map.status()), "or it is refused as a reply");
    return;
  }
  Require(map->owners.size() == kSlots, "a map has every slot");
  for (const int owner : map->owners) {
    Require(owner >= SlotMap::kNobody && owner < static_cast<int>(map->primaries.size()),
            "an owner is known");
  }
  for (const SlotMap::Primary& primary : map->primaries) RequireSound(primary.address);
  for (const RedisAddress& replica : map->replicas) RequireSound(replica);
}

void ReadAGoodMap(FuzzedDataProvider& draw) {
  const int cut = draw.ConsumeIntegralInRange(1, kSlots - 1);
  const int slot = draw.ConsumeIntegralInRange(0, kSlots - 1);
  const absl::StatusOr<SlotMap> map =
      ParseSlotMap({{"0", absl::StrCat(cut - 1), "one.example", "1", "a"},
                    {absl::StrCat(cut), absl::StrCat(kSlots - 1), "", "2", "b", "x", "3", "c"}},
                   kAsked);
  Require(map.ok() && map->Unowned() == 0, "a good map is read");
  Require(map->OwnerOf(slot)->id == (slot < cut ? "a" : "b"), "a slot has its owner");
  Require(map->OwnerOf(cut)->address.host == kAsked.host, "who says no host is who was asked");
}

void ReadARedirection(FuzzedDataProvider& draw) {
  const int slot = draw.ConsumeIntegralInRange(-1, kSlots);
  const int port = draw.ConsumeIntegralInRange(-1, 70000);
  const std::string host = draw.ConsumeRandomLengthString(20);
  const auto made = ParseRedirection(absl::StrCat("MOVED ", slot, " ", host, ":", port), kAsked);
  if (made.has_value()) {
    RequireSound(made->address);
    Require(made->slot == slot && made->address.port == port, "a redirection says where to");
    Require(made->address.host == (host.empty() ? kAsked.host : host), "and to whom");
  }
  const auto any = ParseRedirection(draw.ConsumeRemainingBytesAsString(), kAsked);
  if (any.has_value()) RequireSound(any->address);
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider draw(data, size);
  switch (draw.ConsumeIntegralInRange(0, 2)) {
    case 0:
      tutti::ReadAnyMap(draw);
      break;
    case 1:
      tutti::ReadAGoodMap(draw);
      break;
    default:
      tutti::ReadARedirection(draw);
  }
  return 0;
}
