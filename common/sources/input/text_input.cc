#include "common/sources/input/text_input.h"

#include <simdjson.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "common/sources/input/json_object_scanner.h"
#include "common/sources/input/lenient_json.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

using std::string_view_literals::operator""sv;

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kPeekBytes = 64 << 10;
constexpr absl::string_view kMark = "\xef\xbb\xbf";

// Whether a text is an object, or the beginning of one, with its names in
// quotes. In CSV these are doubled.
bool BeginsObject(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "{")) return false;
  text = absl::StripLeadingAsciiWhitespace(text);
  return absl::StartsWith(text, "\"") && !absl::StartsWith(text, "\"\"");
}

bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// The length of a sequence of UTF-8 that begins with this byte, 0 when none does.
size_t SequenceLength(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte >= 0xc2 && byte < 0xe0) return 2;
  if (byte >= 0xe0 && byte < 0xf0) return 3;
  return byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
}

// How many bytes at the end may be the beginning of a sequence that is not all here.
size_t CutOff(absl::string_view bytes) {
  for (size_t back = 1; back <= std::min<size_t>(3, bytes.size()); ++back) {
    const char byte = bytes[bytes.size() - back];
    if (IsAscii(byte)) return 0;
    if (const size_t length = SequenceLength(byte); length > 0) return length > back ? back : 0;
  }
  return 0;
}

// Whether a line may be the names of columns, and is no piece of JSON.
bool LooksLikeHeader(absl::string_view line) {
  return line.find_first_of("{}[]:") == absl::string_view::npos &&
         std::count(line.begin(), line.end(), '"') % 2 == 0;
}

// In a text all quotes and line ends are escaped.
bool BeginsTextOfObjects(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "\"")) return false;
  const absl::string_view begin = text.substr(0, text.find_first_not_of("{[ \\rnt"));
  return absl::StrContains(begin, '{') && absl::EndsWith(begin, "\\") &&
         absl::StartsWith(text.substr(begin.size()), "\"");
}

}  // namespace

