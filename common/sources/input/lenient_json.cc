#include "common/sources/input/lenient_json.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/sources/input/json_object_scanner.h"

namespace tutti {
namespace {

constexpr double kLargestExact = 9007199254740992;  // 2^53

// Rewrites a text that is almost JSON.
class Repair {
 public:
  explicit Repair(absl::string_view json) : rest_(json) { out_.reserve(json.size() + 64); }

  std::string Run() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '"') {
        String();
      } else if (IsJsonWord(c)) {
        Word();
      } else {
        // A byte order mark is no white space to a parser.
        out_.push_back(IsJsonSpace(c) ? ' ' : c);
        rest_.remove_prefix(1);
      }
    }
    return std::move(out_);
  }

 private:
  void String() {
    out_.push_back('"');
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '\\') {
        Escape();
        continue;
      }
      rest_.remove_prefix(1);
      if (static_cast<unsigned char>(c) < 0x20) {
        absl::StrAppend(&out_, "\\u00", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
        continue;
      }
      out_.push_back(c);
      if (c == '"') return;
    }
  }

  // The unit of UTF-16 that an escape \uXXXX at the beginning of `text` names.
  static absl::optional<uint32_t> Unit(absl::string_view text) {
    uint32_t unit = 0;
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return absl::nullopt;
    if (!absl::SimpleHexAtoi(text.substr(2, 4), &unit)) return absl::nullopt;
    for (const char c : text.substr(2, 4)) {
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return absl::nullopt;
    }
    return unit;
  }

  void Escape() {
    constexpr absl::string_view kEscapes = "\"\\/bfnrt";
    if (rest_.size() > 1 && kEscapes.find(rest_[1]) != absl::string_view::npos) return Copy(2);
    const absl::optional<uint32_t> unit = Unit(rest_);
    if (!unit.has_value()) {
      // No escape: a backslash, as in the path of a file.
      out_ += "\\\\";
      rest_.remove_prefix(1);
      return;
    }
    const bool high = *unit >= 0xd800 && *unit < 0xdc00;
    const bool low = *unit >= 0xdc00 && *unit < 0xe000;
    if (!high && !low) return Copy(6);
    const absl::optional<uint32_t> next = high ? Unit(rest_.substr(6)) : absl::nullopt;
    if (next.has_value() && *next >= 0xdc00 && *next < 0xe000) return Copy(12);
    absl::StrAppend(&out_, kReplacementCharacter);
    rest_.remove_prefix(6);
  }

  void Word() {
    size_t size = 0;
    while (size < rest_.size() && IsJsonWord(rest_[size])) ++size;
    const absl::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    int64_t whole = 0;
    double number = 0;
    const bool is_whole = absl::SimpleAtoi(word, &whole);
    const bool is_number = absl::SimpleAtod(word, &number);
    const bool is_nothing = absl::EqualsIgnoreCase(word, "null") ||
                            absl::EqualsIgnoreCase(word, "none") || word == "undefined" ||
                            (is_number && !std::isfinite(number));
    if (is_nothing) {
      out_ += "null";
    } else if (absl::EqualsIgnoreCase(word, "true") || absl::EqualsIgnoreCase(word, "false")) {
      absl::StrAppend(&out_, absl::AsciiStrToLower(word));
    } else if (is_whole) {
      absl::StrAppend(&out_, whole);
    } else if (!is_number) {
      absl::StrAppend(&out_, word);
    } else if (word.find_first_not_of("-+0123456789") == absl::string_view::npos) {
      absl::StrAppend(&out_, "\"", word, "\"");
    } else {
      absl::StrAppend(&out_, number);
    }
  }

  void Copy(size_t size) {
    out_.append(rest_.data(), size);
    rest_.remove_prefix(size);
  }

  absl::string_view rest_;
  std::string out_;
};

}  // namespace

bool IsDamaged(absl::string_view name) { return absl::StrContains(name, kReplacementCharacter); }

bool ParseLenient(simdjson::dom::parser& parser, absl::string_view json, bool padded,
                  simdjson::dom::element* value) {
  const simdjson::error_code error = parser.parse(json.data(), json.size(), !padded).get(*value);
  if (error == simdjson::SUCCESS) return true;
  if (error == simdjson::CAPACITY || error == simdjson::DEPTH_ERROR) return false;
  const std::string repaired = Repair(json).Run();
  return parser.parse(repaired.data(), repaired.size(), true).get(*value) == simdjson::SUCCESS;
}

