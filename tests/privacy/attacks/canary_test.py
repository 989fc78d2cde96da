"""Attack 11: canary identifiers go through every path, good and bad, with the most
talkative logging and a crash, and are then searched for everywhere."""

import ctypes
import datetime
import os
import pathlib
import platform
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e/clients"))
from keys_test import memory  # noqa: E402
from locked_memory_test import unlimited  # noqa: E402
from suite import BIN, Suite, make_stubs  # noqa: E402

CANARY = "Canary.Bird-4711"


def spellings():
    for text in (CANARY, CANARY.lower(), CANARY.upper()):
        yield text.encode()
        yield text.encode("utf-16-le")
        yield text.encode().hex().encode()
        yield text.encode().hex(" ").encode()


def holds_canary(content):
    return any(spelling in content for spelling in spellings())


def allow_core_dumps(test):
    """So that what forbids core dumps is Tutti, and not who runs the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    test.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, (soft, hard))
    test.assertNotEqual(hard, 0, "core dumps are off for all processes here")


def core_limits(pid):
    """The soft and the hard limit of a process's core dump, as Linux prints them."""
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
    return re.search(r"^Max core file size +(\S+) +(\S+)", limits, re.MULTILINE).groups()


class CutOff:
    """A way to a server that breaks down once it has carried so many bytes there."""

    def __init__(self, address, limit):
        host, port = address.rsplit(":", 1)
        self.server = (host, int(port))
        self.limit = limit

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def __exit__(self, *_):
        self.thread.join()

    def run(self):
        # One connection; a second one, by a client that tries again, is refused.
        with self.listener, self.listener.accept()[0] as client, socket.create_connection(self.server) as server:
            self.listener.close()
            back = threading.Thread(target=self.carry, args=(server, client, 1 << 30))
            back.start()
            self.carry(client, server, self.limit)
            for side in (client, server):
                side.shutdown(socket.SHUT_RDWR)
            back.join()

    @staticmethod
    def carry(source, sink, limit):
        try:
            while limit > 0 and (some := source.recv(min(limit, 4096))):
                sink.sendall(some)
                limit -= len(some)
        except OSError:
            pass  # the other direction has shut both down


