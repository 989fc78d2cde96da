"""Attack 11: canary identifiers go through every path, good and bad, with the most
talkative logging and a crash, and are then searched for everywhere."""

import datetime
import os
import pathlib
import re
import signal
import sys
import tempfile
import unittest
import urllib.request

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e/clients"))
from suite import Suite, make_stubs  # noqa: E402

CANARY = "Canary.Bird-4711"


def spellings():
    for text in (CANARY, CANARY.lower(), CANARY.upper()):
        yield text.encode()
        yield text.encode("utf-16-le")
        yield text.encode().hex().encode()


def holds_canary(content):
    return any(spelling in content for spelling in spellings())


class CanaryTest(unittest.TestCase):
    def test_identifiers_are_in_no_sink(self):
        with tempfile.TemporaryDirectory() as folder:
            make_stubs(pathlib.Path(folder))
            self.attack()

    def attack(self):
        from tutti.ingest.v1 import ingest_pb2, ingest_pb2_grpc
        answers = []
        with Suite(ingest_flags="--log_level=debug --metrics_listen=127.0.0.1:0") as suite:
            today = datetime.date.today()
            suite.back_fill("acme", 300, (today - datetime.timedelta(days=40)).isoformat())
            channel = grpc.insecure_channel(suite.ingest)
            stub = ingest_pb2_grpc.IngestServiceStub(channel)

            def send(organization, *activities):
                request = ingest_pb2.IngestActivitiesRequest(organization=organization)
                for subject, kind, day in activities:
                    activity = request.activities.add(subject=subject, type=kind)
                    if day is not None:
                        activity.occurred_at.FromDatetime(datetime.datetime.combine(day, datetime.time(12)))
                try:
                    answer = stub.IngestActivities(request, timeout=30)
                    answers.append(str(answer))
                    return answer.accepted_count
                except grpc.RpcError as error:
                    answers.append(f"{error.details()} {error.trailing_metadata()}")
                    return 0

            yesterday = today - datetime.timedelta(days=1)
            accepted = send("organizations/acme", (CANARY, "mail.sent", yesterday), (f" {CANARY.upper()} ", "chat.sent", yesterday))
            self.assertEqual(accepted, 2, answers)
            send("organizations/acme", (CANARY, "no.such.type", yesterday), (CANARY, "mail.sent", None),
                 (CANARY, "mail.sent", today + datetime.timedelta(days=9)), (CANARY * 300, "mail.sent", yesterday),
                 (CANARY + "\x01", "mail.sent", yesterday), (CANARY, CANARY, yesterday),
                 (CANARY, "mail.sent", datetime.date(2001, 1, 1)))
            send("organizations/none", (CANARY, "mail.sent", yesterday))
            send(f"organizations/{CANARY}", (CANARY, "mail.sent", yesterday))
            send("organizations/acme", *[(CANARY, "mail.sent", yesterday)] * 10_001)
            raw = channel.unary_unary("/tutti.ingest.v1.IngestService/IngestActivities")
            broken = ingest_pb2.IngestActivitiesRequest(organization="organizations/acme")
            broken.activities.add(subject=CANARY, type="mail.sent")
            for wire in (broken.SerializeToString() + b"\xff", broken.SerializeToString()[:-3],
                         broken.SerializeToString().replace(b"Bird", b"\xff\xfe\xff\xfe"), CANARY.encode() * 1_200_000):
                try:
                    answers.append(str(raw(wire, timeout=30)))
                except grpc.RpcError as error:
                    answers.append(f"{error.details()} {error.trailing_metadata()}")
            self.assertGreater(len(answers), 8)
            for answer in answers:
                self.assertFalse(holds_canary(answer.encode()), answer)

            port = re.search(r'"event":"showing metrics","port":"(\d+)"', suite.logs())
            self.assertIsNotNone(port, suite.logs()[:2000])
            with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/metrics", timeout=30) as page:
                metrics = page.read()
            self.assertIn(b"tutti_", metrics)
            self.assertFalse(holds_canary(metrics))
            self.assertNotIn(b"acme", metrics, "a metric of one organisation")

            # A crash in the middle of it.
            for _ in range(20):
                send("organizations/acme", *[(f"{CANARY}{i}", "mail.sent", yesterday) for i in range(500)])
            os.kill(suite.processes()["tutti-ingest"], signal.SIGSEGV)
            send("organizations/acme", (CANARY, "mail.sent", yesterday))
            channel.close()
            files = suite.files()
            self.assertGreater(len(files), 8)
            for path, content in files.items():
                self.assertFalse(holds_canary(content), path)
            for core in list(suite.folder.rglob("core*")) + list(pathlib.Path.cwd().glob("core*")):
                self.assertFalse(core.is_file(), "a core dump was written")
            redis = b"".join(suite.redis_values().values())
            self.assertFalse(holds_canary(redis))
            self.assertTrue(holds_canary(redis + CANARY.encode()), "the control")
            print(f"attack 11: canaries in {len(answers)} answers, {len(files)} files, metrics and Redis: none")


if __name__ == "__main__":
    unittest.main()
