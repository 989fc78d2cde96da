#include "common/rpc/certificate_watch.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/clock/clock.h"
#include "common/files/read_file.h"
#include "common/rpc/memory_file.h"
#include "common/rpc/pem.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr unsigned kReloadSeconds = 1;
constexpr size_t kMaxPemBytes = size_t{1} << 20;

// One file, and where it was given.
struct Input {
  const char* flag;
  const std::string& path;
  const char* noun;
};

// Reads files that belong together: what was there at one moment, also while they are replaced
// by a rename of their folder.
absl::StatusOr<std::vector<NamedPem>> ReadTogether(std::initializer_list<Input> inputs) {
  constexpr int kAttempts = 3;
  std::vector<NamedPem> read;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    read.clear();
    std::vector<FileStamp> stamps;
    for (const Input& input : inputs) {
      absl::StatusOr<FileText> file =
          ReadFile(input.path, {.noun = input.noun, .max_bytes = kMaxPemBytes});
      if (!file.ok()) {
        return absl::InvalidArgumentError(absl::StrCat(input.flag, ": ", file.status().message()));
      }
      read.push_back({absl::StrCat(input.flag, ": ", input.path), std::move(file->text)});
      stamps.push_back(file->stamp);
    }
    auto stamp = stamps.begin();
    if (std::all_of(inputs.begin(), inputs.end(),
                    [&](const Input& input) { return StampOf(input.path) == *stamp++; })) {
      break;
    }
  }
  return read;
}

// What is made of some of the files, for gRPC.
class Watched {
 public:
  using Read = absl::StatusOr<std::string> (*)(const TlsFiles&, const CertificateUses&);

  explicit Watched(Read read) : read_(read) {}

  // Gives gRPC what the files hold now, when that is something else, and `check` takes it.
  template <typename Check>
  void Look(const TlsFiles& files, const CertificateUses& uses, absl::Duration now, Check check) {
    absl::StatusOr<std::string> pem = read_(files, uses);
    absl::Status status = pem.status();
    if (pem.ok() && *pem != pem_) {
      status = check(*pem);
      if (status.ok()) status = Show(*pem);
      if (status.ok()) {
        pem_ = *std::move(pem);
        ++edition_;
      }
    }
    if (!status.ok() && file_.has_value()) {
      status = absl::Status(status.code(), absl::StrCat(status.message(), "; the old ones stay"));
    }
    status_ = std::move(status);
    if (status_.ok()) {
      unusable_since_.reset();
    } else if (!unusable_since_.has_value()) {
      unusable_since_ = now;
    }
  }

  const absl::Status& status() const { return status_; }
  absl::Duration UnusableFor(absl::Duration now) const {
    return unusable_since_.has_value() ? now - *unusable_since_ : absl::ZeroDuration();
  }
  const std::string& pem() const { return pem_; }
  int edition() const { return edition_; }
  // Once it was good.
  std::string path() const { return file_.has_value() ? file_->path() : ""; }

 private:
  absl::Status Show(const std::string& pem) {
    if (file_.has_value()) return file_->Replace(pem);
    absl::StatusOr<MemoryFile> made = MemoryFile::Create(pem);
    if (!made.ok()) return made.status();
    file_ = *std::move(made);
    return absl::OkStatus();
  }

  const Read read_;
  std::optional<MemoryFile> file_;
  std::string pem_;
  int edition_ = 0;
  absl::Status status_;
  std::optional<absl::Duration> unusable_since_;
};

absl::StatusOr<std::string> ReadAuthorities(const TlsFiles& files,
                                            const CertificateUses& /*uses*/) {
  const auto read = ReadTogether({{files.flags.authorities, files.authorities, "the authorities"}});
  return read.ok() ? AuthoritiesPem(read->front(), absl::Now()) : read.status();
}

