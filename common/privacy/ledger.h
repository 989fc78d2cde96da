#ifndef TUTTI_COMMON_PRIVACY_LEDGER_H_
#define TUTTI_COMMON_PRIVACY_LEDGER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "common/window/day.h"

namespace tutti {

// What one record cost: a subject kind's id to its zCDP cost, in billionths.
using Costs = std::map<std::string, uint64_t>;

// What an organisation has spent: (subject kind's id, end day of a record) to its cost, likewise.
using Ledger = std::map<std::pair<std::string, Day>, uint64_t>;

}  // namespace tutti

#endif  // TUTTI_COMMON_PRIVACY_LEDGER_H_
