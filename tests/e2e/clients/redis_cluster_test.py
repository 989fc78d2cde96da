"""The three services on a Redis Cluster of three primaries: activity goes in, a score comes out, and
every node keeps a part."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from made_up import write_activities
from redis_cluster import INSPECTOR, cli, cluster, service
from suite import BIN, Suite


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
                # Their slots are of all three.
                for name in ("acme", "beta", "gamma", "delta", "omega", "kappa"):
                    tutti("organizations", "create", name, "--headcount", "300", "--backfill", "--first-day", first,
                          "--source", "activities")
                    tutti("keyring", "extend", "--keyring", str(suite.keyring), "--organization", name, "--from", first)
                    tutti("import", "--format", "activities", "--organization", name, str(folder / "activities.jsonl"))
                    tutti("organizations", "finish-backfill", name, "--yes")
                    tutti("publish", name, "--wait", "30")
                    self.assertTrue(json.loads(tutti("history", name, "--format", "json"))["scores"])
                for port in ports:
                    self.assertIn(":profile", cli(port, "--scan"), "every node has some organisation")


if __name__ == "__main__":
    unittest.main()
