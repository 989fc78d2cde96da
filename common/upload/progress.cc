#include "common/upload/progress.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tutti {
namespace {

constexpr size_t kBarWidth = 30;
constexpr absl::Duration kTerminalInterval = absl::Milliseconds(100);
constexpr absl::Duration kPlainInterval = absl::Seconds(5);

std::string Bar(double share) {
  const size_t full = static_cast<size_t>(share * static_cast<double>(kBarWidth));
  return absl::StrCat("[", std::string(full, '#'), std::string(kBarWidth - full, '.'), "]");
}

}  // namespace

TerminalProgress::TerminalProgress(bool is_terminal, std::function<void(absl::string_view)> write,
                                   std::function<absl::Time()> now)
    : is_terminal_(is_terminal), write_(std::move(write)), now_(std::move(now)) {}

void TerminalProgress::Update(const Progress& progress) {
  const absl::Time now = now_();
  if (step_ != progress.step) {
    step_ = std::string(progress.step);
    started_ = now;
    written_ = is_terminal_ ? absl::InfinitePast() : now;
  }
  if (now - written_ < (is_terminal_ ? kTerminalInterval : kPlainInterval)) return;
  written_ = now;
  // A carriage return, and the escape that clears the rest of the line.
  write_(is_terminal_ ? absl::StrCat("\r", Line(progress, now), "\x1b[K")
                      : absl::StrCat(Line(progress, now), "\n"));
}

void TerminalProgress::Done(const Progress& progress) {
  const absl::Time now = now_();
  if (step_ != progress.step) started_ = now;
  step_.clear();
  write_(is_terminal_ ? absl::StrCat("\r", Line(progress, now), "\x1b[K\n")
                      : absl::StrCat(Line(progress, now), "\n"));
}

std::string TerminalProgress::Line(const Progress& progress, absl::Time now) const {
  const double seconds = std::max(absl::ToDoubleSeconds(now - started_), 1e-3);
  std::string line = absl::StrCat(progress.step, " ");
  double share = 0;
  if (progress.total_bytes > 0) {
    share = std::min(
        1.0, static_cast<double>(progress.bytes) / static_cast<double>(progress.total_bytes));
    if (is_terminal_) absl::StrAppend(&line, Bar(share), " ");
    absl::StrAppendFormat(&line, "%3.0f%% ", share * 100);
  }
  absl::StrAppendFormat(&line, "%d records, %.0f/s, %.1f MB", progress.records,
                        static_cast<double>(progress.records) / seconds,
                        static_cast<double>(progress.bytes) / 1e6);
  if (share > 0 && share < 1) {
    absl::StrAppendFormat(&line, ", %.0f s left", seconds * (1 - share) / share);
  }
  return line;
}

}  // namespace tutti
