#include "common/sources/m365_audit/audit_reader.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/sources/input/csv_reader.h"
#include "common/sources/input/json_framer.h"
#include "common/sources/input/lenient_json.h"
#include "common/sources/input/text_match.h"
#include "common/sources/known_names.h"
#include "common/sources/m365_audit/audit_mapper.h"
#include "common/sources/m365_audit/known_operations.h"
#include "common/sources/m365_audit/tenant_facts.h"
#include "common/status/status_macros.h"

namespace tutti {
namespace {

constexpr absl::string_view kLists[] = {"events",  "value", "records", "Records",
                                        "results", "data",  "hits",    "d"};
constexpr absl::string_view kRecordMembers[] = {"Operation",    "operation",      "Operations",
                                                "AuditData",    "auditData",      "o365audit",
                                                "CreationTime", "createdDateTime"};
constexpr JsonLayout kLayout = {kLists, kRecordMembers};

// Of those, what records of other logs do not have: a sign-in has a time, too.
constexpr absl::Span<const absl::string_view> kSigns = absl::MakeConstSpan(kRecordMembers).first(6);
static_assert(kRecordMembers[6] == "CreationTime");

// What to do when a file has no column AuditData.
constexpr absl::string_view kAdvice =
    "export the audit log with Search-UnifiedAuditLog | Export-Csv, or from the audit search of "
    "the Purview portal; of what is no audit log say with --format what it is";

constexpr int64_t kExportCap = 50000;

// Hands JSON texts on to a decoder.
class DecodingSink : public JsonSink {
 public:
  DecodingSink(RecordDecoder& decoder, RecordSink& sink) : decoder_(decoder), sink_(sink) {}
  absl::Status OnJson(absl::string_view json) override { return decoder_.Decode(json, {}, sink_); }
  absl::Status OnRejected(RejectionReason reason) override { return sink_.OnRejected(reason); }

 private:
  RecordDecoder& decoder_;
  RecordSink& sink_;
};

// What is known of one tenant.
struct Tenant {
  explicit Tenant(const ReadingOptions& options)
      : facts(options.accepted_domains), mapper(options, facts) {}

  TenantFacts facts;
  AuditMapper mapper;
};

class AuditLogReader final : public SourceReader {
 public:
  explicit AuditLogReader(const ReadingOptions& options) : options_(options) {}

  absl::Status Survey(TextInput& input, SourceSink& sink) override {
    return ReadRecords(input, sink, /*mapping=*/false);
  }
  absl::Status Read(TextInput& input, SourceSink& sink) override {
    return ReadRecords(input, sink, /*mapping=*/true);
  }

 private:
  // One reading of one input.
  class Pass final : public RecordSink {
   public:
    Pass(AuditLogReader& reader, SourceSink& sink, bool mapping)
        : reader_(reader), sink_(sink), mapping_(mapping) {}

    absl::Status OnRecord(const AuditRecord& record) override {
      ++rows_;
      const CheckedTime time = TimeOf(record);
      if (!time.seconds.has_value()) return sink_.OnRejected(time.problem);
      ASSIGN_OR_RETURN(const bool wanted, sink_.OnOwner(record[Field::kTenant]));
      if (!wanted) return absl::OkStatus();
      Tenant& tenant = reader_.TenantOf(record[Field::kTenant]);
      if (mapping_) return tenant.mapper.Map(record, *time.seconds, sink_);
      tenant.facts.Observe(record);
      return absl::OkStatus();
    }
    absl::Status OnRejected(RejectionReason reason) override {
      ++rows_;
      return sink_.OnRejected(reason);
    }

    int64_t rows() const { return rows_; }

