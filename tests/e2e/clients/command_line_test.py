"""What the command line and the programs say: of their flags, of what cannot be undone, of what
went wrong, in their own words and with what to do."""

import datetime
import json
import os
import pathlib
import pty
import re
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from made_up import DAY, today
from suite import BIN, SOURCE, Suite

NOT_YET = "If this is a back-fill, do not finish it yet"


def run(*words, **more):
    return subprocess.run([BIN / words[0], *map(str, words[1:])], capture_output=True, text=True, timeout=120, **more)


def activity(day, subject="amy@made-up.example"):
    return json.dumps({"subject": subject, "type": "mail.sent", "occurredAt": f"{day.isoformat()}T12:00:00Z"}) + "\n"


class Proxy:
    """Passes connections on to an address, until it is cut."""

    def __init__(self, to):
        self.to = to.rsplit(":", 1)
        self.port, self.sockets = 0, []
        self.open()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                inside, _ = listener.accept()
            except OSError:
                return
            outside = socket.create_connection((self.to[0], int(self.to[1])))
            self.sockets += [inside, outside]
            for one, other in ((inside, outside), (outside, inside)):
                threading.Thread(target=self.copy, args=(one, other), daemon=True).start()

    @staticmethod
    def copy(one, other):
        try:
            while data := one.recv(1 << 16):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        self.sockets = []


class HelpTest(unittest.TestCase):
    def test_the_programs_print_their_flags_and_what_they_are(self):
        for program, flag in (("tutti-ingest", "--keyring"), ("tutti-aggregate", "--journal"),
                              ("tutti-score", "--past_catalogs")):
            with self.subTest(program):
                done = run(program, "--help")
                self.assertEqual(done.returncode, 0, done.stderr)
                for said in (flag + "=", "--tls_certificate=", "--calls_per_second=", "--[no]insecure_loopback",
                             "\nWhat it does:", "\nServing, callers, limits and logs:"):
                    self.assertIn(said, done.stdout)
                self.assertIn("(default 500)", " ".join(done.stdout.split()))
                self.assertEqual("\nRedis:" in done.stdout, program != "tutti-ingest")
                # None of Abseil's own flags that is of no use here.
                for foreign in ("--fromenv", "--tryfromenv", "--undefok", "--helpfull", "abseil"):
                    self.assertNotIn(foreign, done.stdout)
                self.assertLess(max(map(len, done.stdout.splitlines())), 102)
                typed = run(program, "--catalog", "x", "--insecure_loopback", "false")
                self.assertEqual(typed.returncode, 1)
                self.assertIn("no flag", typed.stderr)
        self.assertIn("organizations", run("tutti", "--help").stdout)

    # Mutation: exit status 0, and half of what was asked for is on the disk.
    def test_what_cannot_be_printed_is_an_error(self):
        for program in ("tutti", "tutti-sample"):
            for flag in ("--help", "--version"):
                with open("/dev/full", "w") as full:
                    done = subprocess.run([BIN / program, flag], stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stderr,
                                 "tutti: standard output cannot be written: No space left on device\n")

    def test_they_say_version_commit_and_build_type(self):
        for program in ("tutti", "tutti-ingest", "tutti-aggregate", "tutti-score"):
            done = run(program, "--version")
            self.assertEqual(done.returncode, 0)
            said = re.fullmatch(rf"{program} \d+\.\d+\.\d+ \(commit ([0-9a-z]+)(-dirty)?, \w+\)\n", done.stdout)
            self.assertTrue(said, done.stdout)
            if (SOURCE / ".git").exists():
                found = subprocess.run(["git", "-C", SOURCE, "cat-file", "-t", said[1]], capture_output=True, text=True)
                self.assertEqual(found.stdout, "commit\n", said[1])


