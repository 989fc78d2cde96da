"""aggregate and a redis-server that may lose what it answered: one that synchronises its
file later, or has fewer replicas than are waited for."""

import subprocess
import unittest

import grpc

from suite import BIN, Suite, wait_for

SERVICE = b"tutti.aggregate.v1.AggregateService"
SERVING, NOT_SERVING = 1, 2


def readiness(address):
    """What a service says of being ready (grpc.health.v1)."""
    with grpc.insecure_channel(address) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        answer = check(b"\x0a" + bytes([len(SERVICE)]) + SERVICE, timeout=30)
    return answer[1] if answer else 0


class StoreCheckTest(unittest.TestCase):
    # Mutations: not to ask; to ask at the start alone; to wait for what no time repairs.
    def test_a_store_that_may_lose_writes_is_refused(self):
        with Suite(redis_users="user inspector on nopass resetchannels &* allkeys +@all") as suite:
            def configure(appendfsync):
                subprocess.run(
                    ["redis-cli", "-s", suite.state / "redis/redis.sock", "--user", "inspector", "--pass", "any",
                     "--no-auth-warning", "CONFIG", "SET", "appendfsync", appendfsync],
                    capture_output=True, check=True, timeout=60)

            def another(*flags):
                return [BIN / "tutti-aggregate", "--listen=127.0.0.1:0", "--insecure_loopback",
                        f"--port_file={suite.state}/another.address", f"--catalog={suite.catalog}",
                        f"--redis_socket={suite.state}/redis/redis.sock",
                        f"--redis_password_file={suite.state}/secrets/aggregate",
                        f"--journal={suite.state}/journal", *flags]

            wait_for(lambda: readiness(suite.aggregate) == SERVING, "the control")
            for when in ("everysec", "no"):
                configure(when)
                wait_for(lambda: readiness(suite.aggregate) == NOT_SERVING, f"ready with appendfsync {when}")
                self.assertIn("set appendfsync always", suite.logs())
                started = subprocess.run(another(), capture_output=True, text=True, timeout=60)
                self.assertEqual(started.returncode, 1)
                self.assertIn("set appendfsync always", started.stderr)
                configure("always")
                wait_for(lambda: readiness(suite.aggregate) == SERVING, "not ready with appendfsync always")

            # It waits for replicas, and takes no flag that asks for fewer than none.
            address = suite.state / "another.address"
            with subprocess.Popen(another("--redis_wait_replicas=1"), stderr=subprocess.PIPE, text=True) as process:
                wait_for(address.exists, "it does not start")
                said = ""
                while "0 of 1 replicas" not in said:
                    said += process.stderr.readline()
                self.assertEqual(readiness(address.read_text().strip()), NOT_SERVING)
                process.terminate()
            for flag in ("redis_wait_replicas", "journal_redis_wait_replicas"):
                refused = subprocess.run(
                    [*another()[:-1], "--journal_redis=127.0.0.1:1",
                     f"--journal_redis_password_file={suite.state}/secrets/aggregate", f"--{flag}=-1"],
                    capture_output=True, text=True, timeout=60)
                self.assertEqual(refused.returncode, 1)
                self.assertIn(f"--{flag} must not be negative", refused.stderr)


if __name__ == "__main__":
    unittest.main()
