#include "common/files/named_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace tutti {
namespace {

// Mutations: paths alone are compared, or files alone; two that are read are told apart.
TEST(NamedFilesTest, NoneThatIsWrittenIsAnother) {
  std::string name = (std::filesystem::temp_directory_path() / "files-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(name.data());
  const std::string key = folder / "key";
  std::ofstream(key) << "key";
  const std::string hard = folder / "hard";
  std::filesystem::create_hard_link(key, hard);
  const std::string link = folder / "link";
  std::filesystem::create_symlink(key, link);
  const std::string absent = folder / "absent";
  for (const auto& [one, other] :
       {std::pair{key, key},
        {key, hard},
        {key, link},
        {absent, absent},
        {absent, (folder / ".." / folder.filename() / "absent").string()}}) {
    const absl::Status one_file = CheckFilesApart(
        {{"--tls_key", one, false}, {"--other", absent + "2", true}, {"--port_file", other, true}});
    EXPECT_TRUE(absl::IsInvalidArgument(one_file)) << one << " " << other;
    EXPECT_THAT(one_file.message(),
                testing::HasSubstr("--tls_key and --port_file are the same file, " + other));
    EXPECT_TRUE(
        CheckFilesApart({{"--tls_key", one, false}, {"--tls_certificate", other, false}}).ok());
  }
  EXPECT_TRUE(CheckFilesApart({{"--tls_key", key, false}, {"--port_file", absent, true}}).ok());
  // What is made beside a file, and goes.
  const NamedFile replaced{"--port_file", absent, true, {".new"}};
  for (const bool written : {false, true}) {
    const NamedFile beside{"--keyring", absent + ".new", written};
    for (const auto& files : {std::vector{replaced, beside}, std::vector{beside, replaced}}) {
      EXPECT_THAT(std::string(CheckFilesApart(files).message()),
                  testing::StartsWith("--keyring is " + absent +
                                      ".new, which --port_file makes and removes"));
    }
  }
  EXPECT_TRUE(CheckFilesApart({replaced, {"--keyring", absent + ".newer", true}}).ok());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tutti
