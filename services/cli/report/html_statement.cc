#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

using score::v1::PrivacyStatement;

template <typename Strings>
std::vector<std::string> LinesOf(const Strings& lines) {
  return {lines.begin(), lines.end()};
}

// A table that may be wider than a phone: it scrolls in its own place.
std::string ScrollTable(const std::string& id, const std::string& caption,
                        const std::vector<std::string>& titles, const std::string& rows) {
  std::string out = absl::StrCat("<div class=\"scroll\" role=\"region\" aria-labelledby=\"", id,
                                 "\" tabindex=\"0\">\n<table>\n<caption id=\"", id, "\">", caption,
                                 "</caption>\n<thead><tr>");
  for (const std::string& title : titles) {
    absl::StrAppend(&out, "<th scope=\"col\">", title, "</th>");
  }
  return absl::StrCat(out, "</tr></thead>\n<tbody>\n", rows, "</tbody>\n</table>\n</div>\n");
}

std::string Guarantees(const PrivacyStatement& statement) {
  std::string rows;
  for (const auto& guarantee : statement.guarantees()) {
    absl::StrAppend(&rows, "<tr><th scope=\"row\">", EscapeHtml(guarantee.kind()), "</th><td>",
                    EscapeHtml(guarantee.protected_unit()), "</td><td>",
                    absl::StrFormat("rho %.4f, epsilon %.2f", guarantee.rho_per_publication(),
                                    guarantee.epsilon_per_publication()),
                    "</td><td>",
                    absl::StrFormat("rho %.2f, epsilon %.1f", guarantee.rho_per_year(),
                                    guarantee.epsilon_per_year()),
                    "</td><td>", absl::StrFormat("%.0e", guarantee.delta()), "</td></tr>\n");
  }
  return ScrollTable("guarantees-caption", "How much noise protects what",
                     {"Of", "Protects", "One publication", "Any 392 days", "At delta"}, rows);
}

std::string Kept(const PrivacyStatement& statement) {
  std::string rows;
  for (const auto& entry : statement.retention()) {
    absl::StrAppend(&rows, "<tr><th scope=\"row\">", EscapeHtml(entry.what()), "</th><td>",
                    EscapeHtml(entry.where()), "</td><td>", EscapeHtml(entry.how_long()),
                    "</td></tr>\n");
  }
  return ScrollTable("retention-caption", "What is kept, where, and for how long",
                     {"What", "Where", "For how long"}, rows);
}

std::string Thresholds(const PageContent& content) {
  std::string rows;
  for (const auto& threshold : content.statement.thresholds()) {
    std::string name = threshold.category();
    for (const auto& category : content.score.categories()) {
      if (category.category() == threshold.category()) name = category.display_name();
    }
    absl::StrAppend(&rows, "<tr><th scope=\"row\">", EscapeHtml(name), "</th><td>",
                    threshold.headcount(), " people</td></tr>\n");
  }
  return ScrollTable("thresholds-caption", "From which headcount a category is shown",
                     {"Category", "From"}, rows);
}

std::string Peers(const PageContent& content, const score::v1::GetBenchmarkResponse& benchmark) {
  std::string rows;
  const auto row = [&rows](const std::string& name, const std::string& own, int peers,
                           const char* unit) {
    absl::StrAppend(&rows, "<tr><th scope=\"row\">", EscapeHtml(name), "</th><td>", own,
                    "</td><td>", peers, unit, "</td></tr>\n");
  };
  const score::v1::Score& score = content.compared;
  const bool total = score.state() == score::v1::FIGURE_STATE_MEASURED;
  row("Adoption score",
      total ? QuantityHtml({FigureUnit::kPercent, score.percent(), false, "%"})
            : StateWord(score.state()),
      benchmark.mean_percent(), " %");
  for (const auto& mean : benchmark.categories()) {
    for (const auto& category : score.categories()) {
      if (category.category() != mean.category()) continue;
      const bool shown = category.state() == score::v1::FIGURE_STATE_MEASURED;
      row(category.display_name(),
          shown ? QuantityHtml({FigureUnit::kPoints, category.points(), false, "points"})
                : StateWord(category.state()),
          mean.mean_points(), " points");
    }
  }
  return ScrollTable("benchmark-caption",
                     absl::StrCat("Beside at least ", benchmark.organizations(),
                                  " others: ", EscapeHtml(benchmark.cohort()), "; the 28 days to ",
                                  EscapeHtml(benchmark.end_day())),
                     {"Figure", "This organisation", "Mean of the others"}, rows);
}

}  // namespace

std::string BenchmarkSection(const PageContent& content) {
  std::string out =
      "<section aria-labelledby=\"benchmark\">\n<h2 id=\"benchmark\">Beside others like it</h2>\n";
  if (!content.benchmark.has_value()) {
    return out + "<p>This score service compares with no other organisations.</p>\n</section>\n";
  }
  if (content.benchmark->cohort().empty()) {
    return out +
           "<p>There are fewer than 10 other organisations of this kind, so there is no "
           "comparison.</p>\n</section>\n";
  }
  return absl::StrCat(out, "<div class=\"panel\">\n", Peers(content, *content.benchmark),
                      "</div>\n</section>\n");
}

std::string StatementSection(const PageContent& content) {
  const PrivacyStatement& statement = content.statement;
  const auto details = [](const char* summary, const std::string& body) {
    return absl::StrCat("<details><summary>", summary, "</summary>\n", body, "</details>\n");
  };
  return absl::StrCat(
      "<section aria-labelledby=\"statement\">\n<h2 id=\"statement\">Privacy statement</h2>\n"
      "<div class=\"panel\">\n<p>",
      EscapeHtml(statement.claim()), "</p>\n", Guarantees(statement),
      "<h3 class=\"group\">Never measured</h3>\n", ListHtml(LinesOf(statement.never_measured())),
      "<h3 class=\"group\">What the claim does not cover</h3>\n",
      ListHtml(LinesOf(statement.limits())), "<h3 class=\"group\">In full</h3>\n",
      details("What is collected", ListHtml(LinesOf(statement.collected()))),
      details("What the sources are declared to give", ListHtml(LinesOf(statement.declared()))),
      details("What is kept, where, and for how long", Kept(statement)),
      details("Who can read what", ListHtml(LinesOf(statement.readers()))),
      details("What a level with earlier windows supposes",
              absl::StrCat("<p>", EscapeHtml(statement.levels()), "</p>")),
      details("From which headcount a category is shown", Thresholds(content)),
      "</div>\n</section>\n");
}

}  // namespace tutti
