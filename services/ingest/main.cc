// tutti-ingest: takes activities and forgets who did them.

#include "absl/flags/flag.h"
#include "common/keyring/opt_out_store.h"
#include "common/rpc/command_line.h"
#include "services/ingest/ingest_server.h"

ABSL_FLAG(std::string, aggregate, "", "Address of tutti-aggregate: host:port or unix:path");
ABSL_FLAG(std::string, keyring, "", "File of the keyring, mode 0600; see tutti keyring init");
ABSL_FLAG(std::string, optout, "",
          "File of the people who have opted out; by default the keyring's path and .optout");
ABSL_FLAG(std::string, catalog, "", "File of the catalogue, the same for every service");
ABSL_FLAG(bool, rotate_keyring, false,
          "Rotate the keyring every hour; for exactly one process, where no scheduled job does");
ABSL_FLAG(bool, allow_swap, false,
          "Start although identifiers and keys may be written to swap, and so to a disk: for "
          "demonstrations and tests alone");
ABSL_FLAG(absl::Duration, flush_interval, absl::Milliseconds(4),
          "How often what came in is made durable and answered; up to half as long again, by "
          "chance");
ABSL_FLAG(absl::Duration, merge_timeout, absl::Seconds(9),
          "Bound of a call to tutti-aggregate, with what activities wait for it. Callers whose "
          "deadline is longer are told to come again; others are told nothing in time");
ABSL_FLAG(
    uint64_t, cache_entries, uint64_t{1} << 20,
    "Subjects and days remembered in memory, so that repeats cost little: some 50 to 100 bytes "
    "each, taken at the start");
ABSL_FLAG(absl::Duration, cache_generation, absl::Minutes(3),
          "They are forgotten after one to two of these");
ABSL_FLAG(uint64_t, max_pending_batches, 20'000, "Batches that may wait to be durable");
ABSL_FLAG(uint64_t, max_pending_activities, 200'000, "Activities that may wait to be durable");
ABSL_FLAG(int, max_flushes_in_flight, 4,
          "Flushes that may be under way at once; fewer while the store is slow");

int main(int argc, char** argv) {
  tutti::BeginServer();
  tutti::ParseServerCommandLine("tutti-ingest", "Takes activities and forgets who did them.", argc,
                                argv);
  tutti::ServerOptions server = tutti::ServerOptionsFromFlags({.replaced = {"keyring", "optout"}});
  tutti::IngestOptions options;
  options.aggregate = absl::GetFlag(FLAGS_aggregate);
  options.keyring = absl::GetFlag(FLAGS_keyring);
  options.opt_outs = absl::GetFlag(FLAGS_optout);
  if (options.opt_outs.empty() && !options.keyring.empty()) {
    options.opt_outs = tutti::OptOutPathBeside(options.keyring);
    server.files.push_back({"--optout", options.opt_outs, /*written=*/true});
  }
  options.catalog = absl::GetFlag(FLAGS_catalog);
  options.rotate_keyring = absl::GetFlag(FLAGS_rotate_keyring);
  options.allow_swap = absl::GetFlag(FLAGS_allow_swap);
  options.flush_interval = absl::GetFlag(FLAGS_flush_interval);
  options.merge_timeout = absl::GetFlag(FLAGS_merge_timeout);
  options.cache_entries = absl::GetFlag(FLAGS_cache_entries);
  options.cache_generation = absl::GetFlag(FLAGS_cache_generation);
  options.coalescer.max_pending_batches = absl::GetFlag(FLAGS_max_pending_batches);
  options.coalescer.max_pending_activities = absl::GetFlag(FLAGS_max_pending_activities);
  options.coalescer.max_flushes_in_flight = absl::GetFlag(FLAGS_max_flushes_in_flight);
  return tutti::ExitStatus("tutti-ingest", tutti::RunIngest(server, options));
}
