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
SLOW_DISK_MS = 400  # of every synchronisation of a primary's disk
SLACK_MB = 16  # what an allocator keeps or returns from one time to the next


def resident_mb(process):
    status = pathlib.Path(f"/proc/{process.running.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


class Overload:
    """Producers that send as much as is under way at once, whatever they are told."""

    def __init__(self, fleet, organizations):
        self.codes = collections.Counter()
        self.stopping = threading.Event()
        requests = [Batch(organizations[i % len(organizations)], 1_000_000 + i, BATCH).request().SerializeToString()
                    for i in range(BATCHES)]
        self.channels = [fleet.channel(service) for service in fleet.named("ingest")]
        self.threads = [threading.Thread(target=self._send, args=(channel, requests)) for channel in self.channels]

    def _send(self, channel, requests):
        places = threading.Semaphore(UNDER_WAY)
        call = channel.unary_unary(INGEST)

        def done(future):
            error = future.exception()
            self.codes["OK" if error is None else error.code().name] += 1
            places.release()

        sent = 0
        while not self.stopping.is_set():
            places.acquire()
            call.future(requests[sent % len(requests)], timeout=60).add_done_callback(done)
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


def measure(fleet, organizations, seconds, say=print):
    """The findings of an overload of so many seconds."""
    overload = Overload(fleet, organizations)
    for node in fleet.nodes:
        node.slow_down(SLOW_DISK_MS)
    overload.start()
    samples = collections.defaultdict(list)
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        for service in fleet.services:
            samples[service.host.name].append(resident_mb(service))
        time.sleep(min(1.0, seconds / 100))
    codes = dict(overload.codes)
    overload.stop()
    for node in fleet.nodes:
        node.slow_down(0)
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
    for finding in findings:
        say(f"FOUND: {finding}")
    return findings
