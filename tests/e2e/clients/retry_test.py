"""Errors that time mends say when to come again, by clients that are not ours: every method,
however it fails, and what a crowd that obeys gets of the limit on its calls."""

import collections
import os
import pathlib
import signal
import tempfile
import threading
import time
import unittest

import grpc
from suite import Suite, make_stubs

PUSHBACK = "grpc-retry-pushback-ms"
PASSING = ("RESOURCE_EXHAUSTED", "UNAVAILABLE")
SCOPES = ("activities.write", "scores.read", "organizations.admin")
GET_SCORE = "/tutti.score.v1.ScoreService/GetScore"
STREAM = "/tutti.ingest.v1.IngestService/StreamActivities"
FOR_SERVICES = {"MergeDeltas", "GetIngestPolicy", "ReportKeyring"}
SECONDS = float(os.environ.get("TUTTI_SECONDS", "10"))  # of the crowd
LIMIT = int(os.environ.get("TUTTI_LIMIT", "100"))  # its calls a second


def methods():
    from tutti.aggregate.v1 import aggregate_pb2, organization_pb2
    from tutti.ingest.v1 import ingest_pb2
    from tutti.score.v1 import score_pb2
    for module, program in ((aggregate_pb2, "aggregate"), (organization_pb2, "aggregate"),
                            (ingest_pb2, "ingest"), (score_pb2, "score")):
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield program, method


def request_of(method):
    """A good request about the organisation "acme"."""
    from google.protobuf import message_factory
    request = message_factory.MessageFactory().GetPrototype(method.input_type)()
    target = request
    if method.name == "StreamActivities":
        request.request_id = "1"
        target = request.batch
    if method.name in ("CreateOrganization", "UpdateOrganization"):
        request.organization.name = "organizations/acme"
        request.organization.headcount = 300
        return request.SerializeToString()
    if method.name == "MergeDeltas":
        request.deltas.add(organization="acme", kind="person", end_day="2026-01-05", key_id=b"k" * 16)
        return request.SerializeToString()
    suffix = {"GetScore": "/scores/latest", "ListTables": "/scores/latest", "GetBenchmark": "/scores/latest",
              "ListRecommendations": "/scores/latest", "GetTable": "/scores/latest/tables/modes"}
    fields = target.DESCRIPTOR.fields_by_name
    for field in ("name", "parent", "organization"):
        if field in fields:
            setattr(target, field, "organizations/acme" + suffix.get(method.name, ""))
    if "activities" in fields:
        activity = target.activities.add(subject="a@b.example", type="mail.sent")
        activity.occurred_at.GetCurrentTime()
    return request.SerializeToString()


class RetryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        make_stubs(cls.folder)

    def channels(self, suite, options=()):
        """A channel to each program; with the suite's authority when it has one."""
        found = {}
        for program in ("ingest", "aggregate", "score"):
            address = getattr(suite, program)
            found[program] = self.enterContext(
                grpc.secure_channel(address, grpc.ssl_channel_credentials(suite.authority.read_bytes()), options)
                if suite.tls else grpc.insecure_channel(address, options))
        return found

    def call(self, channel, path, request, stream, metadata=()):
        """How a call ends: its error, or None."""
        try:
            if stream:
                for answer in channel.stream_stream(path)(iter([request]), timeout=60, metadata=metadata):
                    return answer
            else:
                channel.unary_unary(path)(request, timeout=60, metadata=metadata)
        except grpc.RpcError as error:
            return error
        return None

    def delay_of(self, error):
        """What the details say, in seconds, which the trailer must say too; None when neither does."""
        from google.rpc import error_details_pb2, status_pb2
        trailers = dict(error.trailing_metadata())
        details = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
        told = [error_details_pb2.RetryInfo.FromString(one.value) for one in details.details
                if one.TypeName() == "google.rpc.RetryInfo"]
        self.assertLessEqual(len(told), 1)
        self.assertEqual(bool(told), PUSHBACK in trailers, error)
        if not told:
            return None
        delay = told[0].retry_delay.ToNanoseconds() / 1e9
        self.assertGreaterEqual(int(trailers[PUSHBACK]), delay * 1000)
        self.assertLess(int(trailers[PUSHBACK]), delay * 1000 + 1.001)
        return delay

    # Mutations: a converter that adds nothing, or no trailers.
    def test_every_method_says_when_to_come_again_above_the_limit(self):
        flags = "--calls_per_second=0.1"
        with Suite(tls=True, ingest_flags=flags, aggregate_flags=flags, score_flags=flags) as suite:
            metadata = [("authorization", "Bearer " + suite.token("acme", scopes=SCOPES))]
            channels = self.channels(suite)
            for program, channel in channels.items():
                path = {"ingest": "/tutti.ingest.v1.IngestService/IngestActivities", "score": GET_SCORE,
                        "aggregate": "/tutti.aggregate.v1.OrganizationService/GetOrganization"}[program]
                self.call(channel, path, b"", False, metadata)  # the one call that is let in
            for program, method in methods():
                if method.name in FOR_SERVICES:
                    continue
                path = f"/{method.containing_service.full_name}/{method.name}"
                streams = method.name in ("StreamActivities", "WatchScores")
                error = self.call(channels[program], path, request_of(method), streams, metadata)
                with self.subTest(method.name):
                    self.assertEqual(error.code().name, "RESOURCE_EXHAUSTED")
                    self.assertGreater(self.delay_of(error), 1)

    def test_every_method_says_when_to_come_again_without_its_store(self):
        with Suite() as suite:
            channels = self.channels(suite)
            os.kill(suite.processes()["redis-server"], signal.SIGKILL)
            told = collections.Counter()
            for program, method in methods():
                path = f"/{method.containing_service.full_name}/{method.name}"
                if method.name == "WatchScores":
                    continue  # stays open until there is a score, or none can be read
                error = self.call(channels[program], path, request_of(method), method.name == "StreamActivities")
                with self.subTest(method.name):
                    if method.name == "StreamActivities":
                        from tutti.ingest.v1 import ingest_pb2
                        answer = ingest_pb2.StreamActivitiesResponse.FromString(error)
                        self.assertEqual(answer.error.code, grpc.StatusCode.UNAVAILABLE.value[0])
                        self.assertGreater(answer.error.retry_delay.ToNanoseconds(), 0)
                        told["a batch"] += 1
                        continue
                    name = error.code().name if error is not None else "OK"
                    told[name] += 1
                    if name in PASSING:
                        self.assertGreater(self.delay_of(error), 0)
                    elif error is not None:
                        self.assertIsNone(self.delay_of(error))
            print(f"without its store: {dict(told)}")
            self.assertGreaterEqual(told["UNAVAILABLE"], 15)
            self.assertEqual(told["a batch"], 1)

    def test_a_batch_of_a_stream_says_when_it_is_let_in(self):
        from tutti.ingest.v1 import ingest_pb2
        with Suite(tls=True, ingest_flags="--calls_per_second=4") as suite:
            metadata = [("authorization", "Bearer " + suite.token("acme", scopes=SCOPES))]
            stub = self.channels(suite)["ingest"].stream_stream(STREAM)
            request = ingest_pb2.StreamActivitiesRequest(
                request_id="1", batch=ingest_pb2.IngestActivitiesRequest(organization="organizations/acme"))
            request.batch.activities.add(subject="a@b.example", type="mail.sent").occurred_at.GetCurrentTime()
            requests = [request.SerializeToString()] * 20
            answers = [ingest_pb2.StreamActivitiesResponse.FromString(answer)
                       for answer in stub(iter(requests), timeout=60, metadata=metadata)]
            refused = [one.error for one in answers if one.error.reason == ingest_pb2.REASON_OVERLOADED]
            self.assertEqual(len(answers), 20)
            self.assertGreater(len(refused), 5)
            for error in refused:
                self.assertGreaterEqual(error.retry_delay.ToNanoseconds(), 100_000_000)
            others = [one.error for one in answers if one.error.reason != ingest_pb2.REASON_OVERLOADED]
            self.assertTrue(others)
            for error in others:
                self.assertFalse(error.HasField("retry_delay"), error)

    def test_nothing_is_said_of_what_no_repetition_mends(self):
        with Suite() as suite:
            error = self.call(self.channels(suite)["score"], GET_SCORE, bytes(1 << 20), False)
            self.assertEqual(error.code().name, "RESOURCE_EXHAUSTED")
            self.assertIsNone(self.delay_of(error))

    # Mutations: the time at which the bucket has one call, whoever waits for it (5 refusals a
    # grant at 100 calls a second, 26 at 500); places that anybody takes.
    def test_a_crowd_that_obeys_gets_the_limit_and_none_starves(self):
        workers = 20
        with Suite(tls=True, score_flags=f"--calls_per_second={LIMIT}") as suite:
            metadata = [("authorization", "Bearer " + suite.token("acme"))]
            from tutti.score.v1 import score_pb2
            request = score_pb2.GetScoreRequest(name="organizations/acme/scores/latest").SerializeToString()
            channels = [self.channels(suite, [("grpc.use_local_subchannel_pool", 1)])["score"] for _ in range(4)]
            granted, refused = [0] * workers, [0] * workers
            waits = []
            begin = time.monotonic()
            end = begin + SECONDS

            def work(number):
                call = channels[number % len(channels)].unary_unary(GET_SCORE)
                each = workers / (2 * LIMIT)  # twice the limit together
                due = begin + each * number / workers
                while (now := time.monotonic()) < end:
                    if now < due:
                        time.sleep(due - now)
                    try:
                        call(request, timeout=60, metadata=metadata)
                    except grpc.RpcError as error:
                        if error.code().name == "RESOURCE_EXHAUSTED":
                            refused[number] += 1
                            waits.append(self.delay_of(error))
                            time.sleep(waits[-1])
                            continue
                        self.assertEqual(error.code().name, "NOT_FOUND")
                    granted[number] += 1
                    due = max(due + each, time.monotonic() - each)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            possible = LIMIT * (time.monotonic() - begin) + 2 * LIMIT
            share, each = sum(granted) / possible, sum(refused) / sum(granted)
            least = min(granted) / (sum(granted) / workers)
            print(f"{workers} workers, {2 * LIMIT} calls a second at a limit of {LIMIT}: {share:.3f} of what the limit "
                  f"lets through, {each:.2f} refusals a grant, the least-served has {least:.2f} of the average; "
                  f"waits of {min(waits):.3f} to {max(waits):.3f} s")
            self.assertGreater(sum(refused), 0, "nobody was refused")
            self.assertGreater(share, 0.9)
            self.assertLessEqual(each, 1)
            self.assertGreater(least, 0.5)


if __name__ == "__main__":
    unittest.main()
