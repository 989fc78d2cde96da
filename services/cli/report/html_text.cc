#include "services/cli/report/html_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/text/plain_text.h"
#include "services/cli/report/figure_words.h"

namespace tutti {
namespace {

// No line breaks within a number and its margin.
std::string Unbroken(const std::string& html) {
  return absl::StrReplaceAll(html, {{" ± ", "&nbsp;±&nbsp;"},
                                    {" %", "&nbsp;%"},
                                    {"at least ", "at&nbsp;least&nbsp;"},
                                    {"at most ", "at&nbsp;most&nbsp;"}});
}

}  // namespace

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

std::string TextHtml(const std::string& text) {
  constexpr absl::string_view kDay = "0000-00-00";
  const auto is_day = [&kDay](absl::string_view word) {
    if (word.size() != kDay.size()) return false;
    for (size_t i = 0; i < kDay.size(); ++i) {
      const bool digit = absl::ascii_isdigit(static_cast<unsigned char>(word[i]));
      if (kDay[i] == '0' ? !digit : word[i] != '-') return false;
    }
    return true;
  };
  const std::string escaped = EscapeHtml(text);
  std::string out;
  for (size_t i = 0; i < escaped.size();) {
    const absl::string_view word = absl::string_view(escaped).substr(i, kDay.size());
    if (is_day(word)) {
      absl::StrAppend(&out, "<time>", word, "</time>");
      i += kDay.size();
    } else {
      out += escaped[i++];
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
  return absl::StrCat("<data value=\"",
                      absl::StrFormat("%.4f", WithoutMinusZero(ShownValue(quantity.estimate), 4)),
                      "\">", Unbroken(EscapeHtml(FormatQuantity(quantity))), "</data>");
}

std::string ChangeHtml(const score::v1::Change& change, const char* unit) {
  if (change.since_end_day().empty()) return "";
  const std::string words = Unbroken(EscapeHtml(FormatChange(change, unit)));
  if (!change.beyond_noise()) return absl::StrCat("<p class=\"change\">", words, "</p>\n");
  return absl::StrCat("<p class=\"change beyond\"><span aria-hidden=\"true\">",
                      change.difference().value() > 0 ? "▲" : "▼", "</span> ", words, "</p>\n");
}

std::string StateHtml(score::v1::FigureState state, const std::string& reason) {
  return absl::StrCat("<p class=\"state\"><strong>", StateWord(state), "</strong>",
                      reason.empty() ? "" : ": ", TextHtml(reason), "</p>\n");
}

std::string ListHtml(const std::vector<std::string>& lines) {
  std::string out = "<ul>\n";
  for (const std::string& line : lines) {
    absl::StrAppend(&out, "<li>", TextHtml(line), "</li>\n");
  }
  return out + "</ul>\n";
}

}  // namespace tutti
