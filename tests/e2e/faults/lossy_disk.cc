// Preloaded into a program, remembers apart what it synchronised of the files below $LOSSY_ROOT, in
// the folder $LOSSY_KEPT: what is left of them when the power fails. Killing a process alone
// tests no fsync, because the kernel keeps what was written.
//
// What a power failure leaves here is the least that ext4 and XFS promise: a file's bytes as of its
// last fsync or fdatasync; its name as of that, too, when it was new; any other change of a folder
// (a rename, a removal) as of the folder's last fsync. lossy_disk.py puts it back.
//
//   KEPT/<inode>   the bytes
//   KEPT/log       a line "file FOLDER NAME INODE" for each file that was synchronised, and for
//   each folder
//                  "folder FOLDER", followed by "entry NAME INODE" for what was in it; words end
//                  with tabs
//
// A file above kSmall is only appended to, as append-only files are: what is new is copied. It may
// have been cut before a program synchronises it for the first time: then all of it is.
// $LOSSY_DELAY names a file: each synchronisation takes as many microseconds as it says.
// $LOSSY_DIE_AT=N ends the program before its Nth rename or synchronisation.

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

namespace {

constexpr off_t kSmall = off_t{256} << 10;

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

// Never destroyed: threads synchronise while the program ends.
const std::string& Root() {
  static const auto& root = *new std::string(Variable("LOSSY_ROOT"));
  return root;
}

const std::string& Kept() {
  static const auto& kept = *new std::string(Variable("LOSSY_KEPT"));
  return kept;
}

std::string PathOf(int fd) {
  std::array<char, PATH_MAX> path = {};
  const ssize_t size =
      readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<size_t>(size)) : "";
}

bool IsOurs(const std::string& path) {
  return !Root().empty() && path.compare(0, Root().size(), Root()) == 0;
}

void AddToLog(const std::string& text) {
  const int log = open((Kept() + "/log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
  if (log < 0 || write(log, text.data(), text.size()) != static_cast<ssize_t>(text.size())) abort();
  close(log);
}

void KeepFile(const std::string& path, const struct stat& file) {
  const std::string image = Kept() + "/" + std::to_string(file.st_ino);
  const int from = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (from < 0) return;  // it has no name any more, so nothing of it is left
  const int to = open(image.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  struct stat before = {};
  if (to < 0 || fstat(to, &before) != 0) abort();
  static std::map<ino_t, std::string>& noted = *new std::map<ino_t, std::string>;
  std::string& name = noted[file.st_ino];
  const bool whole = name.empty() || file.st_size <= kSmall;
  off_t at = whole ? 0 : std::min(before.st_size, file.st_size);
  std::array<char, 65536> bytes = {};
  ssize_t got = 0;
  while ((got = pread(from, bytes.data(), bytes.size(), at)) > 0) {
    if (pwrite(to, bytes.data(), static_cast<size_t>(got), at) != got) abort();
    at += got;
  }
  if (ftruncate(to, at) != 0) abort();
  close(from);
  close(to);
  if (name != path) {
    const size_t slash = path.rfind('/');
    AddToLog("file\t" + path.substr(0, slash) + "\t" + path.substr(slash + 1) + "\t" +
             std::to_string(file.st_ino) + "\n");
    name = path;
  }
}

void KeepFolder(const std::string& path) {
  std::string lines = "folder\t" + path + "\n";
  DIR* const listing = opendir(path.c_str());
  if (listing == nullptr) return;
  while (const dirent* entry = readdir(listing)) {
    if (entry->d_type != DT_REG) continue;
    lines += "entry\t" + std::string(entry->d_name) + "\t" + std::to_string(entry->d_ino) + "\n";
  }
  closedir(listing);
  AddToLog(lines);
}

void Step() {
  static const int64_t die_at = atol(Variable("LOSSY_DIE_AT").c_str());
  static std::atomic<int64_t> steps = 0;
  if (++steps == die_at) _exit(86);
}

void Keep(int fd) {
  const std::string path = PathOf(fd);
  if (!IsOurs(path)) return;
  Step();
  static const auto& delay = *new std::string(Variable("LOSSY_DELAY"));
  if (!delay.empty()) {
    const int file = open(delay.c_str(), O_RDONLY | O_CLOEXEC);
    std::array<char, 16> text = {};
    if (file >= 0 && read(file, text.data(), text.size() - 1) > 0) {
      usleep(static_cast<useconds_t>(atol(text.data())));
    }
    if (file >= 0) close(file);
  }
  struct stat about = {};
  if (Kept().empty() || fstat(fd, &about) != 0) return;
  static std::mutex& one_at_a_time = *new std::mutex;
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  if (S_ISDIR(about.st_mode)) {
    KeepFolder(path);
  } else {
    KeepFile(path, about);
  }
}

}  // namespace

extern "C" {

// The platform's own names of what they take are reserved to it.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)

int fsync(int fd) {
  Keep(fd);
  return 0;
}

int fdatasync(int fd) {
  Keep(fd);
  return 0;
}

int rename(const char* from, const char* to) {
  if (IsOurs(to)) Step();
  return Next<int(const char*, const char*)>("rename")(from, to);
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)

}  // extern "C"
