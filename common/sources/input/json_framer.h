#ifndef TUTTI_COMMON_SOURCES_INPUT_JSON_FRAMER_H_
#define TUTTI_COMMON_SOURCES_INPUT_JSON_FRAMER_H_

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/sources/input/json_object_scanner.h"
#include "common/sources/input/rejection_reason.h"
#include "common/sources/input/text_input.h"

namespace tutti {

// Gets the JSON texts that a framer cuts out.
class JsonSink {
 public:
  virtual ~JsonSink() = default;
  // One JSON object. Valid during the call; 64 bytes after its end may be read. An
  // error ends the reading.
  virtual absl::Status OnJson(absl::string_view json) = 0;
  // A piece that cannot be a record; reading goes on.
  virtual absl::Status OnRejected(RejectionReason reason) = 0;
};

// Cuts text that comes in pieces into objects, however they are laid out: one after the other,
// in lines or over several; in arrays; in pages, which are objects that hold them in an array, or
// one of them, or another such object; pages in turn in lines, appended, or in an array. Any of
// these may be written in a text. Byte order marks may stand between them. A page without records
// says nothing, where it stands beside others or alone; in the list of a page, and beside records,
// it is one that says nothing of itself.
// Values in them need only be shaped like JSON's: NaN is one, and so is a line end in a string.
//
// A broken object is rejected once, and costs itself alone: what follows is looked through, from
// its second byte, for the next line that begins with an object, the next page, and the next
// object that is whole and has a member that records have (or begins as the last record did). An
// object that is cut off inside a list would have what follows it in its page for more of that
// list: where it has what is a record for certain (JsonObjectScanner::IsCertain) it ends. From the
// next record on, or from where the broken one closes, all that stands where records do is counted
// again; between the two what is an object that begins as the last record did is counted, if it is
// broken, too. How the pieces are cut makes no difference. Memory is bounded by the largest record
// (16 MiB; longer ones are rejected), and time by the input's size: where nearly everything is
// broken, what is in it is no longer looked through.
class JsonFramer {
 public:
  // Both outlive this.
  JsonFramer(const JsonLayout& layout, JsonSink& sink);

  absl::Status Feed(absl::string_view piece);
  // After the last piece.
  absl::Status Finish();

 private:
  enum class Mode {
    kBetween,  // between records
    kScalar,   // in a text or a number that stands where a record should
    kRecord,   // in an object that may be a record or a page
    kDropped,  // in what is read and dropped: the rest of a page, an object that is too long
    kLost,     // after something broken, looking for the next record
    kTrial,    // there, in an object that may be one
  };
  // An array, which may be the list of a page.
  struct Level {
    size_t page_objects = 0;  // of the page, those that are open around it
    bool has_record = false;
  };

  absl::Status Drain();
  absl::Status Take(char c);
  absl::Status Between(char c);
  absl::Status Scalar(char c);
  absl::Status EndScalar();
  absl::Status ReadText(absl::string_view text);
  bool MayBePage() const;
  absl::string_view TextOfPage(simdjson::dom::element page) const;
  absl::Status Record(char c);
  absl::Status Lost(char c);
  absl::Status Trial(char c);
  absl::Status FindAnother();
  void Drop(char c);
  absl::Status BreakOff(RejectionReason reason, size_t go_on_at);
  absl::Status FailTrial();
  absl::Status Emit();
  void Begin(Mode mode);
  void EnterList();
  void Lose(size_t go_on_at);
  void LoseRest();
  bool MayReadAgain() const;
  void ReadAgain(size_t from);
  void NoteBrokenRecord();
  void NoteBreak(bool inside);
  bool MayBeRecord() const;
  bool IsRecord() const;
  bool IsOneMore() const;
  bool Closes(char c);
  bool BeginsLine(char c);
  void SkipString();
  void Compact();

  const JsonLayout& layout_;
  JsonSink& sink_;
  std::string buffer_;
  size_t at_ = 0;          // the next character to be taken
  size_t begin_ = 0;       // of the object
  size_t forgotten_ = 0;   // bytes before the buffer
  size_t read_again_ = 0;  // characters, in all
  Mode mode_ = Mode::kBetween;
  JsonObjectScanner scanner_;
  std::vector<Level> levels_;  // what the records are in
  bool has_record_ = false;    // one was in none
  JsonBeginning last_;         // of the last record

  // State between records: whether a comma was the last that is not white space, and what has come
  // after a record.
  enum class Since { kElsewhere, kRecord, kSeparator };
  bool after_comma_ = false;
  Since since_ = Since::kElsewhere;  // kSeparator: a comma, or the end of its line
  bool record_is_line_ = false;      // the last record is all in one

  // State inside a scalar.
  bool in_string_ = false;
  bool escaped_ = false;
  bool complete_ = false;
  bool is_text_ = false;  // in quotes, and not longer than a record
  size_t text_end_ = 0;   // from begin_, after its quote

  // State of what is lost.
  bool line_start_ = true;  // at_ begins a line; of what is dropped, too
  char dropped_ = '\n';     // the last character before the buffer
  char before_ = '\n';      // the last character before at_ that is not white space
  bool was_lost_ = false;   // levels_ may lack some
  bool lost_page_ = false;  // what seems to be a line may be in a page
  bool in_lines_ = false;   // what was broken was a line, not in a page or an array
  size_t sound_end_ = 0;    // of what is in it for certain; from the beginning of the input
  std::string open_;        // its brackets that are, from there on
  bool closed_ = false;     // it was, just now
  bool is_value_ = false;   // what is tried is the value of a member
};

// Reads all of an input. Errors are those of the input and of the sink.
absl::Status ReadJson(TextInput& input, const JsonLayout& layout, JsonSink& sink);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_INPUT_JSON_FRAMER_H_
