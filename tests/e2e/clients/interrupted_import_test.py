"""An import that is killed half-way and repeated leaves the same bits as a clean one."""

import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from made_up import write_activities
from suite import BIN, Suite


def bitmaps(suite):
    return {key: value for key, value in suite.redis_values().items()
            if b":reach:" in key or b":day:" in key}


class InterruptedImportTest(unittest.TestCase):
    def test_a_repeated_import_sets_the_same_bits(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "activities.jsonl"
            first = write_activities(path, people=400, days=60)
            with Suite() as interrupted:
                interrupted.back_fill("twice", 400, first)
                command = [BIN / "tutti", "--ingest", interrupted.ingest, "import", "--format",
                           "activities", "--organization", "twice", "-"]
                process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                lines = path.read_bytes().splitlines(keepends=True)
                half = lines[: len(lines) // 2]
                process.stdin.write(b"".join(half) + half[0][:20])  # and half a line
                process.stdin.flush()
                # It waits for more, having sent most of what it has.
                while not bitmaps(interrupted):
                    os.sched_yield()
                process.send_signal(signal.SIGKILL)
                process.wait()
                process.stdin.close()
                killed = bitmaps(interrupted)
                interrupted.tutti("import", "--format", "activities", "--organization", "twice",
                                  str(path))
                repeated = bitmaps(interrupted)
                with Suite(keyring=interrupted.keyring) as clean:
                    clean.tutti("organizations", "create", "twice", "--headcount", "400",
                                "--backfill", "--first-day", first)
                    clean.tutti("import", "--format", "activities", "--organization", "twice",
                                str(path))
                    expected = bitmaps(clean)
            self.assertTrue(expected)
            self.assertNotEqual(killed, expected, "the import was not interrupted")
            self.assertEqual(repeated.keys(), expected.keys())
            self.assertEqual(repeated, expected)


if __name__ == "__main__":
    unittest.main()
