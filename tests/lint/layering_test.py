"""Shows that each rule of `layering` catches a tree that breaks it."""

import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import sys
import tempfile
import unittest

LAYERING = pathlib.Path(__file__).with_name("layering")
sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("layering", str(LAYERING))
layering = importlib.util.module_from_spec(importlib.util.spec_from_loader("layering", LOADER))
sys.modules["layering"] = layering
LOADER.exec_module(layering)

# Per rule: files that break it, each with what it includes.
BREAKING = {
    "gRPC stays at the edge": [
        {"services/score/score_math.h": ["<grpcpp/grpcpp.h>"]},
        {"common/catalog/catalog.h": ['"tutti/score/v1/score.grpc.pb.h"']},
        {"common/redis/store.cc": ['"grpc/grpc.h"']},
    ],
    "hiredis stays in common/redis": [
        {"services/aggregate/main.cc": ["<hiredis/hiredis.h>"]},
        {"tests/integration/redis/redis_test.cc": ['"hiredis/hiredis.h"']},
    ],
    "common knows no service": [{"common/rpc/server.cc": ['"services/ingest/ingest_error.h"']}],
    "what ships includes no test": [
        {"common/privacy/noise.cc": ['"tests/doubles/zero_noise.h"']},
        {"services/aggregate/main.cc": ['"tests/doubles/zero_noise.h"']},
    ],
    "services do not include one another: ingest": [
        {"services/ingest/main.cc": ['"services/aggregate/window_closer.h"']}],
    "services do not include one another: aggregate": [
        {"services/aggregate/main.cc": ['"services/ingest/ingest_error.h"']}],
    "services do not include one another: score": [
        {"services/score/main.cc": ['"services/aggregate/window_closer.h"']}],
    "who holds keys has no counters": [
        {"services/ingest/main.cc": ['"common/redis/redis.h"']},
        {"services/ingest/main.cc": ['"common/storage/counter_store.h"']},
        # A detour.
        {"services/ingest/main.cc": ['"common/rpc/server.h"'],
         "common/rpc/server.h": ['"common/telemetry/log.h"'],
         "common/telemetry/log.h": ['"common/redis/redis.h"']},
    ],
    "who has counters holds no keys": [
        {"services/aggregate/delta_merger.cc": ['"common/keyring/key_store.h"']},
        {"services/score/main.cc": ['"common/identity/digester.h"']},
        {"services/score/main.cc": ['"common/rpc/server.h"'],
         "common/rpc/server.h": ['"common/keyring/key_store.h"']},
        # What is generated of a proto.
        {"services/aggregate/delta_merger.cc": ['"tutti/aggregate/v1/aggregate.pb.h"'],
         "protos/tutti/aggregate/v1/aggregate.proto": ["tutti/keyring/v1/keyring.proto"]},
    ],
    "what callers see knows no file and no internal call": [
        {"protos/tutti/score/v1/score.proto": ["tutti/aggregate/v1/organization.proto"]},
        {"protos/tutti/ingest/v1/ingest.proto": ["tutti/window/v1/window.proto"],
         "protos/tutti/window/v1/window.proto": ["tutti/keyring/v1/keyring.proto"]},
    ],
    "who publishes draws no margins": [
        {"services/aggregate/window_closer.cc": ['"common/scoring/law_sampler.h"']},
        {"common/privacy/noise.cc": ['"common/scoring/law_sampler.h"']},
        # A detour.
        {"services/aggregate/window_closer.cc": ['"common/scoring/planned_margins.h"'],
         "common/scoring/planned_margins.h": ['"common/scoring/consistent_rows.h"']},
    ],
    "public seeds are for margins alone": [
        # What aggregate links has sources too.
        {"common/scoring/planned_margins.cc": ['"common/scoring/law_sampler.h"']},
        {"services/score/recommendations.cc": ['"common/scoring/law_sampler.h"']},
    ],
    "an input knows no source": [
        {"common/sources/input/csv_reader.cc": ['"common/sources/google/google_reports.h"']},
        {"common/sources/input/csv_reader.h": ['"common/sources/source.h"']},
        {"common/sources/input/spool.cc": ['"common/upload/progress.h"']},
    ],
    "a source is known to the registry alone": [
        {"common/sources/google/google_reports.cc": ['"common/sources/m365_audit/operation.h"']},
        {"common/sources/source.h": ['"common/sources/google/google_reports.h"']},
        {"common/upload/import_run.cc": ['"common/sources/telemetry/device_telemetry.h"']},
        {"services/cli/commands/import.cc": ['"common/sources/m365_audit/audit_reader.h"']},
    ],
    "sources know nobody who sends": [
        {"common/sources/google/google_reports.cc": ['"common/upload/import_summary.h"']},
        {"common/sources/activities/activities_reader.h": ['"tutti/ingest/v1/ingest.pb.h"']},
    ],
    "services read no logs": [{"services/ingest/activity_reader.cc": ['"common/sources/source.h"']}],
    "chance comes from the kernel": [{"services/cli/commands/people.cc": ["<random>"]}],
}

