"""The three services on a Redis Cluster of three primaries: activity goes in, a score comes out, and
every node keeps a part."""

import contextlib
import json
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest

from made_up import write_activities
from suite import BIN, SOURCE, Suite


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class RedisClusterTest(unittest.TestCase):
    def cli(self, port, *words):
        return subprocess.run(
            ["redis-cli", "-p", str(port), "--user", "inspector", "--pass", "any", "--no-auth-warning", *words],
            capture_output=True, text=True, check=True, timeout=60).stdout

    def wait_for(self, condition, what):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.05)

    @contextlib.contextmanager
    def cluster(self, acl, folder):
        """Three primaries; their ports."""
        ports = [free_port() for _ in range(3)]
        with contextlib.ExitStack() as stack:
            for port in ports:
                own = folder / str(port)
                own.mkdir()
                log = stack.enter_context((own / "log").open("w"))
                process = subprocess.Popen(
                    ["redis-server", SOURCE / "deploy/redis/redis.conf", "--dir", own, "--aclfile", acl,
                     "--bind", "127.0.0.1", "--port", str(port), "--cluster-port", str(free_port()),
                     "--cluster-enabled", "yes", "--cluster-allow-replica-migration", "no"], stdout=log, stderr=log)
                stack.callback(process.wait)
                stack.callback(process.terminate)
                self.wait_for(lambda p=port: subprocess.run(
                    ["redis-cli", "-p", str(p), "PING"], capture_output=True, check=False).returncode == 0, "a node")
            self.cli(ports[0], "--cluster", "create", *[f"127.0.0.1:{port}" for port in ports], "--cluster-yes")
            yield ports

    @contextlib.contextmanager
    def service(self, suite, name, *flags):
        """A further service of the suite's keyring and secrets; its address."""
        address = suite.state / f"clustered-{name}.address"
        with (suite.state / f"log/clustered-{name}").open("w") as log, subprocess.Popen(
                [BIN / f"tutti-{name}", "--listen=127.0.0.1:0", "--insecure_loopback", f"--port_file={address}",
                 f"--catalog={suite.catalog}", *flags], stderr=log) as process:
            try:
                self.wait_for(lambda: address.exists() or process.poll() is not None, name)
                self.assertTrue(address.exists(), suite.logs())
                yield address.read_text().strip()
            finally:
                process.terminate()

    # Mutations: a command of another key's slot; a right that only a cluster needs left out of the ACL file.
    def test_activity_becomes_a_score(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        with Suite(redis_users="user inspector on nopass resetchannels &* allkeys +@all") as suite, \
                self.cluster(suite.state / "redis/users.acl", folder) as ports:
            seeds = f"--redis_cluster=127.0.0.1:1,127.0.0.1:{ports[1]}"
            secret = f"--redis_password_file={suite.state}/secrets/"
            with self.service(suite, "aggregate", seeds, f"{secret}aggregate", f"--journal={folder}/journal",
                              "--policy_lease=1s") as aggregate, \
                    self.service(suite, "ingest", f"--aggregate={aggregate}", f"--keyring={suite.keyring}",
                                 "--allow_swap", "--calls_per_second=1e9") as ingest, \
                    self.service(suite, "score", seeds, f"{secret}score") as score:
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
                    self.assertIn(":profile", self.cli(port, "--scan"), "every node has some organisation")


if __name__ == "__main__":
    unittest.main()
