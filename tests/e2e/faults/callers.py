"""Who calls the fleet while it suffers: producers whose every activity is of a person who did nothing else, so that
what is lost and what is made up both show; and an operator who has organisations published and reads their scores
from every replica."""

import collections
import datetime
import functools
import random
import re
import threading
import time

import grpc

INGEST = "/tutti.ingest.v1.IngestService/IngestActivities"
DEADLINE = 15  # seconds; above what ingest takes at most for an organisation that it knows
TYPES = ("mail.sent", "chat.sent", "file.read", "meeting.attended")
HEADCOUNT = 10_000  # weekly windows of 2^17 slots: all are kept, and few people share one
PEERS = 300  # headcount of the organisations that are published meanwhile
DAYS = 40  # of the past, to which activity is sent: some are in five open windows, some in one
DAY = 24 * 60 * 60  # seconds


# What gRPC says of a call that no service answered; an answer of a service has its details.
OF_GRPC = re.compile("socket closed|failed to connect|connection (reset|refused|timed out)|broken pipe|deadline exceeded|"
                     "goaway|keepalive|ping timeout|cancell?ed|recvmsg|transport closed|endpoint|rst_stream|stream removed|"
                     "backend", re.IGNORECASE)


@functools.cache
def today():
    """The day on which the run began: what a batch is must not change at midnight, for it is made again as a reference."""
    return datetime.datetime.now(datetime.timezone.utc).date()


