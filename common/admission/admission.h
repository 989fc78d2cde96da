#ifndef TUTTI_COMMON_ADMISSION_ADMISSION_H_
#define TUTTI_COMMON_ADMISSION_ADMISSION_H_

#include <cstddef>
#include <cstdint>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/catalog/catalog.h"
#include "common/identity/subject_id.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// The traits that one activity may have.
inline constexpr size_t kMaxTraits = 16;

// One ingest.v1.Activity, read where it stands: texts are views and need not be UTF-8.
struct ActivityView {
  absl::string_view subject;
  absl::string_view type;
  absl::string_view app;
  absl::string_view platform;
  absl::Span<const absl::string_view> traits;
  bool has_time = false;
  int64_t seconds = 0;  // of occurred_at
  int32_t nanos = 0;
};

// What an activity comes to, whichever organisation it is for.
struct Admission {
  ingest::v1::Reason refusal = ingest::v1::REASON_UNSPECIFIED;  // UNSPECIFIED: none
  const ActivityShape* shape = nullptr;                         // not null without a refusal
  std::variant<SubjectId, SubjectFault> subject = SubjectFault::kMissing;  // an id, likewise
};

// The last second that is not in the future at `now`.
int64_t LastSecond(absl::Time now);

// Judges an activity by itself: by its traits, time, type and subject, of which the first that is
// wrong is the reason. Whether its organisation takes it, by its days, windows and keys, is
// ingest's to say. Adds to `ignored` what Catalog::Classify does. Thread-safe.
Admission Admit(const ActivityView& activity, const Catalog& catalog, int64_t last_second,
                IgnoredTerms& ignored);

}  // namespace tutti

#endif  // TUTTI_COMMON_ADMISSION_ADMISSION_H_