absl::StatusOr<std::string> ReadIdentity(const TlsFiles& files, const CertificateUses& uses) {
  const auto read = ReadTogether({{files.flags.certificate, files.certificate, "the certificate"},
                                  {files.flags.key, files.key, "the certificate's key"}});
  return read.ok() ? IdentityPem(read->front(), read->back(), uses) : read.status();
}

// Whoever mends one of two things is to know of the other.
absl::Status Both(const absl::Status& one, const absl::Status& other) {
  if (one.ok() || other.ok()) return one.ok() ? other : one;
  return absl::Status(one.code(), absl::StrCat(one.message(), "; ", other.message()));
}

struct WatchedSet {
  explicit WatchedSet(TlsFiles given) : files(std::move(given)) {}

  void Look(absl::Duration now) {
    authorities.Look(files, uses, now, [](const std::string& /*pem*/) { return absl::OkStatus(); });
    if (files.certificate.empty()) return;
    identity.Look(files, uses, now, [this](const std::string& pem) { return CheckVouched(pem); });
  }
  // At a start, one that the service's own authorities do not vouch for may be meant, for callers
  // with other authorities, and is a doubt alone. One that replaces a certificate for which they
  // do is a mistake that would cut off whoever believes them.
  absl::Status CheckVouched(const std::string& pem) const {
    if (!uses.server || identity.pem().empty() ||
        !WhyNotVouched(identity.pem(), authorities.pem()).empty()) {
      return absl::OkStatus();
    }
    const std::string why = WhyNotVouched(pem, authorities.pem());
    if (why.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        files.flags.certificate, ": ", files.certificate, " has a certificate for which ",
        files.flags.authorities, " do not vouch (", why,
        "), as they do for the one before, so whoever believes them refuses it; give one that they "
        "signed, or theirs first; where callers believe others, restart"));
  }
  absl::Status status() const { return Both(authorities.status(), identity.status()); }
  // Of the certificate that is shown.
  absl::StatusOr<Validity> validity() const { return ValidityOf(identity.pem()); }
  absl::Status CheckValidity(absl::Time now) const {
    if (files.certificate.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Validity valid, validity());
    if (now >= valid.begin && now <= valid.end) return absl::OkStatus();
    const bool over = now > valid.end;
    const std::string which = absl::StrCat(
        files.flags.certificate, ": ", files.certificate, over ? " expired at " : " is valid from ",
        absl::FormatTime(absl::RFC3339_sec, over ? valid.end : valid.begin, absl::UTCTimeZone()),
        over ? ", so nobody believes it; give one that is valid"
             : " on, so nobody believes it before; set the clock right, or give another");
    return over ? absl::InvalidArgumentError(which) : absl::UnavailableError(which);
  }

  const TlsFiles files;
  CertificateUses uses;
  Watched authorities{ReadAuthorities};
  Watched identity{ReadIdentity};  // certificate and key in one: a reader never mixes them
};

// All that are watched. Never destroyed: threads of gRPC outlive main. Its own thread ends
// before OpenSSL is taken down, which it uses.
class Watcher {
 public:
  Watcher() {
    // What is registered last is called first.
    OPENSSL_init_ssl(0, nullptr);
    std::atexit([] { Get().Stop(); });
  }

  static Watcher& Get() {
    static Watcher& watcher = *new Watcher;
    return watcher;
  }