bool HasAnyMember(absl::string_view json, absl::Span<const absl::string_view> names) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  simdjson::dom::object members;
  if (!ParseLenient(parser, json, /*padded=*/false, &value)) return false;
  if (value.get(members) != simdjson::SUCCESS) return false;
  return std::any_of(names.begin(), names.end(), [members](absl::string_view name) {
    return members[std::string_view(name.data(), name.size())].error() == simdjson::SUCCESS;
  });
}

bool IsEmptyPage(simdjson::dom::element value) {
  simdjson::dom::object members;
  if (value.get(members) != simdjson::SUCCESS || members.size() == 0) return false;
  constexpr std::string_view kOfPages[] = {"kind", "etag", "nextPageToken", "nextLink", "count"};
  constexpr std::string_view kLists[] = {"value", "items", "records", "events", "Records"};
  for (const auto [name, held] : members) {
    if (name.substr(0, 7) == "@odata.") continue;
    if (std::find(std::begin(kOfPages), std::end(kOfPages), name) != std::end(kOfPages)) continue;
    const bool list = std::find(std::begin(kLists), std::end(kLists), name) != std::end(kLists);
    if (!list || !held.is_null()) return false;
  }
  return true;
}

absl::optional<bool> FlagOf(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  // Spreadsheets write them in their own language: German, French, Spanish, Italian, Portuguese,
  // Dutch.
  for (const absl::string_view yes : {"true", "yes", "wahr", "ja", "vrai", "oui", "verdadero",
                                      "vero", "verdadeiro", "sim", "waar"}) {
    if (absl::EqualsIgnoreCase(text, yes)) return true;
  }
  for (const absl::string_view no :
       {"false", "no", "falsch", "nein", "faux", "non", "falso", "nee", "onwaar"}) {
    if (absl::EqualsIgnoreCase(text, no)) return false;
  }
  const absl::optional<int64_t> number = IntegerOf(text);
  if (!number.has_value() || *number < 0 || *number > 1) return absl::nullopt;
  return *number == 1;
}

absl::optional<bool> FlagOf(simdjson::dom::element value) { return FlagOf(ScalarText(value)); }

bool IsAboveNothing(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  double number = 0;
  if (absl::SimpleAtod(text, &number)) return number > 0;
  // Grouped, or with a comma for the point: "1,234", "1.234,5", "1'234", "1 234" (and with the
  // spaces that spreadsheets put there).
  const std::string digits =
      absl::StrReplaceAll(text, {{"\xc2\xa0", ""}, {"\xe2\x80\xaf", ""}, {"\xe2\x80\x99", ""}});
  if (!digits.empty() && absl::ascii_isdigit(static_cast<unsigned char>(digits.front())) &&
      digits.find_first_not_of("0123456789.,' ") == std::string::npos) {
    return digits.find_first_of("123456789") != std::string::npos;
  }
  if (absl::ConsumePrefix(&text, "P")) return text.find_first_of("123456789") != text.npos;
  return FlagOf(text).value_or(false);
}

absl::optional<int64_t> IntegerOf(absl::string_view text) {
  int64_t whole = 0;
  if (absl::SimpleAtoi(text, &whole)) return whole;
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || std::abs(number) > kLargestExact ||
      number != std::trunc(number)) {
    return absl::nullopt;
  }
  return static_cast<int64_t>(number);
}

absl::optional<int64_t> IntegerOf(simdjson::dom::element value) {
  return IntegerOf(ScalarText(value));
}

std::string ScalarText(simdjson::dom::element value) {
  std::string_view text;
  double number = 0;
  switch (value.type()) {
    case simdjson::dom::element_type::STRING:
      return value.get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
    case simdjson::dom::element_type::BOOL:
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
      return simdjson::minify(value);
    case simdjson::dom::element_type::DOUBLE:
      if (value.get(number) == simdjson::SUCCESS && std::abs(number) <= kLargestExact &&
          number == std::trunc(number)) {
        return absl::StrCat(static_cast<int64_t>(number));
      }
      return simdjson::minify(value);
    case simdjson::dom::element_type::ARRAY:
    case simdjson::dom::element_type::OBJECT:
    case simdjson::dom::element_type::NULL_VALUE:
      break;
  }
  return "";
}

}  // namespace tutti
