"""Runs deploy/quickstart itself, with the programs that are built already, in a folder of
its own: once to the end, and once until Ctrl-C. Nothing that it started may be left, and a
redis-server that was there before must not notice."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from suite import BIN, SOURCE

PEOPLE, WEEKS = 600, 12
# The noise decides whether a figure is a bound.
FIGURE = r"(?:at (?:most|least) )?\d+\.\d ± \d+\.\d"


def processes_of(session):
    """The processes of a session that have not ended."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" "))
        except OSError:
            continue
    return found


class ForeignRedis:
    """On the port where a Redis of the machine would listen, or another if that is taken."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tutti-foreign.")
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", 6379))
            except OSError:
                probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", self.port, "--dir", self.folder.name],
            stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while self.ask("PING", check=False) != "PONG":
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the foreign redis-server does not start")
            time.sleep(0.05)
        self.ask("SET", "somebody's", "value")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.folder.cleanup()

    def ask(self, *words, check=True):
        return subprocess.run(["redis-cli", "-p", self.port, *words], capture_output=True, text=True,
                              check=check, timeout=30).stdout.strip()

    def state(self):
        """Which process it is, what it holds, and how many connections it ever had but for ours."""
        connections = re.search(r"total_connections_received:(\d+)", self.ask("INFO", "stats"))
        return (re.search(r"run_id:(\w+)", self.ask("INFO", "server"))[1], self.ask("KEYS", "*"),
                self.ask("GET", "somebody's"), int(connections[1]))


class QuickstartTest(unittest.TestCase):
    def start(self, folder, *more, people=PEOPLE, weeks=WEEKS):
        # The terminal's Ctrl-C reaches every process of the session.
        process = subprocess.Popen(
            [SOURCE / "deploy/quickstart", "--no-install", "--bin", BIN, "--state", folder,
             "--people", str(people), "--weeks", str(weeks), *more],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.addCleanup(self.kill, process)
        return process

    def expect_shown(self, text):
        self.assertIn(f"Making up an organisation of {PEOPLE} people", text)
        self.assertIn("organizations/sample/scores/", text)
        self.assertRegex(text, rf"Adoption score +{FIGURE}")
        self.assertRegex(text, rf"Communication +{FIGURE} +█")
        history = text[text.index("Its history"):text.index("What it promises")]
        self.assertGreaterEqual(len(re.findall(rf"\d{{4}}-\d\d-\d\d +{FIGURE} % +█", history)), 3,
                                history)
        self.assertIn("rho-zCDP", text)
        self.assertIn("GENERATED DATA", text)

    # Mutation: the numbers are looked at by `tutti-sample make`, when all is built and started.
    def test_refuses_wrong_numbers_before_it_does_anything(self):
        for words in (("--people", "9"), ("--people", "x"), ("--people", "99999999"), ("--weeks", "8"),
                      ("--weeks", "105"), ("--weeks", "-1")):
            with self.subTest(words), tempfile.TemporaryDirectory() as folder:
                done = subprocess.run([SOURCE / "deploy/quickstart", "--no-install", "--state", f"{folder}/state",
                                       *words], capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertRegex(done.stderr, rf"^{words[0]} must be a number from \d+ to \d+\n$")
                self.assertEqual(list(pathlib.Path(folder).iterdir()), [])

    # Mutation: it ends where nothing is published.
    def test_shows_from_when_on_so_few_will_see_anything(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.start(folder, "--once", people=30, weeks=9)
            text, _ = done.communicate(timeout=250)
            self.assertEqual(done.returncode, 0, text)
            self.assertIn("nothing is published", text)
            self.assertIn("What it promises, in short", text)

    def test_shows_everything_twice_and_leaves_nothing(self):
        with ForeignRedis() as foreign, tempfile.TemporaryDirectory() as folder:
            before = foreign.state()

            once = self.start(folder, "--once")
            text, _ = once.communicate(timeout=250)
            self.assertEqual(once.returncode, 0, text)
            self.expect_shown(text)
            self.assertEqual(processes_of(once.pid), [])

            again = self.start(folder)
            lines = []
            for line in again.stdout:
                lines.append(line)
                if line.startswith("Running."):
                    break
            text = "".join(lines)
            self.expect_shown(text)
            self.expect_hints(text)
            self.assertEqual(len([p for p in processes_of(again.pid)
                                  if b"tutti-" in p or b"redis-server" in p]), 4)
            os.killpg(again.pid, signal.SIGINT)
            again.communicate(timeout=60)
            self.assertEqual(again.returncode, 130)
            self.assertEqual(processes_of(again.pid), [])

            run_id, keys, value, connections = foreign.state()
            self.assertEqual((run_id, keys, value), before[:3])
            # Each question is a connection; the first state() asked three more after counting.
            self.assertEqual(connections - before[3], 4)

    def expect_hints(self, text):
        """The lines to try next are there, and one of them works as it is printed."""
        hints = text[text.index("Try next"):]
        for method in ("tutti.score.v1.ScoreService/GetScore", "describe tutti.ingest.v1.Activity"):
            self.assertRegex(hints, rf"grpcurl .*{re.escape(method)}")
        lines = [line.strip() for line in hints.splitlines()]
        env = next(line for line in lines if line.startswith(". ") and line.endswith("/env"))
        table = next(line for line in lines if line == "tutti table sample modes")
        # In a shell where the operator's certificate is still in the environment.
        done = subprocess.run(["bash", "-ec", f"{env}\n{table}\ncd /\ntutti keyring show >/dev/null"], cwd=SOURCE,
                              env={**os.environ, "TUTTI_CERT": "/no/such"}, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("%", done.stdout)

    @staticmethod
    def kill(process):
        """What a failed test left running."""
        if processes_of(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)

    def test_deletes_nothing_that_it_did_not_make(self):
        with tempfile.TemporaryDirectory() as folder:
            theirs = pathlib.Path(folder) / "letter"
            theirs.write_text("mine")
            refused = self.start(folder, "--once")
            text, _ = refused.communicate(timeout=60)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("give --state a new folder", text)
            self.assertEqual(theirs.read_text(), "mine")


if __name__ == "__main__":
    unittest.main()
