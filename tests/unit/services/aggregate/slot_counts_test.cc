#include "services/aggregate/slot_counts.h"

#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;

// Sets a bit as Redis does: bit 0 is the most significant of byte 0.
void SetBit(std::string& bitmap, uint32_t position) {
  bitmap[position / 8] = static_cast<char>(static_cast<unsigned char>(bitmap[position / 8]) |
                                           (0x80U >> (position % 8)));
}

bool GetBit(const std::string& bitmap, uint32_t position) {
  return (static_cast<unsigned char>(bitmap[position / 8]) & (0x80U >> (position % 8))) != 0;
}

TEST(CountPatternsTest, CountsAnEmptyBitmapAsNone) {
  EXPECT_THAT(CountPatterns("", 64, {0, 1}), ElementsAre(64, 0, 0, 0));
}

TEST(CountPatternsTest, TellsPatternsApart) {
  std::string bitmap(3 * 64 / 8, '\0');
  SetBit(bitmap, 0 * 64 + 5);   // slot 5: column 0 alone
  SetBit(bitmap, 2 * 64 + 63);  // slot 63: column 2 alone
  SetBit(bitmap, 0 * 64 + 9);   // slot 9: both
  SetBit(bitmap, 2 * 64 + 9);
  SetBit(bitmap, 1 * 64 + 9);  // of another table
  EXPECT_THAT(CountPatterns(bitmap, 64, {0, 2}), ElementsAre(61, 1, 1, 1));
}

TEST(CountPatternsTest, AgreesWithCountingSlotBySlot) {
  std::mt19937 random(7);
  const uint32_t kept = 1024;
  const std::vector<uint32_t> columns = {4, 0, 3, 2};
  std::string bitmap(5 * kept / 8, '\0');
  for (int i = 0; i < 2000; ++i) SetBit(bitmap, static_cast<uint32_t>(random() % (5 * kept)));
  std::vector<int64_t> expected(16, 0);
  for (uint32_t slot = 0; slot < kept; ++slot) {
    size_t pattern = 0;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (GetBit(bitmap, columns[i] * kept + slot)) pattern |= size_t{1} << i;
    }
    ++expected[pattern];
  }
  EXPECT_EQ(CountPatterns(bitmap, kept, columns), expected);
}

}  // namespace
}  // namespace tutti
