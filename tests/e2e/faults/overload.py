"""More than the fleet can take, for a while: what waits is bounded, so the memory of every service is a straight line."""

import collections
import pathlib
import statistics
import threading
import time

import grpc
from callers import INGEST, Batch

BATCH = 2000  # activities
BATCHES = 100  # that are sent over and over
UNDER_WAY = 150  # calls at each ingest; at 200 of one caller it refuses by their number alone
PAUSE = 0.2  # seconds after which somebody who was refused comes again
SLOW_DISK_MS = 400  # of every synchronisation of a primary's disk
LINES = 20  # of the report, while it lasts
GIVEN_BACK_WITHIN = 30  # seconds after it
SLACK_MB = 16  # what an allocator keeps or returns from one time to the next


def resident_mb(process):
    status = pathlib.Path(f"/proc/{process.running.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


class Overload:
    """Producers that have so much under way at once, and come again when they are refused."""

    def __init__(self, fleet, organizations):
        self.codes = collections.Counter()
        self.stopping = threading.Event()
        self.requests = [Batch(organizations[i % len(organizations)], 1_000_000 + i, BATCH).request().SerializeToString()
                         for i in range(BATCHES)]
        self.channels = [fleet.channel(service) for service in fleet.named("ingest")]
        self.threads = [threading.Thread(target=self._send, args=(channel,)) for channel in self.channels]

    def warm_up(self):
        """Every batch once through each ingest, until it is durable: what is known of its people is in memory then."""
        for channel in self.channels:
            call = channel.unary_unary(INGEST)
            for request in self.requests:
                call(request, timeout=60)

    def _send(self, channel):
        places = threading.Semaphore(UNDER_WAY)
        call = channel.unary_unary(INGEST)

        def done(future):
            error = future.exception()
            self.codes["OK" if error is None else error.code().name] += 1
            if error is None:
                places.release()
            else:
                threading.Timer(PAUSE, places.release).start()

        sent = 0
        while not self.stopping.is_set():
            places.acquire()
            call.future(self.requests[sent % len(self.requests)], timeout=60).add_done_callback(done)
            sent += 1

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        for channel in self.channels:
            channel.close()


def show(fleet, when, say):
    """A line of every service's memory."""
    parts = [f"{service.host.name} {resident_mb(service):.0f}" for service in fleet.services]
    say(f"{when}, MB: {', '.join(parts)}")


def overload_once(fleet, organizations, seconds, say):
    """The samples of every service's memory, and what callers were told, in one overload of so many seconds."""
    overload = Overload(fleet, organizations)
    overload.warm_up()
    show(fleet, "once everybody is known", say)
    for node in fleet.nodes:
        node.slow_down(SLOW_DISK_MS)
    overload.start()
    samples = collections.defaultdict(list)
    begin = time.monotonic()
    shown = 0
    while time.monotonic() - begin < seconds:
        if time.monotonic() - begin > shown * seconds / LINES:
            show(fleet, f"{time.monotonic() - begin:.0f} s", say)
            shown += 1
        for service in fleet.services:
            samples[service.host.name].append(resident_mb(service))
        time.sleep(min(1.0, seconds / 100))
    codes = dict(overload.codes)
    overload.stop()
    for node in fleet.nodes:
        node.slow_down(0)
    return samples, codes


def kept_afterwards(fleet, before):
    """The memory of each service once it has come to what it was before, or has had time for it."""
    def given_back():
        return all(resident_mb(service) <= before[service] + SLACK_MB for service in fleet.services)

    end = time.monotonic() + GIVEN_BACK_WITHIN
    while not given_back() and time.monotonic() < end:
        time.sleep(0.2)
    return {service: resident_mb(service) for service in fleet.services}


def measure(fleet, organizations, seconds, say=print):
    """The findings of an overload of so many seconds and of one of a quarter of them: what a process keeps after
    the first is the room that its allocator needed once, and whatever more it keeps after the second would be
    kept after every one."""
    show(fleet, "at rest", say)
    at_rest = {service: resident_mb(service) for service in fleet.services}
    samples, codes = overload_once(fleet, organizations, seconds, say)
    first = kept_afterwards(fleet, at_rest)
    show(fleet, "when it is over", say)
    findings = []
    for name, each in samples.items():
        quarter = len(each) // 4
        middle, last = statistics.mean(each[quarter:2 * quarter]), statistics.mean(each[-quarter:])
        say(f"{name}: {middle:.1f} MB in the second quarter, {last:.1f} in the last, {max(each):.1f} at most")
        if last > 1.1 * middle + SLACK_MB:
            findings.append(f"{name} grew from {middle:.1f} to {last:.1f} MB under overload")
    say(f"{seconds:.0f} s of overload: {codes}")
    if not codes.get("UNAVAILABLE", 0) + codes.get("RESOURCE_EXHAUSTED", 0):
        findings.append("nobody was refused: it was no overload")
    overload_once(fleet, organizations, seconds / 4, say)
    second = kept_afterwards(fleet, first)
    show(fleet, "when the second is over", say)
    findings += [f"{service.host.name} keeps {second[service]:.1f} MB after a second overload, {first[service]:.1f} after the first"
                 for service in fleet.services if second[service] > first[service] + SLACK_MB]
    for finding in findings:
        say(f"FOUND: {finding}")
    return findings
