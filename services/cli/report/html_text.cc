#include "services/cli/report/html_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/text/plain_text.h"
#include "services/cli/report/figure_words.h"

namespace tutti {

std::string EscapeHtml(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : PlainText(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string NameHtml(const std::string& name) {
  return absl::StrCat("<bdi>", EscapeHtml(name), "</bdi>");
}

std::string HtmlId(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += absl::ascii_isalnum(static_cast<unsigned char>(c)) ? c : '-';
  }
  return out;
}

std::string HtmlNumber(double value) { return absl::StrFormat("%.4g", value); }

std::string QuantityHtml(const Quantity& quantity) {
  const std::string text = absl::StrReplaceAll(EscapeHtml(FormatQuantity(quantity)),
                                               {{" ± ", "&nbsp;±&nbsp;"}, {" %", "&nbsp;%"}});
  return absl::StrCat("<data value=\"",
                      absl::StrFormat("%.4f", WithoutMinusZero(quantity.estimate.value(), 4)),
                      "\">", text, "</data>");
}

std::string ChangeHtml(const score::v1::Change& change, const char* unit) {
  if (change.since_end_day().empty()) return "";
  const std::string words = EscapeHtml(FormatChange(change, unit));
  if (!change.beyond_noise()) return absl::StrCat("<p class=\"change\">", words, "</p>\n");
  return absl::StrCat("<p class=\"change beyond\"><span aria-hidden=\"true\">",
                      change.difference().value() > 0 ? "▲" : "▼", "</span> ", words, "</p>\n");
}

std::string StateHtml(score::v1::FigureState state, const std::string& reason) {
  return absl::StrCat("<p class=\"state\"><strong>", StateWord(state), "</strong>",
                      reason.empty() ? "" : ": ", EscapeHtml(reason), "</p>\n");
}

std::string ListHtml(const std::vector<std::string>& lines) {
  std::string out = "<ul>\n";
  for (const std::string& line : lines) {
    absl::StrAppend(&out, "<li>", EscapeHtml(line), "</li>\n");
  }
  return out + "</ul>\n";
}

}  // namespace tutti
