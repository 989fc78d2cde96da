"""Twenty-one faults of a schedule that is always the same, of every kind but one. run.py runs longer ones."""

import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

import hosts  # noqa: E402

SEED = int(os.environ.get("TUTTI_SEED", "2"))


class FaultsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not hosts.inside():
            raise unittest.SkipTest(f"this machine makes no hosts: {hosts.why_not()}")

    # Mutations: no WAIT (run.py --hammer 60 --no-wait shows it); a channel that waits as long as gRPC does between tries, or
    # 40 s for a peer that says nothing.
    def test_nothing_is_lost_and_calls_go_on(self):
        from run import run
        findings, unseen = run(SEED, faults=21)
        self.assertEqual(findings, [])
        self.assertEqual(unseen, [], "the checks do not see what they are for")


if __name__ == "__main__":
    if hosts.inside() or hosts.why_not() is None:
        hosts.enter()
    unittest.main()
