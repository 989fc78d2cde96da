#include "common/rpc/tls.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rpc/certificate_watch.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "tutti/aggregate/v1/aggregate.grpc.pb.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

using aggregate::v1::AggregateService;
using score::v1::ScoreService;

constexpr char kTrustDomain[] = "example.org";

// A throwaway authority: a folder for each certificate, with cert.pem and key.pem.
class Authority {
 public:
  explicit Authority(const std::filesystem::path& folder) : folder_(folder) {
    std::filesystem::create_directories(folder);
    Run(
        absl::StrCat("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                     "-subj /CN=authority -keyout ",
                     Path("ca.key"), " -out ", Path("ca.pem")));
  }

  TlsFiles Issue(const std::string& name, const std::string& alternative_names) const {
    std::filesystem::create_directories(folder_ / name);
    std::ofstream(Path(name + "/ext")) << "subjectAltName=" << alternative_names << "\n";
    Run(absl::StrCat("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=",
                     name, " -keyout ", Path(name + "/key.pem"), " -out ", Path(name + "/csr")));
    Run(absl::StrCat("openssl x509 -req -days 2 -in ", Path(name + "/csr"), " -CA ", Path("ca.pem"),
                     " -CAkey ", Path("ca.key"), " -CAcreateserial -extfile ", Path(name + "/ext"),
                     " -out ", Path(name + "/cert.pem")));
    std::filesystem::copy(folder_ / "ca.pem", folder_ / name / "ca.pem");
    return {Path(name + "/cert.pem"), Path(name + "/key.pem"), Path(name + "/ca.pem")};
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  static void Run(const std::string& command) {
    ASSERT_EQ(std::system(absl::StrCat(command, " 2>/dev/null").c_str()), 0) << command;
  }

  const std::filesystem::path folder_;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() : folder_(MakeFolder()), authority_(folder_ / "authority") {
    served_ = authority_.Issue("server", "DNS:localhost");
    access_->Serve(MethodRules::Of({score::v1::ScoreService::service_full_name(),
                                    aggregate::v1::AggregateService::service_full_name()})
                       .value());
    auto credentials = MakeServerCredentials(served_, *access_);
    EXPECT_TRUE(credentials.ok());
    grpc::ServerBuilder builder;
    builder.AddListeningPort("localhost:0", *credentials, &port_);
    builder.RegisterService(&scores_);
    builder.RegisterService(&aggregate_);
    server_ = builder.BuildAndStart();
  }
  ~TlsTest() override {
    server_->Shutdown(std::chrono::system_clock::now());
    std::filesystem::remove_all(folder_);
  }

  static std::filesystem::path MakeFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tls-XXXXXX").string();
    return mkdtemp(name.data());
  }

  std::shared_ptr<grpc::Channel> Connect(const TlsFiles& files) const {
    return MakeChannel(absl::StrCat("localhost:", port_), files).value();
  }

  // What a call of GetScore ends with. A method that was reached is UNIMPLEMENTED.
  static grpc::StatusCode GetScore(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    score::v1::GetScoreResponse response;
    return ScoreService::NewStub(channel)->GetScore(&context, {}, &response).error_code();
  }

  static grpc::StatusCode MergeDeltas(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    aggregate::v1::MergeDeltasResponse response;
    return AggregateService::NewStub(channel)->MergeDeltas(&context, {}, &response).error_code();
  }

