#include "common/identity/digester.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <thread>
#include <vector>

namespace tutti {
namespace {

constexpr char kSubject[] = "jonis@example.org";

std::vector<uint8_t> Key(uint8_t fill) { return std::vector<uint8_t>(Digester::kKeyBytes, fill); }

Digest Compute(const Digester& digester, absl::string_view kind, absl::string_view organization) {
  auto subject = SubjectId::Parse(kSubject);
  return digester.NewSession().Compute(DigestScope(kind, organization),
                                       std::get<SubjectId>(subject));
}

TEST(DigesterTest, IsHmacSha256OfKindOrganizationAndIdentifier) {
  const std::vector<uint8_t> key = Key(3);
  const std::string message = std::string("person\0acme\0", 12) + kSubject;
  std::array<uint8_t, crypto_auth_hmacsha256_BYTES> expected;
  crypto_auth_hmacsha256(expected.data(), reinterpret_cast<const uint8_t*>(message.data()),
                         message.size(), key.data());
  const Digest digest = Compute(*Digester::Create(key), "person", "acme");
  EXPECT_TRUE(std::equal(digest.bytes.begin(), digest.bytes.end(), expected.begin()));
}

TEST(DigesterTest, DiffersByKindOrganizationAndKey) {
  const Digester digester = *Digester::Create(Key(3));
  const Digest digest = Compute(digester, "person", "acme");
  EXPECT_TRUE(digest == Compute(digester, "person", "acme"));
  EXPECT_FALSE(digest == Compute(digester, "device", "acme"));
  EXPECT_FALSE(digest == Compute(digester, "person", "acme2"));
  EXPECT_FALSE(digest == Compute(digester, "personacme", ""));
  EXPECT_FALSE(digest == Compute(*Digester::Create(Key(4)), "person", "acme"));
}

TEST(DigesterTest, GivesTheSameDigestInEverySessionAndThread) {
  const Digester digester = *Digester::Create(Key(3));
  const Digest expected = Compute(digester, "person", "acme");
  std::vector<std::thread> threads;
  std::vector<int> equal(4, 0);
  for (int& count : equal) {
    threads.emplace_back([&] {
      Digester::Session session = digester.NewSession();
      const DigestScope scope("person", "acme");
      for (int i = 0; i < 1000; ++i) {
        auto subject = SubjectId::Parse(kSubject);
        count += session.Compute(scope, std::get<SubjectId>(subject)) == expected ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, std::vector<int>(4, 1000));
}

TEST(DigesterTest, RefusesAKeyOfAnotherLength) {
  EXPECT_EQ(Digester::Create(std::vector<uint8_t>(16)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Digester::Create(std::vector<uint8_t>()).ok());
}

}  // namespace
}  // namespace tutti
