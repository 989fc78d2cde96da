"""Attack 10: questions that are asked by the bytes and the time of answers.

A producer asks "has this person done it before?" by single activities, one after the
other as fast as they are answered. The control is an answer that waits for no write: of
an activity that is refused for its unknown type.

A caller with a token for one organisation asks "is there an organisation of this name?".
The control is an answer that the store was asked for: about the caller's own."""

import contextlib
import math
import os
import pathlib
import random
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e/clients"))
from made_up import DAY, today  # noqa: E402
from suite import Suite, make_stubs  # noqa: E402

LONG = os.environ.get("TUTTI_LONG") == "1"
EACH = 100_000 if LONG else 1_000


def kolmogorov_smirnov(one, other):
    """The largest distance of the two empirical distributions."""
    one, other = sorted(one), sorted(other)
    i = j = 0
    farthest = 0.0
    while i < len(one) and j < len(other):
        value = min(one[i], other[j])
        while i < len(one) and one[i] <= value:
            i += 1
        while j < len(other) and other[j] <= value:
            j += 1
        farthest = max(farthest, abs(i / len(one) - j / len(other)))
    return farthest


def by_chance(n, error):
    """What the distance of two samples of one distribution exceeds with that probability."""
    return math.sqrt(-math.log(error / 2) / 2) * math.sqrt(2 / n)


def limit():
    """The distance that is let pass."""
    return 0.02 if LONG else 0.02 + by_chance(EACH, 1e-7)


