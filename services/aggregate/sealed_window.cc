#include "services/aggregate/sealed_window.h"

namespace tutti {

absl::StatusOr<std::string> ReadSealedBits(CounterStore& counters,
                                           const ScheduledOrganization& organization, Window window,
                                           const std::string& kind, const BitmapShape& shape) {
  const absl::Status lost = absl::NotFoundError("not all of the window was counted");
  absl::StatusOr<std::string> sealed = counters.ReadSealed({organization.id(), window, kind});
  const aggregate::v1::BegunWindow* begun = organization.FindBegun(window);
  if (shape.incomplete || (begun != nullptr && !HasBitmap(*begun, kind))) return lost;
  const size_t bytes = shape.bits() / 8;
  if (begun == nullptr && absl::IsNotFound(sealed.status())) return std::string(bytes, '\0');
  // A bitmap of another length was made by other terms, or another catalogue.
  if (sealed.ok() && sealed->size() != bytes) return lost;
  return sealed;
}

}  // namespace tutti
