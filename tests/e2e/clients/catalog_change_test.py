"""A catalogue that changes while services run: its words stop nothing, what it counts stops
intake until ingest and aggregate have the same again, and nothing is lost meanwhile."""

import datetime
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

import grpc

from made_up import write_activities
from suite import BIN, SOURCE, Suite, make_stubs

SHIPPED = (SOURCE / "deploy/catalog/adoption.textproto").read_text()
WORDS = re.sub(r'display_name: "Communication"', 'display_name: "Talk and mail"', SHIPPED)
# The edition before: without the tables of the assistant's apps and agents, and all that reads them.
NEW_TABLES = ("assistant_in_files", "assistant_in_talk")
ENTRIES = re.split(r"(?m)^(?=(?:tables|measures|actions|categories|sources) \{)", SHIPPED)
NEW_MEASURES = {re.search(r'id: "(\w+)"', entry)[1] for entry in ENTRIES if entry.startswith("measures")
                and any(f'table: "{table}"' in entry for table in NEW_TABLES)}
BEFORE = "".join(entry for entry in ENTRIES if not any(
    word in entry for word in [f'table: "{one}"' for one in NEW_TABLES] +
    [f'  id: "{one}"\n  kind' for one in NEW_TABLES] + [f'measure: "{one}"' for one in NEW_MEASURES]))
BEFORE = re.sub(r'traits \{ id: "with_agent" .*\n', "", BEFORE)
COUNTS = re.sub(r"(?m)^  weight: (\d+)$", lambda found: f"  weight: {int(found[1]) + 1}", SHIPPED, count=1)


class CatalogChangeTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        make_stubs(self.folder)
        self.suite = self.enterContext(Suite())
        self.started = []
        self.addCleanup(self.stop)

    def stop(self):
        for process in self.started:
            process.terminate()
        for process in self.started:
            process.wait(timeout=60)

    def restart(self, name, text, *more):
        """Ends a service, and starts it at the same address with a catalogue of this text."""
        path = self.folder / f"{name}-{len(self.started)}.textproto"
        path.write_text(text)
        pid = self.suite.processes()[f"tutti-{name}"]
        words = [word.decode() for word in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if word]
        os.kill(pid, signal.SIGTERM)
        self.until(lambda: self.suite.processes().get(f"tutti-{name}") != pid, "it does not end")
        ready = self.folder / f"{path.name}.address"
        log = self.suite.state / "log" / path.name
        with open(log, "w") as stderr:
            self.started.append(subprocess.Popen(
                [BIN / f"tutti-{name}", *words[1:], f"--catalog={path}", f"--port_file={ready}",
                 f"--listen={getattr(self.suite, name)}", *more], stderr=stderr))
        self.until(ready.exists, log.read_text())
        return path

    def until(self, condition, problem):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline, problem)
            time.sleep(0.02)

    def send(self, channel):
        """How ingest answers one activity: its error, or None."""
        from tutti.ingest.v1 import ingest_pb2, ingest_pb2_grpc
        request = ingest_pb2.IngestActivitiesRequest(organization="organizations/acme")
        request.activities.add(subject="one@made-up.example", type="mail.sent").occurred_at.GetCurrentTime()
        try:
            ingest_pb2_grpc.IngestServiceStub(channel).IngestActivities(request, timeout=30)
        except grpc.RpcError as error:
            return error
        return None

    def details(self, error):
        from google.rpc import error_details_pb2, status_pb2
        status = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        self.assertTrue(any(one.Unpack(info) for one in status.details), error)
        return info.reason, any(one.Unpack(retry) for one in status.details)

    def is_ready(self):
        service = b"tutti.ingest.v1.IngestService"
        with grpc.insecure_channel(self.suite.ingest) as channel:
            # HealthCheckRequest.service, and a HealthCheckResponse that is SERVING.
            answer = channel.unary_unary("/grpc.health.v1.Health/Check")(
                b"\x0a" + bytes([len(service)]) + service, timeout=30)
        return answer == b"\x08\x01"

    # Mutation: one fingerprint of the whole file, for intake and for what is shown.
    def test_words_stop_nothing(self):
        activities = self.folder / "activities.jsonl"
        first_day = write_activities(activities, people=300, days=63)
        self.suite.back_fill("acme", 300, first_day, "--source", "activities")
        self.suite.tutti("import", "--format", "activities", "--organization", "acme", str(activities))
        self.suite.publish("acme")
        self.assertIn("Communication", self.suite.tutti("score", "acme"))
        self.restart("aggregate", WORDS)
        with grpc.insecure_channel(self.suite.ingest) as channel:
            self.assertIsNone(self.send(channel))
        self.until(self.is_ready, "ingest is not ready")
        self.assertNotIn("different catalogues", self.suite.logs())
        # What was published before is shown, in the words of today.
        self.restart("score", WORDS)
        shown = self.suite.tutti("score", "acme")
        self.assertIn("Talk and mail", shown)
        self.assertNotIn("no score", shown)

    # Mutation: an ingest of the edition before is refused until it is upgraded, too.
    def test_callers_may_name_the_whole_file_or_one_that_counted_alike(self):
        from tutti.aggregate.v1 import aggregate_pb2, aggregate_pb2_grpc
        alike = "0123456789abcdef0123456789abcdef"
        for name in ("aggregate", "score"):
            self.restart(name, f'{SHIPPED}counted_alike: "{alike}"\n')
        self.suite.tutti("organizations", "create", "acme", "--headcount", "300")
        whole, counted = re.search(r"fingerprint (\w+),\s+of what is counted (\w+)",
                                   self.suite.tutti("statement", "acme")).groups()
        self.assertEqual(len({whole, counted, alike}), 3)
        with grpc.insecure_channel(self.suite.aggregate) as channel:
            def ask(fingerprint):
                try:
                    aggregate_pb2_grpc.AggregateServiceStub(channel).GetIngestPolicy(
                        aggregate_pb2.GetIngestPolicyRequest(organization="organizations/acme",
                                                             catalog_fingerprint=fingerprint), timeout=30)
                except grpc.RpcError as error:
                    return error.code().name, self.details(error)
                return "OK"

            self.assertEqual([ask(one) for one in (whole, counted, alike)], ["OK"] * 3)
            for other in ("another", "", whole[:-1]):
                self.assertEqual(ask(other), ("UNAVAILABLE", ("CATALOG_MISMATCH", True)))

    # What an upgrade is: a suite of the edition before gets this one. Mutations: a table in the place
    # of another's columns; no past catalogue for the record of before.
    def test_the_edition_before_is_followed_by_this_one(self):
        self.assertEqual(len(NEW_MEASURES), 7)
        path = self.folder / "before.textproto"
        path.write_text(BEFORE)
        self.suite = self.enterContext(Suite(catalog=path))
        activities = self.folder / "activities.jsonl"
        first_day = write_activities(activities, people=300, days=63)
        self.suite.back_fill("acme", 300, first_day, "--source", "activities")
        self.suite.tutti("import", "--format", "activities", "--organization", "acme", str(activities))
        self.suite.publish("acme")
        before = json.loads(self.suite.tutti("score", "acme", "--format", "json"))["score"]
        self.assertEqual({one["measure"] for one in before["measures"]} & NEW_MEASURES, set())
        self.restart("aggregate", SHIPPED)
        with grpc.insecure_channel(self.suite.ingest) as channel:
            self.until(lambda: not self.is_ready(), "ingest is ready")
            self.restart("ingest", SHIPPED)
            self.until(self.is_ready, "ingest is not ready")
            self.assertIsNone(self.send(channel))
        # The record of before is still shown, of what it counted.
        self.restart("score", SHIPPED, f"--past_catalogs={path}")
        after = json.loads(self.suite.tutti("score", "acme", "--format", "json"))["score"]
        self.assertEqual(before["endDay"], after["endDay"])
        self.assertEqual(before["points"]["value"], after["points"]["value"])
        self.assertNotIn("assistant_in_talk", self.suite.tutti("table", "acme"))
        # What is new is known, and counted in windows that open from now on: not in those of before, of
        # which it would tell a part.
        act = {"subject": "one@made-up.example", "type": "assistant.used", "traits": ["with_agent"], "app": "assistant",
               "occurredAt": f"{datetime.date.today().isoformat()}T00:00:00Z"}
        (self.folder / "agent.jsonl").write_text(json.dumps(act) + "\n")
        said = self.suite.tutti("import", "--format", "activities", "--organization", "acme", "--summary", "json",
                                str(self.folder / "agent.jsonl"), check=False)
        (tenant,) = json.loads(said.stdout)["tenants"]
        self.assertEqual(tenant["upload"]["refused"], {"REASON_WINDOW_INCOMPLETE": 1}, said)
        self.assertEqual(tenant["upload"]["ignored_values"], 0, said)

    # Mutations: a mismatch that is final for the caller; one that nobody is told.
    def test_what_is_counted_must_agree(self):
        activities = self.folder / "activities.jsonl"
        first_day = write_activities(activities, people=40, days=63)
        self.suite.back_fill("acme", 40, first_day, "--source", "activities")
        self.restart("aggregate", COUNTS)
        with grpc.insecure_channel(self.suite.ingest) as channel:
            # Told by the report that it makes by itself, without any activity.
            self.until(lambda: "count by different catalogues" in self.suite.logs(), "nobody logs it")
            self.until(lambda: not self.is_ready(), "ingest is ready")
            error = self.send(channel)
            self.assertEqual(error.code().name, "UNAVAILABLE", error)
            self.assertEqual(self.details(error), ("CATALOG_MISMATCH", True))
            self.assertIn("same file", error.details())
            # An import waits, and says for what.
            with subprocess.Popen([BIN / "tutti", "--ingest", self.suite.ingest, "--aggregate", self.suite.aggregate,
                                   "import", "--format", "activities", "--organization", "acme", activities],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
                said = process.stderr.readline()
                while said and "trying again" not in said:  # a line of progress comes first
                    said = process.stderr.readline()
                self.assertIn("different catalogues", said)
                self.restart("aggregate", SHIPPED)
                out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, err)
            self.assertRegex(out, r"(?m)^ +accepted +[1-9]")
            self.assertEqual(set(re.findall(r"refused: (\w+)", out)), {"REASON_BEFORE_FIRST_DAY"})
            self.until(self.is_ready, "ingest is not ready")
            self.assertIsNone(self.send(channel))
        self.assertIn('"event":"good again","part":"catalog"', self.suite.logs())


if __name__ == "__main__":
    unittest.main()
