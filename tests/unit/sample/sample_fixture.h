#ifndef TUTTI_TESTS_UNIT_SAMPLE_SAMPLE_FIXTURE_H_
#define TUTTI_TESTS_UNIT_SAMPLE_SAMPLE_FIXTURE_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/catalog/catalog.h"
#include "tests/sample/sample_organization.h"

namespace tutti {

inline SampleOptions SampleOf(int64_t people, int weeks) {
  SampleOptions options;
  options.people = people;
  options.weeks = weeks;
  options.last_day = Day(2026, 6, 21);  // a Sunday
  options.time_zone = "Europe/Berlin";
  return options;
}

inline SampleOrganization Made(const SampleOptions& options) {
  absl::StatusOr<SampleOrganization> organization = SampleOrganization::Create(options);
  if (!organization.ok()) std::abort();
  return *std::move(organization);
}

inline std::unique_ptr<const Catalog> LoadShippedCatalog() {
  const char* source = std::getenv("TUTTI_SOURCE_DIR");
  absl::StatusOr<std::unique_ptr<const Catalog>> catalog = Catalog::Load(
      absl::StrCat(source == nullptr ? "." : source, "/deploy/catalog/adoption.textproto"));
  if (!catalog.ok()) std::abort();
  return *std::move(catalog);
}

// An activity as one line of text, without its time.
inline std::string Text(const ingest::v1::Activity& activity) {
  std::string text = absl::StrCat(activity.subject(), " ", activity.type(), " ", activity.app(),
                                  " ", activity.platform());
  for (const std::string& trait : activity.traits()) absl::StrAppend(&text, " +", trait);
  return text;
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_SAMPLE_SAMPLE_FIXTURE_H_