# Per rule on words: texts that break it.
BREAKING_WORDS = {
    "what is written is opened by common/files/write_file.cc": [
        {"common/rpc/audit_log.cc": "const int file = open(path, O_WRONLY | O_APPEND);"},
        {"services/cli/sample/sample_files.cc": "std::ofstream stream_;"},
        {"common/rpc/server.cc": 'FILE* const file = std::fopen(path, "w");'},
    ],
    "only Noised makes a complete record": [
        {"services/aggregate/window_closer.cc": "record.set_state(publication::v1::KIND_STATE_COMPLETE);"},
        {"common/scoring/score_builder.cc": "kind->set_state(\n    KIND_STATE_COMPLETE);"},
    ],
    "how long something is kept is said in common/retention/lifetimes.h": [
        {"services/ingest/policy_cache.h": "static constexpr absl::Duration kErrorMemory = absl::Seconds(1);"},
        {"common/redis/redis_counter_store.cc": "constexpr int kGuardSeconds = 40 * 24 * 3600;"},
        {"services/score/answer_cache.h": "inline constexpr absl::Duration kFreshFor = absl::Seconds(5);"},
    ],
    "what Redis is told to forget, and when, is a row of common/redis/keys.cc": [
        {"common/redis/redis_counter_store.cc": 'connection.Append({"SET", key, "1", "EX", absl::StrCat(kTick)});'},
        {"common/redis/redis_cohort_store.cc": 'pool.Call({"SET", key, "1", "PX", "600"});'},
        {"services/aggregate/redis_journal.cc": "redis.call('EXPIRE', KEYS[1], 60)"},
    ],
}

# What they must let pass.
KEEPING_WORDS = {
    "common/files/write_file.cc": "return O_WRONLY | O_CREAT;",
    "services/cli/import/spool.cc": "open(Folder().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);",
    "services/aggregate/exact_counts.cc": "record.set_state(publication::v1::KIND_STATE_COMPLETE);",
    "common/scoring/visibility.cc": "if (record.state() == publication::v1::KIND_STATE_COMPLETE) continue;",
    "tests/support/simulated_organization.cc": "out.set_state(publication::v1::KIND_STATE_COMPLETE);",
    "services/aggregate/organization_cache.h": "static constexpr absl::Duration kMaxAge = kProfileLife;",
    "common/redis/redis_organization_store.cc": "redis.call('EXPIRE', KEYS[i], ARGV[1])",
}

