"""Streams through the front for hours: watches of scores that are quiet until something is published, a watch of
health, and streams of activities, over three reloads of nginx. TUTTI_STREAM_MINUTES says how long; connections are
told to end after ten to twelve."""

import contextlib
import os
import pathlib
import queue
import signal
import sys
import tempfile
import threading
import time
import unittest

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))
from made_up import write_activities  # noqa: E402
from suite import Suite, make_stubs  # noqa: E402

MINUTES = float(os.environ.get("TUTTI_STREAM_MINUTES", "25"))
WATCHED = 12  # organisations, published one after the other
STREAMS = 2
RELOADS = 3
PAUSE = 20  # seconds between two batches of a stream
PUBLISHED_WITHIN = 60  # seconds
DAYS = 36
PEOPLE = 600
SOURCE_OF_ACTIVITIES = "activities=mail.sent,chat.sent,file.read"
WATCH_SCORES = "/tutti.score.v1.ScoreService/WatchScores"
WATCH_HEALTH = "/grpc.health.v1.Health/Watch"
SEND = "/tutti.ingest.v1.IngestService/StreamActivities"


class Watch:
    """A call that stays open; what came, and how it ended if it did."""

    def __init__(self, channel, method, request, metadata):
        self.came = queue.Queue()
        self.count = 0
        self.call = channel.unary_stream(method)(request, metadata=metadata)
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        with contextlib.suppress(grpc.RpcError):
            for answer in self.call:
                self.count += 1
                self.came.put((time.monotonic(), answer))

    def end(self):
        self.call.cancel()
        self.thread.join()


class Stream:
    """Sends a batch now and then over one call, and waits for each answer."""

    def __init__(self, channel, metadata):
        self.sending = queue.Queue()
        self.call = channel.stream_stream(SEND)(iter(self.sending.get, None), metadata=metadata)
        self.answers = 0
        self.longest = 0.0

    def send(self, organization):
        from tutti.ingest.v1 import ingest_pb2
        request = ingest_pb2.StreamActivitiesRequest(request_id=str(self.answers))
        request.batch.organization = f"organizations/{organization}"
        request.batch.activities.add(subject="a@made-up.example", type="mail.sent").occurred_at.GetCurrentTime()
        begin = time.monotonic()
        self.sending.put(request.SerializeToString())
        answer = ingest_pb2.StreamActivitiesResponse.FromString(next(self.call))
        self.longest = max(self.longest, time.monotonic() - begin)
        self.answers += answer.request_id == request.request_id and answer.response.accepted_count == 1

    def end(self):
        self.sending.put(None)
        return list(self.call)


class StreamsTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        make_stubs(self.folder)
        grace = "--max_connection_age_grace=24h"
        self.suite = self.enterContext(Suite(tls=True, front=True, ingest_flags=grace, score_flags=grace))
        first = write_activities(self.folder / "activities.jsonl", people=PEOPLE, days=DAYS)
        self.names = [f"w{i}" for i in range(WATCHED)]
        for name in self.names:
            self.suite.back_fill(name, PEOPLE, first, "--source", SOURCE_OF_ACTIVITIES)
            self.suite.tutti("import", "--format", "activities", "--organization", name,
                             str(self.folder / "activities.jsonl"))
        self.suite.back_fill("now", PEOPLE, first, "--source", SOURCE_OF_ACTIVITIES)
        token = self.suite.token(*self.names, "now", scopes=("scores.read", "activities.write"))
        self.metadata = [("authorization", f"Bearer {token}")]

    def channel(self, address):
        credentials = grpc.ssl_channel_credentials(self.suite.authority.read_bytes())
        return self.enterContext(contextlib.closing(grpc.secure_channel(
            address, credentials, [("grpc.use_local_subchannel_pool", 1)])))

    # Mutation: no --max_connection_age_grace (they end after ten to twelve minutes).
    def test_streams_stay_for_hours(self):
        from tutti.score.v1 import score_pb2
        ingest, _, score = self.suite.front_addresses
        to_ingest, to_score = self.channel(ingest), self.channel(score)
        watches = {name: Watch(to_score, WATCH_SCORES, score_pb2.WatchScoresRequest(
            parent=f"organizations/{name}").SerializeToString(), self.metadata) for name in self.names}
        health = Watch(to_score, WATCH_HEALTH, b"", self.metadata)
        streams = [Stream(to_ingest, self.metadata) for _ in range(STREAMS)]
        open_calls = [*watches.values(), health, *streams]
        begin = time.monotonic()
        due = [(MINUTES * 60 * (i + 1) / WATCHED, self.publish, watches[name], name) for i, name in enumerate(self.names)]
        due += [(MINUTES * 60 * (i + 0.5) / RELOADS, self.reload) for i in range(RELOADS)]
        due += [(second, self.send, streams) for second in range(0, int(MINUTES * 60), PAUSE)]
        for when, what, *arguments in sorted(due, key=lambda one: one[0]):
            time.sleep(max(0.0, begin + when - time.monotonic()))
            what(begin, *arguments)
            for one in open_calls:
                if not one.call.is_active():
                    self.fail(f"ended after {(time.monotonic() - begin) / 60:.1f} min: {one.call.code()}, {one.call.details()}")
        self.assertEqual(health.count, 1)
        for stream in streams:
            self.assertEqual(stream.answers, len(range(0, int(MINUTES * 60), PAUSE)))
            print(f"a stream: {stream.answers} batches, {stream.longest:.2f} s at most", flush=True)
            self.assertEqual(stream.end(), [])
        for one in (*watches.values(), health):
            one.end()

    def send(self, _, streams):
        for stream in streams:
            stream.send("now")

    def reload(self, begin):
        os.kill(int((self.suite.state / "front/nginx.pid").read_text()), signal.SIGHUP)
        print(f"{(time.monotonic() - begin) / 60:.1f} min: nginx reads its configuration again", flush=True)

    def publish(self, begin, watch, name):
        from tutti.score.v1 import score_pb2
        self.assertTrue(watch.came.empty(), "something came before anything was published")
        self.suite.publish(name)
        published = time.monotonic()
        when, answer = watch.came.get(timeout=PUBLISHED_WITHIN)
        self.assertTrue(score_pb2.WatchScoresResponse.FromString(answer).score.name.startswith(f"organizations/{name}/"))
        print(f"{(when - begin) / 60:.1f} min: the watch of {name} hears {when - published:+.1f} s after it was published",
              flush=True)


if __name__ == "__main__":
    unittest.main()
