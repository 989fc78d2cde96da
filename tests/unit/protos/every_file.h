#ifndef TUTTI_TESTS_UNIT_PROTOS_EVERY_FILE_H_
#define TUTTI_TESTS_UNIT_PROTOS_EVERY_FILE_H_

#include <vector>

#include "google/protobuf/descriptor.h"
#include "tutti/access/v1/access.pb.h"
#include "tutti/aggregate/v1/aggregate.pb.h"
#include "tutti/aggregate/v1/organization.pb.h"
#include "tutti/auth/v1/auth.pb.h"
#include "tutti/catalog/v1/catalog.pb.h"
#include "tutti/ingest/v1/ingest.pb.h"
#include "tutti/keyring/v1/keyring.pb.h"
#include "tutti/publication/v1/cohort.pb.h"
#include "tutti/publication/v1/publication.pb.h"
#include "tutti/score/v1/score.pb.h"
#include "tutti/v1/reason.pb.h"
#include "tutti/window/v1/window.pb.h"

namespace tutti {

// The descriptors of every proto file of ours; that none is missing is asked in
// identity_fields_test.cc.
inline std::vector<const google::protobuf::FileDescriptor*> EveryFile() {
  return {access::v1::MethodAccess::descriptor()->file(),
          aggregate::v1::MergeDeltasRequest::descriptor()->file(),
          aggregate::v1::Organization::descriptor()->file(),
          auth::v1::Reason_descriptor()->file(),
          catalog::v1::Catalog::descriptor()->file(),
          ingest::v1::Activity::descriptor()->file(),
          keyring::v1::Keyring::descriptor()->file(),
          publication::v1::Cohort::descriptor()->file(),
          publication::v1::Publication::descriptor()->file(),
          score::v1::Score::descriptor()->file(),
          v1::Reason_descriptor()->file(),
          window::v1::Cadence_descriptor()->file()};
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_PROTOS_EVERY_FILE_H_
