#include "services/cli/report/score_text.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace tutti {
namespace {

using score::v1::Estimate;
using score::v1::FigureState;

constexpr size_t kTextWidth = 96;

std::string Paint(const TextStyle& style, const char* code, const std::string& text) {
  return style.color ? absl::StrCat("\x1b[", code, "m", text, "\x1b[0m") : text;
}

std::string Bold(const TextStyle& style, const std::string& text) {
  return Paint(style, "1", text);
}

std::string Faint(const TextStyle& style, const std::string& text) {
  return Paint(style, "2", text);
}

// Characters as shown: our texts have no combining or wide ones.
size_t Columns(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string PadRight(const std::string& text, size_t columns) {
  const size_t have = Columns(text);
  return have >= columns ? text : text + std::string(columns - have, ' ');
}

std::string PadLeft(const std::string& text, size_t columns) {
  const size_t have = Columns(text);
  return have >= columns ? text : std::string(columns - have, ' ') + text;
}

// Breaks lines between words; every line begins with `indent`.
std::string Wrap(const std::string& text, const std::string& indent) {
  std::string out;
  std::string line;
  const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  for (const std::string& word : words) {
    if (!line.empty() && Columns(indent) + Columns(line) + 1 + Columns(word) > kTextWidth) {
      absl::StrAppend(&out, indent, line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  if (!line.empty()) absl::StrAppend(&out, indent, line, "\n");
  return out;
}

std::string Bullets(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    std::string wrapped = Wrap(line, "    ");
    if (wrapped.size() > 2) wrapped[2] = '-';
    absl::StrAppend(&out, wrapped);
  }
  return out;
}

template <typename Strings>
std::string BulletsOf(const Strings& lines) {
  return Bullets({lines.begin(), lines.end()});
}

std::string StateWord(FigureState state) {
  switch (state) {
    case score::v1::FIGURE_STATE_WITHHELD:
      return "withheld";
    case score::v1::FIGURE_STATE_NOT_MEASURED:
      return "not measured";
    case score::v1::FIGURE_STATE_INCOMPLETE:
      return "incomplete";
    default:
      return "";
  }
}

std::string ChangeText(const score::v1::Change& change) {
  if (change.since_end_day().empty()) return "";
  return absl::StrFormat("%+.1f ± %.1f since %s%s", change.difference().value(),
                         change.difference().margin(), change.since_end_day(),
                         change.beyond_noise() ? "" : " (within the noise)");
}

std::string Total(const score::v1::Score& score, const TextStyle& style) {
  if (score.state() != score::v1::FIGURE_STATE_MEASURED) {
    return absl::StrCat("  Adoption score: ", StateWord(score.state()), "\n");
  }
  std::string out = absl::StrCat("  ", Bold(style, "Adoption score"), "  ",
                                 FormatEstimate(score.points(), 0), " of ", score.possible_points(),
                                 " points, ", FormatEstimate(score.percent(), 1), "%\n");
  const std::string change = ChangeText(score.change());
  if (!change.empty()) absl::StrAppend(&out, "  Change          ", change, "\n");
  const std::string trend = ChangeText(score.trend_180_days());
  if (!trend.empty()) absl::StrAppend(&out, "  Trend, percent  ", trend, "\n");
  for (const auto& category : score.categories()) {
    if (category.category() != score.most_room_category()) continue;
    absl::StrAppend(&out, "  Most room       ", category.display_name(), "\n");
  }
  return out;
}

std::string Measures(const score::v1::Score& score, const TextStyle& style) {
  std::string out;
  size_t width = 0;
  for (const auto& measure : score.measures()) {
    width = std::max(width, Columns(measure.display_name()));
  }
  for (const auto& measure : score.measures()) {
    absl::StrAppend(&out, "  ", PadRight(measure.display_name(), width), "  ");
    if (measure.state() == score::v1::FIGURE_STATE_MEASURED) {
      const bool percent = measure.unit() == score::v1::UNIT_PERCENT;
      absl::StrAppend(&out, PadLeft(FormatEstimate(measure.value(), percent ? 1 : 0), 14),
                      percent ? " %" : "", "\n");
    } else {
      absl::StrAppend(&out, Faint(style, StateWord(measure.state())), "\n");
    }
  }
  return out;
}

}  // namespace

std::string FormatEstimate(const Estimate& estimate, int decimals) {
  switch (estimate.bound()) {
    case score::v1::BOUND_AT_LEAST:
      return absl::StrFormat("at least %.*f", decimals, estimate.value());
    case score::v1::BOUND_AT_MOST:
      return absl::StrFormat("at most %.*f", decimals, estimate.value());
    default:
      return absl::StrFormat("%.*f ± %.*f", decimals, estimate.value(), decimals,
                             estimate.margin());
  }
}

std::string DrawBar(const Estimate& estimate, double full, const TextStyle& style) {
  const auto cell = [&](double value) {
    const double share = std::clamp(value / full, 0.0, 1.0);
    return static_cast<int>(std::lround(share * style.bar_width));
  };
  const int low = cell(estimate.value() - estimate.margin());
  const int high = cell(estimate.value() + estimate.margin());
  std::string bar;
  for (int i = 0; i < style.bar_width; ++i)
    absl::StrAppend(&bar, i < low ? "█" : i < high ? "▒" : "·");
  return Paint(style, "36", bar);
}

std::string RenderScore(const score::v1::Score& score, bool with_measures, const TextStyle& style) {
  std::string out =
      absl::StrCat("  ", Bold(style, score.name()), "\n  ", score.start_day(), " to ",
                   score.end_day(), ", both included; ", score.headcount(), " people\n");
  if (score.generated_data()) {
    absl::StrAppend(&out, "  ", Paint(style, "33", "GENERATED DATA: nobody did any of this."),
                    "\n");
  }
  absl::StrAppend(&out, "\n", Total(score, style), "\n");
  size_t width = 0;
  for (const auto& category : score.categories()) {
    width = std::max(width, Columns(category.display_name()));
  }
  for (const auto& category : score.categories()) {
    absl::StrAppend(&out, "  ", PadRight(category.display_name(), width), "  ");
    if (category.state() == score::v1::FIGURE_STATE_MEASURED) {
      absl::StrAppend(&out, PadLeft(FormatEstimate(category.points(), 1), 13), "  ",
                      DrawBar(category.points(), 100, style), "  ",
                      Faint(style, ChangeText(category.change())), "\n");
    } else {
      absl::StrAppend(&out, PadLeft(StateWord(category.state()), 13), "  ",
                      Faint(style, category.state_reason()), "\n");
    }
  }
  if (with_measures) absl::StrAppend(&out, "\n", Measures(score, style));
  absl::StrAppend(&out, "\n", Wrap(score.notice(), "  "));
  return out;
}

std::string RenderHistory(const std::vector<score::v1::Score>& scores, const TextStyle& style) {
  std::string out = absl::StrCat("  ", PadRight("28 days to", 12), PadLeft("score, %", 14), "\n");
  for (auto score = scores.rbegin(); score != scores.rend(); ++score) {
    absl::StrAppend(&out, "  ", PadRight(score->end_day(), 12));
    if (score->state() == score::v1::FIGURE_STATE_MEASURED) {
      absl::StrAppend(&out, PadLeft(FormatEstimate(score->percent(), 1), 14), "  ",
                      DrawBar(score->percent(), 100, style), "\n");
    } else {
      absl::StrAppend(&out, PadLeft(StateWord(score->state()), 14), "\n");
    }
  }
  return out;
}

std::string RenderTable(const score::v1::Table& table, const TextStyle& style) {
  std::string out = absl::StrCat("  ", Bold(style, table.display_name()), "\n",
                                 Wrap(table.description(), "  "), "\n");
  if (table.state() != score::v1::FIGURE_STATE_MEASURED) {
    absl::StrAppend(&out, "  ", StateWord(table.state()), ": ", table.state_reason(), "\n");
    return out;
  }
  size_t width = 0;
  for (const auto& row : table.rows()) width = std::max(width, Columns(row.display_name()));
  for (const auto& row : table.rows()) {
    absl::StrAppend(&out, "  ", PadRight(row.display_name(), width),
                    PadLeft(FormatEstimate(row.subjects(), 0), 16), " ", table.subjects(),
                    PadLeft(FormatEstimate(row.share(), 1), 16), " %\n");
  }
  if (!table.share_words().empty()) {
    absl::StrAppend(&out, "\n",
                    Wrap(absl::StrCat("Shares are of ", table.share_words(), "."), "  "));
  }
  return out;
}

std::string RenderStatement(const score::v1::PrivacyStatement& statement, bool brief,
                            const TextStyle& style) {
  const auto heading = [&](const char* text) {
    return absl::StrCat("\n  ", Bold(style, text), "\n");
  };
  std::string out = Wrap(statement.claim(), "  ");
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
  absl::StrAppend(&out, heading("What is kept, where, and for how long"));
  std::vector<std::string> kept;
  for (const auto& entry : statement.retention()) {
    kept.push_back(absl::StrCat(entry.what(), " (", entry.where(), "): ", entry.how_long()));
  }
  absl::StrAppend(&out, Bullets(kept), heading("Who can read what"), BulletsOf(statement.readers()),
                  heading("What the claim does not cover"), BulletsOf(statement.limits()),
                  heading("From which headcount a category is shown"));
  for (const auto& threshold : statement.thresholds()) {
    absl::StrAppend(&out, "  ", PadRight(threshold.category(), 24),
                    PadLeft(absl::StrCat(threshold.headcount()), 8), " people\n");
  }
  absl::StrAppend(&out, "\n  Catalogue ", statement.catalog_version(), ", fingerprint ",
                  statement.catalog_fingerprint(), "\n");
  return out;
}

std::string RenderRecommendations(const score::v1::ListRecommendationsResponse& response,
                                  const TextStyle& style) {
  if (response.recommendations().empty()) {
    return "  Nothing is recommended: no shown figure is low.\n";
  }
  std::string out;
  for (const auto& item : response.recommendations()) {
    absl::StrAppend(&out, "  ", Bold(style, item.title()), "  (", item.measure(), ": ",
                    FormatEstimate(item.value(), 1), " %)\n", Wrap(item.text(), "  "), "\n");
  }
  return out;
}

}  // namespace tutti
