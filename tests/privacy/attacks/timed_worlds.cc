#include "tests/privacy/attacks/timed_worlds.h"

#include <map>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "tests/privacy/attacks/attack.h"

namespace tutti {
namespace {

using aggregate::v1::MergeDeltasRequest;
using aggregate::v1::WindowDelta;

MergeDeltasRequest AsOneCall(const std::vector<MergeDeltasRequest>& calls) {
  MergeDeltasRequest all;
  std::map<std::tuple<int, std::string, std::string>, std::pair<WindowDelta, std::set<uint32_t>>>
      deltas;
  for (const MergeDeltasRequest& call : calls) {
    all.set_catalog_fingerprint(call.catalog_fingerprint());
    for (const WindowDelta& delta : call.deltas()) {
      auto& [same, positions] =
          deltas[std::tuple(delta.window_kind(), delta.end_day(), delta.kind())];
      same = delta;
      positions.insert(delta.positions().begin(), delta.positions().end());
    }
  }
  for (auto& [unused, pair] : deltas) {
    auto& [delta, positions] = pair;
    delta.clear_positions();
    delta.mutable_positions()->Add(positions.begin(), positions.end());
    *all.add_deltas() = std::move(delta);
  }
  return all;
}

}  // namespace

std::vector<MergeDeltasRequest> TimedWorlds() {
  LocalSuite suite(ShippedCatalog(), kLastDay);
  suite.Create("acme", kTimedHeadcount, kFirstDay);
  std::vector<MergeDeltasRequest> worlds(1);
  for (int person = 0; person < 100; ++person) {
    suite.Ingest("acme", Everything(absl::StrCat("p", person, "@acme.example")));
    if (person % 20 == 19) worlds.push_back(AsOneCall(suite.merges));
  }
  return worlds;
}

MergeDeltasRequest For(const std::string& organization, MergeDeltasRequest world) {
  for (WindowDelta& delta : *world.mutable_deltas()) delta.set_organization(organization);
  return world;
}

}  // namespace tutti