  std::filesystem::path folder_;
  Authority authority_;
  TlsFiles served_;
  const std::unique_ptr<Access> access_ = Access::ByIdentity(kTrustDomain, nullptr);
  int port_ = 0;
  ScoreService::Service scores_;
  AggregateService::Service aggregate_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(TlsTest, LetsEachCertificateCallItsMethodsAlone) {
  const auto operators = Connect(authority_.Issue("operator", "URI:spiffe://example.org/operator"));
  EXPECT_EQ(GetScore(operators), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(MergeDeltas(operators), grpc::StatusCode::PERMISSION_DENIED);
  const auto ingest = Connect(authority_.Issue("ingest", "URI:spiffe://example.org/ingest"));
  EXPECT_EQ(GetScore(ingest), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(MergeDeltas(ingest), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(TlsTest, RefusesACertificateThatNamesNoRoleOrTwo) {
  const auto nobody = Connect(authority_.Issue("nobody", "DNS:operator"));
  EXPECT_EQ(GetScore(nobody), grpc::StatusCode::PERMISSION_DENIED);
  const auto both = Connect(authority_.Issue(
      "both", "URI:spiffe://example.org/ingest,URI:spiffe://example.org/operator"));
  EXPECT_EQ(GetScore(both), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(MergeDeltas(both), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(TlsTest, TakesNoClientWithoutACertificateOfTheAuthority) {
  EXPECT_EQ(GetScore(Connect({"", "", served_.authorities})), grpc::StatusCode::UNAVAILABLE);
  const Authority other(folder_ / "other");
  TlsFiles forged = other.Issue("operator", "URI:spiffe://example.org/operator");
  forged.authorities = served_.authorities;
  EXPECT_EQ(GetScore(Connect(forged)), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, TakesNoPlainText) {
  EXPECT_EQ(GetScore(MakeChannel(absl::StrCat("localhost:", port_)).value()),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, ClientsBelieveNoServerWithAnotherName) {
  const TlsFiles client = authority_.Issue("operator", "URI:spiffe://example.org/operator");
  EXPECT_EQ(GetScore(MakeChannel(absl::StrCat("127.0.0.1:", port_), client).value()),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, TakesNewFilesUpWhileOldConnectionsGoOn) {
  const auto before = Connect(authority_.Issue("operator", "URI:spiffe://example.org/operator"));
  ASSERT_EQ(GetScore(before), grpc::StatusCode::UNIMPLEMENTED);
  const Authority next(folder_ / "next");
  next.Issue("server", "DNS:localhost");
  const std::filesystem::path live = folder_ / "authority" / "server";
  std::filesystem::rename(live, folder_ / "retired");
  std::filesystem::rename(folder_ / "next" / "server", live);
  const TlsFiles renewed = next.Issue("operator", "URI:spiffe://example.org/operator");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  grpc::StatusCode after = grpc::StatusCode::UNAVAILABLE;
  while (after != grpc::StatusCode::UNIMPLEMENTED && std::chrono::steady_clock::now() < deadline) {
    after = GetScore(Connect(renewed));
  }
  EXPECT_EQ(after, grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(GetScore(before), grpc::StatusCode::UNIMPLEMENTED);
}

// Mutation: a certificate and a key are given to gRPC although they do not belong together;
// what is in a file is given to it as it stands.
TEST_F(TlsTest, KeepsWhatItHasWhileTheFilesCannotBeUsed) {
  const TlsFiles client = authority_.Issue("operator", "URI:spiffe://example.org/operator");
  ASSERT_EQ(GetScore(Connect(client)), grpc::StatusCode::UNIMPLEMENTED);
  ASSERT_TRUE(CheckCertificates(served_).ok()) << CheckCertificates(served_);
  const TlsFiles other = authority_.Issue("other", "DNS:localhost");
  const std::string empty = authority_.Path("empty");
  std::ofstream(empty).flush();
  const struct {
    std::string path;
    std::string target;
    const char* problem;
  } faults[] = {{served_.key, other.key, "is not the key of the certificate"},
                {served_.certificate, folder_.string(), "is a folder"},
                {served_.authorities, "/dev/zero", "is a device"},
                {served_.authorities, empty, "has no certificate"},
                {served_.authorities, other.certificate, "has no authority that is valid"},
                {served_.authorities, "/nonexistent", "is not there"}};
  for (const auto& fault : faults) {
    const std::string kept = fault.path + ".kept";
    std::filesystem::rename(fault.path, kept);
    std::filesystem::create_symlink(fault.target, fault.path);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (CheckCertificates(served_).ok() && std::chrono::steady_clock::now() < deadline) {
      EXPECT_EQ(GetScore(Connect(client)), grpc::StatusCode::UNIMPLEMENTED);
    }
    EXPECT_THAT(CheckCertificates(served_).message(),
                testing::AllOf(testing::HasSubstr(fault.path), testing::HasSubstr(fault.problem)));
    EXPECT_EQ(AuthoritiesUnusableFor(served_) > absl::ZeroDuration(),
              fault.path == served_.authorities);
    EXPECT_EQ(GetScore(Connect(client)), grpc::StatusCode::UNIMPLEMENTED) << fault.problem;
    std::filesystem::rename(kept, fault.path);
    while (!CheckCertificates(served_).ok() && std::chrono::steady_clock::now() < deadline) {
      EXPECT_EQ(GetScore(Connect(client)), grpc::StatusCode::UNIMPLEMENTED);
    }
    EXPECT_TRUE(CheckCertificates(served_).ok()) << CheckCertificates(served_);
  }
}

TEST_F(TlsTest, BelievesNoCertificateOnceItIsTold) {
  const auto operators = Connect(authority_.Issue("operator", "URI:spiffe://example.org/operator"));
  ASSERT_EQ(GetScore(operators), grpc::StatusCode::UNIMPLEMENTED);
  access_->BelieveCertificates(false);
  EXPECT_EQ(GetScore(operators), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(MergeDeltas(Connect(authority_.Issue("ingest", "URI:spiffe://example.org/ingest"))),
            grpc::StatusCode::PERMISSION_DENIED);
  access_->BelieveCertificates(true);
  EXPECT_EQ(GetScore(operators), grpc::StatusCode::UNIMPLEMENTED);
}

// Each error says which flag is meant, and the file.
TEST_F(TlsTest, FilesAreNeededAllAndUsable) {
  const TlsFiles other = authority_.Issue("other", "DNS:localhost");
  const std::string encrypted = authority_.Path("encrypted");
  ASSERT_EQ(std::system(absl::StrCat("openssl pkcs8 -topk8 -passout pass:x -in ", other.key,
                                     " -out ", encrypted)
                            .c_str()),
            0);
  const std::string damaged = authority_.Path("damaged");
  std::ofstream(damaged) << std::ifstream(served_.authorities).rdbuf()
                         << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const struct {
    TlsFiles files;
    std::string error;
  } cases[] = {
      {{"", served_.key, served_.authorities}, "give --tls_certificate"},
      {{served_.certificate, "", served_.authorities}, "give --tls_key"},
      {{served_.certificate, served_.key, ""}, "give --tls_authorities"},
      {{served_.certificate, "/nonexistent", served_.authorities},
       "--tls_key: /nonexistent is not there"},
      {{folder_, served_.key, served_.authorities},
       absl::StrCat("--tls_certificate: ", folder_.string(), " is a folder")},
      {{served_.certificate, served_.key, "/dev/zero"}, "--tls_authorities: /dev/zero is a device"},
      {{"/etc/hostname", served_.key, served_.authorities},
       "--tls_certificate: /etc/hostname has no certificate"},
      {{served_.certificate, served_.certificate, served_.authorities},
       absl::StrCat("--tls_key: ", served_.certificate, " has no private key")},
      {{served_.certificate, encrypted, served_.authorities},
       absl::StrCat("--tls_key: ", encrypted, " has no private key")},
      {{served_.certificate, other.key, served_.authorities},
       absl::StrCat("--tls_key: ", other.key, " is not the key of the certificate in ",
                    "--tls_certificate: ", served_.certificate)},
      {{served_.certificate, served_.key, damaged},
       absl::StrCat("--tls_authorities: ", damaged, " has a certificate that cannot be read")}};
  for (const auto& one : cases) {
    const absl::Status served = MakeServerCredentials(one.files, *Access::ForEverybody()).status();
    EXPECT_TRUE(absl::IsInvalidArgument(served)) << one.error;
    EXPECT_THAT(served.message(), testing::HasSubstr(one.error));
    EXPECT_TRUE(absl::IsInvalidArgument(MakeChannelCredentials(one.files).status())) << one.error;
  }
}

// What neither says who may call nor stays on this machine is not served.
TEST(MakeAccessTest, NeedsToKnowWhoMayCall) {
  ServerOptions open;
  open.listen = "127.0.0.1:0";
  open.insecure_loopback = true;
  EXPECT_TRUE(MakeAccess(open).ok());
  ServerOptions told;
  told.tls = {"/etc/hostname", "/etc/hostname", "/etc/hostname"};
  told.trust_domain = kTrustDomain;
  EXPECT_TRUE(MakeAccess(told).ok());
  std::vector<ServerOptions> refused;
  const auto refuse = [&refused](const ServerOptions& options, const auto& change) {
    refused.push_back(options);
    change(refused.back());
  };
  refuse(open, [](ServerOptions& options) { options.insecure_loopback = false; });
  refuse(open, [](ServerOptions& options) { options.listen = "0.0.0.0:0"; });
  refuse(open, [&](ServerOptions& options) { options.tls = told.tls; });
  refuse(open, [](ServerOptions& options) { options.token_keys = "/etc/hostname"; });
  refuse(told, [](ServerOptions& options) { options.trust_domain.clear(); });
  refuse(told, [](ServerOptions& options) { options.token_keys = "/etc/hostname"; });
  refuse(told, [](ServerOptions& options) { options.token_rules = {"issuer", "audience"}; });
  refuse(told, [](ServerOptions& options) {  // no keys
    options.token_keys = "/etc/hostname";
    options.token_rules = {"issuer", "audience"};
  });
  for (size_t i = 0; i < refused.size(); ++i) {
    EXPECT_EQ(MakeAccess(refused[i]).status().code(), absl::StatusCode::kInvalidArgument) << i;
  }
}

}  // namespace
}  // namespace tutti
