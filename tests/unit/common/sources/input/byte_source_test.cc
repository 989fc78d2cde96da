#include "common/sources/input/byte_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sources/input/foreign_format.h"
#include "common/sources/input/gunzip_source.h"
#include "common/sources/input/spool.h"
#include "tests/unit/common/sources/input/string_source.h"
#include "tests/unit/common/upload/import_fixture.h"

namespace tutti {
namespace {

std::string ReadAll(ByteSource& source) {
  std::string text;
  char buffer[64];
  for (;;) {
    const absl::StatusOr<size_t> count = source.Read(buffer, sizeof(buffer));
    EXPECT_TRUE(count.ok()) << count.status();
    if (!count.ok() || *count == 0) return text;
    text.append(buffer, *count);
  }
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
  EXPECT_EQ(ReadAll(**source), "text");
  close(ends[0]);
}

// Mutation: opened without waiting for who writes it, a named pipe ends at once.
TEST(OpenSource, WaitsForWhoWritesANamedPipe) {
  const TemporaryFile file("");
  const std::string pipe = file.path() + ".pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&pipe] { std::ofstream(pipe) << "text"; });
  const absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenSource(pipe);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_FALSE((*source)->repeatable());
  EXPECT_EQ(ReadAll(**source), "text");
  writer.join();
  unlink(pipe.c_str());
}

// Mutation: bytes are waited for, and not who writes them; there are none, so it waits in vain.
TEST(OpenSource, OpensAPipeThatItsWriterHasOpenedAndNotWritten) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const absl::StatusOr<std::unique_ptr<ByteSource>> source =
      OpenSource(absl::StrCat("/dev/fd/", ends[0]));
  ASSERT_TRUE(source.ok()) << source.status();
  std::thread writer([&ends] {
    EXPECT_EQ(write(ends[1], "text", 4), 4);
    close(ends[1]);
  });
  EXPECT_EQ(ReadAll(**source), "text");
  writer.join();
  close(ends[0]);
}

TEST(OpenSource, TakesNothingForAnEmptyFile) {
  const absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenSource("/dev/null");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(ReadAll(**source), "");
}

TEST(PeekedSource, GivesWhatWasPeekedOnceMore) {
  PeekedSource source(MakeStringSource("some text", 2));
  EXPECT_EQ(*source.Peek(3), "som");
  EXPECT_EQ(*source.Peek(100), "some text");
  EXPECT_EQ(ReadAll(source), "some text");
  EXPECT_EQ(source.position(), 9u);
}

// Makes the bytes that `gzip -n` makes.
std::string Gzip(absl::string_view bytes) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string in(bytes);
  std::string out(bytes.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Mutation: the first member alone is read.
TEST(GunzipSource, UnpacksEveryMemberAndNothingAfterThem) {
  const std::string packed =
      absl::StrCat(Gzip("one "), Gzip(""), Gzip("two"), std::string(9, '\0'));
  EXPECT_TRUE(IsGzip(packed));
  for (const size_t piece : {size_t{1}, size_t{1000}}) {
    const auto source = MakeGunzipSource(MakeStringSource(packed, piece));
    EXPECT_EQ(ReadAll(*source), "one two");
    EXPECT_EQ(source->position(), packed.size());
    EXPECT_EQ(source->size(), packed.size());
  }
}

// Mutation: the end of the bytes taken for the end of the data.
TEST(GunzipSource, SaysWhenItIsCutOffOrDamaged) {
  const std::string packed = Gzip("some text");
  for (const std::string& bad : {packed.substr(0, packed.size() - 1), packed.substr(0, 12),
                                 packed + "more", packed + packed.substr(0, 12)}) {
    const auto source = MakeGunzipSource(MakeStringSource(bad));
    char buffer[64];
    absl::StatusOr<size_t> read = size_t{1};
    while (read.ok() && *read > 0) read = source->Read(buffer, sizeof(buffer));
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
  }
}

// ASCII in UTF-16.
std::string Utf16(absl::string_view text, bool big_endian, bool mark) {
  std::string out = !mark ? "" : big_endian ? "\xfe\xff" : "\xff\xfe";
  for (const char c : text) {
    out += big_endian ? '\0' : c;
    out += big_endian ? c : '\0';
  }
  return out;
}

// Mutation: UTF-16 is no text.
TEST(ForeignFormat, NamesTextInAnyEncoding) {
  const std::pair<absl::string_view, absl::string_view> cases[] = {
      {" \r\n<!DOCTYPE HTML PUBLIC", "HTML"},
      {"<?xml version=\"1.0\"?><feed/>", "XML"},
      {"2026-11-20 INFO {\"Id\":\"1\"}\n2026-11-20 INFO {\"Id\":\"2\"}\n", "sed"},
      {R"({"error":{"code":"InvalidAuthenticationToken"}})", "error"},
      {R"({"token_type":"Bearer","access_token":"x"})", "token"},
      {R"({"value":[{"id":"1","filterStartDateTime":"x")", "query"},
  };
  for (const auto& [text, name] : cases) {
    for (const bool big_endian : {false, true}) {
      for (const bool mark : {false, true}) {
        const std::string bytes = Utf16(text, big_endian, mark);
        EXPECT_NE(ForeignFormat(bytes).find(name), absl::string_view::npos)
            << text << big_endian << mark;
        EXPECT_EQ(ForeignFormat(Utf16("{\"Id\":\"1\"}", big_endian, mark)), "");
      }
    }
  }
}

TEST(ForeignFormat, NamesWhatNobodyReads) {
  using std::string_literals::operator""s;
  const std::pair<std::string, absl::string_view> cases[] = {
      {"PK\x03\x04\x14\0\0\0log.csv"s, "zip file"},
      {"PK\x03\x04\x14\0\0\0[Content_Types].xml"s, "xlsx"},
      {"PK\x03\x04\x14\0\0\0xl/workbook.xml"s, "xlsx"},
      {"PK\x03\x04\x14\0\0\0docProps/thumbnail.wmf"s, "xlsx"},
      {"PK\x03\x04\x14\0\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK"s, "ods"},
      {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"},
      {"\xef\xbb\xbf \r\n<!DOCTYPE HTML PUBLIC", "HTML"},
      {"<!-- x --><HTML>", "HTML"},
      {"<?xml version=\"1.0\"?><feed/>", "XML"},
      {"%PDF-1.7", "PDF"},
      {"BZh91AY&SY", "bzip2"},
      {"\x28\xb5\x2f\xfd", "zstd"},
      {"\xfd"
       "7zXZ\0"s,
       "xz"},
      {std::string(257, 'a') + "ustar  ", "tar"},
      {"2026-11-20 INFO {\"Id\":\"1\"}\n2026-11-20 INFO {\"Id\":\"2\"}\n", "sed"},
      {"<134>1 2026-11-20T10:00:00Z host app - - - {\"Id\":\"1\"}\n", "other text"},
      {"Nov 20 10:00:00 host app[7]: {\"Id\":\"1\"}\r\n\r\nNov 20 10:00:01 host app[7]: {\"Id\"",
       "sed"},
      {R"({"error":{"code":"InvalidAuthenticationToken","innerError":{"date":"x"}}})", "error"},
      {" {\"message\": \"no\", \"statusCode\": 403}\n", "error"},
      {R"({"Message":"Authorization has been denied for this request."})", "error"},
      {R"({"error":"invalid_grant","error_description":"AADSTS70000","trace_id":"x"})", "error"},
      {R"({"messages":[{"type":"FATAL","text":"no"}]})", "error"},
      {R"({"token_type":"Bearer","expires_in":3599,"access_token":"x"})", "token"},
      {R"({"@odata.context":"x","value":[{"id":"1","status":"running","filterStartDateTime":"x")",
       "query"},
  };
  for (const auto& [bytes, name] : cases) {
    EXPECT_NE(ForeignFormat(bytes).find(name), absl::string_view::npos) << ForeignFormat(bytes);
  }
  for (const char* text :
       {"", "{\"a\":\"<html>\"}", "PK,BZh\n", "BZh9,<b>\n", "\xff\xfe<",
        "# exported today\n{\"Id\":\"1\"}\n", "cut {\"Id\":\"1\"}\n{\"Id\":\"2\"}\n",
        "x\",\"a\": {\"Id\":\"1\"}}\n", "[ {\"Id\":\"1\"} ]",
        "{\"message\":\"x\",\"event\":{\"original\":\"{}\"}}", "{\"error\":{}}\n{\"Id\":\"1\"}\n",
        "{\"code\":1}", "{\"type\":\"mail.sent\",\"subject\":\"a\"}", "{}",
        "CreationDate,AuditData\n2026,\"{\"\"Id\"\":1}\"\n"}) {
    EXPECT_EQ(ForeignFormat(text), "") << text;
  }
}

// Mutation: what was read before Keep is not in the copy.
TEST(Spool, GivesAgainWhatWasReadOnce) {
  const auto spool = std::make_shared<Spool>();
  const auto source = Spool::Copying(MakeStringSource("one two three", 4), spool);
  char buffer[4];
  ASSERT_EQ(*source->Read(buffer, 4), 4u);
  ASSERT_TRUE(spool->Keep().ok());
  EXPECT_EQ(ReadAll(*source), "two three");
  for (int i = 0; i < 2; ++i) {
    const auto again = spool->Open();
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ((*again)->size(), 13u);
    EXPECT_EQ(ReadAll(**again), "one two three");
  }
}

TEST(Spool, SaysWhereThereIsNoRoomForACopy) {
  const char* before = getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", "/nonexistent/folder", 1);
  Spool spool;
  const absl::Status status = spool.Keep();
  before == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", kept.c_str(), 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("/nonexistent/folder"), absl::string_view::npos);
  EXPECT_NE(status.message().find("TMPDIR"), absl::string_view::npos);
}

}  // namespace
}  // namespace tutti