class CanaryTest(unittest.TestCase):
    # Mutations: a message, a log line or a metric's label that repeats a value of the
    # request; an ingest, or an aggregate, that may write a core dump.
    def test_identifiers_are_in_no_sink(self):
        # So that what forbids core dumps is the service, and not who runs the test.
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, (soft, hard))
        self.assertNotEqual(hard, 0, "core dumps are off for all processes here")
        with tempfile.TemporaryDirectory() as folder:
            make_stubs(pathlib.Path(folder))
            self.attack()

    def attack(self):
        from tutti.ingest.v1 import ingest_pb2, ingest_pb2_grpc
        answers = []
        talkative = "--log_level=debug"
        with Suite(ingest_flags=f"{talkative} --metrics_listen=127.0.0.1:0", aggregate_flags=talkative,
                   score_flags=talkative) as suite:
            today = datetime.date.today()
            suite.back_fill("acme", 300, (today - datetime.timedelta(days=40)).isoformat())
            channel = grpc.insecure_channel(suite.ingest)
            stub = ingest_pb2_grpc.IngestServiceStub(channel)

            def send(organization, *activities):
                request = ingest_pb2.IngestActivitiesRequest(organization=organization)
                for subject, kind, day in activities:
                    activity = request.activities.add(subject=subject, type=kind)
                    if day is not None:
                        activity.occurred_at.FromDatetime(datetime.datetime.combine(day, datetime.time(12)))
                try:
                    answer = stub.IngestActivities(request, timeout=30)
                    answers.append(str(answer))
                    return answer.accepted_count
                except grpc.RpcError as error:
                    answers.append(f"{error.details()} {error.trailing_metadata()}")
                    return 0

            yesterday = today - datetime.timedelta(days=1)
            accepted = send("organizations/acme", (CANARY, "mail.sent", yesterday), (f" {CANARY.upper()} ", "chat.sent", yesterday))
            self.assertEqual(accepted, 2, answers)
            send("organizations/acme", (CANARY, "no.such.type", yesterday), (CANARY, "mail.sent", None),
                 (CANARY, "mail.sent", today + datetime.timedelta(days=9)), (CANARY * 300, "mail.sent", yesterday),
                 (CANARY + "\x01", "mail.sent", yesterday), (CANARY, CANARY, yesterday),
                 (CANARY, "mail.sent", datetime.date(2001, 1, 1)))
            send("organizations/none", (CANARY, "mail.sent", yesterday))
            send(f"organizations/{CANARY}", (CANARY, "mail.sent", yesterday))
            send("organizations/acme", *[(CANARY, "mail.sent", yesterday)] * 10_001)
            raw = channel.unary_unary("/tutti.ingest.v1.IngestService/IngestActivities")
            broken = ingest_pb2.IngestActivitiesRequest(organization="organizations/acme")
            broken.activities.add(subject=CANARY, type="mail.sent")
            for wire in (broken.SerializeToString() + b"\xff", broken.SerializeToString()[:-3],
                         broken.SerializeToString().replace(b"Bird", b"\xff\xfe\xff\xfe"), CANARY.encode() * 1_200_000):
                try:
                    answers.append(str(raw(wire, timeout=30)))
                except grpc.RpcError as error:
                    answers.append(f"{error.details()} {error.trailing_metadata()}")
            by_stream = self.stream(suite, channel, yesterday, answers)
            self.assertGreater(len(answers), 20)
            for answer in answers:
                self.assertFalse(holds_canary(answer.encode()), answer)

            metrics = suite.metrics()
            self.assertIn("tutti_", metrics)
            self.assertFalse(holds_canary(metrics.encode()))
            self.assertNotIn("acme", metrics, "a metric of one organisation")

            processes = suite.processes()
            for name in ("tutti-ingest", "tutti-aggregate"):
                self.assertEqual(core_limits(processes[name]), ("0", "0"), name)
            self.assertNotEqual(core_limits(processes["tutti-score"])[0], "0", "the control")

            # A crash in the middle of it.
            for _ in range(20):
                send("organizations/acme", *[(f"{CANARY}{i}", "mail.sent", yesterday) for i in range(500)])
            os.kill(processes["tutti-ingest"], signal.SIGSEGV)
            send("organizations/acme", (CANARY, "mail.sent", yesterday))
            channel.close()
            files = suite.files()
            self.assertGreater(len(files), 8)
            for path, content in files.items():
                self.assertFalse(holds_canary(content), path)
            for core in list(suite.folder.rglob("core*")) + list(pathlib.Path.cwd().glob("core*")):
                self.assertFalse(core.is_file(), "a core dump was written")
            redis = b"".join(suite.redis_values().values())
            self.assertFalse(holds_canary(redis))
            self.assertTrue(holds_canary(redis + CANARY.encode()), "the control")
            print(f"attack 11: canaries in {len(answers)} answers ({by_stream} of streams), {len(files)} files, metrics "
                  f"and Redis: none; no core dump")

    def stream(self, suite, channel, day, answers):
        """Sends canaries through streams: good, malformed, cut off. Returns how many answers came."""
        from tutti.ingest.v1 import ingest_pb2, ingest_pb2_grpc
        before = len(answers)

        def request(organization, *kinds, subject=CANARY):
            made = ingest_pb2.StreamActivitiesRequest(request_id="1")
            made.batch.organization = organization
            for kind in kinds:
                activity = made.batch.activities.add(subject=subject, type=kind)
                activity.occurred_at.FromDatetime(datetime.datetime.combine(day, datetime.time(12)))
            return made

        def take(calls):
            try:
                for answer in calls:
                    answers.append(str(answer))
            except grpc.RpcError as error:
                answers.append(f"{error.details()} {error.trailing_metadata()}")

        stub = ingest_pb2_grpc.IngestServiceStub(channel)
        good = request("organizations/acme", "mail.sent")
        # Good, then each malformed in its own way, the last of which ends the stream.
        take(stub.StreamActivities(iter([
            good, request("organizations/acme", "no.such.type", CANARY), request("organizations/none", "mail.sent"),
            request(f"organizations/{CANARY}", "mail.sent"), request("organizations/acme", "mail.sent", subject=CANARY * 300),
            request("organizations/acme", *["mail.sent"] * 10_001), ingest_pb2.StreamActivitiesRequest(batch=good.batch),
        ]), timeout=30))
        self.assertIn("accepted_count: 1", "".join(answers[before:]))
        raw = channel.stream_stream("/tutti.ingest.v1.IngestService/StreamActivities")
        wire = good.SerializeToString()
        for broken in (wire + b"\xff", wire[:-3], wire.replace(b"Bird", b"\xff\xfe\xff\xfe"), CANARY.encode() * 1_200_000):
            take(raw(iter([wire, broken]), timeout=30))

        # Given up by its client, with a batch under way.
        stop = threading.Event()

        def endless():
            yield good
            yield request("organizations/acme", *["mail.sent"] * 5_000)
            stop.wait(30)

        call = stub.StreamActivities(endless(), timeout=30)
        answers.append(str(next(call)))
        call.cancel()
        take(call)
        stop.set()
        # Cut off in the middle of a message.
        with CutOff(suite.ingest, 20_000) as way, grpc.insecure_channel(way) as broken_channel:
            many = request("organizations/acme", *["mail.sent"] * 5_000)
            take(ingest_pb2_grpc.IngestServiceStub(broken_channel).StreamActivities(iter([good, many]), timeout=30))
        self.assertNotIn("accepted_count: 5000", answers[-1], "the message arrived whole")
        return len(answers) - before


