// Replies of Redis: whatever a server sends, the stores give an answer or a status, and what
// a good one sends comes out as it went in.

#include <fuzzer/FuzzedDataProvider.h>

#include <string>
#include <vector>

#include "common/redis/redis_cohort_store.h"
#include "common/redis/redis_organization_store.h"
#include "common/redis/redis_publication_store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/one_reply.h"

namespace tutti {
namespace {

void ReadAnything(FuzzedDataProvider& draw) {
  const int what = draw.ConsumeIntegralInRange(0, 8);
  const OneReply server(draw.ConsumeRemainingBytesAsString());
  RedisRouter router(server.options());
  RedisPublicationStore publications(router);
  RedisCohortStore cohorts(router);
  RedisOrganizationStore organizations(router);
  const Day day(2026, 11, 22);
  switch (what) {
    case 0:
      static_cast<void>(publications.ListEndDays("acme"));
      break;
    case 1:
      static_cast<void>(publications.Find({{"acme", day}, {"beta", {}}}));
      break;
    case 2: {
      const auto records = publications.Read("acme", {day, day - 7});
      if (records.ok()) Require(records->size() == 2, "as many records as were asked for");
      break;
    }
    case 3:
      static_cast<void>(publications.ReadLedger("acme"));
      break;
    case 4:
      static_cast<void>(cohorts.Read(day, "all"));
      break;
    case 5:
      static_cast<void>(organizations.Read("acme"));
      break;
    case 6:
      static_cast<void>(organizations.List("", 10));
      break;
    case 7:
      static_cast<void>(publications.Promote("acme", day));
      break;
    default:
      static_cast<void>(organizations.Erase("acme", {}));
  }
}

void ReadWhatIsGood(FuzzedDataProvider& draw) {
  std::vector<Day> days;
  std::vector<std::string> texts;
  for (int count = draw.ConsumeIntegralInRange(0, 50); count > 0; --count) {
    days.push_back(Day(2020, 1, 1) + draw.ConsumeIntegralInRange(0, 3000));
    texts.push_back(FormatDay(days.back()));
  }
  const std::string record = draw.ConsumeRemainingBytesAsString();
  {
    const OneReply server(Bulks(texts));
    RedisRouter router(server.options());
    const auto read = RedisPublicationStore(router).ListEndDays("acme");
    Require(read.ok() && *read == days, "days come out as they went in");
  }
  const OneReply server(Bulk(record));
  RedisRouter router(server.options());
  const auto read = RedisCohortStore(router).Read(Day(2026, 11, 22), "all");
  Require(read.ok() && *read == record, "a record comes out as it went in");
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider draw(data, size);
  if (draw.ConsumeIntegralInRange(0, 3) == 0) {
    tutti::ReadWhatIsGood(draw);
  } else {
    tutti::ReadAnything(draw);
  }
  return 0;
}
