#ifndef TUTTI_TESTS_SUPPORT_TOLD_ROWS_H_
#define TUTTI_TESTS_SUPPORT_TOLD_ROWS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/sources/source.h"
#include "common/upload/import_summary.h"
#include "common/upload/import_trace.h"

namespace tutti {

// Writes down what a source tells its sink, a line each, and what became of every row. Every owner
// is wanted, and everybody with an address is a person. `require` is told what should hold.
class ToldRows final : public SourceSink {
 public:
  explicit ToldRows(std::function<void(bool, const char*)> require)
      : require_(std::move(require)) {}

  absl::StatusOr<bool> OnOwner(absl::string_view owner) override {
    owner_ = std::string(owner);
    return true;
  }
  bool OnRow(absl::string_view key) override {
    ++pieces_;
    subject_.clear();
    traced_.fates.Begin();
    ++traced_.records;
    if (!key.empty() && !keys_.emplace(absl::StrCat(owner_, " ", key)).second) {
      Tell("duplicate");
      ++traced_.duplicates;
      traced_.fates.Drop();
      return false;
    }
    return true;
  }
  void OnTime(int64_t seconds) override { require_(times_.Holds(seconds), "a time is checked"); }
  absl::Status OnRejected(RejectionReason reason) override {
    ++pieces_;
    ++rejected_;
    Tell(absl::StrCat("!", RejectionReasonName(reason)));
    return absl::OkStatus();
  }
  absl::Status OnRowRejected(RejectionReason reason) override {
    traced_.fates.Drop();
    --traced_.records;
    --pieces_;
    return OnRejected(reason);
  }
  void OnExcluded(Exclusion why) override {
    Tell(absl::StrCat("left out: ", ExclusionName(why)));
    traced_.Exclude(why);
  }
  void OnIgnored(absl::string_view operation) override {
    Tell(absl::StrCat("ignored ", operation));
    traced_.Ignore(operation);
  }
  bool OnPerson(const Actor& actor) override {
    subject_.clear();
    const ActorKind kind = ClassifyActor(actor, {});
    if (kind != ActorKind::kPerson) OnExcluded(ExclusionOf(kind));
    if (kind != ActorKind::kPerson) return false;
    subject_ = absl::AsciiStrToLower(AccountName(actor.name));
    return true;
  }
  void OnActed() override { require_(!subject_.empty(), "somebody acted"); }
  void OnSubject(absl::string_view subject) override { subject_ = std::string(subject); }
  absl::Status OnActivity(const MappedActivity& activity) override {
    require_(!subject_.empty() && !activity.type.empty(), "an activity is whole");
    require_(times_.Holds(activity.seconds), "a time is checked before it is told");
    std::string text = absl::StrCat(subject_, " ", activity.type, " ", activity.seconds, " ",
                                    Dash(activity.app), " ", Dash(activity.platform));
    ForEachTrait(activity,
                 [&text](absl::string_view trait) { absl::StrAppend(&text, " +", trait); });
    Tell(std::move(text));
    traced_.Count(activity.type);
    return absl::OkStatus();
  }
  void OnUnknownApp(absl::string_view name) override {
    require_(!subject_.empty() && !name.empty(), "somebody used something that has a name");
    Tell(absl::StrCat("unknown app ", name));
  }
  void OnLicensed(absl::string_view product) override {
    require_(!subject_.empty(), "somebody has a licence");
    Tell(absl::StrCat(subject_, " has ", Dash(product)));
  }
  void OnListing(Listing listing) override {
    require_(listing != Listing::kNone, "whoever lists lists somebody");
  }
  void OnOffered(const MappedActivity& activity) override {
    require_(!activity.type.empty(), "what is offered has a type");
  }
  void OnWarning(absl::string_view text) override { Tell(absl::StrCat("warning: ", text)); }
  bool IsOfPeople(absl::string_view /*type*/) const override { return true; }
  const TimeRange& times() const override { return times_; }

  // The input has ended, by no error: every row left a trace.
  void Finish() {
    traced_.fates.End();
    ImportSummary summary;
    summary.rows = traced_.records + rejected_;
    summary.rejected[0] = rejected_;
    summary.tenants.push_back(traced_);
    require_(CheckTrace(summary).ok(), "every row leaves a trace");
  }

  const std::vector<std::string>& lines() const { return lines_; }
  std::string Text() const {
    std::string all;
    for (const std::string& line : lines_) absl::StrAppend(&all, line, "\n");
    return all;
  }
  // Rows and rejections.
  size_t pieces() const { return pieces_; }

 private:
  static absl::string_view Dash(absl::string_view text) { return text.empty() ? "-" : text; }
  void Tell(std::string line) { lines_.push_back(std::move(line)); }

  const std::function<void(bool, const char*)> require_;
  const TimeRange times_{absl::FromUnixSeconds(1'782'000'000)};  // 2026-06-21
  std::vector<std::string> lines_;
  std::string owner_;
  std::string subject_;
  absl::flat_hash_set<std::string> keys_;
  TenantSummary traced_;
  int64_t rejected_ = 0;
  size_t pieces_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_TOLD_ROWS_H_
