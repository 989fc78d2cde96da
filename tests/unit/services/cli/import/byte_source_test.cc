#include "services/cli/import/byte_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/unit/services/cli/import/import_fixture.h"

namespace tutti {
namespace {

std::string ReadAll(std::string bytes) {
  TextInput input(MakeStringSource(std::move(bytes)));
  std::string text;
  for (;;) {
    const absl::StatusOr<absl::string_view> chunk = input.Next();
    if (!chunk.ok() || chunk->empty()) return text;
    text.append(chunk->data(), chunk->size());
  }
}

// UTF-16 of text whose characters are below U+0080, least byte first or last.
std::string Utf16(absl::string_view text, bool little) {
  std::string bytes;
  for (char c : text) {
    bytes.push_back(little ? c : '\0');
    bytes.push_back(little ? '\0' : c);
  }
  return bytes;
}

TEST(TextInput, GivesUtf8WhateverTheEncoding) {
  EXPECT_EQ(ReadAll("a,b"), "a,b");
  EXPECT_EQ(ReadAll("\xef\xbb\xbf"
                    "a,b"),
            "a,b");
  EXPECT_EQ(ReadAll("\xff\xfe" + Utf16("a,b", true)), "a,b");
  EXPECT_EQ(ReadAll("\xfe\xff" + Utf16("a,b", false)), "a,b");
  EXPECT_EQ(ReadAll(Utf16("Audit", true)), "Audit");
  EXPECT_EQ(ReadAll(Utf16("Audit", false)), "Audit");
  EXPECT_EQ(ReadAll(""), "");
}

TEST(TextInput, ConvertsEveryPlaneOfUnicodeAndReplacesHalves) {
  using std::string_literals::operator""s;
  // e with acute, the euro sign, a musical symbol (two units).
  EXPECT_EQ(ReadAll("\xff\xfe\xe9\x00\xac\x20\x34\xd8\x1e\xdd"s),
            "\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e");
  // A high half without its low one, a low one alone, an odd byte at the end.
  EXPECT_EQ(ReadAll("\xff\xfe\x34\xd8\x41\x00\x1e\xdd\x42"s),
            "\xef\xbf\xbd"
            "A"
            "\xef\xbf\xbd"
            "\xef\xbf\xbd");
}

TEST(TextInput, GivesWhatWasPeekedOnceMore) {
  TextInput input(MakeStringSource("some text"));
  EXPECT_EQ(*input.Peek(), "some text");
  EXPECT_EQ(*input.Next(), "some text");
  EXPECT_EQ(*input.Next(), "");
  EXPECT_EQ(input.bytes_read(), 9u);
}

TEST(OpenSource, SaysWhatIsWrongWithWhich) {
  const absl::Status missing = OpenSource("/nonexistent/name").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(missing.message().find("/nonexistent/name"), absl::string_view::npos);
  for (const char* path : {"/", "/dev/zero"}) {
    const absl::Status refused = OpenSource(path).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(refused.message().find(absl::StrCat(path, " is ")), absl::string_view::npos);
  }
  const TemporaryFile file("12345");
  const std::string pipe = file.path() + ".pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(OpenSource(pipe).status().code(), absl::StatusCode::kInvalidArgument);
  unlink(pipe.c_str());
  const absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenSource(file.path());
  ASSERT_TRUE(source.ok());
  EXPECT_EQ((*source)->size(), 5u);
  EXPECT_TRUE((*source)->repeatable());
}

TEST(OpenSource, TakesAPipeOfTheShellOnce) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(write(ends[1], "text", 4), 4);
  close(ends[1]);
  absl::StatusOr<std::unique_ptr<ByteSource>> source =
      OpenSource(absl::StrCat("/dev/fd/", ends[0]));
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_FALSE((*source)->repeatable());
  EXPECT_EQ(*TextInput(*std::move(source)).Next(), "text");
  close(ends[0]);
}

}  // namespace
}  // namespace tutti