// ICU's conversion of an encoding to UTF-8.
class TextInput::Converter {
 public:
  explicit Converter(const char* encoding) {
    UErrorCode error = U_ZERO_ERROR;
    converter_ = ucnv_open(encoding, &error);
  }
  ~Converter() { ucnv_close(converter_); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  // Appends what the bytes mean; `last` when no more come.
  absl::Status Convert(absl::string_view bytes, bool last, std::string* text) {
    if (converter_ == nullptr) {
      return absl::InternalError("the encoding of the input cannot be converted");
    }
    icu::UnicodeString units;
    std::array<UChar, 4096> buffer = {};
    const char* from = bytes.data();
    const char* const end = bytes.data() + bytes.size();
    UErrorCode error = U_BUFFER_OVERFLOW_ERROR;
    while (error == U_BUFFER_OVERFLOW_ERROR) {
      error = U_ZERO_ERROR;
      UChar* to = buffer.data();
      ucnv_toUnicode(converter_, &to, buffer.data() + buffer.size(), &from, end, nullptr,
                     static_cast<UBool>(last), &error);
      units.append(buffer.data(), static_cast<int32_t>(to - buffer.data()));
    }
    units.toUTF8String(*text);
    return absl::OkStatus();
  }

 private:
  UConverter* converter_;
};

bool IsJson(absl::string_view beginning) {
  while (!beginning.empty() && IsJsonSpace(beginning.front())) beginning.remove_prefix(1);
  if (absl::StartsWith(beginning, "{") || absl::StartsWith(beginning, "[")) return true;
  // An object, or a list of some, in a text; CSV doubles its quotes.
  if (BeginsTextOfObjects(beginning)) return true;
  // The rest of a record that was cut off before, or what is no JSON at all: the next object
  // that begins a line tells. Not one in a quoted field of CSV, which may go over many lines.
  const bool header = LooksLikeHeader(beginning.substr(0, beginning.find('\n')));
  bool quoted = false;
  while (!beginning.empty()) {
    const size_t end = beginning.find('\n');
    if (end == absl::string_view::npos) return false;
    const auto quotes = std::count(beginning.begin(), beginning.begin() + end, '"');
    quoted = header && quoted == (quotes % 2 == 0);
    beginning.remove_prefix(end + 1);
    if (!quoted && BeginsObject(absl::StripPrefix(beginning, kMark))) return true;
  }
  return false;
}

TextInput::TextInput(std::unique_ptr<ByteSource> source)
    : source_(std::move(source)), buffer_(kReadBytes, '\0') {}
TextInput::~TextInput() = default;

void TextInput::NoteBrokenLine(int64_t line) {
  if (broken_lines_.size() < kNotedLines) broken_lines_.push_back(line);
}

absl::StatusOr<absl::string_view> TextInput::Peek() {
  if (given_) {
    text_.clear();
    given_ = false;
  }
  while (!ended_ && text_.size() < kPeekBytes) {
    RETURN_IF_ERROR(Fill());
  }
  return absl::string_view(text_).substr(0, kPeekBytes);
}

absl::StatusOr<absl::string_view> TextInput::Next() {
  if (given_) {
    text_.clear();
    given_ = false;
  }
  while (!ended_ && text_.empty()) {
    RETURN_IF_ERROR(Fill());
  }
  given_ = true;
  return absl::string_view(text_);
}

absl::Status TextInput::ReadMore() {
  ASSIGN_OR_RETURN(const size_t count, source_->Read(buffer_.data(), buffer_.size()));
  raw_.append(buffer_.data(), count);
  ended_ = count == 0;
  return absl::OkStatus();
}

absl::Status TextInput::Fill() {
  RETURN_IF_ERROR(ReadMore());
  if (!detected_) {
    // The beginning as a whole, so that it does not matter in which pieces it comes.
    while (!ended_ && raw_.size() < kPeekBytes) {
      RETURN_IF_ERROR(ReadMore());
    }
    DetectEncoding();
    detected_ = true;
  }
  if (converter_ == nullptr) {
    TakeUtf8();
    return absl::OkStatus();
  }
  const std::string bytes = std::exchange(raw_, std::string());
  return converter_->Convert(bytes, ended_, &text_);
}

void TextInput::DetectEncoding() {
  const std::string_view raw = raw_;
  const auto begins = [raw](std::string_view mark) { return raw.substr(0, mark.size()) == mark; };
  const auto use = [this](const char* encoding, size_t mark) {
    converter_ = std::make_unique<Converter>(encoding);
    raw_.erase(0, mark);
  };
  if (begins("\xff\xfe\0\0"sv)) return use("UTF-32LE", 4);
  if (begins("\0\0\xfe\xff"sv)) return use("UTF-32BE", 4);
  if (begins("\xff\xfe"sv)) return use("UTF-16LE", 2);
  if (begins("\xfe\xff"sv)) return use("UTF-16BE", 2);
  if (raw.size() >= 4 && raw[0] != 0 && raw[1] == 0 && raw[2] != 0 && raw[3] == 0) {
    return use("UTF-16LE", 0);
  }
  if (raw.size() >= 4 && raw[0] == 0 && raw[1] != 0 && raw[2] == 0 && raw[3] != 0) {
    return use("UTF-16BE", 0);
  }
  if (absl::StartsWith(raw_, kMark)) raw_.erase(0, kMark.size());
  guess_ = !IsJson(absl::string_view(raw_).substr(0, kPeekBytes));
}

void TextInput::TakeUtf8() {
  const size_t whole = raw_.size() - (ended_ ? 0 : CutOff(raw_));
  if (simdjson::validate_utf8(raw_.data(), whole)) {
    text_.append(raw_, 0, whole);
    raw_.erase(0, whole);
    return;
  }
  size_t at = 0;
  while (at < whole) {
    const size_t run = static_cast<size_t>(
        std::find_if_not(raw_.begin() + static_cast<ptrdiff_t>(at),
                         raw_.begin() + static_cast<ptrdiff_t>(whole), IsAscii) -
        raw_.begin());
    text_.append(raw_, at, run - at);
    at = run;
    if (at == whole) break;
    const size_t length = SequenceLength(raw_[at]);
    if (length > 0 && at + length <= whole && simdjson::validate_utf8(raw_.data() + at, length)) {
      text_.append(raw_, at, length);
      at += length;
    } else {
      TakeByte(raw_[at++]);
    }
  }
  raw_.erase(0, whole);
}

void TextInput::TakeByte(char byte) {
  if (!guess_) {
    ++replaced_bytes_;
    text_.append(kReplacementCharacter.data(), kReplacementCharacter.size());
    return;
  }
  // What each byte above ASCII means.
  static const std::array<std::string, 128>& characters = *[] {
    auto* made = new std::array<std::string, 128>;
    Converter converter("windows-1252");
    for (size_t i = 0; i < made->size(); ++i) {
      const char one = static_cast<char>(i + 128);
      if (!converter.Convert({&one, 1}, true, &(*made)[i]).ok())
        (*made)[i] = std::string(kReplacementCharacter);
    }
    return made;
  }();
  ++guessed_bytes_;
  text_ += characters[static_cast<unsigned char>(byte) - 128U];
}

}  // namespace tutti
