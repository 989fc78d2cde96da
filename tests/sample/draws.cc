#include "tests/sample/draws.h"

#include <sodium.h>

#include <cmath>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr size_t kChachaBlock = 64;

uint64_t ReadWord(const uint8_t* at, size_t bytes) {
  uint64_t word = 0;
  for (size_t i = bytes; i-- > 0;) word = word << 8 | at[i];
  return word;
}

}  // namespace

SampleKey::SampleKey(uint64_t seed, absl::string_view organization) {
  const std::string text = absl::StrCat("tutti sample 1\n", seed, "\n", organization);
  crypto_hash_sha256(bytes_.data(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size());
}

uint64_t SampleKey::Number(absl::string_view tag, uint64_t value) const {
  const std::string text = absl::StrCat(tag, "/", value);
  std::array<uint8_t, crypto_shorthash_siphashx24_BYTES> hash = {};
  crypto_shorthash_siphashx24(hash.data(), reinterpret_cast<const unsigned char*>(text.data()),
                              text.size(), bytes_.data());
  return ReadWord(hash.data(), 8);
}

std::string SampleKey::Guid(absl::string_view tag, uint64_t value) const {
  const std::string text = absl::StrCat(tag, "/", value);
  std::array<uint8_t, crypto_shorthash_siphashx24_BYTES> hash = {};
  crypto_shorthash_siphashx24(hash.data(), reinterpret_cast<const unsigned char*>(text.data()),
                              text.size(), bytes_.data());
  hash[6] = static_cast<uint8_t>((hash[6] & 0x0f) | 0x40);
  hash[8] = static_cast<uint8_t>((hash[8] & 0x3f) | 0x80);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string guid;
  guid.reserve(36);
  for (size_t i = 0; i < hash.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) guid.push_back('-');
    guid.push_back(kDigits[hash[i] >> 4]);
    guid.push_back(kDigits[hash[i] & 15]);
  }
  return guid;
}

Draws::Draws(const SampleKey& key, SampleStream stream, uint32_t subject, uint32_t day)
    : key_(key) {
  nonce_[0] = static_cast<uint8_t>(stream);
  for (size_t i = 0; i < 3; ++i) nonce_[1 + i] = static_cast<uint8_t>(day >> (8 * i));
  for (size_t i = 0; i < 4; ++i) nonce_[4 + i] = static_cast<uint8_t>(subject >> (8 * i));
}

void Draws::Refill() {
  std::array<uint8_t, sizeof(words_)> bytes = {};
  crypto_stream_chacha20_xor_ic(bytes.data(), bytes.data(), bytes.size(), nonce_.data(), block_,
                                key_.bytes().data());
  block_ += bytes.size() / kChachaBlock;
  for (size_t i = 0; i < words_.size(); ++i) {
    words_[i] = static_cast<uint32_t>(ReadWord(bytes.data() + 4 * i, 4));
  }
  used_ = 0;
}

uint32_t Draws::Next() {
  if (used_ == words_.size()) Refill();
  return words_[used_++];
}

double Draws::Exponential() { return -std::log1p(-Uniform()); }

double Draws::Normal() {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += Uniform();
  return sum;
}

}  // namespace tutti
