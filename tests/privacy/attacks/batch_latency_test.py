"""Attack 10, by batches: "has this person done it before?" and "has this person opted
out?", asked by the time of the answers to batches that say something of one person many
times over.

Batches differ in nothing but whom they are about: somebody new, somebody who has done all
of it before, somebody who has opted out. What a batch costs that person is multiplied by
copies, by many acts on many days, and hidden among what others do; it is sent by itself and
through a stream, to a service at rest and under load. The control is a batch as large that
costs more: as many new people as there were copies.

The same is asked of refusals while too much waits: how often the batch, and the one after it,
is refused, after what time, and with what delay. The control is who else sends."""

import contextlib
import itertools
import os
import pathlib
import queue
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e/clients"))
from made_up import DAY, read_catalog, today  # noqa: E402
from suite import BIN, SOURCE, Suite, make_stubs  # noqa: E402

LONG = os.environ.get("TUTTI_LONG") == "1"
EACH = int(os.environ.get("TUTTI_BATCHES", "1000" if LONG else "100"))  # of each kind of person
CONTROLS = 60
POOL = 20  # people who are known, or have opted out, to draw from
PEOPLE = 5000  # of the organisation
NOBODY = "xxx-000000@made-up.example"  # stands for the person in a batch
INGEST = "/tutti.ingest.v1.IngestService/"


def person(state, number):
    return f"{state}-{number:06}@made-up.example"


def area_under_curve(one, other):
    """How often one of `other` took longer than one of `one`; ties count half."""
    ordered = sorted([(time, 0) for time in one] + [(time, 1) for time in other])
    ranks = below = 0
    for _, group in itertools.groupby(ordered, key=lambda pair: pair[0]):
        sides = [side for _, side in group]
        ranks += sum(sides) * (below + (len(sides) + 1) / 2)
        below += len(sides)
    return (ranks - len(other) * (len(other) + 1) / 2) / (len(one) * len(other))


def standard_error(n, m):
    """Of that area when both have one distribution."""
    return ((n + m + 1) / (12 * n * m)) ** 0.5


def errors_allowed(comparisons):
    """Standard errors that the farthest of so many may come to: as unlikely as 3 of one in
    the long form; one in a million in the form that runs with every test."""
    chance = 0.0027 if LONG else 1e-6
    return statistics.NormalDist().inv_cdf(1 - chance / 2 / comparisons)


class Load:
    """Others who send what is known without a pause."""

    def __init__(self, channel, request):
        self.call = channel.unary_unary(INGEST + "IngestActivities")
        self.request = request
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            self.call(self.request, timeout=60)

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


class Crowd:
    """Several who send at once what is known, and send again whatever becomes of it."""

    def __init__(self, channels, request):
        self.channels = channels
        self.request = request
        self.stopping = threading.Event()
        self.more = threading.Condition()
        self.begun = 0

    def run(self, channel):
        import grpc
        call = channel.unary_unary(INGEST + "IngestActivities")
        while not self.stopping.is_set():
            with self.more:
                self.begun += 1
                self.more.notify_all()
            with contextlib.suppress(grpc.RpcError):
                call(self.request, timeout=60)

    def let_begin(self, count):
        """Waits for so many more of their calls, so that they are served however slow the machine is."""
        with self.more:
            until = self.begun + count
            if not self.more.wait_for(lambda: self.begun >= until, timeout=60):
                raise TimeoutError("the crowd stands still")

    def __enter__(self):
        self.stopping.clear()
        self.threads = [threading.Thread(target=self.run, args=(channel,)) for channel in self.channels]
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class Halting:
    """Halts a process and lets it go on by turns, so that much waits for it however fast the machine is."""

    def __init__(self, process):
        self.process = process
        self.stopping = threading.Event()

    def run(self):
        draw = random.Random(11)
        for then in itertools.cycle((signal.SIGSTOP, signal.SIGCONT)):
            if then == signal.SIGSTOP and self.stopping.is_set():
                return
            os.kill(self.process, then)
            self.stopping.wait(draw.uniform(0.005, 0.03))

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


