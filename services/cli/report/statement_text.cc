#include "services/cli/report/statement_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/plain_message.h"

namespace tutti {
namespace {

template <typename Strings>
std::string BulletsOf(const Strings& lines) {
  return Bullets({lines.begin(), lines.end()});
}

}  // namespace

std::string RenderStatement(const score::v1::PrivacyStatement& given, bool brief,
                            const TextStyle& style) {
  const score::v1::PrivacyStatement statement = PlainMessage(given);
  const auto heading = [&](const char* text) {
    return absl::StrCat("\n  ", Bold(style, text), "\n");
  };
  std::string out;
  if (statement.generated_data()) absl::StrAppend(&out, "  ", Warning(style, kGenerated), "\n\n");
  if (!statement.in_short().empty()) {
    absl::StrAppend(&out, Wrap(statement.in_short(), "  "), heading("The claim"));
  }
  absl::StrAppend(&out, Wrap(statement.claim(), "  "));
  absl::StrAppend(&out, heading("How much noise"));
  for (const auto& guarantee : statement.guarantees()) {
    absl::StrAppend(
        &out, Wrap(absl::StrFormat("%s: one publication rho %.4f, epsilon %.2f; any 392 days rho "
                                   "%.2f, epsilon %.1f, at delta %.0e. Protects %s.",
                                   guarantee.kind(), guarantee.rho_per_publication(),
                                   guarantee.epsilon_per_publication(), guarantee.rho_per_year(),
                                   guarantee.epsilon_per_year(), guarantee.delta(),
                                   guarantee.protected_unit()),
                   "  "));
  }
  if (brief) {
    absl::StrAppend(&out, heading("Never measured"), BulletsOf(statement.never_measured()));
    return out;
  }
  absl::StrAppend(&out, heading("What is collected"), BulletsOf(statement.collected()));
  absl::StrAppend(&out, heading("What is never measured"), BulletsOf(statement.never_measured()));
  if (!statement.declared().empty()) {
    absl::StrAppend(&out, heading("What the sources are declared to give"),
                    BulletsOf(statement.declared()));
  }
  absl::StrAppend(&out, heading("What is kept, where, and for how long"));
  std::vector<std::string> kept;
  for (const auto& entry : statement.retention()) {
    kept.push_back(absl::StrCat(entry.what(), " (", entry.where(), "): ", entry.how_long()));
  }
  absl::StrAppend(&out, Bullets(kept), heading("Who can read what"), BulletsOf(statement.readers()),
                  heading("What the claim does not cover"), BulletsOf(statement.limits()),
                  heading("What a level with earlier windows supposes"),
                  Wrap(statement.levels(), "  "),
                  heading("From how many people a category is shown, at the cadence that such an "
                          "organisation gets"));
  std::vector<std::string> thresholds;
  for (const auto& threshold : statement.thresholds()) {
    thresholds.push_back(absl::StrCat(threshold.category(), ": ", ThresholdWords(threshold)));
  }
  absl::StrAppend(&out, Bullets(thresholds));
  absl::StrAppend(&out, "\n  Catalogue ", statement.catalog_version(), ", fingerprint ",
                  statement.catalog_fingerprint(), ",\n  of what is counted ",
                  statement.counting_fingerprint(), "\n");
  return out;
}

}  // namespace tutti