class Errors:
    """Counts what callers were told, and keeps what nobody may be told."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.wrong = []

    def note(self, method, error):
        """Returns the seconds after which to call again."""
        from google.rpc import error_details_pb2, status_pb2
        code = error.code().name
        trailers = dict(error.trailing_metadata() or ())
        details = trailers.get("grpc-status-details-bin")
        with self.lock:
            if details is None:
                # gRPC itself: the connection broke, or the host did not answer in time. It says so in words of its own.
                self.counts[f"{code} by gRPC"] += 1
                if code not in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED") or not OF_GRPC.search(error.details()):
                    self.wrong.append(f"{method}: {code}: {error.details()}")
                return 0.1
            self.counts[code] += 1
            told = [error_details_pb2.RetryInfo.FromString(one.value)
                    for one in status_pb2.Status.FromString(details).details
                    if one.TypeName() == "google.rpc.RetryInfo"]
            if code not in ("UNAVAILABLE", "RESOURCE_EXHAUSTED") or not told:
                self.wrong.append(f"{method}: {code}: {error.details()}" + ("" if told else ", without a delay"))
                return 0.1
            return min(1.0, told[0].retry_delay.ToNanoseconds() / 1e9)


class Batch:
    """Some activities of people of their own; what a batch is follows from its number."""

    def __init__(self, organization, number, size):
        self.organization, self.number, self.size = organization, number, size
        self.acknowledged = False

    def add_to(self, request):
        draw = random.Random(f"{self.organization}/{self.number}")
        for i in range(self.size):
            day = today() - datetime.timedelta(days=draw.randrange(1, DAYS))
            activity = request.activities.add(
                subject=f"{self.number}-{i}@made-up.example", type=draw.choice(TYPES), app="outlook", platform="web")
            activity.occurred_at.FromDatetime(datetime.datetime.combine(day, datetime.time(12)))

    def request(self):
        from tutti.ingest.v1 import ingest_pb2
        request = ingest_pb2.IngestActivitiesRequest(organization=f"organizations/{self.organization}")
        self.add_to(request)
        return request


class Probe:
    """Calls ingest at an even pace, whether or not it answers, with a batch that is known to be good. What share of the
    calls was answered well in time is what callers have of the service."""

    PACE = 0.05  # seconds
    DEADLINE = 5  # seconds

    def __init__(self, channels, request):
        self.channels, self.request = channels, request
        self.codes = collections.Counter()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        calls = []
        begun = time.monotonic()
        while not self.stopping.wait(max(0.0, begun + len(calls) * self.PACE - time.monotonic())):
            channel = self.channels[len(calls) % len(self.channels)]
            calls.append(channel.unary_unary(INGEST).future(self.request, timeout=self.DEADLINE))
        for call in calls:
            error = call.exception()
            self.codes["OK" if error is None else error.code().name] += 1

    def stop(self):
        """The share of good calls, once every call has ended."""
        self.stopping.set()
        self.thread.join()
        return self.codes["OK"] / max(1, self.codes.total())


class Callers:
    def __init__(self, fleet, organizations, seed, batch_size=10, pause=0.05, publish=True):
        """`organizations`: how many producers send to, one each. `pause`: seconds between calls of each."""
        self.fleet, self.seed, self.batch_size, self.pause, self.publish = fleet, seed, batch_size, pause, publish
        self.organizations = [f"org-{i}" for i in range(organizations)]
        self.errors = Errors()
        self.batches = []
        self.repeated = 0
        self.answered = collections.Counter()  # calls that were good, by "producer/replica"
        self.records = {}  # bytes of every score that was read: organization -> bytes
        self.reads = 0
        self.published = []  # organisations of which every due window is
        self.closed = collections.Counter()  # name of a score -> times that it was said to be published
        self.violations = []
        self.stopping = threading.Event()
        self.threads = []
        self.lock = threading.Lock()
        self.channels = {service: fleet.channel(service) for service in fleet.services}

    def create(self, name, headcount):
        first = today() - datetime.timedelta(days=8 * 7)
        self.fleet.tutti("organizations", "create", name, "--headcount", headcount, "--backfill", "--first-day", first,
                         "--source", "activities")
        self.fleet.tutti("keyring", "extend", "--keyring", self.fleet.keyring, "--organization", name, "--from", first)

    def start(self):
        for name in self.organizations:
            self.create(name, HEADCOUNT)
        work = [(self.produce, name, number) for number, name in enumerate(self.organizations)]
        if self.publish:
            work += [(self.have_published,), (self.read,)]
        self.threads = [threading.Thread(target=self._guarded, args=one) for one in work]
        for thread in self.threads:
            thread.start()

    def _guarded(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as error:  # a thread that ends early would hide what it looks for
            self.violations.append(f"{work.__name__} ended: {error!r}")
            raise

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def send(self, batch, service):
        """True when all of the batch is said to be durable."""
        from tutti.ingest.v1 import ingest_pb2
        call = self.channels[service].unary_unary(INGEST)
        try:
            answer = ingest_pb2.IngestActivitiesResponse.FromString(
                call(batch.request().SerializeToString(), timeout=DEADLINE))
        except grpc.RpcError as error:
            self.stopping.wait(self.errors.note("IngestActivities", error))
            return False
        if answer.accepted_count != batch.size or answer.rejections:
            self.violations.append(f"{batch.organization}: {batch.size} activities were answered with {answer}")
            return False
        batch.acknowledged = True
        return True

    def produce(self, name, number):
        """Sends new people all the time; now and then once more what was sent long ago or just now, in any order."""
        draw = random.Random(f"{self.seed}/{number}")
        replicas = self.fleet.named("ingest")
        own = []
        while not self.stopping.is_set():
            service = replicas[(len(own) + number) % len(replicas)]
            if own and draw.random() < 0.1:
                self.send(draw.choice(own), service)
                self.repeated += 1
            batch = Batch(name, len(own), self.batch_size)
            own.append(batch)
            with self.lock:
                self.batches.append(batch)
            if self.send(batch, service):
                self.answered[f"{name}/{service.host.name}"] += 1
            self.stopping.wait(self.pause)

    def probe(self):
        """A probe of ingest with what is durable already."""
        with self.lock:
            known = next(batch for batch in self.batches if batch.acknowledged)
        return Probe([self.channels[service] for service in self.fleet.named("ingest")],
                     known.request().SerializeToString())

    def progress(self):
        """What readiness is measured by: how often each producer was answered well by each replica."""
        return dict(self.answered)

    def pairs(self):
        return [f"{name}/{service.host.name}" for name in self.organizations for service in self.fleet.named("ingest")]

    def until_it_works(self, name, call, done_before=()):
        """Calls replicas in turn until one answers well, or with a code that says that it was done before; None when it was
        time to stop."""
        replicas = self.fleet.named(name)
        while not self.stopping.is_set():
            for service in replicas:
                try:
                    return call(self.channels[service])
                except grpc.RpcError as error:
                    if error.code().name in done_before:
                        return error
                    self.stopping.wait(self.errors.note(name, error))
        return None

    def have_published(self):
        """One organisation after the other: created, filled, finished and published, whatever happens meanwhile."""
        from tutti.aggregate.v1 import aggregate_pb2, organization_pb2
        organizations = "/tutti.aggregate.v1.OrganizationService/"
        number = 0
        while not self.stopping.is_set():
            name = f"peer-{number}"
            number += 1
            first = (today() - datetime.timedelta(days=8 * 7)).isoformat()
            create = organization_pb2.CreateOrganizationRequest(backfill=True)
            create.organization.name = f"organizations/{name}"
            create.organization.headcount = PEERS
            create.organization.first_day = first
            create.organization.sources.append("activities")
            self.until_it_works("aggregate", lambda channel, r=create: channel.unary_unary(
                organizations + "CreateOrganization")(r.SerializeToString(), timeout=DEADLINE), done_before=("ALREADY_EXISTS",))
            self.fleet.tutti("keyring", "extend", "--keyring", self.fleet.keyring, "--organization", name,
                             "--from", first)
            batch = Batch(name, 0, PEERS)
            replicas = self.fleet.named("ingest")
            tries = 0
            while not batch.acknowledged and not self.stopping.is_set():
                # The keys are read within a second or two; what is refused until then is another matter.
                try:
                    self.channels[replicas[tries % 2]].unary_unary(INGEST)(
                        batch.request().SerializeToString(), timeout=DEADLINE)
                    batch.acknowledged = True
                except grpc.RpcError as error:
                    if error.code().name != "FAILED_PRECONDITION":
                        self.errors.note("IngestActivities", error)
                    self.stopping.wait(0.2)
                tries += 1
            finish = organization_pb2.FinishBackfillRequest(name=f"organizations/{name}").SerializeToString()
            self.until_it_works("aggregate", lambda channel, r=finish: channel.unary_unary(
                organizations + "FinishBackfill")(r, timeout=DEADLINE))
            publish = aggregate_pb2.PublishDueWindowsRequest(organization=f"organizations/{name}").SerializeToString()
            while not self.stopping.is_set():
                answer = self.until_it_works("aggregate", lambda channel, r=publish: channel.unary_unary(
                    "/tutti.aggregate.v1.AggregateService/PublishDueWindows")(r, timeout=DEADLINE))
                if answer is None:
                    break
                answer = aggregate_pb2.PublishDueWindowsResponse.FromString(answer)
                for window in answer.windows:
                    if window.outcome != aggregate_pb2.CLOSE_OUTCOME_PUBLISHED:
                        self.violations.append(f"{window.score}: {window.outcome}")
                    self.closed[window.score] += 1
                due = answer.next_due_time.ToSeconds()
                if not answer.busy_organizations and due > time.time() + 10:
                    # What is to be done next is after a midnight; else a lease ends that was given by a clock that
                    # is ahead, and nothing is closed yet: too long to wait.
                    if due % DAY < 60:
                        self.published.append(name)
                    break
                self.stopping.wait(0.3)

    def read(self):
        """Reads every score of what is published from both replicas, again and again."""
        from tutti.score.v1 import score_pb2
        draw = random.Random(self.seed)
        while not self.stopping.is_set():
            if not self.published:
                self.stopping.wait(0.2)
                continue
            name = draw.choice(self.published)
            request = score_pb2.ListScoresRequest(parent=f"organizations/{name}", page_size=10)
            for service in self.fleet.named("score"):
                try:
                    answer = self.channels[service].unary_unary("/tutti.score.v1.ScoreService/ListScores")(
                        request.SerializeToString(), timeout=DEADLINE)
                except grpc.RpcError as error:
                    self.errors.note("ListScores", error)
                    continue
                self.reads += 1
                if not score_pb2.ListScoresResponse.FromString(answer).scores:
                    self.violations.append(f"{name}: {service.host.name} shows no score of what is published")
                if self.records.setdefault(name, answer) != answer:
                    self.violations.append(f"{name}: {service.host.name} shows other bytes than before")
            self.stopping.wait(0.1)
