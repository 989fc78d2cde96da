#include "common/sources/input/json_items.h"

#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/sources/input/cut_text.h"
#include "common/sources/input/lenient_json.h"

namespace tutti {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

absl::string_view TextOf(element value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return "";
  return {text.data(), text.size()};
}

void TakeObject(element value, JsonItems::OnObject on_object) {
  object members;
  if (value.get(members) == simdjson::SUCCESS) on_object(members);
}

void TakeText(absl::string_view text, JsonItems::OnText on_text) {
  for (const absl::string_view item : ItemsOfCut(text)) on_text(item);
}

}  // namespace

simdjson::dom::parser& JsonItems::NextParser() {
  if (used_ == parsers_.size()) parsers_.push_back(std::make_unique<simdjson::dom::parser>());
  return *parsers_[used_++];
}

bool JsonItems::Unwrap(element value, element* inner) {
  for (int wrappings = 0; wrappings <= kMaxNesting; ++wrappings) {
    if (value.type() == element_type::OBJECT || value.type() == element_type::ARRAY) {
      *inner = value;
      return true;
    }
    const absl::string_view text = absl::StripAsciiWhitespace(TextOf(value));
    const bool is_json = !text.empty() && absl::StrContains("{[\"", text[0]);
    if (!is_json || used_ == kMaxParsers) return false;
    if (!ParseLenient(NextParser(), text, false, &value)) return false;
  }
  return false;
}

void JsonItems::ForEach(element value, OnObject on_object, OnText on_text) {
  element inner;
  object members;
  if (!Unwrap(value, &inner)) {
    if (value.type() == element_type::STRING) TakeText(TextOf(value), on_text);
    return;
  }
  if (inner.get(members) == simdjson::SUCCESS) {
    element held;
    for (const std::string_view name : {"value", "Value", "items", "Items"}) {
      if (members[name].get(held) != simdjson::SUCCESS) continue;
      if (held.type() != element_type::ARRAY && held.type() != element_type::OBJECT) continue;
      inner = held;
      break;
    }
  }
  array list;
  if (inner.get(list) != simdjson::SUCCESS) return TakeObject(inner, on_object);
  for (const element item : list) {
    if (item.type() == element_type::STRING) {
      TakeText(TextOf(item), on_text);
    } else {
      TakeObject(item, on_object);
    }
  }
}

}  // namespace tutti
