#include "common/catalog/term_lookup.h"

namespace tutti {

TermLookup::TermLookup(const std::vector<absl::string_view>& words) {
  size_t places = 4;
  while (places < 4 * words.size()) places *= 2;
  slots_.resize(places);
  mask_ = static_cast<uint32_t>(places - 1);
  for (size_t i = 0; i < words.size(); ++i) {
    const Ends ends = EndsOf(words[i]);
    uint32_t place = Hash(ends, words[i].size()) & mask_;
    while (slots_[place].position >= 0) place = (place + 1) & mask_;
    slots_[place] = {ends, words[i].data(), static_cast<uint32_t>(words[i].size()),
                     static_cast<int>(i)};
  }
}

}  // namespace tutti
