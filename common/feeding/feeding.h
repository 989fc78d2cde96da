#ifndef TUTTI_COMMON_FEEDING_FEEDING_H_
#define TUTTI_COMMON_FEEDING_FEEDING_H_

#include <string>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/feeding/figure_inputs.h"
#include "common/feeding/given_activity.h"

namespace tutti {

// What figures given activity can feed, worked out from the catalogue's rules alone: which
// combinations of features subjects can show who do nothing else. A figure is fed when its
// number can be other than 0, and its share other than all: what the declaration alone
// decides says nothing of what people did.
//
// Example: mail.sent and chat.sent set two of the three features of "modes", so "at least
// two of them" is fed; mail.sent alone sets one, so it is not. With device.app_crashed
// alone every device that is seen crashed, so the share that crashed is not fed either.
//
// Immutable and thread-safe; the catalogue outlives it.
class Feeding {
 public:
  Feeding(const Catalog& catalog, GivenActivity given);

  bool Feeds(const FigureInput& input) const;
  bool Feeds(const std::vector<FigureInput>& inputs) const;
  // The features of a table that something given sets, as bits.
  unsigned Features(int table) const;

  // What would have to be given beside, for each input that is not fed and for which what
  // was named before is not enough: "chat.sent or channel_message.sent". Written as people
  // declare it.
  std::vector<std::string> Missing(const std::vector<FigureInput>& inputs) const;

 private:
  const Catalog& catalog_;
  GivenActivity given_;
  std::vector<const ActivityShape*> shapes_;
};

}  // namespace tutti

#endif  // TUTTI_COMMON_FEEDING_FEEDING_H_
