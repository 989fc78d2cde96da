#include "services/cli/report/html_page.h"

#include <openssl/evp.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/window/cadence.h"
#include "services/cli/report/figure_words.h"
#include "services/cli/report/html_sections.h"
#include "services/cli/report/html_text.h"

namespace tutti {
namespace {

// The source expression of a policy that allows exactly this style.
std::string HashSource(absl::string_view style) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(style.data(), style.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string base64;
  absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(digest.data()), size),
                     &base64);
  return absl::StrCat("'sha256-", base64, "'");
}

std::string Head(const std::string& title) {
  // The icon that is no icon keeps browsers from asking a server for one.
  return absl::StrCat(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ",
      HashSource(kPageStyle),
      "; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
      EscapeHtml(title), "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>", kPageStyle,
      "</style>\n</head>\n");
}

std::string Navigation() {
  constexpr std::array<std::array<const char*, 2>, 9> kSections = {
      {{"score", "Score"},
       {"categories", "Categories"},
       {"trend", "Trend"},
       {"recommendations", "Recommendations"},
       {"benchmark", "Others like it"},
       {"measures", "Measures"},
       {"breakdowns", "Breakdowns"},
       {"absent", "Not shown"},
       {"statement", "Privacy"}}};
  std::string out = "<nav aria-label=\"Sections of this page\"><ul>\n";
  for (const auto& section : kSections) {
    absl::StrAppend(&out, "<li><a href=\"#", section[0], "\">", section[1], "</a></li>\n");
  }
  return out + "</ul></nav>\n";
}

std::string Header(const PageContent& content, const std::string& name) {
  const score::v1::Score& score = content.score;
  std::string out = absl::StrCat(
      "<header>\n<p class=\"kicker\">Adoption score</p>\n<h1>", EscapeHtml(name),
      "</h1>\n<p>The 28 days from ", TextHtml(score.start_day()), " to ", TextHtml(score.end_day()),
      ", both included; ", score.headcount(), " people",
      IsConcrete(score.cadence()) ? absl::StrCat("; published ", CadenceWord(score.cadence())) : "",
      "</p>\n");
  // The notice of made-up activity would say it again.
  if (score.generated_data()) {
    absl::StrAppend(&out, "<p class=\"generated\">", kGenerated, "</p>\n");
  }
  absl::StrAppend(&out, "<p class=\"notice\">",
                  score.generated_data() ? kWhatItIs : EscapeHtml(score.notice()), "</p>\n",
                  Navigation(), "</header>\n");
  return out;
}

std::string Footer(const PageContent& content) {
  return absl::StrCat(
      "<footer>\n<p>Written on ", TextHtml(content.generated_at), " by tutti ",
      EscapeHtml(content.version), " from published records alone. Catalogue ",
      EscapeHtml(content.statement.catalog_version()), ", fingerprint ",
      EscapeHtml(content.statement.catalog_fingerprint()),
      ". This page is one file: it has no script and loads nothing.</p>\n</footer>\n");
}

}  // namespace

std::string RenderPage(const PageContent& content) {
  const std::string name =
      content.display_name.empty() ? OrganizationOf(content.score.name()) : content.display_name;
  return absl::StrCat(
      Head(absl::StrCat(name, ": adoption score, 28 days to ", content.score.end_day())),
      "<body>\n<a class=\"skip\" href=\"#main\">Skip to the score</a>\n", Header(content, name),
      "<main id=\"main\" tabindex=\"-1\">\n", ScoreSection(content), CategoriesSection(content),
      TrendSection(content), RecommendationsSection(content), BenchmarkSection(content),
      MeasuresSection(content), BreakdownsSection(content), AbsentSection(content),
      StatementSection(content), "</main>\n", Footer(content), "</body>\n</html>\n");
}

}  // namespace tutti
