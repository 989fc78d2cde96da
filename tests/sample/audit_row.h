#ifndef TUTTI_TESTS_SAMPLE_AUDIT_ROW_H_
#define TUTTI_TESTS_SAMPLE_AUDIT_ROW_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// One record of a made-up audit log.
struct AuditRow {
  int64_t created = 0;            // CreationTime, since 1970
  absl::string_view record_type;  // its name, as the CSV column has it
  std::string user;
  std::string operation;
  std::string id;
  std::string json;  // AuditData: one object
};

// "2026-05-04T09:00:00": how audit records write UTC.
std::string AuditTime(int64_t seconds);

// Builds one JSON object, member by member.
class AuditJson {
 public:
  AuditJson& Text(absl::string_view name, absl::string_view value);
  AuditJson& Number(absl::string_view name, int64_t value);
  // `json` is a JSON value.
  AuditJson& Raw(absl::string_view name, absl::string_view json);
  std::string Take();

 private:
  void Name(absl::string_view name);
  std::string json_ = "{";
};

// The same record as it comes a second time: its members in another order.
std::string ReorderedJson(absl::string_view json);

}  // namespace tutti

#endif  // TUTTI_TESTS_SAMPLE_AUDIT_ROW_H_
