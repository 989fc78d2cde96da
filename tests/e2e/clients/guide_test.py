"""Runs the guide's clients as they stand: activities in, a score out, over TLS with a token."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from made_up import write_activities
from suite import BIN, SOURCE, Suite

GUIDE = SOURCE / "tests/e2e/clients/guide"


class GuideTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        # The stubs are made as the page says.
        (cls.folder / "protos").symlink_to(SOURCE / "protos")
        (block,) = re.findall(r"^```sh\n(.*?)^```$", (SOURCE / "protos/README.md").read_text(),
                              re.MULTILINE | re.DOTALL)
        subprocess.run(["bash", "-ec", block], cwd=cls.folder, check=True)
        cls.suite = cls.enterClassContext(Suite(tls=True))
        cls.clients = {"python": [sys.executable, GUIDE / "client.py"], "cpp": [BIN / "guide_client"]}

    def run_client(self, language, command, organization, token, lines=""):
        path = self.folder / "token"
        path.write_text(token)
        more = [GUIDE / "service_config.json"] if language == "cpp" else []
        return subprocess.run(
            [*self.clients[language], command, organization, *more], input=lines, text=True, capture_output=True,
            timeout=120, env={**os.environ, "PYTHONPATH": str(self.folder / "stubs"), "TUTTI_INGEST": self.suite.ingest,
                              "TUTTI_SCORE": self.suite.score, "TUTTI_CA": str(self.suite.authority),
                              "TUTTI_TOKEN_FILE": str(path)})

    def test_activities_in_and_a_score_out(self):
        path = self.folder / "activities.jsonl"
        first = write_activities(path, people=300, days=60)
        lines = path.read_text()
        count = lines.count("\n")
        before = lines.splitlines()[0].replace(first, "2020-01-01")
        for language in self.clients:
            with self.subTest(language):
                self.suite.back_fill(language, 400, first, "--source", "activities")
                token = self.suite.token(language, scopes=("activities.write", "scores.read"))
                sent = self.run_client(language, "send", language, token, before + "\n" + lines)
                self.assertEqual(sent.returncode, 0, sent.stderr)
                accepted, refused = int(sent.stdout.split()[0]), int(sent.stdout.split()[-2])
                self.assertEqual(accepted + refused, count + 1, sent.stdout)
                # The days before the first whole window are refused, each with a reason.
                self.assertGreater(accepted, count * 0.7)
                self.assertEqual(sent.stderr.count("refused: occurred_at"), refused)
                self.suite.publish(language)
                read = self.run_client(language, "score", language, token)
                self.assertRegex(read.stdout, rf"organizations/{language}/scores/\d{{4}}-\d\d-\d\d: \d+\.\d ± \d+\.\d %")

    def test_a_refusal_says_why(self):
        for language in self.clients:
            with self.subTest(language):
                read = self.run_client(language, "score", "another", self.suite.token("acme"))
                self.assertEqual(read.returncode, 1)
                self.assertIn("this caller may not use this organization", read.stderr)
                self.assertIn("ORGANIZATION_FORBIDDEN", read.stderr)


if __name__ == "__main__":
    unittest.main()
