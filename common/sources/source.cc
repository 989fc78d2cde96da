#include "common/sources/source.h"

namespace tutti {
namespace {

class PlainReader final : public SourceReader {
 public:
  explicit PlainReader(absl::Status (*read)(TextInput&, SourceSink&)) : read_(read) {}
  absl::Status Read(TextInput& input, SourceSink& sink) override { return read_(input, sink); }

 private:
  absl::Status (*read_)(TextInput&, SourceSink&);
};

}  // namespace

std::unique_ptr<SourceReader> ReaderOf(absl::Status (*read)(TextInput&, SourceSink&)) {
  return std::make_unique<PlainReader>(read);
}

}  // namespace tutti
