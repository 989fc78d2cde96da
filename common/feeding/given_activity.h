#ifndef TUTTI_COMMON_FEEDING_GIVEN_ACTIVITY_H_
#define TUTTI_COMMON_FEEDING_GIVEN_ACTIVITY_H_

#include <map>
#include <string>
#include <vector>

#include "common/catalog/catalog.h"
#include "tutti/aggregate/v1/organization.pb.h"

namespace tutti {

// Activity types that are given, each with what its activities may tell.
using GivenActivity = std::map<std::string, aggregate::v1::ActivityContents>;

// Adds to what is given: of a type that is given already, what it tells beside.
void Add(const aggregate::v1::ActivityContents& contents, GivenActivity& given);
void Add(const aggregate::v1::SourceContents& contents, GivenActivity& given);

// What is in `one` and not in `other`: types, or what more is told of a type that both
// have.
GivenActivity Without(const GivenActivity& one, const GivenActivity& other);

// What single activities can set, as ingest would answer for them: any app, any platform
// and any of the traits that a type was given with, or none. Every other shape that such
// activities can have is a union of these, so what subjects can show is the same. Types
// that the catalogue does not have give nothing. The result lives as long as the catalogue.
std::vector<const ActivityShape*> ShapesOf(const Catalog& catalog, const GivenActivity& given);

// Everything that a source can give: what the rules look at of the features that its
// categories and measures are made of.
GivenActivity GivableBy(const Catalog& catalog, const std::string& source);

}  // namespace tutti

#endif  // TUTTI_COMMON_FEEDING_GIVEN_ACTIVITY_H_
