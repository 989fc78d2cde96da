#include "common/retention/retention.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/retention/lifetimes.h"

namespace tutti {
namespace {

constexpr char kMemoryOfIngest[] = "the memory of ingest";
constexpr char kMemoryOfAggregate[] = "the memory of aggregate";
constexpr char kMemoryOfScore[] = "the memory of score";

struct Unit {
  absl::Duration length;
  absl::string_view one;
  absl::string_view many;
};
constexpr Unit kUnits[] = {{absl::Hours(24), "a day", "days"},
                           {absl::Hours(1), "an hour", "hours"},
                           {absl::Minutes(1), "a minute", "minutes"},
                           {absl::Seconds(1), "a second", "seconds"}};

std::string InThousands(size_t count) { return absl::StrCat(count / 1000, ",000"); }

// What is given for less than whole seconds is said to be given for the next more.
std::string InWholeSeconds(absl::Duration duration) {
  return InWords(absl::Ceil(duration, absl::Seconds(1)));
}

}  // namespace

std::string InWords(absl::Duration duration) {
  for (const Unit& unit : kUnits) {
    if (duration < unit.length || duration % unit.length != absl::ZeroDuration()) continue;
    const int64_t count = duration / unit.length;
    return count == 1 ? std::string(unit.one) : absl::StrCat(count, " ", unit.many);
  }
  return absl::FormatDuration(duration);
}

std::vector<Retention> RetentionsOfIngest(absl::string_view grace) {
  return {
      {"identifiers of people",
       "the memory of ingest, of which no core is dumped",
       "while the request that brings them is handled; then what Tutti read them into is zeroed, "
       "and the network library's buffers are freed as they are, until they are used again",
       {}},
      {"hashes of identifiers, so that repeats cost little",
       kMemoryOfIngest,
       absl::StrCat(InWords(2 * kLongestCacheGeneration), " and some seconds at most; then zeroed"),
       {}},
      {absl::StrCat("window keys, made up to ", kKeyDaysAhead,
                    " days before the window's last day"),
       "the keyring's file and the memory of ingest",
       absl::StrCat("until the window is closed in every time zone, one day and ", grace,
                    " after its last day at UTC-12, and ", InWords(kRotationInterval),
                    " more, when keys are rotated with that grace; those of past windows, made "
                    "for a first import, until the operator's `tutti keyring forget` when that "
                    "import is finished, or the first rotation more than ",
                    kExtensionDays, " days after they were made"),
       {{"keyring", ""}, {"keyring", kReplacementSuffix}}},
      {"the identity key",
       "the keyring's file and the memory of ingest",
       "as long as the keyring; it links nothing without window keys",
       {{"keyring", ""}, {"keyring", kReplacementSuffix}}},
      {"hashes of the identifiers of people who opted out, under a key of their own",
       "a file beside the keyring and the memory of ingest",
       "until they are counted again",
       {{"optout", ""}, {"optout", kReplacementSuffix}}},
      {"what aggregate says of organisations: whether they take activity, and in which windows",
       kMemoryOfIngest,
       absl::StrCat(InWords(kLongestPolicyLease),
                    " at most, then asked of aggregate again; that it could not be asked, ",
                    InWholeSeconds(kPolicyErrorLife)),
       {}},
  };
}

std::vector<Retention> RetentionsOfAggregate() {
  return {
      {"parts of the bitmaps of hashed slots, so that no bit is written twice (pseudonymised "
       "data)",
       "the memory of aggregate, of which no core is dumped",
       absl::StrCat("until the window closes there, or ", InWords(kLongestMirrorIdle),
                    " and some seconds after something last went into it there; then zeroed"),
       {}},
      {"profiles of organisations",
       kMemoryOfAggregate,
       absl::StrCat("given for ", InWholeSeconds(kProfileLife),
                    " at most, then read from Redis again"),
       {}},
      {"which keyrings and catalogues counted, and since when",
       kMemoryOfAggregate,
       absl::StrCat("given for ", InWholeSeconds(kCountingHistoryLife),
                    " at most, then read from Redis again"),
       {}},
      RetentionOfJournal(),
  };
}

std::vector<Retention> RetentionsOfScore() {
  return {
      {"published records, and answers made of them",
       kMemoryOfScore,
       absl::StrCat("as long as there is room; not given any more from ", InWholeSeconds(kFreshFor),
                    " after the organisation is erased"),
       {}},
      {"which records are published: their last days",
       kMemoryOfScore,
       absl::StrCat("given for ", InWholeSeconds(kFreshFor), " at most, then asked of Redis again"),
       {}},
  };
}

std::vector<Retention> RetentionsOfEveryService() {
  return {
      {"hashes of callers' tokens, and of whom those are for, so that limits hold",
       "the memory of all services",
       absl::StrCat("while the service runs; of at most ", InThousands(kMostTokensKnown),
                    " tokens and ", InThousands(kMostCallersKnown), " callers"),
       {}},
      {"counts, codes and addresses of services; nothing of an activity",
       "the logs of all services, and a file of its address for each",
       "as the operator keeps logs",
       {{"port_file", ""}}},
      {"which software called which method for which organisation, with which outcome",
       "the audit logs of all services, where they are kept",
       "as the operator keeps logs",
       {{"audit_log", ""}}},
  };
}

Retention RetentionOfJournal() {
  return {"a list of which records were published, with their checksums and what each cost",
          "the journal of aggregate, and its memory",
          "for ever",
          {{"journal", ""}}};
}

}  // namespace tutti
