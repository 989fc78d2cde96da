#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/identity/subject_id.h"
#include "common/keyring/locked_process.h"
#include "common/keyring/opt_out_store.h"
#include "common/rpc/resource_name.h"
#include "common/status/status_macros.h"
#include "services/cli/commands/command_errors.h"
#include "services/cli/commands/commands.h"

namespace tutti {
namespace {

struct OptOutOptions {
  std::string keyring;
  std::string path;  // empty: beside the keyring
  std::string organization;
};

std::string PathOf(const OptOutOptions& options) {
  return options.path.empty() ? OptOutPathBeside(options.keyring) : options.path;
}

OptOutFile FileOf(const OptOutOptions& options) { return OptOutFile(PathOf(options)); }

absl::Status OfList(const OptOutOptions& options, const absl::Status& status) {
  return OfFile(options.path.empty() ? "--keyring" : "--file", PathOf(options), status);
}

absl::Status CheckOptions(const OptOutOptions& options) {
  if (options.keyring.empty() && options.path.empty()) {
    return UsageError("give --keyring, or --file");
  }
  const std::string name = absl::StrCat("organizations/", options.organization);
  if (!options.organization.empty() && !ParseOrganizationName(name).ok()) {
    return UsageError("--organization must be an id [a-z0-9][a-z0-9-]{0,62}");
  }
  return absl::OkStatus();
}

const char* Explain(SubjectFault fault) {
  switch (fault) {
    case SubjectFault::kMissing:
      return "is empty";
    case SubjectFault::kTooLong:
      return "is longer than 512 bytes";
    case SubjectFault::kMalformed:
      break;
  }
  return "is not UTF-8, or has a control character";
}

// The lines of standard input, in memory that is zeroed: neither a stream nor a string
// zeroes what it leaves behind when it grows or ends.
class ScrubbedLines {
 public:
  ScrubbedLines() : bytes_(4096) {}
  ~ScrubbedLines() { sodium_memzero(bytes_.data(), bytes_.size()); }
  ScrubbedLines(const ScrubbedLines&) = delete;
  ScrubbedLines& operator=(const ScrubbedLines&) = delete;

  // The next line without its end, good until the next call; none after the last.
  std::optional<absl::string_view> Next() {
    while (true) {
      const absl::string_view unread(bytes_.data() + begin_, end_ - begin_);
      if (const size_t size = unread.find('\n'); size != absl::string_view::npos) {
        begin_ += size + 1;
        return unread.substr(0, size);
      }
      if (!ReadMore()) break;
    }
    if (begin_ == end_) return std::nullopt;
    const absl::string_view last(bytes_.data() + begin_, end_ - begin_);
    begin_ = end_;
    return last;
  }

 private:
  // False at the end of what there is, and of what can be read.
  bool ReadMore() {
    std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == bytes_.size()) {
      std::vector<char> larger(2 * bytes_.size());
      std::memcpy(larger.data(), bytes_.data(), end_);
      bytes_.swap(larger);
      sodium_memzero(larger.data(), larger.size());
    }
    ssize_t got = 0;
    do {
      got = read(STDIN_FILENO, bytes_.data() + end_, bytes_.size() - end_);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    end_ += static_cast<size_t>(got);
    return true;
  }

