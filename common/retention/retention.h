#ifndef TUTTI_COMMON_RETENTION_RETENTION_H_
#define TUTTI_COMMON_RETENTION_RETENTION_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace tutti {

// What is added to the path of a file of keys or of who opted out: the lock of its writers,
// which is empty, and what a writer is about to put in its place.
inline constexpr char kLockSuffix[] = ".lock";
inline constexpr char kReplacementSuffix[] = ".new";
// Where the list of who opted out stands unless it is said otherwise: beside the keyring.
inline constexpr char kOptOutSuffix[] = ".optout";

// A file that a service or the command line writes: what a flag names, and what is added to
// that path.
struct KeptFile {
  std::string flag;    // "keyring"
  std::string suffix;  // may be empty
};

// One entry of what a privacy statement says is kept.
struct Retention {
  std::string what;
  std::string where;
  std::string how_long;
  std::vector<KeptFile> files;  // that it is in; empty: none
};

// A duration in a sentence: "40 days", "a minute". Whole days, hours, minutes or seconds, the
// largest of which it is a multiple; as absl::FormatDuration otherwise.
std::string InWords(absl::Duration duration);

// What is kept anywhere but in Redis, by who keeps it. `grace` is in words: how long windows
// stay open after the day that follows their last.
std::vector<Retention> RetentionsOfIngest(absl::string_view grace);
std::vector<Retention> RetentionsOfAggregate();
std::vector<Retention> RetentionsOfScore();
std::vector<Retention> RetentionsOfEveryService();

// The journal of publications, in a file or in a redis-server of its own.
Retention RetentionOfJournal();

}  // namespace tutti

#endif  // TUTTI_COMMON_RETENTION_RETENTION_H_
