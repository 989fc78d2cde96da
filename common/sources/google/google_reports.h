#ifndef TUTTI_COMMON_SOURCES_GOOGLE_GOOGLE_REPORTS_H_
#define TUTTI_COMMON_SOURCES_GOOGLE_GOOGLE_REPORTS_H_

#include "absl/status/status.h"
#include "common/sources/input/text_input.h"
#include "common/sources/source.h"

namespace tutti {

// The reports of Google Workspace. Their records name their customer.
const Source& GoogleReports();

// Reads activities of the Google Workspace Reports API, of the applications gmail,
// meet, chat, drive and gemini_in_workspace_apps, by themselves or in pages {"items": [...]},
// laid out in any way that JsonFramer reads. What is a list may be written as JsonItems reads it;
// parameters may be nested in messageValue. A message in a space is a channel's, one in a group's
// chat or to one person a chat's. Keys and other callers that are no users, what an agent or an
// impersonating application did, senders that are apps or bots, visitors and people outside are
// left out; of Drive only primary events count, of Gemini only what somebody asked for.
//
// Errors are those of the input and the sink.
absl::Status ReadGoogleReports(TextInput& input, SourceSink& sink);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_GOOGLE_GOOGLE_REPORTS_H_
