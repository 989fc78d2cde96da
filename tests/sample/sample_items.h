#ifndef TUTTI_TESTS_SAMPLE_SAMPLE_ITEMS_H_
#define TUTTI_TESTS_SAMPLE_SAMPLE_ITEMS_H_

#include <functional>

#include "tests/sample/sample_organization.h"
#include "tutti/ingest/v1/ingest.pb.h"

namespace tutti {

// Takes an activity and its day, counted from 0, the organisation's first.
using ItemSink = std::function<void(const ingest::v1::Activity& activity, int day)>;

// Tells what became of a made-up organisation's things: its devices, meetings,
// workspaces, documents, threads and messages, as far as a shape of the options tells
// them. All of one thing comes one after the other, of a device day by day, otherwise in
// no order of time; nothing is kept. The same options give the same activities.
void ForEachItemActivity(const SampleOrganization& organization, const ItemSink& take);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_SAMPLE_ITEMS_H_
