"""A clock that jumps ahead, by libfaketime: neither the command line nor a running ingest
destroys keys by it, unless the one who rotates says so."""

import hashlib
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

from made_up import DAY, today
from suite import BIN, Suite


def in_days(days):
    """The environment of a process whose clock is so far ahead."""
    shim = next(pathlib.Path("/usr/lib").rglob("faketime/libfaketime.so.1"), None)
    if shim is None:
        raise AssertionError("libfaketime is not installed")
    return {**os.environ, "LD_PRELOAD": str(shim), "FAKETIME": f"{days * 24:+}h"}


def keyring(command, path, *more, days=0):
    return subprocess.run([BIN / "tutti", "keyring", command, "--keyring", path, *more], env=in_days(days),
                          capture_output=True, text=True, timeout=60)


class KeyringClockTest(unittest.TestCase):
    # Mutation: a rotation that believes every clock.
    def test_the_command_line_refuses_a_jump_unless_it_is_forced(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "keyring"
            self.assertEqual(keyring("init", path).returncode, 0)
            before = path.read_bytes()
            for days in (10, 36, 400):
                refused = keyring("rotate", path, days=days)
                self.assertEqual(refused.returncode, 1, refused.stdout)
                self.assertEqual(path.read_bytes(), before)
                self.assertIn("clock", refused.stderr)
                self.assertIn("rotate --force", refused.stderr)
            # The refusal tells of all of them, with the day up to which.
            self.assertRegex(refused.stderr, r"\b(7\d|8\d) keys of windows up to \d{4}-\d\d-\d\d")
            past = (today() + 300 * DAY).isoformat()  # by that clock
            extended = keyring("extend", path, "--organization", "acme", "--from", past, "--to", past, days=400)
            self.assertNotEqual(extended.returncode, 0)
            self.assertEqual(path.read_bytes(), before)

            # The control: days go by, and somebody means it.
            done = keyring("rotate", path, days=7)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotEqual(path.read_bytes(), before)
            forced = keyring("rotate", path, "--force", days=400)
            self.assertEqual(forced.returncode, 0, forced.stderr)
            made, destroyed = map(int, re.findall(r"\d+", forced.stdout))
            self.assertGreater(made, 70)
            self.assertGreater(destroyed, 70)
            # Windows that the jump passed over get keys when the clock is right again.
            kept = set(re.findall(r"id (\w+)", keyring("show", path).stdout))
            again = keyring("rotate", path, days=20)
            self.assertEqual(again.returncode, 0, again.stderr)
            made, destroyed = map(int, re.findall(r"\d+", again.stdout))
            self.assertGreater(made, 20)
            self.assertEqual(destroyed, 0)
            self.assertLess(kept, set(re.findall(r"id (\w+)", keyring("show", path).stdout)))
            print(f"a clock 400 days ahead: 0 keys destroyed unforced, {forced.stdout.strip()} when forced")

    # Mutation: an ingest that rotates by force, or ends when it may not rotate.
    def test_an_ingest_refuses_it_too_and_serves_on(self):
        with Suite(ingest_flags="--norotate_keyring") as suite:
            def ingest(days, until):
                """What one more, with the suite's keyring, logs until it says something."""
                address, log = suite.state / "second.address", suite.state / "log" / f"ingest-{days}"
                address.unlink(missing_ok=True)
                with open(log, "w") as file, subprocess.Popen(
                        [BIN / "tutti-ingest", "--listen=127.0.0.1:0", "--insecure_loopback",
                         f"--port_file={address}", f"--aggregate={suite.aggregate}", f"--keyring={suite.keyring}",
                         f"--catalog={suite.catalog}", "--allow_swap", "--rotate_keyring"],
                        stderr=file, env=in_days(days)) as process:
                    deadline = time.monotonic() + 60
                    try:
                        while not (address.exists() and until(log.read_text())):
                            self.assertLess(time.monotonic(), deadline, log.read_text())
                            self.assertIsNone(process.poll(), log.read_text())
                            time.sleep(0.02)
                        alive = suite.tutti("health", address.read_text().strip())
                        self.assertIn("is serving", alive)
                    finally:
                        process.terminate()
                return log.read_text()

            def digest():
                return hashlib.sha256(suite.keyring.read_bytes()).hexdigest()

            before = digest()
            said = ingest(400, lambda log: '"part":"keys"' in log)
            self.assertIn("rotate --force", said)
            self.assertEqual(digest(), before)
            # The control.
            ingest(2, lambda log: digest() != before)


if __name__ == "__main__":
    unittest.main()
