"""The three services on a Redis Cluster of three primaries: activity goes in, a score comes out, and
every node keeps a part; one that hangs keeps back the activity of its own part alone."""

import datetime
import json
import pathlib
import signal
import subprocess
import tempfile
import unittest

import grpc
from made_up import DAY, today, write_activities
from redis_cluster import INSPECTOR, cli, cluster, service
from suite import BIN, Suite, make_stubs, wait_for

ORGANIZATIONS = ("acme", "beta", "gamma", "delta", "omega", "kappa")  # their slots are of all three


class RedisClusterTest(unittest.TestCase):
    # Mutations: a command of another key's slot; a right that only a cluster needs left out of the ACL file.
    def test_activity_becomes_a_score(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        with Suite(redis_users=INSPECTOR) as suite, \
                cluster(suite.state / "redis/users.acl", folder) as ports:
            seeds = f"--redis_cluster=127.0.0.1:1,127.0.0.1:{list(ports)[1]}"
            secret = f"--redis_password_file={suite.state}/secrets/"
            with service(suite, "aggregate", seeds, f"{secret}aggregate", f"--journal={folder}/journal",
                              "--policy_lease=1s") as (aggregate, _), \
                    service(suite, "ingest", f"--aggregate={aggregate}", f"--keyring={suite.keyring}",
                                 "--allow_swap", "--calls_per_second=1e9") as (ingest, _), \
                    service(suite, "score", seeds, f"{secret}score") as (score, _):
                def tutti(*words):
                    done = subprocess.run(
                        [BIN / "tutti", "--ingest", ingest, "--aggregate", aggregate, "--score", score, *words],
                        capture_output=True, text=True, timeout=120, check=False)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr + suite.logs())
                    return done.stdout

                first = write_activities(folder / "activities.jsonl", people=150, days=75)
                for name in ORGANIZATIONS:
                    tutti("organizations", "create", name, "--headcount", "300", "--backfill", "--first-day", first,
                          "--source", "activities")
                    tutti("keyring", "extend", "--keyring", str(suite.keyring), "--organization", name, "--from", first)
                    tutti("import", "--format", "activities", "--organization", name, str(folder / "activities.jsonl"))
                    tutti("organizations", "finish-backfill", name, "--yes")
                    tutti("publish", name, "--wait", "30")
                    self.assertTrue(json.loads(tutti("history", name, "--format", "json"))["scores"])
                for port in ports:
                    self.assertIn(":profile", cli(port, "--scan"), "every node has some organisation")

    def test_a_primary_that_hangs_keeps_nobody_elses_activity_back(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        make_stubs(folder)
        from tutti.ingest.v1 import ingest_pb2
        with Suite(redis_users=INSPECTOR) as suite, \
                cluster(suite.state / "redis/users.acl", folder) as nodes, \
                service(suite, "aggregate", f"--redis_cluster=127.0.0.1:{list(nodes)[0]}",
                             f"--redis_password_file={suite.state}/secrets/aggregate",
                             f"--journal={folder}/journal") as (aggregate, _), \
                service(suite, "ingest", f"--aggregate={aggregate}", f"--keyring={suite.keyring}",
                             "--allow_swap", "--calls_per_second=1e9") as (ingest, _), \
                grpc.insecure_channel(ingest) as channel:
            first = (today() - 56 * DAY).isoformat()
            for name in ORGANIZATIONS:
                subprocess.run([BIN / "tutti", "--aggregate", aggregate, "organizations", "create", name, "--headcount",
                                "300", "--backfill", "--first-day", first, "--source", "activities"],
                               check=True, capture_output=True)
                suite.tutti("keyring", "extend", "--keyring", str(suite.keyring), "--organization", name, "--from", first)
            yesterday = datetime.datetime.combine(today() - DAY, datetime.time(12))
            stub = channel.stream_stream("/tutti.ingest.v1.IngestService/StreamActivities")
            sent = 0

            def send():
                """A batch of somebody new for each organisation, at once: whose are durable, whose refused."""
                nonlocal sent
                sent += 1
                requests = []
                for name in ORGANIZATIONS:
                    request = ingest_pb2.StreamActivitiesRequest(request_id=name)
                    request.batch.organization = f"organizations/{name}"
                    activity = request.batch.activities.add(subject=f"{sent}@x.example", type="mail.sent")
                    activity.occurred_at.FromDatetime(yesterday)
                    requests.append(request.SerializeToString())
                good, bad = set(), set()
                for answer in map(ingest_pb2.StreamActivitiesResponse.FromString, stub(iter(requests), timeout=60)):
                    if answer.HasField("error"):
                        self.assertEqual(answer.error.reason, ingest_pb2.REASON_STORE_UNAVAILABLE, answer)
                        self.assertGreater(answer.error.retry_delay.ToNanoseconds(), 0)
                        bad.add(answer.request_id)
                    elif answer.response.accepted_count == 1:
                        good.add(answer.request_id)
                return good, bad

            wait_for(lambda: send() == (set(ORGANIZATIONS), set()), "all are durable")
            port = list(nodes)[1]
            own = {name for name in ORGANIZATIONS if f"{{{name}}}:profile" in cli(port, "--scan")}
            self.assertTrue(own)
            nodes[port].send_signal(signal.SIGSTOP)
            try:
                for _ in range(3):
                    self.assertEqual(send(), (set(ORGANIZATIONS) - own, own))
            finally:
                nodes[port].send_signal(signal.SIGCONT)
            wait_for(lambda: send() == (set(ORGANIZATIONS), set()), "all are durable again")


if __name__ == "__main__":
    unittest.main()
