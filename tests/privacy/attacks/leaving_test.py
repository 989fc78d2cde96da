"""An organisation that pauses leaves no open counters; one that is erased leaves nothing
but its tombstone."""

import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e/clients"))
from made_up import write_activities  # noqa: E402
from suite import Suite  # noqa: E402


class LeavingTest(unittest.TestCase):
    def test_pause_and_erase(self):
        with Suite() as suite, tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "activities.jsonl"
            first = write_activities(path, people=300, days=45)
            for name in ("leaver", "stayer"):
                suite.back_fill(name, 300, first)
                suite.tutti("import", "--format", "activities", "--organization", name, str(path))

            def keys(name):
                return {key for key in suite.redis("--scan").split() if key.startswith(b"{%s}:" % name)}

            def contents(name):
                """Keys but those of the markers that a window is closed: lists, and hashes where
                it was dropped."""
                every = sorted(keys(name))
                types = suite.redis("EVAL", "local types = {} for i, key in ipairs(KEYS) do "
                                    "types[i] = redis.call('TYPE', key).ok end return types", str(len(every)), *every)
                self.assertEqual(len(types.split()), len(every))
                markers = {key for key, kind in zip(every, types.split())
                           if kind == b"list" or kind == b"hash" and (b":reach:" in key or b":day:" in key)}
                return set(every) - markers

            def bitmaps(name):
                return {key for key in contents(name) if b":reach:" in key or b":day:" in key}

            def wait_until_files_lack(text):
                deadline = time.monotonic() + 60
                while any(text in content for content in suite.files().values()):
                    self.assertLess(time.monotonic(), deadline, f"{text} is in a file")

            suite.publish("leaver")
            suite.tutti("import", "--format", "activities", "--organization", "leaver", str(path))
            self.assertTrue(bitmaps(b"leaver"))
            self.assertIn(b"{leaver}:tally", keys(b"leaver"), "the control: days are counted")
            # What was open when the files were last rewritten is in them.
            bases = {path.name for path in suite.files() if path.name.endswith(".base.rdb")}
            self.assertEqual(len(bases), 1)
            suite.tutti("organizations", "pause", "leaver")
            self.assertEqual(bitmaps(b"leaver"), set(), "open counters of a paused organisation")
            # Mutation: a pause that leaves exact counts of days, or no rewrite after it.
            left = contents(b"leaver")
            for part in (b":tally", b":sealed:", b":staged:", b":reach:", b":day:"):
                self.assertFalse([key for key in left if part in key])
            wait_until_files_lack(b"{leaver}:tally")
            deadline = time.monotonic() + 60
            while bases & {path.name for path in suite.state.rglob("*.base.rdb")}:
                self.assertLess(time.monotonic(), deadline, "open counters of a paused organisation are in a file")
            refused = suite.tutti("import", "--format", "activities", "--organization", "leaver", str(path), check=False)
            self.assertNotEqual(refused.returncode, 0)
            self.assertEqual(bitmaps(b"leaver"), set())
            said = suite.tutti("publish", "leaver", check=False)
            self.assertNotIn("published", said.stdout)

            others = keys(b"stayer")
            suite.tutti("organizations", "erase", "leaver", "--yes")
            left = contents(b"leaver")
            self.assertLessEqual(left, {b"{leaver}:profile", b"{leaver}:ledger"})
            self.assertEqual(keys(b"stayer"), others, "another organisation lost something")
            # Mutation: no rewrite after an erasure.
            wait_until_files_lack(b"{leaver}:pub:")
            again = suite.tutti("organizations", "create", "leaver", "--headcount", "300", check=False)
            self.assertNotEqual(again.returncode, 0)
            gone = suite.tutti("organizations", "get", "leaver", check=False)
            self.assertNotEqual(gone.returncode, 0)


if __name__ == "__main__":
    unittest.main()