class LatencyTest(unittest.TestCase):
    # Mutation: a coalescer that answers when the write is over, not on the next tick, comes
    # to 0.27 here: new bits take a little longer to write than none.
    def test_an_answer_does_not_tell_a_repeat(self):
        with tempfile.TemporaryDirectory() as folder, Suite(on_disk=True) as suite:
            make_stubs(pathlib.Path(folder))
            import grpc
            from google.protobuf.timestamp_pb2 import Timestamp
            from tutti.ingest.v1 import ingest_pb2, ingest_pb2_grpc
            suite.back_fill("acme", 5000, (today() - 40 * DAY).isoformat())
            now = Timestamp()
            now.GetCurrentTime()

            def batch(subject, kind="mail.sent"):
                activity = ingest_pb2.Activity(subject=subject, type=kind, app="outlook", platform="web",
                                               occurred_at=now)
                return ingest_pb2.IngestActivitiesRequest(organization="organizations/acme", activities=[activity])

            draw = random.Random(10)
            known = [f"known-{i}@made-up.example" for i in range(500)]
            times = {"repeat": [], "new": [], "control": []}
            answers = {name: set() for name in times}
            order = ["repeat", "new"] * EACH + ["control"] * (EACH // 4)
            draw.shuffle(order)
            with grpc.insecure_channel(suite.ingest) as channel:
                ingest = ingest_pb2_grpc.IngestServiceStub(channel)
                for subject in known:
                    ingest.IngestActivities(batch(subject), timeout=30)
                for turn, name in enumerate(order):
                    request = {"repeat": lambda: batch(draw.choice(known)),
                               "new": lambda turn=turn: batch(f"newer-{turn:06}@made-up.example"),
                               "control": lambda: batch("known-1@made-up.example", "mail.unheard_of")}[name]()
                    begin = time.perf_counter()
                    answer = ingest.IngestActivities(request, timeout=30)
                    times[name].append(time.perf_counter() - begin)
                    answers[name].add(answer.SerializeToString())
        self.assertEqual(len(answers["repeat"]), 1)
        self.assertEqual(answers["repeat"], answers["new"])
        distance = kolmogorov_smirnov(times["repeat"], times["new"])
        control = kolmogorov_smirnov(times["repeat"], times["control"])
        most = limit()
        print(f"attack 10: {EACH} repeats and {EACH} first times: the same bytes, latencies "
              f"D = {distance:.3f} apart (at most {most:.3f}); the control {control:.3f}")
        self.assertLess(distance, most)
        self.assertGreater(control, most, "the control was not detected")

    # Mutation: a service that looks an organisation up before it asks whose it is comes
    # near the control here.
    def test_a_denial_does_not_tell_which_organisations_exist(self):
        with tempfile.TemporaryDirectory() as folder, Suite(tls=True, on_disk=True) as suite:
            make_stubs(pathlib.Path(folder))
            import grpc
            from tutti.score.v1 import score_pb2, score_pb2_grpc
            for name in ("own", "there"):
                suite.back_fill(name, 5000, (today() - 40 * DAY).isoformat())
            metadata = [("authorization", "Bearer " + suite.token("own"))]
            times = {"own": [], "there": [], "nowhere": []}
            answers = {name: set() for name in times}
            order = ["there", "nowhere"] * EACH + ["own"] * (EACH // 4)
            random.Random(10).shuffle(order)
            credentials = grpc.ssl_channel_credentials(suite.authority.read_bytes())
            with grpc.secure_channel(suite.score, credentials) as channel:
                score = score_pb2_grpc.ScoreServiceStub(channel)
                for name in order:
                    request = score_pb2.GetScoreRequest(name=f"organizations/{name}/scores/latest")
                    begin = time.perf_counter()
                    try:
                        score.GetScore(request, timeout=30, metadata=metadata)
                    except grpc.RpcError as error:
                        answers[name].add((error.code().name, error.details(), error.trailing_metadata()))
                    times[name].append(time.perf_counter() - begin)
        self.assertEqual(len(answers["there"]), 1)
        self.assertEqual(answers["there"], answers["nowhere"])
        self.assertEqual({code for code, *_ in answers["own"]}, {"NOT_FOUND"})
        distance = kolmogorov_smirnov(times["there"], times["nowhere"])
        control = kolmogorov_smirnov(times["there"], times["own"])
        print(f"attack 10: {EACH} denials for an organisation that exists and for one that does not: the "
              f"same bytes, latencies D = {distance:.3f} apart (at most {limit():.3f}); the control {control:.3f}")
        self.assertLess(distance, limit())
        self.assertGreater(control, limit(), "the control was not detected")

    @staticmethod
    def streaming(channel, path):
        """A call of a streaming method that takes one message and waits for the end."""
        stream = channel.stream_stream(path)
        return lambda request, **options: list(stream(iter([request]), **options))

    # Mutation: a method that looks the organisation up before it asks whose it is.
    def test_no_method_s_denial_takes_longer_for_an_organisation_that_exists(self):
        each = 10_000 if LONG else 150
        with tempfile.TemporaryDirectory() as folder, Suite(tls=True, on_disk=True) as suite:
            make_stubs(pathlib.Path(folder))
            import access_test
            import grpc
            for name in ("own", "there"):
                suite.back_fill(name, 5000, (today() - 40 * DAY).isoformat())
            scopes = ("activities.write", "scores.read", "organizations.admin")
            metadata = [("authorization", "Bearer " + suite.token("own", scopes=scopes))]
            credentials = grpc.ssl_channel_credentials(suite.authority.read_bytes())
            caller = access_test.AccessTest()
            caller.suite = suite
            distances = {}
            for address, method in caller.methods():
                # Those that name no organisation, or are ingest's.
                if method.name in access_test.WITHOUT | access_test.FOR_SERVICES:
                    continue
                path = f"/{method.containing_service.full_name}/{method.name}"
                times = {"there": [], "nowhere": []}
                order = list(times) * each
                random.Random(10).shuffle(order)
                with grpc.secure_channel(address, credentials) as channel:
                    call = (self.streaming(channel, path) if method.name in ("StreamActivities", "WatchScores")
                            else channel.unary_unary(path))
                    for name in order:
                        request = caller.request_for(method, name)
                        begin = time.perf_counter()
                        # A stream of activities says in an answer what it denies.
                        with (contextlib.nullcontext() if method.name == "StreamActivities"
                              else self.assertRaises(grpc.RpcError)):
                            call(request, timeout=30, metadata=metadata)
                        times[name].append(time.perf_counter() - begin)
                distances[method.name] = kolmogorov_smirnov(times["there"], times["nowhere"])
        most = 0.02 + by_chance(each, 1e-7)
        farthest = max(distances, key=distances.get)
        print(f"attack 10: {each} denials each way of {len(distances)} methods: latencies at most "
              f"D = {distances[farthest]:.3f} apart ({farthest}; at most {most:.3f})")
        self.assertGreaterEqual(len(distances), 17)
        self.assertLess(distances[farthest], most)


if __name__ == "__main__":
    unittest.main()
