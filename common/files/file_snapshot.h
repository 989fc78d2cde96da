#ifndef TUTTI_COMMON_FILES_FILE_SNAPSHOT_H_
#define TUTTI_COMMON_FILES_FILE_SNAPSHOT_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/files/read_file.h"

namespace tutti {

// What was made of a file, and is made again when the file is another. Thread-safe; who reads it
// never waits for the file.
template <typename Value>
class FileSnapshot {
 public:
  struct Loaded {
    std::shared_ptr<Value> value;
    FileStamp stamp;  // of the content that was read, not of what is at the path after it
  };
  // `current` is what is held now, nullptr when there is nothing.
  using Load = std::function<absl::StatusOr<Loaded>(const Value* current)>;

  FileSnapshot(std::string path, Load load) : path_(std::move(path)), load_(std::move(load)) {}

  // nullptr before the first good load, and after Replace with it.
  std::shared_ptr<Value> value() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  // Loads the file unless it is the one that was loaded last; returns whether it did. The error of
  // `load` leaves what is held.
  absl::StatusOr<bool> ReloadIfChanged() {
    const std::lock_guard one_at_a_time(load_mutex_);
    const FileStamp stamp = StampOf(path_);
    std::shared_ptr<Value> current;
    {
      const std::lock_guard lock(mutex_);
      if (value_ != nullptr && stamp == stamp_ && stamp != FileStamp{}) return false;
      current = value_;
    }
    absl::StatusOr<Loaded> loaded = load_(current.get());
    if (!loaded.ok()) return loaded.status();
    Hold(std::move(loaded->value), loaded->stamp);
    return true;
  }

  // Holds this in place of what was loaded. The next reload loads, whatever the file is.
  void Replace(std::shared_ptr<Value> value) { Hold(std::move(value), {}); }

 private:
  void Hold(std::shared_ptr<Value> value, const FileStamp& stamp) {
    // Let go before `value`, which is then what was held: its end may take long.
    const std::lock_guard lock(mutex_);
    value.swap(value_);
    stamp_ = stamp;
  }

  const std::string path_;
  const Load load_;
  std::mutex load_mutex_;
  mutable std::mutex mutex_;
  std::shared_ptr<Value> value_;  // guarded by mutex_
  FileStamp stamp_;               // guarded by mutex_
};

}  // namespace tutti

#endif  // TUTTI_COMMON_FILES_FILE_SNAPSHOT_H_