   private:
    // The first time of a record that can be.
    CheckedTime TimeOf(const AuditRecord& record) const {
      const TimeRange& times = sink_.times();
      const CheckedTime created = times.Instant(record[Field::kCreated]);
      if (created.seconds.has_value()) return created;
      for (const absl::string_view other : record.created_too) {
        const CheckedTime time = times.Instant(other);
        if (time.seconds.has_value()) return time;
      }
      if (record[Field::kStartTime].empty()) return created;
      const CheckedTime started = times.Instant(record[Field::kStartTime]);
      return started.seconds.has_value() || record[Field::kCreated].empty() ? started : created;
    }

    AuditLogReader& reader_;
    SourceSink& sink_;
    const bool mapping_;
    int64_t rows_ = 0;
  };

  absl::Status ReadRecords(TextInput& input, SourceSink& sink, bool mapping) {
    ASSIGN_OR_RETURN(const absl::string_view beginning, input.Peek());
    const bool json = IsJson(beginning);
    Pass pass(*this, sink, mapping);
    RETURN_IF_ERROR(ReadAuditLog(input, decoder_, pass));
    if (!json && pass.rows() == kExportCap) {
      sink.OnWarning(absl::StrCat("has exactly ", kExportCap,
                                  " rows, the most that an export gives: it is probably cut off; "
                                  "export shorter periods"));
    }
    return absl::OkStatus();
  }

  Tenant& TenantOf(absl::string_view id) {
    if (last_ != nullptr && id == last_id_) return *last_;
    last_id_ = std::string(id);
    std::unique_ptr<Tenant>& tenant = tenants_[absl::AsciiStrToLower(id)];
    if (tenant == nullptr) tenant = std::make_unique<Tenant>(options_);
    last_ = tenant.get();
    return *last_;
  }

  const ReadingOptions& options_;
  RecordDecoder decoder_;
  std::map<std::string, std::unique_ptr<Tenant>> tenants_;
  std::string last_id_;
  Tenant* last_ = nullptr;
};

class AuditLogSource final : public Source {
 public:
  absl::string_view name() const override { return "m365-audit"; }
  std::vector<absl::string_view> aliases() const override {
    return {"m365-audit-csv", "m365-audit-lines"};
  }
  absl::string_view signs() const override {
    return "a column AuditData, or records with an Operation";
  }
  Ownership ownership() const override { return Ownership::kTenant; }
  const JsonLayout* json() const override { return &kLayout; }
  absl::string_view KnownOperation(absl::string_view name) const override {
    return KnownAuditOperation(name);
  }
  absl::string_view KnownApplication(absl::string_view name) const override {
    return KnownMicrosoftApplication(name);
  }
  bool Recognizes(const Beginning& beginning) const override {
    if (!beginning.json) return ContainsIgnoringCase(beginning.text, "auditdata");
    if (beginning.whole) return HasAnyMember(beginning.text, kSigns);
    return absl::c_any_of(MemberNames(beginning.text, kAnyDepth), [](absl::string_view name) {
      return absl::EqualsIgnoreCase(name, "operation");
    });
  }
  std::unique_ptr<SourceReader> MakeReader(const ReadingOptions& options) const override {
    return std::make_unique<AuditLogReader>(options);
  }
};

}  // namespace

const Source& AuditLogs() {
  static const AuditLogSource& source = *new AuditLogSource;
  return source;
}

absl::Status ReadAuditLog(TextInput& input, RecordDecoder& decoder, RecordSink& sink) {
  ASSIGN_OR_RETURN(const absl::string_view beginning, input.Peek());
  if (IsJson(beginning)) {
    DecodingSink decoding(decoder, sink);
    return ReadJson(input, kLayout, decoding);
  }
  const std::vector<std::vector<std::string>> columns = {{"AuditData"},
                                                         {"Identity", "RecordId", "Id"}};
  return ReadCsv(
      input, {columns, 1, kAdvice, /*is_self_evident=*/true},
      [&](absl::Span<const absl::string_view> row) { return decoder.Decode(row[0], row[1], sink); },
      [&](RejectionReason reason) { return sink.OnRejected(reason); });
}

}  // namespace tutti
