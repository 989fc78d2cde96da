#ifndef TUTTI_TESTS_SAMPLE_TOLD_H_
#define TUTTI_TESTS_SAMPLE_TOLD_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/sample/sample_event.h"
#include "tests/sample/sample_options.h"

namespace tutti {

// What one source lets somebody know of something that a person did.
struct ToldActivity {
  absl::string_view type;  // the catalogue's ids; static
  int64_t seconds = 0;     // since 1970
  absl::string_view app;   // may be empty
  absl::string_view platform;
  SampleTraits traits = 0;
};

// Appends all that files of the shape tell of an event: nothing, one activity or
// several, each of them true. It says which columns and parameters a source has, and
// nothing of how they are written: the writers and the importer know that, and this
// is what the two must amount to.
void AppendTold(const SampleEvent& event, SampleShape shape, std::vector<ToldActivity>& told);

// Whether the options' files tell anything of people, of devices, of other things.
bool TellsPeople(const SampleOptions& options);
bool TellsDevices(const SampleOptions& options);
bool TellsItems(const SampleOptions& options);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_TOLD_H_
