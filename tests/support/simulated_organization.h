#ifndef TUTTI_TESTS_SUPPORT_SIMULATED_ORGANIZATION_H_
#define TUTTI_TESTS_SUPPORT_SIMULATED_ORGANIZATION_H_

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/scoring/public_terms.h"
#include "tutti/publication/v1/publication.pb.h"

namespace tutti {

// The catalogue that is shipped.
std::unique_ptr<const Catalog> LoadShippedCatalog();

// A catalogue from text; the test fails when it is not valid.
std::unique_ptr<const Catalog> CatalogFrom(const std::string& text);

// How many subjects of a table show exactly each pattern; index 0 is not used.
using Subjects = std::array<int64_t, 16>;

// Hashes subjects into slots at random, as keyed hashing does, and counts what the
// kept slots show; adds a rounded normal to each cell. For tests alone.
class SlotSimulator {
 public:
  explicit SlotSimulator(uint64_t seed) : random_(seed) {}

  // Counts of slots by pattern (2^features of them), without noise.
  std::vector<int64_t> CountSlots(const SlotModel& model, const Subjects& subjects);

  // Published cells: with noise, and of one feature only the second.
  std::vector<int64_t> PublishCells(const SlotModel& model, const Subjects& subjects);

  int64_t Noise(double sigma_squared);

  std::mt19937_64& random() { return random_; }

 private:
  std::mt19937_64 random_;
};

// Everything that somebody did, told to a fake publication.
struct Activity {
  // Subjects by table id; a table that is not named shows nothing.
  std::vector<std::pair<std::string, Subjects>> tables;
  // Subjects on each day of the step, by habit table id.
  std::vector<std::pair<std::string, int64_t>> habits;
};

// A publication of an organisation, with the sizes and the noise that its terms
// give. `noise` false leaves the noise out (and its declared size in).
publication::v1::Publication Publish(const Catalog& catalog, int64_t headcount,
                                     window::v1::Cadence cadence, const Activity& activity,
                                     SlotSimulator& simulator, bool noise = true);

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_SIMULATED_ORGANIZATION_H_
