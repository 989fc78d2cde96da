"""Callers who take more than their share, by clients that are not ours: the service stays
up, answers others, and its memory stays bounded."""

import collections
import datetime
import json
import pathlib
import resource
import select
import socket
import ssl
import struct
import tempfile
import threading
import time
import unittest
from contextlib import closing

import grpc
import h2.config
import h2.connection
import h2.events
import h2.exceptions
from suite import Suite, make_stubs

GET_SCORE = "/tutti.score.v1.ScoreService/GetScore"
LIST_SCORES = "/tutti.score.v1.ScoreService/ListScores"
INGEST = "/tutti.ingest.v1.IngestService/IngestActivities"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
STREAM = "/tutti.ingest.v1.IngestService/StreamActivities"
CONNECTIONS = 10_000
MEMORY_MIB = 128  # what the servers are told that calls may take


def framed(message):
    """A message as gRPC puts it on the wire."""
    return struct.pack(">BI", 0, len(message)) + message


class Peer:
    """HTTP/2 by hand: for what no client of gRPC does."""

    def __init__(self, address, authority):
        context = ssl.create_default_context(cafile=authority)
        context.set_alpn_protocols(["h2"])
        host, port = address.rsplit(":", 1)
        self.socket = context.wrap_socket(socket.create_connection((host, int(port)), timeout=20),
                                          server_hostname=host)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.address = address
        self.ended = collections.Counter()  # how streams ended, by gRPC's code or HTTP/2's
        self.alive = True
        self.flush()

    def close(self):
        self.socket.close()

    def flush(self):
        try:
            self.socket.sendall(self.h2.data_to_send())
        except OSError:
            self.alive = False

    def read(self, seconds):
        """Takes what comes within so many seconds."""
        if self.socket.pending() == 0 and not select.select([self.socket], [], [], seconds)[0]:
            return
        try:
            data = self.socket.recv(1 << 16)
            events = self.h2.receive_data(data)
        except (OSError, h2.exceptions.ProtocolError):
            data, events = b"", []
        self.alive = self.alive and bool(data)
        for event in events:
            if isinstance(event, (h2.events.TrailersReceived, h2.events.ResponseReceived)):
                code = dict(event.headers).get("grpc-status")
                if code is not None:
                    self.ended[grpc_name(int(code))] += 1
            elif isinstance(event, h2.events.StreamReset) and event.error_code != 0:
                self.ended[f"reset {int(event.error_code)}"] += 1
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.alive = False
        self.flush()

    def begin(self, method, token=None):
        """Opens a call and returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        headers = [(":method", "POST"), (":scheme", "https"), (":path", method), (":authority", self.address),
                   ("te", "trailers"), ("content-type", "application/grpc")]
        self.h2.send_headers(stream, headers + ([("authorization", "Bearer " + token)] if token else []))
        self.flush()
        return stream

    def push(self, stream, data, end=False, seconds=20):
        """Sends as fast as the server lets it; how much it took."""
        sent, deadline = 0, time.monotonic() + seconds
        while sent < len(data) and self.alive and time.monotonic() < deadline:
            try:
                window = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
                if window <= 0:
                    self.read(0.05)
                    continue
                self.h2.send_data(stream, data[sent:sent + window])
            except h2.exceptions.ProtocolError:
                break  # the server has ended the call
            self.flush()
            sent += window
            self.read(0)
        if end and sent >= len(data):
            self.h2.end_stream(stream)
            self.flush()
        return min(sent, len(data))


class PatientPeer(Peer):
    """Goes on with its calls when it is told that the connection ends (GOAWAY), as clients of
    gRPC do; h2 does not."""

    def __init__(self, address, authority):
        self.goaway = []  # the codes
        self.unread = b""
        super().__init__(address, authority)
        receive = self.h2.receive_data

        def receive_others(data):
            if not data:
                return receive(data)
            kept, self.unread = b"", self.unread + data
            while len(self.unread) >= 9:
                size = 9 + int.from_bytes(self.unread[:3], "big")
                if len(self.unread) < size:
                    break
                frame, self.unread = self.unread[:size], self.unread[size:]
                if frame[3] == 7:
                    self.goaway.append(int.from_bytes(frame[13:17], "big"))
                else:
                    kept += frame
            return receive(kept)
        self.h2.receive_data = receive_others

    def wait(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            self.read(0.1)
        return condition()


def grpc_name(code):
    return next(one.name for one in grpc.StatusCode if one.value[0] == code)


class LimitsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        make_stubs(cls.folder)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        # What a process gets by default; the servers raise it, as this one does then.
        resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, most))
        flags = f"--memory_mib={MEMORY_MIB}"
        cls.suite = cls.enterClassContext(Suite(tls=True, score_flags=flags, ingest_flags=flags))
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        cls.token = cls.suite.token("acme", scopes=("scores.read", "activities.write"))
        cls.other = cls.suite.token("beta", scopes=("scores.read", "activities.write"))

    def memory(self, service="score"):
        """What a service takes, in MiB."""
        status = pathlib.Path(f"/proc/{self.suite.processes()[f'tutti-{service}']}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def open_files(self, service):
        return len(list(pathlib.Path(f"/proc/{self.suite.processes()[f'tutti-{service}']}/fd").iterdir()))

    def credentials(self):
        return grpc.ssl_channel_credentials(self.suite.authority.read_bytes())

    def ask(self, seconds=20, method=GET_SCORE):
        """What another caller is answered by score: nothing is published."""
        from tutti.score.v1 import score_pb2
        request = (score_pb2.GetScoreRequest(name="organizations/beta/scores/latest") if method == GET_SCORE
                   else score_pb2.ListScoresRequest(parent="organizations/beta"))
        return self.told(self.suite.score, method, request.SerializeToString(), seconds)

    def send(self, seconds=20):
        """What another caller is answered by ingest: there is no such organisation."""
        from tutti.ingest.v1 import ingest_pb2
        request = ingest_pb2.IngestActivitiesRequest(organization="organizations/beta")
        request.activities.add(subject="a@made-up.example", type="mail.sent").occurred_at.GetCurrentTime()
        return self.told(self.suite.ingest, INGEST, request.SerializeToString(), seconds)

    def told(self, address, method, request, seconds):
        with grpc.secure_channel(address, self.credentials(),
                                 options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            call = channel.unary_unary(method).future(
                request, timeout=seconds, wait_for_ready=True,
                metadata=[("authorization", "Bearer " + self.other)])
            error = call.exception()
            return error.code().name if error is not None else "OK"

    def ends(self, peers, count, seconds=30):
        """How streams of the peers ended, once so many have."""
        deadline = time.monotonic() + seconds
        while sum(peer.ended.total() for peer in peers) < count and time.monotonic() < deadline:
            for peer in peers:
                peer.read(0.02)
        return sum((peer.ended for peer in peers), collections.Counter())

    def stream(self):
        """What the attacker is told who opens one more stream, and sends nothing."""
        with grpc.secure_channel(self.suite.ingest, self.credentials()) as channel:
            call = channel.stream_stream(STREAM)(iter([]), timeout=20,
                                                 metadata=[("authorization", "Bearer " + self.token)])
            return call.code().name

    def slow_peers(self, address, count):
        return [self.enterContext(closing(Peer(address, self.suite.authority))) for _ in range(count)]

    def test_idle_connections_are_borne(self):
        before = self.memory()
        host, port = self.suite.score.rsplit(":", 1)
        silent = [self.enterContext(socket.create_connection((host, int(port)), timeout=20))
                  for _ in range(CONNECTIONS)]
        self.assertEqual(self.ask(), "NOT_FOUND")
        self.assertGreaterEqual(self.open_files("score"), CONNECTIONS, "all are there while another is answered")
        print(f"{CONNECTIONS:,} silent connections: {self.memory() - before:.0f} MiB")
        self.assertLess(self.memory(), before + 600)
        for connection in silent:
            connection.close()
        # Those that have shaken hands hold more.
        peers = self.slow_peers(self.suite.score, 500)
        self.assertEqual(self.ask(), "NOT_FOUND")
        print(f"{len(peers):,} more that have shaken hands: {self.memory() - before:.0f} MiB")
        self.assertLess(self.memory(), before + 700)

    def test_unfinished_messages_are_dropped_when_there_are_too_many(self):
        before = self.memory("ingest")
        most, taken, meanwhile = before, 0, collections.Counter()
        body = framed(bytes(16_000_000))[:15_000_000]
        peers = self.slow_peers(self.suite.ingest, 3)
        for round_number in range(10):
            for peer in peers:
                if not peer.alive:
                    continue
                taken += peer.push(peer.begin(INGEST, self.token), body, seconds=5)
                most = max(most, self.memory("ingest"))
            meanwhile[self.send(60), any(peer.alive for peer in peers)] += 1
        print(f"another meanwhile, and whether a connection with unfinished messages was there: {dict(meanwhile)}")
        self.assertEqual(self.send(60), "NOT_FOUND")
        print(f"{taken / 1e6:.0f} MB of unfinished messages: {most - before:.0f} MiB more at most, "
              f"ended {sum((peer.ended for peer in peers), collections.Counter())}, "
              f"{sum(not peer.alive for peer in peers)} connections of 3")
        self.assertLess(most, before + 2.5 * MEMORY_MIB)
        self.assertEqual({code for code, _ in meanwhile}, {"NOT_FOUND"})
        self.assertGreater(meanwhile["NOT_FOUND", True], 0)

    def test_streams_that_never_end_are_bounded(self):
        before = self.memory("ingest")
        peers = self.slow_peers(self.suite.ingest, 3)
        for peer in peers:
            for _ in range(100):
                peer.begin(STREAM, self.token)
        ended = self.ends(peers, 100)
        print(f"300 streams that never end: {self.memory('ingest') - before:.0f} MiB, ended {ended}")
        self.assertEqual(ended, {"RESOURCE_EXHAUSTED": 100})
        # Another is not kept waiting; it has no such organisation.
        self.assertEqual(self.send(), "NOT_FOUND")
        self.assertLess(self.memory("ingest"), before + 100)
        self.assertEqual(self.stream(), "RESOURCE_EXHAUSTED")
        # What ends makes room.
        peers[0].close()
        deadline = time.monotonic() + 30
        while (told := self.stream()) == "RESOURCE_EXHAUSTED" and time.monotonic() < deadline:
            pass
        self.assertEqual(told, "OK")

    # Mutation: the thousand descriptors that a process gets by default are soon gone, and
    # with them whatever accepts connections.
    def test_a_server_takes_as_many_descriptors_as_it_may(self):
        soft, hard = resource.prlimit(self.suite.processes()["tutti-score"], resource.RLIMIT_NOFILE)
        self.assertEqual(soft, hard)

    # Mutation: streams that need no token, and that nobody counts, take every thread.
    def test_nobody_takes_every_thread_by_reflection(self):
        def threads():
            return len(list(pathlib.Path(f"/proc/{self.suite.processes()['tutti-score']}/task").iterdir()))
        before = threads()
        peers = self.slow_peers(self.suite.score, 10)
        for peer in peers:
            for _ in range(100):
                peer.begin(REFLECTION)
        ended = self.ends(peers, 800)
        print(f"1,000 reflection streams without a token: {threads() - before} more threads, ended {ended}")
        self.assertGreaterEqual(ended.total(), 800)
        self.assertLess(threads(), before + 400)
        self.assertEqual(self.ask(method=LIST_SCORES), "NOT_FOUND")

    def test_malformed_calls_are_calls(self):
        with Suite(tls=True, score_flags="--calls_per_second=5") as suite:
            codes, token = collections.Counter(), suite.token("acme")
            with grpc.secure_channel(suite.score, grpc.ssl_channel_credentials(suite.authority.read_bytes())) as channel:
                for _ in range(100):
                    call = channel.unary_unary(GET_SCORE).future(
                        b"", timeout=20, metadata=[("authorization", "Bearer " + token)])
                    codes[call.exception().code().name] += 1
            print(f"100 malformed calls at 5 a second: {dict(codes)}")
            self.assertGreater(codes["RESOURCE_EXHAUSTED"], 50)
            lines = [json.loads(line) for line in (suite.state / "log/score.audit").read_text().splitlines()]
            self.assertEqual({line["caller"] for line in lines}, {"token"})

    def test_who_does_not_read_holds_nobody_up(self):
        from tutti.score.v1 import score_pb2
        first = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(weeks=30)
        self.suite.back_fill("acme", 300, first.isoformat())
        self.suite.publish("acme")
        request = framed(score_pb2.ListScoresRequest(
            parent="organizations/acme", page_size=400).SerializeToString())
        before = self.memory()
        peers = self.slow_peers(self.suite.score, 3)
        for peer in peers:
            for _ in range(90):
                peer.push(peer.begin(LIST_SCORES, self.token), request, end=True)
        ended = self.ends(peers, 70, seconds=60)
        asked = time.monotonic()
        self.assertEqual(self.ask(), "NOT_FOUND")
        print(f"200 histories that nobody reads: {self.memory() - before:.0f} MiB; another is answered in "
              f"{1000 * (time.monotonic() - asked):.0f} ms")
        self.assertEqual(ended["RESOURCE_EXHAUSTED"], 70)
        self.assertEqual(self.ends(peers, 71, seconds=1), ended, "the others' calls went on meanwhile")
        self.assertTrue(all(peer.alive for peer in peers))
        self.assertLess(self.memory(), before + 400)

    # Each answer comes while calls of the flood wait for theirs.
    def test_others_are_answered_during_a_flood_of_bad_tokens(self):
        from tutti.score.v1 import score_pb2
        request = score_pb2.GetScoreRequest(name="organizations/acme/scores/latest").SerializeToString()
        bad, sent, refused, stop = self.token[:-8] + "AAAAAAAA", 0, collections.Counter(), threading.Event()
        told, answers = collections.Counter(), []
        with grpc.secure_channel(self.suite.score, self.credentials()) as channel:
            room = threading.Semaphore(500)  # calls under way

            def done(call):
                refused[call.code().name] += 1
                room.release()

            def flood():
                nonlocal sent
                while not stop.is_set():
                    room.acquire()
                    sent += 1
                    channel.unary_unary(GET_SCORE).future(request, timeout=60, metadata=[
                        ("authorization", "Bearer " + bad)]).add_done_callback(done)
            flooding = threading.Thread(target=flood)
            flooding.start()
            try:
                deadline = time.monotonic() + 60
                while len(answers) < 20 and time.monotonic() < deadline:
                    waiting = sent > refused.total()
                    told[self.ask()] += 1
                    if waiting and sent > refused.total():
                        answers.append(sent - refused.total())
            finally:
                stop.set()
                flooding.join()
                for _ in range(500):
                    room.acquire()
        print(f"{sent:,} calls with a bad token; others meanwhile: {dict(told)}, "
              f"{len(answers)} of them while up to {max(answers, default=0)} waited")
        self.assertEqual(set(told), {"NOT_FOUND"})
        self.assertEqual(len(answers), 20)
        self.assertEqual(set(refused), {"UNAUTHENTICATED"})

    def test_large_headers_are_refused(self):
        with grpc.secure_channel(self.suite.score, self.credentials()) as channel:
            call = channel.unary_unary(GET_SCORE).future(b"", timeout=20, metadata=[
                ("authorization", "Bearer " + self.token), ("x-more", "a" * (32 << 10))])
            self.assertEqual(call.exception().code().name, "RESOURCE_EXHAUSTED")
        self.assertEqual(self.ask(), "NOT_FOUND")

    def test_each_service_takes_messages_of_its_size(self):
        for address, method, size, expected in [
                (self.suite.score, GET_SCORE, 65 << 10, "RESOURCE_EXHAUSTED"),
                (self.suite.ingest, INGEST, 17 << 20, "RESOURCE_EXHAUSTED"),
                (self.suite.ingest, INGEST, 15 << 20, "INVALID_ARGUMENT")]:
            with self.subTest(f"{method} {size}"):
                self.assertEqual(self.told(address, method, b"\xff" * size, 60), expected)


class ConnectionAgeTest(unittest.TestCase):
    """Connections end when nobody uses them, and after a while in any case."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        make_stubs(cls.folder)
        cls.suite = cls.enterClassContext(Suite(
            tls=True, score_flags="--idle_timeout=1s",
            ingest_flags="--max_connection_age=1s --max_connection_age_grace=8s"))
        cls.token = cls.suite.token("acme", scopes=("activities.write",))

    def peer(self, address):
        return self.enterContext(closing(PatientPeer(address, self.suite.authority)))

    # Mutation: the flag is not heeded, and the connection stays for five minutes.
    def test_an_idle_connection_is_ended(self):
        peer = self.peer(self.suite.score)
        self.assertTrue(peer.wait(lambda: not peer.alive))
        self.assertTrue(peer.goaway, "it is not said that the connection ends")

    # Mutation: no grace. The stream ends with the connection.
    def test_a_call_that_is_under_way_at_the_greatest_age_ends_well(self):
        from tutti.ingest.v1 import ingest_pb2
        peer = self.peer(self.suite.ingest)
        stream = peer.begin(STREAM, self.token)
        self.assertTrue(peer.wait(lambda: peer.goaway), "the server did not say that the connection ends")
        self.assertEqual(set(peer.goaway), {0})
        request = ingest_pb2.StreamActivitiesRequest(
            request_id="7", batch=ingest_pb2.IngestActivitiesRequest(organization="organizations/acme"))
        message = framed(request.SerializeToString())
        self.assertEqual(peer.push(stream, message, end=True), len(message))
        self.assertTrue(peer.wait(lambda: peer.ended.total() > 0))
        print(f"a stream that goes on after GOAWAY: {dict(peer.ended)}")
        self.assertEqual(peer.ended, {"OK": 1})
        self.assertTrue(peer.wait(lambda: not peer.alive))

    # Mutation: an endless grace. Whoever never ends a stream has a connection for good.
    def test_a_call_that_never_ends_does_not_outlive_the_grace(self):
        peer = self.peer(self.suite.ingest)
        peer.begin(STREAM, self.token)
        self.assertTrue(peer.wait(lambda: not peer.alive))
        self.assertEqual(peer.ended["OK"], 0)

    def test_nobody_notices_who_calls_again(self):
        from tutti.ingest.v1 import ingest_pb2
        request = ingest_pb2.IngestActivitiesRequest(organization="organizations/beta").SerializeToString()
        codes, watch = collections.Counter(), self.peer(self.suite.ingest)
        with grpc.secure_channel(self.suite.ingest, grpc.ssl_channel_credentials(
                self.suite.authority.read_bytes())) as channel:
            # A connection that is as old as the channel's ends meanwhile.
            while watch.alive:
                call = channel.unary_unary(INGEST).future(
                    request, timeout=20, metadata=[("authorization", "Bearer " + self.token)])
                codes[call.exception().code().name] += 1
                watch.read(0)
        print(f"calls while a connection grew too old: {dict(codes)}")
        self.assertEqual(set(codes), {"PERMISSION_DENIED"})


