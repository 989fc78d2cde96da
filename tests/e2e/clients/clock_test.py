"""An aggregate whose machine has a clock that is ahead of the store's: it does not start,
and one that serves already closes nothing and is not ready, until its clock is right again."""

import contextlib
import os
import pathlib
import re
import subprocess
import time
import unittest
import urllib.request

from suite import BIN, SOURCE, Suite

# The part that it keeps from being good, and no other line.
LOG_LINE = re.compile(r'"event":"not ready","part":"store","problem":"[^"]*ahead')


class ClockTest(unittest.TestCase):
    @contextlib.contextmanager
    def aggregate(self, suite, offset):
        """One more aggregate of the suite's Redis, by a clock that is `offset` ahead, as the file that
        it is given says. Its process, and that file."""
        shim = next(pathlib.Path("/usr/lib").rglob("faketime/libfaketime.so.1"), None)
        self.assertIsNotNone(shim, "libfaketime is not installed")
        clock = suite.state / "clock"
        clock.write_text(offset)
        port_file = suite.state / "another.address"
        port_file.unlink(missing_ok=True)
        with open(suite.state / "another.log", "w") as log, subprocess.Popen(
                [BIN / "tutti-aggregate", "--listen=127.0.0.1:0", "--insecure_loopback", f"--port_file={port_file}",
                 f"--catalog={SOURCE}/deploy/catalog/adoption.textproto", "--sweep_interval=1s",
                 "--metrics_listen=127.0.0.1:0",
                 f"--redis_socket={suite.state}/redis/redis.sock",
                 f"--redis_password_file={suite.state}/secrets/aggregate", f"--journal={suite.state}/journal"],
                stderr=log, env={**os.environ, "LD_PRELOAD": str(shim), "FAKETIME_TIMESTAMP_FILE": str(clock),
                                 "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1"}) as process:
            while process.poll() is None and not port_file.exists():
                time.sleep(0.05)
            try:
                yield process, clock
            finally:
                process.terminate()

    def test_nothing_is_closed_by_a_clock_that_is_ahead(self):
        with Suite() as suite:
            said = suite.state / "another.log"
            with self.aggregate(suite, "+11m") as (process, _):
                self.assertEqual(process.wait(timeout=60), 1)
                self.assertIn("ahead of the store's", said.read_text())
                self.assertIn("NTP", said.read_text())

            suite.tutti("organizations", "create", "acme", "--headcount", "300")
            with self.aggregate(suite, "+9m") as (_, clock):
                own = suite.state / "another.address"

                def ask(*words):
                    return subprocess.run([BIN / "tutti", "--aggregate", own.read_text().strip(), *words],
                                          capture_output=True, text=True, timeout=60)

                port = re.search(r'"showing metrics","port":"(\d+)"', said.read_text())[1]

                def is_ready():
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
                        return "\ntutti_ready_state 1" in page.read().decode()

                def await_ready(wanted):
                    deadline = time.monotonic() + 60
                    while is_ready() != wanted:
                        self.assertLess(time.monotonic(), deadline)
                        time.sleep(0.1)

                await_ready(True)
                profile = suite.redis("GET", "{acme}:profile")
                # The first windows of the organisation would be due by it.
                clock.write_text("+100d")
                await_ready(False)
                for words in (["publish", "acme"], ["publish"]):
                    refused = ask(*words)
                    self.assertNotEqual(refused.returncode, 0, refused.stdout)
                    self.assertIn("2400h", refused.stdout + refused.stderr)
                self.assertEqual(suite.redis("GET", "{acme}:profile"), profile)
                lines = [line for line in said.read_text().splitlines() if "ahead" in line]
                self.assertEqual(len(lines), 1, "once a minute")
                self.assertRegex(lines[0], LOG_LINE)
                clock.write_text("+0")
                await_ready(True)
                self.assertEqual(suite.redis("GET", "{acme}:profile"), profile)


if __name__ == "__main__":
    unittest.main()
