"""A person who has opted out leaves no bit; ingest without its list does not start."""

import subprocess
import unittest

from suite import BIN, Suite


class OptOutTest(unittest.TestCase):
    # Mutation: an error or a summary that quotes a line; a list of ids instead of digests.
    def test_ids_come_from_standard_input_and_nothing_repeats_them(self):
        with Suite() as suite:
            def optout(action, text="", check=True):
                done = subprocess.run(
                    [BIN / "tutti", "optout", action, "--keyring", suite.keyring, "--organization", "acme"],
                    input=text, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode == 0, check, done.stderr)
                return done

            canary = "canary.person@acme.example"
            added = optout("add", f"{canary}\n\n  {canary.upper()} \nother@acme.example\n")
            self.assertIn("2 people opted out, 1 were already so", added.stdout)
            self.assertIn("open windows", added.stdout)
            self.assertEqual(optout("count").stdout, "2\n")
            refused = optout("add", f"{canary}{'x' * 600}\n", check=False)
            self.assertIn("line 1 is longer than 512 bytes", refused.stderr)
            for done in (added, refused):
                self.assertNotIn("canary", done.stdout + done.stderr)
            self.assertIn("1 people counted again", optout("remove", f"{canary}\n").stdout)
            self.assertEqual(optout("count").stdout, "1\n")
            for kept in (suite.keyring, f"{suite.keyring}.optout"):
                with open(kept, "rb") as file:
                    self.assertNotIn(b"acme.example", file.read())

    # Mutation: an ingest that takes a missing or damaged list for an empty one.
    def test_ingest_does_not_start_without_its_list(self):
        with Suite() as suite:
            for damage in (lambda path: path.write_bytes(path.read_bytes()[:-1]), lambda path: path.unlink()):
                damage(suite.keyring.with_name("keyring.optout"))
                done = subprocess.run(
                    [BIN / "tutti-ingest", "--listen=127.0.0.1:0", "--insecure_loopback", f"--aggregate={suite.aggregate}",
                     f"--keyring={suite.keyring}", f"--catalog={suite.catalog}", "--allow_swap"],
                    capture_output=True, text=True, check=False, timeout=60)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("opt-out list", done.stderr)


if __name__ == "__main__":
    unittest.main()