# What the rules must let pass.
KEEPING = {
    "services/ingest/main.cc": ["<grpcpp/grpcpp.h>", '"services/ingest/ingest_service.h"'],
    "services/ingest/ingest_service.h": ['"tutti/ingest/v1/ingest.grpc.pb.h"'],
    "services/ingest/grpc_aggregate_client.cc": ['"grpcpp/channel.h"', '"common/keyring/key_store.h"'],
    "services/aggregate/main.cc": ['"common/redis/redis.h"', '"common/storage/counter_store.h"'],
    "common/redis/redis.cc": ["<hiredis/hiredis.h>"],
    "common/rpc/server.cc": ["<grpcpp/grpcpp.h>"],
    "common/privacy/noise.cc": ["<sys/random.h>", '"common/privacy/random_words.h"'],
    "services/cli/commands/uploader.cc": ['"grpcpp/channel.h"', '"common/keyring/keyring_file.h"'],
    "common/sources/registry.cc": ['"common/sources/google/google_reports.h"', '"common/sources/source.h"'],
    "common/sources/google/google_reports.cc": ['"common/sources/google/google_reports.h"', '"common/sources/actor.h"',
                                                '"common/sources/input/json_framer.h"'],
    "common/upload/import_run.cc": ['"common/sources/registry.h"', '"common/sources/input/open_input.h"'],
    "tests/unit/a_test.cc": ["<random>", "<grpcpp/grpcpp.h>", '"tests/doubles/zero_noise.h"'],
}


class LayeringTest(unittest.TestCase):
    def run_on(self, tree: dict[str, list[str]]) -> tuple[int, str]:
        def line(path: str, included: str) -> str:
            return f'import "{included}";\n' if path.endswith(".proto") else f"#include {included}\n"

        return self.run_on_texts({path: "".join(line(path, i) for i in includes)
                                  for path, includes in tree.items()})

    def run_on_texts(self, texts: dict[str, str]) -> tuple[int, str]:
        with tempfile.TemporaryDirectory() as folder:
            for path, text in texts.items():
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            output = io.StringIO()
            arguments, sys.argv = sys.argv, [str(LAYERING), folder]
            try:
                with contextlib.redirect_stdout(output):
                    code = layering.main()
            finally:
                sys.argv = arguments
            return code, output.getvalue()

    def test_has_a_breaking_tree_for_every_rule(self):
        self.assertEqual(set(BREAKING), {rule.name for rule in layering.RULES})
        self.assertEqual(set(BREAKING_WORDS), {rule.name for rule in layering.WORD_RULES})

    def test_names_the_rule_on_words_that_a_text_breaks(self):
        for name, texts in BREAKING_WORDS.items():
            for text in texts:
                with self.subTest(rule=name, text=text):
                    code, output = self.run_on_texts({**KEEPING_WORDS, **text})
                    self.assertEqual(code, 1)
                    self.assertIn(f"{next(iter(text))}:1: {name}", output)
        self.assertEqual(self.run_on_texts(KEEPING_WORDS)[0], 0)

    def test_names_the_rule_that_a_tree_breaks(self):
        for name, trees in BREAKING.items():
            for tree in trees:
                with self.subTest(rule=name, tree=tree):
                    code, output = self.run_on({**KEEPING, **tree})
                    self.assertEqual(code, 1)
                    self.assertIn(name, output)
                    named = next(iter(tree)).removeprefix("protos/").replace(".proto", ".pb.h")
                    self.assertIn(named, output)

    def test_lets_a_tree_pass_that_keeps_to_the_layers(self):
        self.assertEqual(self.run_on(KEEPING), (0, f"{len(KEEPING)} files keep to the layers\n"))

    def test_every_lifetime_is_kept_by_and_said(self):
        declared = {"common/retention/lifetimes.h": "inline constexpr int kDays = 3;"}
        said = {"common/retention/retention.cc": "absl::StrCat(kDays)"}
        owner = {"common/keyring/keys.cc": "today + kDays"}
        self.assertEqual(self.run_on_texts({**declared, **said, **owner})[0], 0)
        code, output = self.run_on_texts({**declared, **owner})
        self.assertEqual(code, 1)
        self.assertIn("no sentence", output)
        code, output = self.run_on_texts({**declared, **said, "tests/unit/a_test.cc": "kDays"})
        self.assertEqual(code, 1)
        self.assertIn("nothing is kept by kDays", output)

    def test_refuses_a_folder_without_sources(self):
        self.assertEqual(self.run_on({})[0], 1)


if __name__ == "__main__":
    unittest.main()
