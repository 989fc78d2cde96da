#include "common/admission/admission.h"

#include "common/window/schedule.h"

namespace tutti {
namespace {

using ingest::v1::Reason;

constexpr int64_t kFirstSecond = 946'684'800;    // 2000-01-01T00:00:00Z
constexpr int64_t kLastSecond = 32'503'679'999;  // 2999-12-31T23:59:59Z

Reason ReasonFor(SubjectFault fault) {
  switch (fault) {
    case SubjectFault::kMissing:
      return ingest::v1::REASON_SUBJECT_MISSING;
    case SubjectFault::kTooLong:
      return ingest::v1::REASON_SUBJECT_TOO_LONG;
    case SubjectFault::kMalformed:
      return ingest::v1::REASON_SUBJECT_MALFORMED;
  }
  return ingest::v1::REASON_SUBJECT_MALFORMED;
}

// Of what can be said without a look at type and subject.
Reason RefusalOf(const ActivityView& activity, int64_t last_second) {
  if (activity.traits.size() > kMaxTraits) return ingest::v1::REASON_TOO_MANY_TRAITS;
  if (!activity.has_time || activity.seconds < kFirstSecond || activity.seconds > kLastSecond ||
      activity.nanos < 0 || activity.nanos > 999'999'999) {
    return ingest::v1::REASON_TIME_MISSING;
  }
  return activity.seconds > last_second ? ingest::v1::REASON_TIME_IN_FUTURE
                                        : ingest::v1::REASON_UNSPECIFIED;
}

}  // namespace

int64_t LastSecond(absl::Time now) { return absl::ToUnixSeconds(now + kClockTolerance); }

Admission Admit(const ActivityView& activity, const Catalog& catalog, int64_t last_second,
                IgnoredTerms& ignored) {
  const Reason refusal = RefusalOf(activity, last_second);
  if (refusal != ingest::v1::REASON_UNSPECIFIED) {
    return {refusal, nullptr, SubjectFault::kMissing};
  }
  const ActivityShape* const shape =
      catalog.Classify({activity.type, activity.app, activity.platform, activity.traits}, ignored);
  if (shape == nullptr) {
    return {ingest::v1::REASON_TYPE_UNKNOWN, nullptr, SubjectFault::kMissing};
  }
  Admission admission{ingest::v1::REASON_UNSPECIFIED, shape, SubjectId::Parse(activity.subject)};
  if (const auto* fault = std::get_if<SubjectFault>(&admission.subject)) {
    admission.refusal = ReasonFor(*fault);
  }
  return admission;
}

}  // namespace tutti
