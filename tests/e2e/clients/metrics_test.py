"""Holds deploy/metrics.md to what the services show. With TUTTI_WRITE_PAGE=1 it writes the page
instead."""

import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

import grpc
from suite import BIN, SOURCE, Suite, make_stubs, wait_for

PAGE = SOURCE / "deploy/metrics.md"
SERVICES = ("ingest", "aggregate", "score")
HEAD = """# Metrics

With `--metrics_listen=127.0.0.1:PORT` (or `[::1]:PORT`) a service answers `GET /metrics` there, for Prometheus, to whoever is on
the machine. Nothing in it names an organisation or a person, counts what was new, or times a close more closely than to a
tenth of a second. This page is made by `TUTTI_WRITE_PAGE=1 tests/e2e/clients/metrics_test.py`.

| series | type | labels | of | what |
|---|---|---|---|---|
"""
# What may stand where a label has one of a closed list.
FORBIDDEN = re.compile(r"acme|made-up|organizations/", re.IGNORECASE)


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        make_stubs(folder)
        flags = "--metrics_listen=127.0.0.1:0"
        cls.suite = cls.enterClassContext(Suite(tls=True, ingest_flags=flags, aggregate_flags=flags, score_flags=flags))
        cls.suite.tutti("organizations", "create", "acme", "--headcount", "300")

    def port(self, service):
        log = (self.suite.state / "log" / service).read_text()
        return int(re.search(r'"showing metrics","port":"(\d+)"', log)[1])

    def text(self, service):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port(service)}/metrics", timeout=60) as page:
            self.assertIn("version=0.0.4", page.headers["Content-Type"])
            return page.read().decode()

    def value(self, service, series):
        match = re.search(f"^{re.escape(series)} (\\S+)$", self.text(service), re.MULTILINE)
        self.assertIsNotNone(match, series)
        return float(match[1])

    def families(self, service):
        """(name, type, labels, help) of each."""
        text = self.text(service)
        found = []
        for name, help_text in re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE):
            kind = re.search(f"^# TYPE {name} (\\S+)$", text, re.MULTILINE)[1]
            labels = set()
            for inside in re.findall(rf"^{name}(?:_bucket|_sum|_count)?\{{(.*)\}} ", text, re.MULTILINE):
                labels |= set(re.findall(r'(\w+)="', inside)) - {"le"}
            found.append((name, kind, ", ".join(sorted(labels)), help_text))
        return found

    # Mutation: a series that is added, or whose words change, without the page.
    def test_the_page_lists_what_is_shown(self):
        of = {}
        for service in SERVICES:
            for family in self.families(service):
                of.setdefault(family, []).append(service)
        rows = [f"| `{name}` | {kind} | {labels} | {'all' if len(services) == 3 else ', '.join(services)} | {what} |\n"
                for (name, kind, labels, what), services in sorted(of.items())]
        page = HEAD + "".join(rows)
        if os.environ.get("TUTTI_WRITE_PAGE") == "1":
            PAGE.write_text(page)
        self.assertEqual(PAGE.read_text(), page)
        self.assertIn("deploy/metrics.md", (SOURCE / "README.md").read_text())
        self.assertGreater(len(rows), 20)

    def test_names_keep_to_the_conventions(self):
        for service in SERVICES:
            text = self.text(service)
            self.assertNotIn("exposer_", text)
            self.assertIsNone(FORBIDDEN.search(text))
            if shutil.which("promtool") is None:
                continue
            done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), service)
        if shutil.which("promtool") is None:
            # The package prometheus has it.
            self.skipTest("promtool is not here")

    # Mutations: a method of nobody's has a series of its own; what ingest sends with success is counted.
    def test_calls_are_counted_by_method_and_code(self):
        score = "tutti.score.v1.ScoreService/GetScore"
        requests = f'tutti_requests_total{{method="{score}",code="%s"}}'
        before = {code: self.value("score", requests % code) for code in ("INVALID_ARGUMENT", "UNAUTHENTICATED")}
        unknown = self.value("score", 'tutti_requests_total{method="unknown",code="UNIMPLEMENTED"}')
        timed = self.value("score", f'tutti_request_duration_seconds_count{{method="{score}"}}')
        operator, nobody = (grpc.ssl_channel_credentials(*files) for files in (
            [self.suite.authority.read_bytes(), *(path.read_bytes() for path in self.suite.certificate("operator"))],
            [self.suite.authority.read_bytes()]))
        for credentials, method in ((operator, score), (nobody, score), (operator, "made.up/acme")):
            with grpc.secure_channel(self.suite.score, credentials) as channel, self.assertRaises(grpc.RpcError):
                channel.unary_unary(f"/{method}")(b"", timeout=60)
        self.assertEqual(self.value("score", requests % "INVALID_ARGUMENT"), before["INVALID_ARGUMENT"] + 1)
        self.assertEqual(self.value("score", requests % "UNAUTHENTICATED"), before["UNAUTHENTICATED"] + 1)
        self.assertEqual(self.value("score", 'tutti_requests_total{method="unknown",code="UNIMPLEMENTED"}'), unknown + 1)
        self.assertEqual(self.value("score", f'tutti_request_duration_seconds_count{{method="{score}"}}'), timed + 1)
        self.assertIsNone(FORBIDDEN.search(self.text("score")))
        # Deltas that succeed are not counted, and none is timed; nor is how long ingest took, within a tenth of a second.
        merges = "tutti.aggregate.v1.AggregateService/MergeDeltas"
        text = self.text("aggregate")
        self.assertIn(f'tutti_requests_total{{method="{merges}",code="UNAVAILABLE"}}', text)
        self.assertNotIn(f'method="{merges}",code="OK"', text)
        self.assertNotIn(f'tutti_request_duration_seconds_count{{method="{merges}"', text)
        for service in ("ingest", "aggregate"):
            for method, total in re.findall(r'tutti_request_duration_seconds_sum\{method="([^"]+)"\} (\S+)', self.text(service)):
                self.assertAlmostEqual(float(total) * 10, round(float(total) * 10), 6, method)
            self.assertNotIn('le="0.05"', self.text(service))

    def test_gauges_say_how_it_goes(self):
        self.assertEqual(self.value("aggregate", "tutti_aggregate_missing_replicas"), 0)
        self.assertEqual(self.value("aggregate", "tutti_aggregate_overdue_organizations"), 0)
        self.assertLess(self.value("score", "tutti_score_store_answer_seconds"), 60)
        for service in SERVICES:
            expiry = self.value(service, "tutti_certificate_expiry_timestamp_seconds")
            start = self.value(service, "process_start_time_seconds")
            self.assertTrue(5 * 86400 < expiry - start < 9 * 86400, (service, expiry, start))
            self.assertGreater(self.value(service, "process_resident_memory_bytes"), 1 << 20)
            self.assertEqual(self.value(service, "process_cpu_seconds_total") % 1, 0)
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{self.port('score')}/metricsx", timeout=60)

    # Mutation: the first file that is opened takes the place of standard error.
    def test_a_service_without_standard_error_logs_into_no_file_of_its_own(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            audit = folder / "audit"
            process = subprocess.Popen(
                ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", BIN / "tutti-score", "--listen=127.0.0.1:0", "--insecure_loopback",
                 f"--audit_log={audit}", f"--port_file={folder}/address", f"--catalog={self.suite.catalog}",
                 f"--redis_socket={self.suite.state}/redis/redis.sock",
                 f"--redis_password_file={self.suite.state}/secrets/score"])
            try:
                wait_for((folder / "address").exists, "it does not serve")
                files = {os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)}
                # A library opens one before main, which is read by nobody else.
                self.assertEqual(files - {"anon_inode:[eventfd]"}, {"/dev/null"})
                self.assertEqual(audit.read_text(), "")
            finally:
                process.kill()
                process.wait()

    # Mutations: a line that is cut short counts as written, or stays; a signal ends the process; what another has left is
    # added to.
    def test_lines_of_the_audit_log_that_find_no_room_are_counted(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            audit = folder / "audit"
            audit.write_text('{"time":"20')
            # A file that may not grow stands for a full disk; as with one, a write is told so and no signal ends it.
            process = subprocess.Popen(
                [BIN / "tutti-score", "--listen=127.0.0.1:0", "--insecure_loopback", "--metrics_listen=127.0.0.1:0",
                 f"--audit_log={audit}", f"--port_file={folder}/address", f"--catalog={self.suite.catalog}",
                 f"--redis_socket={self.suite.state}/redis/redis.sock",
                 f"--redis_password_file={self.suite.state}/secrets/score"],
                stderr=subprocess.PIPE, text=True)
            try:
                said = ""
                while "showing metrics" not in said:
                    said = process.stderr.readline()
                port = json.loads(said)["port"]
                wait_for((folder / "address").exists, "it does not serve")

                def call():
                    with grpc.insecure_channel((folder / "address").read_text().strip()) as channel, \
                            self.assertRaises(grpc.RpcError):
                        channel.unary_unary("/tutti.score.v1.ScoreService/GetScore")(b"", timeout=60)

                def lost():
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as page:
                        return int(re.search(r"^tutti_audit_log_lost_lines_total (\d+)$", page.read().decode(), re.MULTILINE)[1])

                call()
                wait_for(lambda: audit.read_text().count("\n") == 2, "the control")
                self.assertEqual(lost(), 0)
                room = audit.stat().st_size + 5
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
                call()
                call()
                wait_for(lambda: lost() == 2, "the lines are not counted")
                self.assertEqual(audit.read_text().count("\n"), 2)
                while "lines of the audit log were lost" not in said:
                    said = process.stderr.readline()
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                call()
                wait_for(lambda: audit.read_text().count('"code"') == 2, "nothing is written once there is room")
                self.assertEqual(lost(), 2)
                for line in audit.read_text().splitlines()[1:]:
                    json.loads(line)
            finally:
                process.kill()
                process.wait()
                process.stderr.close()


if __name__ == "__main__":
    unittest.main()
