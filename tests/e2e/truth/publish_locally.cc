#include "tests/e2e/truth/publish_locally.h"

#include <memory>

#include "tests/doubles/zero_noise.h"
#include "tests/support/local_suite.h"

namespace tutti {
namespace {

constexpr char kId[] = "made-up";
constexpr size_t kBatch = 5000;

}  // namespace

LocalOutput PublishLocally(const Catalog& catalog, const LocalInput& input) {
  LocalSuite suite(catalog, input.last_day, input.key_seed);
  suite.Create(kId, input.profile);
  LocalOutput output;
  std::vector<ingest::v1::Activity> batch;
  const auto send = [&] {
    suite.Ingest(kId, batch);
    output.activities += static_cast<int64_t>(batch.size());
    batch.clear();
    suite.merges.clear();  // nobody asks for them
  };
  input.tell([&](const ingest::v1::Activity& activity) {
    batch.push_back(activity);
    if (batch.size() == kBatch) send();
  });
  send();
  output.records = suite.Close(kId, [] { return std::make_unique<ZeroNoise>(); });
  output.outcomes = suite.outcomes;
  output.refused = suite.refused;
  return output;
}

}  // namespace tutti
