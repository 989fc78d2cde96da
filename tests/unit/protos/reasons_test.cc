#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/rpc/error_details.h"
#include "google/rpc/error_details.pb.h"
#include "tests/unit/protos/every_file.h"

namespace tutti {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FileDescriptor;

// The reasons of each domain, as callers read them.
using Reasons = std::map<std::string, std::set<std::string>>;

google::rpc::ErrorInfo InfoOf(const EnumDescriptor& reasons, int number) {
  google::rpc::ErrorInfo info;
  const google::rpc::Status status =
      ToRpcStatus(WithReasonOf(absl::UnknownError("why"), reasons, number));
  EXPECT_TRUE(status.details(0).UnpackTo(&info));
  return info;
}

Reasons DefinedReasons() {
  Reasons defined;
  for (const FileDescriptor* file : EveryFile()) {
    const EnumDescriptor* const reasons = file->FindEnumTypeByName("Reason");
    if (reasons == nullptr) continue;
    for (int i = 0; i < reasons->value_count(); ++i) {
      if (reasons->value(i)->number() == 0) continue;
      const google::rpc::ErrorInfo info = InfoOf(*reasons, reasons->value(i)->number());
      defined[info.domain()].insert(info.reason());
    }
  }
  return defined;
}

// The rows "| `domain` | `REASON`, ... |" of the page that callers read.
Reasons ListedReasons() {
  Reasons listed;
  const char* const source = std::getenv("TUTTI_SOURCE_DIR");
  std::ifstream page(absl::StrCat(source == nullptr ? "" : source, "/protos/README.md"));
  const std::regex row(R"(\| `((?:[a-z]+\.)?tutti)` \|(.*)\|)");
  const std::regex name(R"(`([A-Z_]+)`)");
  for (std::string line; std::getline(page, line);) {
    std::smatch cells;
    if (!std::regex_match(line, cells, row)) continue;
    const std::string names = cells[2];
    for (std::sregex_iterator it(names.begin(), names.end(), name), end; it != end; ++it) {
      EXPECT_TRUE(listed[cells[1]].insert((*it)[1]).second) << (*it)[1] << " is listed twice";
    }
  }
  return listed;
}

// Mutations: a reason more in an enum; one less on the page; a proto with reasons of its own that
// the page does not know.
TEST(Reasons, AreAllListedForCallers) {
  const Reasons defined = DefinedReasons();
  EXPECT_EQ(defined.size(), 5U);
  EXPECT_EQ(ListedReasons(), defined) << "list them in protos/README.md";
}

}  // namespace
}  // namespace tutti
