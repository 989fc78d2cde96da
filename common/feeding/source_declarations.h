#ifndef TUTTI_COMMON_FEEDING_SOURCE_DECLARATIONS_H_
#define TUTTI_COMMON_FEEDING_SOURCE_DECLARATIONS_H_

#include <string>

#include "absl/status/status.h"
#include "common/catalog/catalog.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// Checks what an organisation's sources are declared to give (see SourceContents).
// InvalidArgument names what is wrong and what there is instead.
absl::Status CheckDeclarations(
    const Catalog& catalog, const google::protobuf::RepeatedPtrField<std::string>& sources,
    const google::protobuf::RepeatedPtrField<aggregate::v1::SourceContents>& declarations);

}  // namespace tutti

#endif  // TUTTI_COMMON_FEEDING_SOURCE_DECLARATIONS_H_
