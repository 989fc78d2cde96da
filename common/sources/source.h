#ifndef TUTTI_COMMON_SOURCES_SOURCE_H_
#define TUTTI_COMMON_SOURCES_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/sources/activity_kinds.h"
#include "common/sources/actor.h"
#include "common/sources/checked_time.h"
#include "common/sources/exclusion.h"
#include "common/sources/input/json_object_scanner.h"
#include "common/sources/input/rejection_reason.h"
#include "common/sources/input/text_input.h"

namespace tutti {

// What a source's records say whose they are, besides a person.
enum class Ownership {
  kNone,      // nothing: all of an input is one organisation's
  kTenant,    // a tenant, by a GUID: each may go to an organisation of its own
  kCustomer,  // a customer, by an id of its own: one is taken
};

// Whom the licences that an input tells of are of. The greater one says more.
enum class Listing {
  kNone,       // nobody's
  kPart,       // of the licensees of one product or service
  kEverybody,  // of all who have a licence of the organisation's: they are its headcount
};

// Gets what an input says, row by row. A reader says whose a row is when its source knows
// (OnOwner), that it begins (OnRow), and what becomes of it: activities, reasons why it is none, or
// an operation without meaning. It says something of every row, so that none is lost in silence.
// An error ends the reading.
class SourceSink {
 public:
  virtual ~SourceSink() = default;
  // Whether the rows of this owner ("" when a row names none) are wanted. One that is not needs
  // nothing more.
  virtual absl::StatusOr<bool> OnOwner(absl::string_view owner) = 0;
  // A row that can be read begins. `key` is the same for a row that comes again, or empty.
  // False when the row was seen before: it says nothing new.
  virtual bool OnRow(absl::string_view key) = 0;
  // The row that has begun is of this time, whatever it says.
  virtual void OnTime(int64_t seconds) = 0;
  // A piece that cannot be read, and is no row that has begun.
  virtual absl::Status OnRejected(RejectionReason reason) = 0;
  // The row that has begun turns out not to be readable: it counts as rejected, once. What it
  // has said of licences stays.
  virtual absl::Status OnRowRejected(RejectionReason reason) = 0;
  // A row, or an event of one, that is no activity.
  virtual void OnExcluded(Exclusion why) = 0;
  // A row whose operation means nothing to anybody; the name is as the row has it.
  virtual void OnIgnored(absl::string_view operation) = 0;
  // Who did what follows, or has the licences that follow: false, and counted as left out, when
  // that is no person of the organisation.
  virtual bool OnPerson(const Actor& actor) = 0;
  // The last person did something, though it may be no activity.
  virtual void OnActed() = 0;
  // What follows is about this: a device, a meeting, whatever is no person. As it is to be sent.
  virtual void OnSubject(absl::string_view subject) = 0;
  // Something that the last person or subject of this row did; the sink knows which. The time has
  // come through times().
  virtual absl::Status OnActivity(const MappedActivity& activity) = 0;
  // The application of the last activity is none that its source knows, so it counts as another;
  // its name is as the row has it.
  virtual void OnUnknownApp(absl::string_view name) = 0;
  // The last person has a licence for a product; "" for one of the organisation's at all.
  virtual void OnLicensed(absl::string_view product) = 0;
  // Whom the input that is read lists, at its end. Of one that says nothing, nobody knows more than
  // kPart. Once one lists everybody, the people of no other list count.
  virtual void OnListing(Listing listing) = 0;
  // The input has a place for such an activity, whether or not anybody did it: what it can feed.
  // Neither subject nor time matter.
  virtual void OnOffered(const MappedActivity& activity) = 0;
  // Something about the whole input that whoever imports it should know. Names nobody.
  virtual void OnWarning(absl::string_view text) = 0;
  // Whether the subjects of a type of the catalogue are people.
  virtual bool IsOfPeople(absl::string_view type) const = 0;
  // What times are taken.
  virtual const TimeRange& times() const = 0;
};

// How an organisation wants its records read.
struct ReadingOptions {
  // The organisation's domains, case-folded; empty: all.
  absl::flat_hash_set<std::string> accepted_domains;
  // Addresses of group and shared mailboxes, case-folded. Without them no mail is
  // known to go to a group.
  absl::flat_hash_set<std::string> group_addresses;
  // Whether an application of unknown name that acts with a person's rights over
  // Graph or EWS ("Client=REST;;") counts as the person. No by default: a flow
  // that sends mail every morning would make a person active who is away.
  bool include_unattended_apps = false;
};

// Reads the inputs of one import, one after the other. Not thread-safe.
class SourceReader {
 public:
  virtual ~SourceReader() = default;
  // Reads an input for what its rows say of one another and for whose they are, before any input
  // is read for good: `sink` takes owners, and nothing else counts. Asked of sources whose rows
  // have owners. Errors as of Read.
  virtual absl::Status Survey(TextInput& input, SourceSink& sink) { return Read(input, sink); }
  // Reads an input for good, in bounded memory. Errors are those of the input and of the sink, and
  // InvalidArgument or FailedPrecondition that say what is wrong with all of the input.
  virtual absl::Status Read(TextInput& input, SourceSink& sink) = 0;
};

// What an input begins with.
struct Beginning {
  // One JSON object, or the line of a CSV file that names its columns.
  absl::string_view text;
  bool json = false;
  bool whole = true;  // false: the object is longer than what was looked at
};

// One kind of log or report that activities are read from. It keeps nothing, so one object serves
// every import, on any thread. Each has a folder here and an entry in registry.cc; nothing else
// knows it.
class Source {
 public:
  virtual ~Source() = default;
  // As the command line names it: "google-reports".
  virtual absl::string_view name() const = 0;
  // Other names, of editions before.
  virtual std::vector<absl::string_view> aliases() const { return {}; }
  virtual Ownership ownership() const { return Ownership::kNone; }
  // How its JSON is laid out; null when it is never JSON.
  virtual const JsonLayout* json() const { return nullptr; }
  // What tells its files from others, for people: "a column AuditData".
  virtual absl::string_view signs() const { return "its own signs"; }
  // Names that its inputs give operations, and applications, and that are certainly nobody's, see
  // KnownNames: as they are documented, or empty for any other, which no summary shows unasked.
  virtual absl::string_view KnownOperation(absl::string_view /*name*/) const { return ""; }
  virtual absl::string_view KnownApplication(absl::string_view /*name*/) const { return ""; }
  // Whether an input that begins so is this source's.
  virtual bool Recognizes(const Beginning& beginning) const = 0;
  // `options` outlives the reader.
  virtual std::unique_ptr<SourceReader> MakeReader(const ReadingOptions& options) const = 0;
};

// A reader that needs nothing but the input.
std::unique_ptr<SourceReader> ReaderOf(absl::Status (*read)(TextInput& input, SourceSink& sink));

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_SOURCE_H_