# One request with a canary in it, by a client that is not ours.
CLIENT = """
import sys, grpc
with grpc.insecure_channel(sys.argv[1]) as channel:
    send = channel.unary_unary("/tutti.ingest.v1.IngestService/IngestActivities")
    try:
        send(sys.argv[2].encode(), timeout=30)
    except grpc.RpcError as error:
        print(error.code())
"""


class TracingTest(unittest.TestCase):
    # Mutations: services, or a command line, that leave gRPC its GRPC_TRACE.
    def test_grpc_traces_nothing(self):
        tracing = {"GRPC_TRACE": "all", "GRPC_VERBOSITY": "debug"}
        with unittest.mock.patch.dict(os.environ, tracing):
            suite = self.enterContext(Suite())
        yesterday = datetime.date.today() - datetime.timedelta(days=1)
        suite.back_fill("acme", 300, (yesterday - datetime.timedelta(days=40)).isoformat())
        path = suite.folder / "activities.jsonl"
        path.write_text(f'{{"subject":"{CANARY}","type":"mail.sent","occurredAt":"{yesterday}T12:00:00Z"}}\n')
        sent = subprocess.run(
            [BIN / "tutti", "--ingest", suite.ingest, "--aggregate", suite.aggregate, "import", "--format", "activities",
             "--organization", "acme", path], env={**os.environ, **tracing}, capture_output=True, text=True, check=True)
        self.assertRegex(sent.stdout, r"\n +accepted +1\n")
        told = subprocess.run([sys.executable, "-c", CLIENT, suite.ingest, CANARY], env={**os.environ, **tracing},
                              capture_output=True, check=True)
        self.assertIn(b"StatusCode", told.stdout)
        self.assertTrue(holds_canary(told.stderr), "the control: gRPC would trace it")
        self.assertFalse(holds_canary((sent.stdout + sent.stderr).encode()), "what the import says")
        self.assertLess(len(sent.stderr), 1000)
        self.assertIn("GRPC_TRACE is ignored", sent.stderr)
        for name in ("ingest", "aggregate", "score"):
            log = (suite.state / "log" / name).read_bytes()
            self.assertFalse(holds_canary(log), name)
            # Nothing else is either, the slots that aggregate is sent among it.
            self.assertFalse(b"MergeDeltas" in log, name)
            self.assertTrue(b'"variable":"GRPC_TRACE"' in log, name)
        print(f"attack 11: gRPC told to trace everything: no canary in the logs and in what an import says; "
              f"{len(told.stderr)} bytes and the canary in what a client that does says")


LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.restype = ctypes.c_long
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
PTRACE_TRACEME, PTRACE_PEEKUSER, PTRACE_SYSCALL = 0, 3, 24
# Where x86-64 has the number of a system call, and the number of flock.
ORIG_RAX, FLOCK = 8 * 15, 73


def stop_at(pid, number):
    """Lets a traced process go on until it makes a system call, which it has not done then."""
    while True:
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            raise RuntimeError(f"it ended without that call: {status}")
        if LIBC.ptrace(PTRACE_PEEKUSER, pid, ORIG_RAX, 0) == number:
            return
        if LIBC.ptrace(PTRACE_SYSCALL, pid, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "it cannot be traced")


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, program, *arguments, **more):
        """Starts a program that reads standard input."""
        process = self.enterContext(subprocess.Popen([program, *arguments], **{"stdin": subprocess.PIPE, **more}))
        self.addCleanup(process.kill)
        return process

    # Mutations: a command line that forbids no core dumps; that sets the limit alone,
    # which is not asked where dumps go to a program.
    def test_commands_leave_no_core_dump(self):
        allow_core_dumps(self)
        # What is root's already cannot be seen to become root's.
        self.folder.chmod(0o711)
        program = shutil.copy(BIN / "tutti", self.folder)
        user = os.geteuid() or 65534
        other = {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}
        waiting = self.start(program, "optout", "add", "--file", self.folder / "list", "--organization", "acme",
                             stderr=subprocess.PIPE, bufsize=0, **other)
        waiting.stdin.write(b"\x01\n")
        self.assertIn(b"line 1 is not UTF-8", waiting.stderr.readline())
        control = self.start("/bin/cat", stdout=subprocess.PIPE, bufsize=0, **other)
        control.stdin.write(b"here\n")
        self.assertEqual(control.stdout.readline(), b"here\n")
        self.assertEqual(core_limits(waiting.pid), ("0", "0"))
        self.assertNotEqual(core_limits(control.pid)[0], "0", "the control")
        # What belongs to a process that must not be dumped belongs to root.
        self.assertEqual(pathlib.Path(f"/proc/{waiting.pid}/environ").stat().st_uid, 0)
        self.assertEqual(pathlib.Path(f"/proc/{control.pid}/environ").stat().st_uid, user, "the control")
        for process in (waiting, control):
            process.communicate()

    # Mutations: a buffer of lines that is freed as it is; one that is not zeroed when it
    # grows; memory that is not locked where it may be.
    @unittest.skipUnless(platform.machine() == "x86_64", "system calls have other numbers here")
    def test_ids_that_were_read_are_not_left_in_memory(self):
        # The last of them is no id, and longer than what lines are read into at first.
        people = self.folder / "people"
        people.write_bytes("".join(f"{CANARY}{i}@acme.example\n" for i in range(40)).encode() + CANARY.encode() * 300)
        with people.open("rb") as ids:
            process = self.start(BIN / "tutti", "optout", "add", "--file", self.folder / "list", "--organization",
                                 "acme", stdin=ids, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 preexec_fn=lambda: LIBC.ptrace(PTRACE_TRACEME, 0, 0, 0))
        # It takes the lock of the list when all ids are read.
        stop_at(process.pid, FLOCK)
        held = memory(process.pid)
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        if held is None:
            self.skipTest("whoever runs this may not look into a process")
        # They are held as they are counted, lower case; but not as they were written.
        self.assertTrue(CANARY.lower().encode() in held, "the control")
        self.assertFalse(CANARY.encode() in held)
        if unlimited():
            self.assertGreater(int(re.search(r"^VmLck:\s+(\d+)", status, re.MULTILINE)[1]), 1024)


if __name__ == "__main__":
    unittest.main()