  std::vector<char> bytes_;
  size_t begin_ = 0;  // of what is not yet returned
  size_t end_ = 0;    // of what was read
};

// Reads ids from standard input, one a line; empty lines are skipped. Says of each
// line that is no id why, never what it is.
std::vector<SubjectId> ReadPeople(int& refused) {
  std::vector<SubjectId> people;
  ScrubbedLines lines;
  int number = 1;
  for (std::optional<absl::string_view> line; (line = lines.Next()).has_value(); ++number) {
    std::variant<SubjectId, SubjectFault> parsed = SubjectId::Parse(*line);
    if (auto* person = std::get_if<SubjectId>(&parsed)) {
      people.push_back(std::move(*person));
    } else if (line->find_first_not_of(" \t\r") != absl::string_view::npos) {
      std::cerr << "line " << number << " " << Explain(std::get<SubjectFault>(parsed)) << "\n";
      ++refused;
    }
  }
  return people;
}

// Says what was done; an error when lines were refused.
absl::Status Report(absl::string_view done, size_t changed, size_t unchanged, int refused) {
  std::cout << changed << " people " << done << ", " << unchanged << " were already so\n";
  if (refused == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(refused, " lines are no ids"));
}

absl::Status Init(const OptOutOptions& options) {
  if (absl::Status made = FileOf(options).Create(); !made.ok()) return OfList(options, made);
  std::cout << "made an empty opt-out list; everybody counts until they are added again\n";
  return absl::OkStatus();
}

absl::Status Add(const OptOutOptions& options) {
  int refused = 0;
  const std::vector<SubjectId> people = ReadPeople(refused);
  size_t added = 0;
  absl::Status updated = FileOf(options).Update([&](OptOutList& list) {
    for (const SubjectId& person : people) {
      ASSIGN_OR_RETURN(const bool fresh, list.Add(options.organization, person));
      if (fresh) ++added;
    }
    return absl::OkStatus();
  });
  if (!updated.ok()) return OfList(options, updated);
  if (added > 0) {
    std::cout
        << "From the next seconds on every ingest drops what they do. What is already set in\n"
           "open windows stays until those close and are deleted (up to 31 days). Their devices,\n"
           "documents, threads and meetings are counted as before.\n";
  }
  return Report("opted out", added, people.size() - added, refused);
}

absl::Status Remove(const OptOutOptions& options) {
  int refused = 0;
  const std::vector<SubjectId> people = ReadPeople(refused);
  size_t removed = 0;
  absl::Status updated = FileOf(options).Update([&](OptOutList& list) {
    for (const SubjectId& person : people) {
      if (list.Remove(options.organization, person)) ++removed;
    }
    return absl::OkStatus();
  });
  return updated.ok() ? Report("counted again", removed, people.size() - removed, refused)
                      : OfList(options, updated);
}

absl::Status Count(const OptOutOptions& options) {
  const absl::StatusOr<OptOutFile::Loaded> loaded = FileOf(options).Load();
  if (!loaded.ok()) return OfList(options, loaded.status());
  std::cout << loaded->list.Count(options.organization) << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddOptOutCommands(CLI::App& app, CommandContext& context) {
  CLI::App* group = app.add_subcommand(
      "optout", "Keep people out of an organisation's counts; ids come from standard input");
  group->require_subcommand(1);
  // Options of each command's own: see the keyring's.
  const auto add = [&](const char* name, const char* description,
                       absl::Status (*action)(const OptOutOptions&)) {
    const auto options = std::make_shared<OptOutOptions>();
    CLI::App* command = group->add_subcommand(name, description);
    command->add_option("--keyring", options->keyring, "The keyring beside which the list stands")
        ->envname("TUTTI_KEYRING");
    command->add_option("--file", options->path, "The list's file, when it stands elsewhere");
    command->callback([&context, options, action] {
      context.run = [options, action] {
        // Where it may: ids and the list's key stay out of swap.
        static_cast<void>(LockProcess());
        RETURN_IF_ERROR(CheckOptions(*options));
        return action(*options);
      };
    });
    return std::pair(command, options);
  };
  const auto of_organization = [](const auto& added) {
    added.first->add_option("--organization", added.second->organization, "Its id")->required();
  };
  group->footer(
      "An opt-out covers what people do, not their devices, documents, threads or meetings: the "
      "catalogue's tables of items count those as before.");
  add("init", "Make an empty list where none is; keyring init does so too", Init);
  of_organization(add("add", "Drop from now on what these people do (one id a line)", Add));
  of_organization(add("remove", "Count these people again (one id a line)", Remove));
  of_organization(add("count", "Say how many people have opted out", Count));
}

}  // namespace tutti
