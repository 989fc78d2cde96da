#include "common/sources/input/lenient_json.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/sources/input/json_object_scanner.h"
#include "common/sources/input/text_match.h"

namespace tutti {
namespace {

constexpr double kLargestExact = 9007199254740992;  // 2^53

// What spreadsheets, and people, write for a flag in the languages of Europe; case-folded.
absl::optional<bool> FlagWord(absl::string_view text) {
  static const auto& words = *new absl::flat_hash_map<absl::string_view, bool>{
      {"true", true},
      {"false", false},
      {"yes", true},
      {"no", false},
      {"y", true},
      {"n", false},
      {"wahr", true},
      {"falsch", false},
      {"ja", true},
      {"nein", false},
      {"vrai", true},
      {"faux", false},
      {"oui", true},
      {"non", false},
      {"verdadero", true},
      {"falso", false},
      {"s\u00ed", true},
      {"vero", true},
      {"s\u00ec", true},
      {"verdadeiro", true},
      {"sim", true},
      {"n\u00e3o", false},
      {"waar", true},
      {"onwaar", false},
      {"nee", false},
      {"prawda", true},
      {"fa\u0142sz", false},
      {"tak", true},
      {"nie", false},
      {"pravda", true},
      {"nepravda", false},
      {"ano", true},
      {"\u00e1no", true},
      {"ne", false},
      {"sant", true},
      {"falskt", false},
      {"nej", false},
      {"sand", true},
      {"falsk", false},
      {"sann", true},
      {"usann", false},
      {"nei", false},
      {"tosi", true},
      {"ep\u00e4tosi", false},
      {"kyll\u00e4", true},
      {"ei", false},
      {"igaz", true},
      {"hamis", false},
      {"igen", true},
      {"nem", false},
      {"do\u011fru", true},
      {"yanli\u015f", false},
      {"yanl\u0131\u015f", false},
      {"evet", true},
      {"hayir", false},
      {"hay\u0131r", false},
      {"\u0438\u0441\u0442\u0438\u043d\u0430", true},
      {"\u043b\u043e\u0436\u044c", false},
      {"\u0434\u0430", true},
      {"\u043d\u0435\u0442", false},
      {"adev\u0103rat", true},
      {"fals", false}};
  constexpr size_t kLongest = 16;
  if (text.size() > kLongest) return absl::nullopt;
  const auto found = words.find(CaseFolded(text));
  return found == words.end() ? absl::optional<bool>() : found->second;
}

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

std::vector<std::string> MemberNames(absl::string_view json, size_t depth) {
  std::string unescaped;
  json = absl::StripLeadingAsciiWhitespace(json);
  if (absl::ConsumePrefix(&json, "\"")) {
    unescaped = absl::StrReplaceAll(json, {{"\\\"", "\""}, {"\\\\", "\\"}});
    json = unescaped;
  }
  std::vector<std::string> names;
  size_t open = 0;
  absl::string_view text;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      const size_t begin = ++i;
      while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? size_t{2} : size_t{1};
      text = json.substr(begin, i - begin);
      continue;
    }
    if (c == '{') ++open;
    if (c == '}' && open > 0) --open;
    if (c == ':' && !text.empty() && open > 0 && open <= depth) names.emplace_back(text);
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) text = {};
  }
  return names;
}

bool IsEmptyPage(simdjson::dom::element value) {
  simdjson::dom::object members;
  if (value.get(members) != simdjson::SUCCESS || members.size() == 0) return false;
  constexpr absl::string_view kOfPages[] = {"kind", "etag", "nextPageToken", "nextLink", "count"};
  constexpr absl::string_view kLists[] = {"value", "items", "records", "events"};
  for (const auto [key, held] : members) {
    const absl::string_view name(key.data(), key.size());
    const auto is_named = [name](absl::string_view one) {
      return absl::EqualsIgnoreCase(one, name);
    };
    if (absl::StartsWith(name, "@odata.")) continue;
    if (std::any_of(std::begin(kOfPages), std::end(kOfPages), is_named)) continue;
    const bool is_list = std::any_of(std::begin(kLists), std::end(kLists), is_named);
    simdjson::dom::array list;
    const bool is_empty =
        held.is_null() || (held.get(list) == simdjson::SUCCESS && list.size() == 0);
    if (!is_list || !is_empty) return false;
  }
  return true;
}

absl::optional<bool> FlagOf(absl::string_view text) {
  text = StripSpaces(text);
  if (const absl::optional<bool> said = FlagWord(text); said.has_value()) return said;
  const absl::optional<int64_t> number = IntegerOf(text);
  if (!number.has_value() || *number < 0 || *number > 1) return absl::nullopt;
  return *number == 1;
}

absl::optional<bool> FlagOf(simdjson::dom::element value) { return FlagOf(ScalarText(value)); }

absl::optional<double> NumberOf(absl::string_view text) {
  text = StripSpaces(absl::StripSuffix(StripSpaces(text), "%"));
  std::string plain = absl::StrReplaceAll(text, {{" ", ""},
                                                 {"'", ""},
                                                 {"\xc2\xa0", ""},
                                                 {"\xe2\x80\x87", ""},
                                                 {"\xe2\x80\x89", ""},
                                                 {"\xe2\x80\xaf", ""},
                                                 {"\xe2\x80\x99", ""}});
  // Words that a parser takes for numbers are none.
  if (plain.find_first_not_of("+-.,0123456789eE") != std::string::npos) return absl::nullopt;
  const size_t point = plain.find_last_of(".,");
  if (point != std::string::npos) {
    const bool groups = std::count(plain.begin(), plain.end(), plain[point]) > 1;
    if (!groups) plain[point] = 'p';
    plain = absl::StrReplaceAll(plain, {{".", ""}, {",", ""}, {"p", "."}});
  }
  double number = 0;
  if (!absl::SimpleAtod(plain, &number)) return absl::nullopt;
  return number;
}

absl::optional<bool> WhetherAny(absl::string_view text) {
  text = StripSpaces(text);
  for (const absl::string_view nothing : {"", "-", "none", "null", "n/a", "#n/a", "never"}) {
    if (absl::EqualsIgnoreCase(text, nothing)) return false;
  }
  if (const absl::optional<double> number = NumberOf(text); number.has_value()) return *number > 0;
  if (const absl::optional<bool> flag = FlagOf(text); flag.has_value()) return flag;
  absl::string_view duration = text;
  if (absl::ConsumePrefix(&duration, "P") ||
      text.find_first_not_of("0123456789:") == absl::string_view::npos) {
    return duration.find_first_of("123456789") != absl::string_view::npos;
  }
  return absl::nullopt;
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
    case simdjson::dom::element_type::OBJECT:
      if (simdjson::dom::element held;
          value["value"].get(held) == simdjson::SUCCESS && !held.is_object()) {
        return ScalarText(held);
      }
      break;
    case simdjson::dom::element_type::ARRAY:
    case simdjson::dom::element_type::NULL_VALUE:
      break;
  }
  return "";
}

}  // namespace tutti