  absl::StatusOr<std::shared_ptr<grpc::experimental::CertificateProviderInterface>> Watch(
      const TlsFiles& files, const CertificateUses& uses) {
    const std::lock_guard lock(mutex_);
    WatchedSet* const known = Find(files);
    std::unique_ptr<WatchedSet> made =
        known == nullptr ? std::make_unique<WatchedSet>(files) : nullptr;
    WatchedSet& set = known == nullptr ? *made : *known;
    set.uses.server |= uses.server;
    set.uses.client |= uses.client;
    if (const auto uri = uris_.find(files.certificate); uri != uris_.end()) {
      set.uses.uri = uri->second;
    }
    set.Look(clock_.SinceStart());
    RETURN_IF_ERROR(set.status());
    // One that becomes valid is waited for.
    if (absl::Status valid = set.CheckValidity(absl::Now()); absl::IsInvalidArgument(valid)) {
      return valid;
    }
    if (made != nullptr) sets_.push_back(std::move(made));
    if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
    const std::string identity = set.identity.path();
    return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
        identity, identity, set.authorities.path(), kReloadSeconds);
  }

  void RequireUri(const std::string& certificate, std::string uri) {
    const std::lock_guard lock(mutex_);
    uris_[certificate] = std::move(uri);
  }

  absl::Status Check(const TlsFiles& files) {
    const std::lock_guard lock(mutex_);
    const WatchedSet* const set = Find(files);
    if (set == nullptr) return absl::OkStatus();
    return Both(set->status(), set->CheckValidity(absl::Now()));
  }

  std::vector<std::string> Doubts(const TlsFiles& files) {
    const std::lock_guard lock(mutex_);
    const WatchedSet* const set = Find(files);
    if (set == nullptr || set->files.certificate.empty()) return {};
    // Until it is valid nothing else can be said of it.
    if (const absl::Status valid = set->CheckValidity(absl::Now()); !valid.ok()) {
      return {std::string(valid.message())};
    }
    return DoubtsOf(set->identity.pem(), set->authorities.pem());
  }

  absl::Time CertificateEnd(const TlsFiles& files) {
    const std::lock_guard lock(mutex_);
    const WatchedSet* const set = Find(files);
    if (set == nullptr || set->files.certificate.empty()) return absl::InfiniteFuture();
    const absl::StatusOr<Validity> valid = set->validity();
    return valid.ok() ? valid->end : absl::InfiniteFuture();
  }

  int Edition(const TlsFiles& files) {
    const std::lock_guard lock(mutex_);
    const WatchedSet* const set = Find(files);
    return set == nullptr ? 0 : set->identity.edition() + set->authorities.edition();
  }

  absl::Duration AuthoritiesUnusableFor(const TlsFiles& files) {
    const std::lock_guard lock(mutex_);
    const WatchedSet* const set = Find(files);
    return set == nullptr ? absl::ZeroDuration()
                          : set->authorities.UnusableFor(clock_.SinceStart());
  }

 private:
  // Null when they are not watched; mutex_ is held.
  WatchedSet* Find(const TlsFiles& files) const {
    const auto found = std::find_if(sets_.begin(), sets_.end(), [&files](const auto& set) {
      return set->files.certificate == files.certificate && set->files.key == files.key &&
             set->files.authorities == files.authorities;
    });
    return found == sets_.end() ? nullptr : found->get();
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, std::chrono::seconds(kReloadSeconds), [this] { return ends_; })) {
      for (const auto& set : sets_) set->Look(clock_.SinceStart());
    }
  }

  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  const SystemSteadyClock clock_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<WatchedSet>> sets_;  // guarded by mutex_
  std::map<std::string, std::string> uris_;        // by certificate; guarded by mutex_
  bool ends_ = false;                              // guarded by mutex_
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::experimental::CertificateProviderInterface>> WatchCertificates(
    const TlsFiles& files, const CertificateUses& uses) {
  return Watcher::Get().Watch(files, uses);
}

void RequireCertificateUri(const std::string& certificate, std::string uri) {
  Watcher::Get().RequireUri(certificate, std::move(uri));
}

absl::Status CheckCertificates(const TlsFiles& files) { return Watcher::Get().Check(files); }

std::vector<std::string> CertificateDoubts(const TlsFiles& files) {
  return Watcher::Get().Doubts(files);
}

absl::Time CertificateEnd(const TlsFiles& files) { return Watcher::Get().CertificateEnd(files); }

int CertificateEdition(const TlsFiles& files) { return Watcher::Get().Edition(files); }

absl::Duration AuthoritiesUnusableFor(const TlsFiles& files) {
  return Watcher::Get().AuthoritiesUnusableFor(files);
}

}  // namespace tutti