class FloodTest(unittest.TestCase):
    """One caller sends all it can; others are answered, and memory stays."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        make_stubs(cls.folder)
        cls.suite = cls.enterClassContext(Suite(tls=True, score_flags="--calls_per_second=20"))

    def memory(self):
        status = pathlib.Path(f"/proc/{self.suite.processes()['tutti-score']}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def get_score(self, channel, token, organization="acme"):
        from tutti.score.v1 import score_pb2
        request = score_pb2.GetScoreRequest(name=f"organizations/{organization}/scores/latest")
        return channel.unary_unary(GET_SCORE).future(
            request.SerializeToString(), timeout=60, metadata=[("authorization", "Bearer " + token)])

    def flood(self, who, token, calls=3_000):
        """The codes that so many calls at once end with, and the last error."""
        codes, last = {}, None
        credentials = grpc.ssl_channel_credentials(self.suite.authority.read_bytes())
        with grpc.secure_channel(self.suite.score, credentials) as channel:
            for call in [self.get_score(channel, token) for _ in range(calls)]:
                error = call.exception()
                codes[error.code().name] = codes.get(error.code().name, 0) + 1
                last = error if error.code().name == "RESOURCE_EXHAUSTED" else last
        print(f"{who:<34} {codes}, {self.memory():.0f} MiB")
        return codes, last

    def test_a_flood_is_bounded_and_harms_nobody_else(self):
        from google.rpc import error_details_pb2, status_pb2
        token, other = self.suite.token("acme"), self.suite.token("beta")
        self.flood("warm-up", token, 500)
        before = self.memory()
        codes, last = self.flood("flood of calls", token)
        self.assertGreater(codes["RESOURCE_EXHAUSTED"], codes.get("NOT_FOUND", 0))
        details = dict(last.trailing_metadata())["grpc-status-details-bin"]
        kinds = {}
        for any_detail in status_pb2.Status.FromString(details).details:
            kinds[any_detail.TypeName()] = any_detail
        retry = error_details_pb2.RetryInfo.FromString(kinds["google.rpc.RetryInfo"].value)
        self.assertGreater(retry.retry_delay.ToTimedelta(), datetime.timedelta(0))
        codes, _ = self.flood("flood of bad tokens", token[:-8] + "AAAAAAAA")
        self.assertEqual(set(codes), {"UNAUTHENTICATED"})
        credentials = grpc.ssl_channel_credentials(self.suite.authority.read_bytes())
        with grpc.secure_channel(self.suite.score, credentials) as channel:
            self.assertEqual(self.get_score(channel, other, "beta").exception().code().name, "NOT_FOUND")
        self.assertLess(self.memory(), before + 100)
        lines = (self.suite.state / "log/score").read_text().count("token refused")
        self.assertLess(lines, 60, "the log is flooded too")
        # Mutation: a line for each lets anybody fill the disk.
        deadline, counted = time.monotonic() + 20, 0
        while counted < 3_000 and time.monotonic() < deadline:
            audited = map(json.loads, (self.suite.state / "log/score.audit").read_text().splitlines())
            refused = [line for line in audited if line["code"] == "UNAUTHENTICATED"]
            counted = sum(line.get("calls", 1) for line in refused)
        self.assertEqual(counted, 3_000)
        self.assertLess(len(refused), 60, "the audit log is flooded too")

    def test_a_large_message_that_was_compressed_is_not_unpacked(self):
        before = self.memory()
        credentials = grpc.ssl_channel_credentials(self.suite.authority.read_bytes())
        with grpc.secure_channel(self.suite.score, credentials, options=[
                ("grpc.max_send_message_length", -1)], compression=grpc.Compression.Gzip) as channel:
            call = channel.unary_unary(GET_SCORE).future(
                bytes(256 << 20), timeout=60, metadata=[("authorization", "Bearer " + self.suite.token("acme"))])
            print(f"256 MiB of zeros, compressed: {call.exception().code().name}, {self.memory() - before:.0f} MiB")
            self.assertIn(call.exception().code().name, ("UNIMPLEMENTED", "RESOURCE_EXHAUSTED"))
        self.assertLess(self.memory(), before + 100)


if __name__ == "__main__":
    unittest.main()
