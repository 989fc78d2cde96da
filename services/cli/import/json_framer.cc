#include "services/cli/import/json_framer.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"

namespace tutti {
namespace {

constexpr size_t kMaxRecordBytes = 16 << 20;
constexpr size_t kPadding = 64;

bool IsListMember(absl::string_view key) {
  return key == "events" || key == "value" || key == "records" || key == "Records";
}

absl::Status EmitLine(absl::string_view line, JsonSink& sink) {
  line = absl::StripAsciiWhitespace(line);
  if (line.empty()) return absl::OkStatus();
  return sink.OnJson(line);
}

// Finds objects in text that comes in pieces.
class DocumentScanner {
 public:
  explicit DocumentScanner(JsonSink& sink) : sink_(sink) {}

  absl::Status Feed(absl::string_view chunk) {
    buffer_.append(chunk.data(), chunk.size());
    buffer_.reserve(buffer_.size() + kPadding);
    for (; at_ < buffer_.size(); ++at_) {
      const char c = buffer_[at_];
      if (in_string_) {
        InString(c);
        continue;
      }
      absl::Status status = state_ == State::kOutside ? Outside(c) : Inside(c);
      if (!status.ok()) return status;
    }
    return Compact();
  }

  absl::Status Finish() {
    if (state_ == State::kOutside || state_ == State::kSkipping) return absl::OkStatus();
    return sink_.OnRejected(RejectionReason::kMalformedJson);
  }

 private:
  enum class State {
    kOutside,   // between records
    kRecord,    // in an object that may be a record
    kSkipping,  // in the rest of an outer object, or in an object that is too long
  };

  void InString(char c) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
      if (depth_ == 1) key_end_ = at_;
    }
  }

  absl::Status Outside(char c) {
    if (c == '{') {
      state_ = State::kRecord;
      begin_ = at_;
      depth_ = 1;
      garbage_ = false;
      return absl::OkStatus();
    }
    if (c == ']' && outer_ > 0 && arrays_ == 0) {
      --outer_;
      state_ = State::kSkipping;
      depth_ = 1;
      return absl::OkStatus();
    }
    if (c == '[') ++arrays_;
    if (c == ']' && arrays_ > 0) --arrays_;
    if (c == '[' || c == ']' || c == ',' || absl::ascii_isspace(static_cast<unsigned char>(c))) {
      garbage_ = false;
      return absl::OkStatus();
    }
    if (garbage_) return absl::OkStatus();
    garbage_ = true;
    return sink_.OnRejected(RejectionReason::kNotAnObject);
  }

  absl::Status Inside(char c) {
    switch (c) {
      case '"':
        in_string_ = true;
        if (depth_ == 1) key_begin_ = at_ + 1;
        return absl::OkStatus();
      case '[':
        if (depth_ == 1 && state_ == State::kRecord && arrays_ == 0 &&
            IsListMember(absl::string_view(buffer_).substr(key_begin_, key_end_ - key_begin_))) {
          ++outer_;
          state_ = State::kOutside;
          return absl::OkStatus();
        }
        ++depth_;
        return absl::OkStatus();
      case '{':
        ++depth_;
        return absl::OkStatus();
      case ']':
      case '}':
        if (--depth_ > 0) return absl::OkStatus();
        return EndObject();
      default:
        return absl::OkStatus();
    }
  }

  absl::Status EndObject() {
    const bool is_record = state_ == State::kRecord;
    state_ = State::kOutside;
    if (!is_record) return absl::OkStatus();
    return sink_.OnJson(absl::string_view(buffer_).substr(begin_, at_ + 1 - begin_));
  }

  // Drops what was dealt with, so that the buffer holds one record at most.
  absl::Status Compact() {
    if (state_ == State::kRecord && at_ - begin_ > kMaxRecordBytes) {
      state_ = State::kSkipping;
      if (absl::Status status = sink_.OnRejected(RejectionReason::kTooLarge); !status.ok()) {
        return status;
      }
    }
    const size_t dropped = state_ == State::kRecord ? begin_ : at_;
    buffer_.erase(0, dropped);
    at_ -= dropped;
    begin_ = 0;
    key_begin_ -= std::min(key_begin_, dropped);
    key_end_ -= std::min(key_end_, dropped);
    return absl::OkStatus();
  }

  JsonSink& sink_;
  std::string buffer_;
  State state_ = State::kOutside;
  bool in_string_ = false;
  bool escaped_ = false;
  bool garbage_ = false;
  int depth_ = 0;
  int arrays_ = 0;  // open arrays that are not a member of an outer object
  int outer_ = 0;   // outer objects whose list is being read
  size_t at_ = 0;
  size_t begin_ = 0;
  size_t key_begin_ = 0;
  size_t key_end_ = 0;
};

}  // namespace

absl::Status ReadJsonLines(TextInput& input, JsonSink& sink) {
  std::string buffer;
  bool skipping = false;
  for (;;) {
    absl::StatusOr<absl::string_view> chunk = input.Next();
    if (!chunk.ok()) return chunk.status();
    if (chunk->empty()) break;
    buffer.append(chunk->data(), chunk->size());
    buffer.reserve(buffer.size() + kPadding);
    size_t begin = 0;
    while (const void* end = memchr(buffer.data() + begin, '\n', buffer.size() - begin)) {
      const size_t size =
          static_cast<size_t>(static_cast<const char*>(end) - (buffer.data() + begin));
      if (!skipping) {
        absl::Status status = EmitLine(absl::string_view(buffer.data() + begin, size), sink);
        if (!status.ok()) return status;
      }
      skipping = false;
      begin += size + 1;
    }
    buffer.erase(0, begin);
    if (buffer.size() <= kMaxRecordBytes) continue;
    buffer.clear();
    if (skipping) continue;
    skipping = true;
    absl::Status status = sink.OnRejected(RejectionReason::kTooLarge);
    if (!status.ok()) return status;
  }
  return skipping ? absl::OkStatus() : EmitLine(buffer, sink);
}

absl::Status ReadJsonDocument(TextInput& input, JsonSink& sink) {
  DocumentScanner scanner(sink);
  for (;;) {
    absl::StatusOr<absl::string_view> chunk = input.Next();
    if (!chunk.ok()) return chunk.status();
    if (chunk->empty()) return scanner.Finish();
    if (absl::Status status = scanner.Feed(*chunk); !status.ok()) return status;
  }
}

}  // namespace tutti
