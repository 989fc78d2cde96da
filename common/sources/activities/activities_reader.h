#ifndef TUTTI_COMMON_SOURCES_ACTIVITIES_ACTIVITIES_READER_H_
#define TUTTI_COMMON_SOURCES_ACTIVITIES_ACTIVITIES_READER_H_

#include "absl/status/status.h"
#include "common/sources/input/text_input.h"
#include "common/sources/source.h"

namespace tutti {

// Activities in Tutti's own format.
const Source& TuttiActivities();

// Reads Tutti activities, the proto3 JSON of tutti.ingest.v1.Activity, one object
// a line, or laid out in any other way that JsonFramer reads:
// {"subject":"amy@example.com","type":"mail.sent",
// "occurredAt":"2026-05-04T09:00:00Z","app":"outlook","traits":["mention"]}.
// Both spellings of a member are taken (occurredAt, occurred_at), null is absent;
// an unknown member rejects the line, and so does a subject that lost a character on its way.
// A line that comes again, to the letter, is a duplicate. A subject need not be an address; one
// that is, of a type that people do, says whose it is. Whether the catalogue knows the values is
// for ingest to say.
absl::Status ReadActivities(TextInput& input, SourceSink& sink);

}  // namespace tutti

#endif  // TUTTI_COMMON_SOURCES_ACTIVITIES_ACTIVITIES_READER_H_
