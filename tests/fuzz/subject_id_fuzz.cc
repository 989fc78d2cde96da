// Identifiers: spellings of one person are one, and nothing that is no text is anybody.

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/identity/digester.h"
#include "common/identity/subject_id.h"
#include "tests/fuzz/fuzz.h"

namespace tutti {
namespace {

using Parsed = std::variant<Digest, SubjectFault>;

Parsed Parse(absl::string_view raw) {
  static const std::vector<uint8_t> key(Digester::kKeyBytes, 7);
  static const Digester digester = *Digester::Create(key);
  static const DigestScope scope("PERSON", "acme");
  static Digester::Session session = digester.NewSession();
  auto subject = SubjectId::Parse(raw);
  if (const auto* fault = std::get_if<SubjectFault>(&subject)) return *fault;
  return session.Compute(scope, std::get<SubjectId>(subject));
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tutti::Require;
  const absl::string_view raw = tutti::Text(data, size);
  const tutti::Parsed parsed = tutti::Parse(raw);
  Require(parsed == tutti::Parse(absl::StrCat(" \t", raw, "\n ")), "white space around is none");
  Require(parsed == tutti::Parse(absl::StrCat("\xe2\x80\x83", raw, "\xc2\xa0")),
          "so is white space of Unicode");
  std::string upper(raw);
  absl::AsciiStrToUpper(&upper);
  Require(parsed == tutti::Parse(upper), "capitals are small letters");
  const bool accepted = std::holds_alternative<tutti::Digest>(parsed);
  const bool graphic = std::all_of(raw.begin(), raw.end(), absl::ascii_isgraph);
  if (graphic && !raw.empty() && raw.size() <= tutti::SubjectId::kMaxBytes) {
    Require(accepted, "an ordinary identifier is one");
    Require(!(parsed == tutti::Parse(absl::StrCat("a", raw.substr(1), "b"))), "another is another");
  }
  if (!simdjson::validate_utf8(raw.data(), raw.size())) Require(!accepted, "no text is nobody");
  if (absl::StripAsciiWhitespace(raw).empty()) {
    Require(parsed == tutti::Parsed(tutti::SubjectFault::kMissing), "nothing is nobody");
  }
  return 0;
}
