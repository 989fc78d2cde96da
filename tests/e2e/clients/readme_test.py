"""Runs the README's grpcurl lines with a client that is not ours: buf curl."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

from made_up import write_activities
from suite import SOURCE, Suite

BUF = SOURCE / "build/tools/node_modules/.bin/buf"


@unittest.skipUnless(BUF.exists(), "buf is not installed under build/tools")
class ReadmeTest(unittest.TestCase):
    def test_every_grpcurl_line_answers(self):
        lines = [line for line in (SOURCE / "README.md").read_text().splitlines()
                 if line.startswith("grpcurl ")]
        self.assertGreaterEqual(len(lines), 5)
        with Suite(tls=True) as suite, tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "activities.jsonl"
            first = write_activities(path, people=300, days=60)
            suite.back_fill("sample", 400, first, "--source", "activities")
            suite.tutti("import", "--format", "activities", "--organization", "sample", str(path))
            self.assertIn("published", suite.publish("sample"))
            addresses = {"$INGEST": suite.ingest, "$AGGREGATE": suite.aggregate,
                         "$SCORE": suite.score}
            for line in lines:
                with self.subTest(line=line):
                    words = shlex.split(line)
                    data = words[words.index("-d") + 1]
                    address, method = words[-2:]
                    done = subprocess.run(
                        [BUF, "curl", "--cacert", suite.authority, "--protocol", "grpc",
                         "--reflect-protocol", "grpc-v1alpha", "-d", data,
                         "-H", f"authorization: Bearer {suite.token('sample')}",
                         f"https://{addresses[address]}/{method}"],
                        capture_output=True, text=True, timeout=60, cwd=folder)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertTrue(json.loads(done.stdout))


if __name__ == "__main__":
    unittest.main()