class Unary:
    def __init__(self, channel):
        self.call = channel.unary_unary(INGEST + "IngestActivities")

    def __call__(self, request):
        return self.call(request, timeout=60)

    def close(self):
        pass


class Stream:
    def __init__(self, channel):
        self.requests = queue.SimpleQueue()
        self.answers = channel.stream_stream(INGEST + "StreamActivities")(iter(self.requests.get, None))

    def __call__(self, request):
        # request_id: "1", batch: the request.
        size, length = len(request), b""
        while size >= 0x80:
            length += bytes([size & 0x7F | 0x80])
            size >>= 7
        self.requests.put(b"\x0a\x011\x12" + length + bytes([size]) + request)
        return next(self.answers)

    def close(self):
        self.requests.put(None)
        list(self.answers)


class BatchLatencyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        make_stubs(cls.folder)
        cls.fresh = itertools.count()

    def request(self, subjects, change=lambda activity, i: None):
        from tutti.ingest.v1 import ingest_pb2
        request = ingest_pb2.IngestActivitiesRequest(organization="organizations/acme")
        for i, subject in enumerate(subjects):
            activity = request.activities.add(subject=subject, type="mail.sent", app="outlook", platform="web")
            activity.occurred_at.seconds = self.now
            change(activity, i)
        return request.SerializeToString()

    def copies(self, count):
        return self.request([NOBODY] * count)

    def among_others(self, own, others):
        subjects = [NOBODY] * own + [person("col", i % 500) for i in range(others)]
        self.draw.shuffle(subjects)
        return self.request(subjects)

    def acts_and_days(self, count):
        catalog = read_catalog(SOURCE / "deploy/catalog/adoption.textproto")
        types = [one.id for one in catalog.activity_types if one.kind == "person"]

        def change(activity, i):
            activity.type = types[i % len(types)]
            activity.app = self.draw.choice(catalog.apps).id
            activity.platform = self.draw.choice(catalog.platforms).id
            activity.traits.append(self.draw.choice(catalog.traits).id)
            activity.occurred_at.seconds -= 86_400 * self.draw.randrange(39)
        return self.request([NOBODY] * count, change)

    def start(self, suite):
        """An organisation in its back-fill, which has the most windows open, and POOL people
        of it who have opted out."""
        suite.back_fill("acme", PEOPLE, (today() - 40 * DAY).isoformat())
        self.now = int(time.time())
        self.draw = random.Random(10)

    def keyring(self):
        path = self.folder / "keyring"
        if not path.exists():
            subprocess.run([BIN / "tutti", "keyring", "init", "--keyring", path], check=True, capture_output=True)
            subprocess.run([BIN / "tutti", "optout", "add", "--keyring", path, "--organization", "acme"],
                           input="\n".join(person("out", i) for i in range(POOL)), text=True, check=True,
                           capture_output=True)
        return path

    def measure(self, call, batches, each):
        """The times of answers by state. A batch is a function that makes one."""
        order = [state for state, count in each.items() for _ in range(count)]
        self.draw.shuffle(order)
        times = {state: [] for state in each}
        answers = set()
        for state in order:
            request = batches[state]()
            begin = time.perf_counter()
            answer = call(request)
            times[state].append(time.perf_counter() - begin)
            answers.add(answer)
        return times, answers

    def compare(self, call, template):
        """The area under the curve of new and known people, and of new ones and those who
        have opted out."""
        about = {state: template.replace(NOBODY.encode(), person(state, 999999).encode()) for state in
                 ("new", "old", "out")}

        def of(state, number):
            return about[state].replace(person(state, 999999).encode(), person(state, number).encode())

        first = next(self.fresh) * POOL
        for i in range(POOL):
            call(of("old", first + i))
        times, answers = self.measure(call, {
            "new": lambda: of("new", next(self.fresh)),
            "old": lambda: of("old", first + self.draw.randrange(POOL)),
            "out": lambda: of("out", self.draw.randrange(POOL)),
        }, {"new": EACH, "old": EACH, "out": EACH})
        self.assertEqual(len(answers), 1, "the bytes of the answers differ")
        return {state: area_under_curve(times[state], times["new"]) for state in ("old", "out")}

    # Mutation: a batch whose repeats are not folded comes to 0.99 with 10,000 copies.
    def test_a_batch_does_not_tell_who_is_known_or_has_opted_out(self):
        import grpc
        with Suite(keyring=self.keyring(), ingest_flags="--cache_generation=4m", on_disk=True) as suite:
            self.start(suite)
            cases = {
                "2 copies": self.copies(2),
                "100 copies": self.copies(100),
                "1,000 copies": self.copies(1000),
                "10,000 copies": self.copies(10_000),
                "2,000 copies among 2,000 others": self.among_others(2000, 2000),
                "2,000 acts of 39 days": self.acts_and_days(2000),
            }
            chosen = os.environ.get("TUTTI_CASES")
            if chosen:
                cases = {name: cases[name] for name in chosen.split(";")}
            ways = list(itertools.product((Unary, Stream), (False, True))) if LONG else [(Unary, False), (Stream, True)]
            load = self.request([person("col", i) for i in range(500)] * 2)
            areas = {}
            with grpc.insecure_channel(suite.ingest) as channel, grpc.insecure_channel(
                    suite.ingest, [("grpc.use_local_subchannel_pool", 1)]) as other:
                for (name, template), (way, loaded) in itertools.product(cases.items(), ways):
                    call = way(channel)
                    with Load(other, load) if loaded else contextlib.nullcontext():
                        found = self.compare(call, template)
                    call.close()
                    for state, area in found.items():
                        areas[name, way.__name__, loaded, state] = area
                error = standard_error(EACH, EACH)
                farthest = max(areas, key=lambda case: abs(areas[case] - 0.5))
                for case, area in areas.items():
                    print("attack 10:", *case, f"AUC {area:.3f}, {(area - 0.5) / error:+.1f} standard errors")
                control = self.control(Unary(channel))
        allowed = errors_allowed(len(areas))
        print(f"attack 10: {EACH} batches each way, {len(areas)} comparisons: the farthest AUC "
              f"{areas[farthest]:.3f} ({farthest}), {allowed:.1f} standard errors of {error:.3f} allowed; "
              f"the control {control:.3f}")
        self.assertLess(abs(areas[farthest] - 0.5), allowed * error)
        self.assertGreater(control, 0.5 + allowed * standard_error(CONTROLS, CONTROLS), "the control was not detected")

    def refusal(self, call, request):
        """Whether a batch was refused, how long that took, and the delay that came with it."""
        import grpc
        from google.rpc import error_details_pb2, status_pb2
        begin = time.perf_counter()
        try:
            call(request, timeout=60)
        except grpc.RpcError as error:
            took = time.perf_counter() - begin
            trailers = dict(error.trailing_metadata())
            self.assertEqual(error.code().name, "UNAVAILABLE", error)
            status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
            delay = next(error_details_pb2.RetryInfo.FromString(one.value).retry_delay.ToNanoseconds()
                         for one in status.details if one.TypeName() == "google.rpc.RetryInfo")
            return took, delay
        return None

    # Mutation: limits, or delays, that count the bits that wait.
    def test_refusals_do_not_tell_who_is_known_or_has_opted_out(self):
        import grpc
        flags = "--max_pending_activities=3000 --max_flushes_in_flight=1"
        with Suite(keyring=self.keyring(), ingest_flags=flags, on_disk=True) as suite:
            self.start(suite)
            cases = {"1,000 copies": self.copies(1000), "1,000 acts of 39 days": self.acts_and_days(1000)}
            crowd = self.request([person("col", i) for i in range(500)] * 2)
            after = self.request([person("col", i) for i in range(500)] * 2)
            found = {}
            with contextlib.ExitStack() as stack:
                def connect():
                    return stack.enter_context(grpc.insecure_channel(
                        suite.ingest, [("grpc.use_local_subchannel_pool", 1)]))
                call = connect().unary_unary(INGEST + "IngestActivities")
                others = Crowd([connect() for _ in range(6)], crowd)
                stack.enter_context(Halting(suite.processes()["tutti-aggregate"]))
                for name, template in cases.items():
                    found.update(self.compare_refusals(name, call, template, after, others))
                # The control: one batch, while nobody sends and while others do.
                heavy = self.copies(2900).replace(NOBODY.encode(), person("col", 1).encode())
                alone = [self.refusal(call, heavy) for _ in range(EACH)]
                crowded = []
                with others:
                    for _ in range(EACH):
                        others.let_begin(12)
                        crowded.append(self.refusal(call, heavy))
        errors = {}
        for case, (one, other) in found.items():
            share = [sum(told is not None for told in side) / len(side) for side in (one, other)]
            both = (share[0] + share[1]) / 2
            error = max((both * (1 - both) * (1 / len(one) + 1 / len(other))) ** 0.5, 1e-9)
            errors[(*case, "refused")] = (share[1] - share[0]) / error
            for kind, position in (("time", 0), ("delay", 1)):
                sides = [[told[position] for told in side if told is not None] for side in (one, other)]
                if min(map(len, sides)) >= 10:
                    area = area_under_curve(*sides)
                    errors[(*case, kind)] = (area - 0.5) / standard_error(*map(len, sides))
            print("attack 10, refusals:", *case, f"refused {share[0]:.2f} and {share[1]:.2f},",
                  ", ".join(f"{what} {value:+.1f}" for (*of, what), value in errors.items() if tuple(of) == case),
                  "standard errors")
        shares = [sum(told is not None for told in side) / len(side) for side in (alone, crowded)]
        farthest = max(errors, key=lambda case: abs(errors[case]))
        print(f"attack 10, refusals: {len(errors)} comparisons, the farthest {errors[farthest]:+.1f} standard errors "
              f"({farthest}), {errors_allowed(len(errors)):.1f} allowed; "
              f"the control {shares[0]:.2f} and {shares[1]:.2f}")
        refused = sum(told is not None for one, other in found.values() for told in one + other)
        self.assertGreater(refused, EACH / 2, "hardly anything was refused")
        self.assertLess(abs(errors[farthest]), errors_allowed(len(errors)))
        error = (0.25 * 2 / EACH) ** 0.5
        self.assertGreater(shares[1] - shares[0], errors_allowed(len(errors)) * error, "the control was not detected")

    def compare_refusals(self, name, call, template, after, others):
        """What became of batches about somebody new and about others, and of the next batch."""
        def of(state, number):
            return template.replace(NOBODY.encode(), person(state, number).encode())

        first = next(self.fresh) * POOL
        for i in range(POOL):
            call(of("old", first + i), timeout=60)
        order = ["new", "old", "out"] * EACH
        self.draw.shuffle(order)
        told = {(state, which): [] for state in ("new", "old", "out") for which in ("it", "the next")}
        with others:
            for state in order:
                number = {"new": lambda: next(self.fresh), "old": lambda: first + self.draw.randrange(POOL),
                          "out": lambda: self.draw.randrange(POOL)}[state]()
                others.let_begin(self.draw.randrange(12))
                told[state, "it"].append(self.refusal(call, of(state, number)))
                told[state, "the next"].append(self.refusal(call, after))
        return {(name, state, which): (told[state, which], told["new", which])
                for state in ("old", "out") for which in ("it", "the next")}

    def control(self, call):
        copies = self.copies(10_000)
        people = self.request([f"{NOBODY[:-1]}{i:04}" for i in range(10_000)])

        def of(template):
            return template.replace(b"xxx-000000", b"new-%06d" % next(self.fresh))

        times, answers = self.measure(call, {"copies": lambda: of(copies), "people": lambda: of(people)},
                                      {"copies": CONTROLS, "people": CONTROLS})
        self.assertEqual(len(answers), 1)
        return area_under_curve(times["copies"], times["people"])


if __name__ == "__main__":
    unittest.main()
