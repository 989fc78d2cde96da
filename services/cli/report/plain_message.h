#ifndef TUTTI_SERVICES_CLI_REPORT_PLAIN_MESSAGE_H_
#define TUTTI_SERVICES_CLI_REPORT_PLAIN_MESSAGE_H_

#include "google/protobuf/message.h"
#include "services/cli/report/figures.h"

namespace tutti {

// Makes every text of a message, at whatever depth, what PlainText makes of it.
void MakePlain(google::protobuf::Message& message);

// The same message, made plain: what a service answered, to be shown on a terminal.
template <typename Message>
Message PlainMessage(Message message) {
  MakePlain(message);
  return message;
}

// The same figures with every text in them as PlainText makes it.
Figures PlainFigures(Figures figures);

}  // namespace tutti

#endif  // TUTTI_SERVICES_CLI_REPORT_PLAIN_MESSAGE_H_
