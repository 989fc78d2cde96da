#include "services/cli/report/text_layout.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace tutti {
namespace {

constexpr size_t kTextWidth = 96;

std::string Paint(const TextStyle& style, const char* code, const std::string& text) {
  return style.color && !text.empty() ? absl::StrCat("\x1b[", code, "m", text, "\x1b[0m") : text;
}

}  // namespace

std::string Bold(const TextStyle& style, const std::string& text) {
  return Paint(style, "1", text);
}

std::string Faint(const TextStyle& style, const std::string& text) {
  return Paint(style, "2", text);
}

std::string Warning(const TextStyle& style, const std::string& text) {
  return Paint(style, "33", text);
}

size_t Columns(const std::string& text) {
  size_t columns = 0;
  bool escape = false;
  for (const char c : text) {
    if (c == '\x1b') escape = true;
    if (!escape && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++columns;
    if (c == 'm') escape = false;
  }
  return columns;
}

std::string PadRight(const std::string& text, size_t columns) {
  const size_t have = Columns(text);
  return have >= columns ? text : text + std::string(columns - have, ' ');
}

std::string PadLeft(const std::string& text, size_t columns) {
  const size_t have = Columns(text);
  return have >= columns ? text : std::string(columns - have, ' ') + text;
}

std::vector<std::string> Fold(const std::string& text, size_t columns) {
  std::vector<std::string> lines(1);
  std::vector<std::string> words;
  bool margin = false;  // what comes belongs to the word before it
  for (const absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \n\t"), absl::SkipEmpty())) {
    const bool sign = word == "±";
    if (!words.empty() && (margin || sign || absl::StartsWith(word, "%"))) {
      absl::StrAppend(&words.back(), " ", word);
    } else {
      words.emplace_back(word);
    }
    margin = sign;
  }
  for (const std::string& word : words) {
    std::string& line = lines.back();
    if (!line.empty() && Columns(line) + 1 + Columns(word) > columns) {
      lines.push_back(word);
    } else {
      absl::StrAppend(&line, line.empty() ? "" : " ", word);
    }
  }
  return lines;
}

std::string Wrap(const std::string& text, const std::string& indent) {
  std::string out;
  for (const std::string& line : Fold(text, kTextWidth - Columns(indent))) {
    if (!line.empty()) absl::StrAppend(&out, indent, line, "\n");
  }
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

std::string DrawBar(const score::v1::Estimate& estimate, double full, const TextStyle& style) {
  const auto cell = [&](double value) {
    const double share = std::clamp(value / full, 0.0, 1.0);
    return static_cast<int>(std::lround(share * style.bar_width));
  };
  const int low = cell(estimate.value() - estimate.margin());
  const int high = cell(estimate.value() + estimate.margin());
  const int last = style.bar_width - 1;
  int arrow = -1;
  if (estimate.bound() == score::v1::BOUND_AT_LEAST) arrow = std::min(high, last);
  if (estimate.bound() == score::v1::BOUND_AT_MOST) arrow = std::max(low - 1, 0);
  std::string bar;
  for (int i = 0; i < style.bar_width; ++i) {
    const char* const open = estimate.bound() == score::v1::BOUND_AT_LEAST ? "›" : "‹";
    absl::StrAppend(&bar, i == arrow ? open : i < low ? "█" : i < high ? "▒" : "·");
  }
  return Paint(style, "36", bar);
}

}  // namespace tutti