class UnreachableTest(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.path = pathlib.Path(folder) / "activities.jsonl"
        self.path.write_text(activity(today()))

    def refuse(self, address):
        begin = time.monotonic()
        done = run("tutti", "--ingest", address, "import", "--format", "activities", "--organization", "acme",
                   self.path)
        print(f"import to {address}: {time.monotonic() - begin:.1f} s, {done.stderr.strip()}")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(f"cannot reach tutti-ingest at {address} (--ingest): ", done.stderr)
        self.assertTrue(done.stderr.strip().endswith(NOT_YET), done.stderr)
        # Mutation: without the question at the start the batch is tried for ten minutes.
        self.assertLess(time.monotonic() - begin, 60)

    def test_an_import_ends_soon_where_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self.refuse(f"127.0.0.1:{port}")

    def test_an_import_ends_soon_where_nobody_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.refuse(f"127.0.0.1:{server.getsockname()[1]}")

    def test_other_commands_name_the_program_and_the_flag(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"127.0.0.1:{server.getsockname()[1]}"
        for words, program, flag in ((("score", "acme"), "tutti-score", "--score"),
                                     (("organizations", "get", "acme"), "tutti-aggregate", "--aggregate")):
            done = run("tutti", "--aggregate", address, "--score", address, *words)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"cannot reach {program} at {address} ({flag}): ", done.stderr)


class CommandLineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = cls.enterClassContext(Suite())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.first = today() - 70 * DAY

    def tutti(self, *words):
        return self.suite.tutti(*words, check=False)

    def typed(self, text, *words):
        """Runs a command at a terminal where somebody types; its status and what is on the screen."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(BIN / "tutti", ["tutti", "--aggregate", self.suite.aggregate, *words])
        shown = b""
        try:
            while b" to do it: " not in shown:
                shown += os.read(terminal, 1 << 16)
            os.write(terminal, text.encode() + b"\n")
            while data := os.read(terminal, 1 << 16):
                shown += data
        except OSError:
            pass  # it has ended
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def state(self, name):
        return re.search(r"state +(\S+)", self.suite.tutti("organizations", "get", name))[1]

    # Mutation: one that asks whether it has a terminal for output.
    def test_finishing_a_back_fill_asks(self):
        for name in ("full", "empty"):
            self.suite.back_fill(name, 300, self.first.isoformat())
        path = self.folder / "full.jsonl"
        path.write_text("".join(activity(self.first + i * DAY) for i in range(60)))
        self.suite.tutti("import", "--format", "activities", "--organization", "full", str(path))
        said = {}
        for name in ("full", "empty"):
            done = subprocess.run([BIN / "tutti", "--aggregate", self.suite.aggregate, "organizations",
                                   "finish-backfill", name], stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("no terminal", done.stderr)
            self.assertIn("--yes", done.stderr)
            self.assertIn("cannot be undone", done.stdout)
            self.assertRegex(done.stdout, r"\d windows? closes?")
            self.assertEqual(self.state(name), "backfilling")
            said[name] = done.stdout.replace(name, "NAME")
        # Mutation: a list of the windows that hold something.
        self.assertEqual(said["full"], said["empty"], "it tells what was counted")
        listed = re.findall(r"\d{4}-\d\d-\d\d", said["full"])
        code, shown = self.typed("no", "organizations", "finish-backfill", "full")
        self.assertEqual(code, 1, shown)
        self.assertIn("nothing was changed", shown)
        self.assertEqual(self.state("full"), "backfilling")
        code, shown = self.typed("full", "organizations", "finish-backfill", "full")
        self.assertEqual(code, 0, shown)
        self.assertEqual(self.state("full"), "active")
        published = self.suite.tutti("publish", "full", "--wait", "30")
        self.assertEqual(re.findall(r"scores/(\S+)", published), listed)
        # Again it changes nothing, so nobody is asked.
        self.assertEqual(self.tutti("organizations", "finish-backfill", "full").returncode, 0)

    def test_erasing_asks(self):
        self.suite.tutti("organizations", "create", "gone", "--headcount", "300")
        done = subprocess.run([BIN / "tutti", "--aggregate", self.suite.aggregate, "organizations", "erase", "gone"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("never used again", done.stdout)
        self.assertEqual(self.tutti("organizations", "erase", "gone", "--confirm", "other").returncode, 2)
        code, shown = self.typed("acme", "organizations", "erase", "gone")
        self.assertEqual(code, 1, shown)
        self.assertEqual(self.state("gone"), "active")
        code, shown = self.typed("gone", "organizations", "erase", "gone")
        self.assertEqual(code, 0, shown)
        self.assertEqual(self.tutti("organizations", "get", "gone").returncode, 3)

    def test_it_says_from_when_activity_is_taken_and_when_a_score_comes(self):
        made = self.suite.tutti("organizations", "create", "coming", "--headcount", "300")
        first = datetime.date.fromisoformat(re.search(r"is taken from (\S+) on\n", made)[1])
        self.assertGreater(first, today())
        expected = datetime.date.fromisoformat(re.search(r"to be expected from (\S+) ", made)[1])
        # 28 days, the day after, and 48 hours.
        self.assertEqual(expected, first + 31 * DAY)
        self.assertEqual(made, self.suite.tutti("organizations", "get", "coming"))
        self.suite.tutti("organizations", "pause", "coming")
        self.assertIn("none while it is paused", self.suite.tutti("organizations", "get", "coming"))

        made = self.suite.tutti("organizations", "create", "moved", "--headcount", "300", "--backfill",
                                "--first-day", self.first.isoformat())
        moved = re.search(r"is taken from (\S+) on(.*)\n", made)
        if moved[1] != self.first.isoformat():
            self.assertIn(f"not from {self.first.isoformat()}: the first window", moved[2])
        self.assertIn("when the back-fill is finished", made)

        made = self.suite.tutti("organizations", "create", "small", "--headcount", "12", "--source", "m365_audit")
        least = int(re.search(r"none with 12 people: there are some from (\d+) people on", made)[1])
        print(f"with the audit log alone there is a score from {least} people on")
        for headcount, expected in ((least - 1, "none with"), (least, "to be expected")):
            self.assertIn(expected, self.suite.tutti("organizations", "update", "small", "--headcount", str(headcount)))

    # Mutations: a statement for whatever name; the figures of weekly publication for everybody.
    def test_it_states_what_is_planned_before_there_is_a_record_and_nothing_of_nobody(self):
        self.suite.tutti("organizations", "create", "planned", "--headcount", "90", "--source", "m365_audit",
                         "--entitlement", "assistant=9")
        stated = " ".join(self.suite.tutti("statement", "planned").split())
        self.assertIn("planned at its four-weekly cadence", stated)
        self.assertIn("never here, with 9 entitled", stated)
        nobody = self.tutti("statement", "nobody")
        self.assertEqual(nobody.returncode, 3, nobody.stdout)
        self.assertEqual(nobody.stdout, "")

    def test_keys_come_with_the_organisation_or_not_at_all(self):
        def create(*more):
            return self.tutti("organizations", "create", "keyed", "--headcount", "300", "--backfill", "--first-day",
                              self.first.isoformat(), "--keyring", str(keyring), *more)
        keyring = self.folder / "keyring"
        absent = create()
        self.assertEqual(absent.returncode, 3, absent.stderr)
        self.assertIn(f"--keyring: keyring {keyring}: ", absent.stderr)
        self.assertIn("Nothing was created", absent.stderr)
        self.assertEqual(self.tutti("organizations", "get", "keyed").returncode, 3)
        self.suite.tutti("keyring", "init", "--keyring", str(keyring))
        before = keyring.read_bytes()
        # Mutation: keys before the organisation.
        refused = create("--time-zone", "Mars/Olympus")
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("--time-zone: must be", refused.stderr)
        self.assertEqual(keyring.read_bytes(), before, "keys were made of an organisation that there is not")
        made = create()
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertRegex(made.stdout, r"\n[1-9]\d+ keys made for past windows\nFinish the back-fill by ")
        after = keyring.read_bytes()
        self.assertNotEqual(after, before)
        exists = create()
        self.assertEqual(exists.returncode, 1)
        self.assertEqual(keyring.read_bytes(), after)

        # What is held is a success, as often as it is asked; what was destroyed is not.
        extend = ("keyring", "extend", "--keyring", str(keyring), "--organization", "keyed", "--from")
        again = self.suite.tutti(*extend, self.first.isoformat())
        self.assertRegex(again, r"^0 keys made for past windows: [1-9]\d+ that are held already stay")
        self.assertEqual(keyring.read_bytes(), after)
        more = self.suite.tutti(*extend, (self.first - 10 * DAY).isoformat())
        self.assertRegex(more, r"^20 keys made for past windows; [1-9]\d+ that are held already stay")
        self.suite.tutti("keyring", "forget", "--keyring", str(keyring), "--organization", "keyed")
        destroyed = self.tutti(*extend, self.first.isoformat())
        self.assertEqual(destroyed.returncode, 1)
        self.assertIn("was destroyed", destroyed.stderr)

    def test_it_speaks_of_its_own_commands_and_flags(self):
        self.suite.back_fill("words", 300, self.first.isoformat())
        self.suite.publish("words")
        for words, code, said in (
                (("table", "words", "nosuch"), 3, "see `tutti table`"),
                (("score", "words", "--day", "2020-01-05"), 3, "see `tutti history`"),
                (("score", "words", "--day", "yesterday"), 2, "--day"),
                (("score", "No/Name"), 2, "organization"),
                (("organizations", "update", "words", "--headcount", "0"), 1, "--headcount: must be 1 to"),
                (("organizations", "create", "late", "--headcount", "9", "--backfill", "--first-day", "2001-01-01"), 1,
                 "--first-day: must be"),
                (("organizations", "create", "words", "--headcount", "9", "--cadence", "hourly"), 2, "--cadence"),
                (("organizations", "create", "late", "--headcount", "9", "--source", "none"), 1, "--source: must be"),
                (("import", "--organization", "words", str(self.folder / "no.csv")), 3, str(self.folder / "no.csv")),
                (("import", "--organization", "words", "--groups", "no.txt", "-"), 3, "--groups: no.txt is not there"),
                (("keyring", "show", "--keyring", "no.keyring"), 3, "--keyring: keyring no.keyring: "),
                (("optout", "count", "--file", "no.optout", "--organization", "words"), 3, "--file: opt-out list no.optout: "),
                (("scores", "words"), 2, "'scores' is no command of tutti; is score meant?"),
                (("scores", "sample"), 2, "'scores' is no command of tutti; is score meant?"),
                (("--timeout", "5", "hist", "words"), 2, "'hist' is no command of tutti"),
                (("organizations", "creat", "words"), 2, "'creat' is no command of tutti organizations; is create meant?"),
                (("organization", "get", "words"), 2, "is organizations meant?"),
                (("organizations", "create", "late", "--headcount", "9", "--first-day", self.first.isoformat()), 2,
                 "--first-day goes with --backfill")):
            with self.subTest(" ".join(words)):
                done = self.tutti(*words)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(said, done.stderr)
                self.assertIsNone(re.search(r"\b(List|Get|Create|Update)[A-Z][a-z]+", done.stderr), done.stderr)

    def test_the_program_that_makes_things_up_says_what_is_wrong(self):
        for words, code, said in (
                (("make", "--out", str(self.folder), "--people", "3"), 1, "--people must be"),
                (("mak",), 2, "'mak' is no command of tutti-sample; is make meant?"),
                (("dev-token", "--keys", str(self.folder / "tokens"), "--organization", "*", "--scope", "scores.read"), 2,
                 "--organization must be an id"),
                (("dev-token", "--keys", "/proc/none", "--organization", "a", "--scope", "scores.read"), 1,
                 "--keys /proc/none: ")):
            with self.subTest(" ".join(words)):
                done = subprocess.run([BIN / "tutti-sample", *words], capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(said, done.stderr)

    def test_common_flags_may_follow_the_command(self):
        self.assertEqual(self.tutti("organizations", "create", "after", "--headcount", "300", "--timeout", "30").returncode, 0)
        self.assertIn("after", run("tutti", "organizations", "get", "after", "--aggregate", self.suite.aggregate).stdout)
        done = run("tutti", "score", "after", "--score", "127.0.0.1:1")
        self.assertIn("cannot reach tutti-score at 127.0.0.1:1", done.stderr)

    # Mutation: commands that were not called put the environment's keyring in the place of the named one.
    def test_the_flag_wins_over_the_environment(self):
        named, other = self.folder / "named.keyring", self.folder / "other.keyring"
        environment = {**os.environ, "TUTTI_KEYRING": str(other)}

        def act(*words, keyring=named, **more):
            done = run("tutti", *words, "--keyring", keyring, env=environment, **more)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        def files(keyring):
            return [keyring.read_bytes(), pathlib.Path(f"{keyring}.optout").read_bytes()]

        act("keyring", "init", keyring=other)
        before = files(other)
        act("keyring", "init")
        self.assertTrue(named.exists())
        self.assertIn("keys made", act("keyring", "extend", "--organization", "acme", "--from", self.first.isoformat()))
        self.assertIn("for acme", act("keyring", "show"))
        act("optout", "add", "--organization", "acme", input="amy@made-up.example\n")
        self.assertEqual(act("optout", "count", "--organization", "acme").strip(), "1")
        act("optout", "remove", "--organization", "acme", input="amy@made-up.example\n")
        self.assertEqual(act("optout", "count", "--organization", "acme").strip(), "0")
        act("keyring", "rotate")
        self.assertNotIn("0 keys destroyed", act("keyring", "forget", "--organization", "acme"))
        self.assertNotIn("\tacme", act("keyring", "show"))
        self.assertEqual(files(other), before)
        # The control: without the flag it is the environment's.
        self.assertEqual(run("tutti", "keyring", "extend", "--organization", "acme", "--from", self.first.isoformat(),
                             env=environment).returncode, 0)
        self.assertNotEqual(files(other), before)

    def test_an_import_that_sent_nothing_says_not_to_finish(self):
        self.suite.back_fill("nothing", 300, self.first.isoformat())
        empty, late, broken = (self.folder / name for name in ("empty.jsonl", "late.jsonl", "broken.jsonl"))
        empty.write_text("")
        late.write_text(activity(self.first - 40 * DAY))
        broken.write_text("{nothing\n")
        send = ("import", "--format", "activities", "--organization", "nothing")
        for path, code in ((empty, 3), (late, 1), (broken, 1), (self.folder / "absent", 3)):
            done = self.tutti(*send, str(path))
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertTrue(done.stderr.strip().endswith(NOT_YET), done.stderr)
        rehearsed = self.tutti("import", "--format", "activities", "--rehearse", str(empty))
        self.assertEqual(rehearsed.returncode, 0, rehearsed.stderr)
        # And nothing is refused because of it: that would tell.
        self.assertEqual(self.tutti("organizations", "finish-backfill", "nothing", "--yes").returncode, 0)

    def lose_ingest(self, organization, *flags):
        """Begins an import and cuts it off in its middle; returns the process, the way to ingest and what was said."""
        self.suite.back_fill(organization, 300, self.first.isoformat())
        proxy = Proxy(self.suite.ingest)
        lines = "".join(activity(self.first + (8 + i % 50) * DAY, f"p{i}@made-up.example")
                        for i in range(20_000)).encode()
        process = subprocess.Popen([BIN / "tutti", "--ingest", f"127.0.0.1:{proxy.port}", "import", "--format",
                                    "activities", "--organization", organization, *flags, "-"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(lines[:len(lines) // 2])
        process.stdin.flush()
        while not any(f"{organization}}}:reach:".encode() in key for key in self.suite.redis_values()):
            os.sched_yield()
        proxy.cut()
        process.stdin.write(lines[len(lines) // 2:])
        process.stdin.close()
        said = b""
        while b"trying again" not in said:
            said += (line := process.stderr.readline())
            self.assertTrue(line, said)
        return process, proxy, said

    def end(self, process, said):
        """Its exit status, summary and all that it said."""
        with process.stdout, process.stderr:
            summary = process.stdout.read().decode()
            said += process.stderr.read()
            return process.wait(), summary, said.decode()

    def test_a_lost_ingest_is_waited_for(self):
        process, proxy, said = self.lose_ingest("lost")
        proxy.open()
        status, summary, said = self.end(process, said)
        self.assertEqual(status, 0, said)
        self.assertIn("nothing counts twice", said)
        self.assertIn("ingest answers again", said)
        self.assertRegex(summary, r"accepted +20,?000")
        proxy.cut()

    # Mutation: it goes on for ten minutes whatever it was told.
    def test_a_lost_ingest_is_waited_for_as_long_as_was_said(self):
        process, _, said = self.lose_ingest("lost-for-long", "--retry-for", "2")
        status, _, said = self.end(process, said)
        self.assertEqual(status, 1, said)
        self.assertRegex(said, r"; tried for \d+s")
        self.assertTrue(said.strip().endswith(NOT_YET), said)

    # Mutation: a text without the day.
    def test_what_comes_before_the_first_day_is_told_which_that_is(self):
        import grpc
        from suite import make_stubs
        make_stubs(self.folder)
        from tutti.ingest.v1 import ingest_pb2
        self.suite.back_fill("early", 300, self.first.isoformat())
        first = re.search(r"first day +(\S+)", self.suite.tutti("organizations", "get", "early"))[1]
        request = ingest_pb2.IngestActivitiesRequest(organization="organizations/early")
        when = datetime.datetime.combine(self.first - DAY, datetime.time(12), datetime.timezone.utc)
        request.activities.add(subject="a@b.example", type="mail.sent").occurred_at.FromDatetime(when)
        with grpc.insecure_channel(self.suite.ingest) as channel:
            answer = channel.unary_unary("/tutti.ingest.v1.IngestService/IngestActivities")(
                request.SerializeToString(), timeout=60)
        rejection = ingest_pb2.IngestActivitiesResponse.FromString(answer).rejections[0]
        self.assertEqual(rejection.reason, ingest_pb2.REASON_BEFORE_FIRST_DAY)
        self.assertIn(f"the first day that the organisation takes, {first}: leave it out", rejection.description)


if __name__ == "__main__":
    unittest.main()
