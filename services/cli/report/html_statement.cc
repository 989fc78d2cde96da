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

// The numbers of one period, one below the other, so that a phone has room for the table.
std::string Noise(double epsilon, int epsilon_decimals, double rho, int rho_decimals) {
  return absl::StrFormat("<td>epsilon&nbsp;%.*f<br><span class=\"fine\">rho&nbsp;%.*f</span></td>",
                         epsilon_decimals, epsilon, rho_decimals, rho);
}

std::string Guarantees(const PrivacyStatement& statement) {
  std::string out =
      "<table id=\"guarantees\">\n<caption>How much noise protects what</caption>\n<thead><tr><th "
      "scope=\"col\">Protected</th><th scope=\"col\">In one publication</th><th scope=\"col\">In "
      "any 392 days</th></tr></thead>\n<tbody>\n";
  for (const auto& guarantee : statement.guarantees()) {
    absl::StrAppend(
        &out, "<tr><th scope=\"row\"><b>", EscapeHtml(guarantee.kind()),
        "</b><br><span class=\"fine\">", EscapeHtml(guarantee.protected_unit()),
        absl::StrFormat("; at delta&nbsp;%.0e</span></th>", guarantee.delta()),
        Noise(guarantee.epsilon_per_publication(), 2, guarantee.rho_per_publication(), 4),
        Noise(guarantee.epsilon_per_year(), 1, guarantee.rho_per_year(), 2), "</tr>\n");
  }
  return out + "</tbody>\n</table>\n";
}

std::string Kept(const PrivacyStatement& statement) {
  std::string out = "<dl class=\"kept\">\n";
  for (const auto& entry : statement.retention()) {
    absl::StrAppend(&out, "<div><dt>", EscapeHtml(entry.what()), "</dt><dd>",
                    EscapeHtml(entry.where()), ": ", EscapeHtml(entry.how_long()), "</dd></div>\n");
  }
  return out + "</dl>\n";
}

std::string Thresholds(const PageContent& content) {
  std::string rows;
  for (const auto& threshold : content.statement.thresholds()) {
    std::string name = threshold.category();
    for (const auto& category : content.score.categories()) {
      if (category.category() == threshold.category()) name = category.display_name();
    }
    const std::string& product = threshold.entitled_product();
    absl::StrAppend(&rows, "<tr><th scope=\"row\">", EscapeHtml(name), "</th><td>",
                    EscapeHtml(PeopleWords(threshold.headcount_with_level(), product,
                                           threshold.cadence_with_level())),
                    "</td><td>",
                    EscapeHtml(PeopleWords(threshold.headcount(), product, threshold.cadence())),
                    "</td><td>", TextHtml(ShownHereWords(threshold)), "</td></tr>\n");
  }
  return ScrollTable("thresholds-caption", "From how many people a category is shown",
                     {"Category", "With earlier windows", "In one window alone", "Here"}, rows);
}

std::string Peers(const PageContent& content, const score::v1::GetBenchmarkResponse& benchmark) {
  std::string rows;
  const auto row = [&rows](const std::string& name, const std::string& own, int peers,
                           const char* unit) {
    absl::StrAppend(&rows, "<tr><th scope=\"row\">", EscapeHtml(name), "</th><td>", own,
                    "</td><td>", peers, unit, "</td></tr>\n");
  };
  const score::v1::Score& score = content.compared;
  row("Adoption score",
      Measured(score.state()) ? QuantityHtml({FigureUnit::kPercent, score.percent(), false, "%"})
                              : EscapeHtml(AbsentWords(score.state(), AloneTotalReason(score))),
      benchmark.mean_percent(), " %");
  for (const auto& mean : benchmark.categories()) {
    for (const auto& category : score.categories()) {
      if (category.category() != mean.category()) continue;
      row(category.display_name(),
          Measured(category.state())
              ? QuantityHtml({FigureUnit::kPoints, category.points(), false, "points"})
              : EscapeHtml(AbsentWords(category.state(), ShortReason(category.state_reason_code(),
                                                                     category.state_reason()))),
          mean.mean_points(), " points");
    }
  }
  return ScrollTable("benchmark-caption",
                     absl::StrCat("Beside at least ", benchmark.organizations(), " others: ",
                                  EscapeHtml(benchmark.cohort()), "; what the 28 days to ",
                                  TextHtml(benchmark.end_day()), " say alone"),
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
      "<div class=\"panel\">\n",
      statement.in_short().empty()
          ? ""
          : absl::StrCat("<p class=\"lead\">", EscapeHtml(statement.in_short()), "</p>\n"),
      "<h3>Never measured</h3>\n", ListHtml(LinesOf(statement.never_measured())),
      "<h3 class=\"group\">In full</h3>\n",
      details("The claim, in numbers",
              absl::StrCat("<p>", EscapeHtml(statement.claim()), "</p>\n", Guarantees(statement))),
      details("What the claim does not cover", ListHtml(LinesOf(statement.limits()))),
      details("What is collected", ListHtml(LinesOf(statement.collected()))),
      details("What the sources are declared to give", ListHtml(LinesOf(statement.declared()))),
      details("What is kept, where, and for how long", Kept(statement)),
      details("Who can read what", ListHtml(LinesOf(statement.readers()))),
      details("What a level with earlier windows supposes",
              absl::StrCat("<p>", EscapeHtml(statement.levels()), "</p>")),
      details("From how many people a category is shown", Thresholds(content)),
      "</div>\n</section>\n");
}

}  // namespace tutti
