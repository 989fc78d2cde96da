#ifndef TUTTI_COMMON_SOURCES_INPUT_JSON_ITEMS_H_
#define TUTTI_COMMON_SOURCES_INPUT_JSON_ITEMS_H_

#include <simdjson.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace tutti {

// Reads what one record holds, which may be written in texts, and in them again. What it finds is
// valid until Begin, or until ReleaseTo forgets it. Not thread-safe.
class JsonItems {
 public:
  using OnObject = absl::FunctionRef<void(simdjson::dom::object)>;
  using OnText = absl::FunctionRef<void(absl::string_view)>;

  // A record begins.
  void Begin() { used_ = 0; }
  size_t used() const { return used_; }
  void ReleaseTo(size_t used) { used_ = used; }

  // A parser whose result stays as long.
  simdjson::dom::parser& NextParser();

  // An object or an array, or the JSON that is written in a text, perhaps more than once. False
  // when it is neither.
  bool Unwrap(simdjson::dom::element value, simdjson::dom::element* inner);

  // The items of what is meant as a list: one, written in a text or not; {"value":[...],"Count":1},
  // as PowerShell writes it; its only item; or a text, in which PowerShell may have put all of
  // them, see ItemsOfCut. What is neither object nor text is none.
  void ForEach(simdjson::dom::element value, OnObject on_object, OnText on_text);

 private:
  static constexpr int kMaxNesting = 8;
  // Of one record; no real one has so many texts with JSON in them.
  static constexpr size_t kMaxParsers = 64;

  std::vector<std::unique_ptr<simdjson::dom::parser>> parsers_;
  size_t used_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_JSON_ITEMS_H_
