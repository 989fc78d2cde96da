#include "services/cli/commands/command_catalog.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/catalog/shipped_catalog.h"
#include "common/status/status_macros.h"
#include "services/cli/commands/command_errors.h"
#include "services/cli/commands/connection.h"
#include "tutti/score/v1/score.grpc.pb.h"

namespace tutti {
namespace {

using score::v1::ScoreService;

// It is asked for words and sums; the import does not wait for it long.
constexpr int kPatienceSeconds = 2;

absl::StatusOr<std::unique_ptr<const Catalog>> AskScore(const CommandContext& context) {
  CommandContext brief = context;
  brief.timeout_seconds = std::min(brief.timeout_seconds, kPatienceSeconds);
  const Connection<ScoreService> score(brief.score, brief);
  RETURN_IF_ERROR(score.AwaitReachable(absl::Seconds(kPatienceSeconds)));
  score::v1::GetCatalogResponse response;
  RETURN_IF_ERROR(score.Call(&ScoreService::Stub::GetCatalog, {}, response));
  if (!response.has_definition()) {
    return absl::FailedPreconditionError("score is of an earlier edition, which does not say");
  }
  return Catalog::Build(std::move(*response.mutable_definition()), "the catalogue of score");
}

}  // namespace

absl::StatusOr<CommandCatalog> FindCatalog(const CommandContext& context, const std::string& file,
                                           bool ask) {
  CommandCatalog found;
  if (!file.empty()) {
    absl::StatusOr<std::unique_ptr<const Catalog>> loaded = Catalog::Load(file);
    if (!loaded.ok()) return OfFile("--catalog", file, loaded.status());
    found.catalog = *std::move(loaded);
    return found;
  }
  if (ask) {
    absl::StatusOr<std::unique_ptr<const Catalog>> asked = AskScore(context);
    if (asked.ok()) {
      found.catalog = *std::move(asked);
      return found;
    }
    found.warning =
        absl::StrCat("the services' catalogue is not known (", InOwnWords(asked.status()),
                     "): what can be fed is by the one that this program came with; name another "
                     "with --catalog");
  }
  ASSIGN_OR_RETURN(found.catalog, ShippedCatalog());
  return found;
}

}  // namespace tutti
