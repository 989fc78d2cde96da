#ifndef TUTTI_COMMON_SOURCES_REGISTRY_H_
#define TUTTI_COMMON_SOURCES_REGISTRY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/sources/source.h"

namespace tutti {

// A list of sources. Immutable and thread-safe; the sources outlive it.
class SourceRegistry {
 public:
  // `sources` are asked in this order whether an input is theirs; `otherwise`, one of them, is to
  // read JSON that is nobody's: its first records may all be broken.
  SourceRegistry(std::vector<const Source*> sources, const Source& otherwise);

  const std::vector<const Source*>& all() const { return sources_; }

  const Source& otherwise() const { return otherwise_; }

  // By its name or an alias; null when there is none.
  const Source* Find(absl::string_view name) const;

  // Whose an input is that begins so, with up to 64 KiB of its text; null when nobody knows it. Of
  // JSON the first records that can be read tell; a broken one before them, or a page without
  // any, does not. Of CSV the header does.
  const Source* Detect(absl::string_view beginning) const;

  // Whether an input that begins so holds no record and nothing that could be one: pages and
  // arrays without any, lines before a header. It may be any source's.
  bool HoldsNothing(absl::string_view beginning) const;

 private:
  const Source* DetectJson(absl::string_view beginning) const;
  const Source* Recognizing(const Beginning& beginning) const;

  std::vector<const Source*> sources_;
  // Of pages and records of any of them.
  std::vector<absl::string_view> lists_;
  std::vector<absl::string_view> members_;
  const Source& otherwise_;
};

// The sources that Tutti reads.
const SourceRegistry& ShippedSources();

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_REGISTRY_H_
