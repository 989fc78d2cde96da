"""Strangers attack a listener with frames made by hand, and somebody else's calls are answered
meanwhile: before the front (deploy/edge) every attack, before a listener of ours those that we
bound. TUTTI_EXPOSED=long takes each alone, for longer, and a watch for longer than a connection
may live; the short form takes several at once."""

import collections
import contextlib
import datetime
import json
import os
import pathlib
import queue
import resource
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import attacks
import grpc
import handshakes

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))
from suite import Suite, make_stubs, wait_for  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
LONG = os.environ.get("TUTTI_EXPOSED") == "long"
PYTHON = sys.executable
MOST_MIB = 256      # above rest, of the front and the services together
IDLE_MIB = 400      # the same of ten thousand connections to one of ours, which take 29 KiB each
KEPT_MIB = 96       # of these a minute later
A_MINUTE = 60

OF_INGEST = {"slow_bodies", "large_bodies", "slow_streams"}
WITH_TOKEN = OF_INGEST | {"slow_scores", "rapid_reset_with_token", "deadlines", "requests_of_http1"}
TOGETHER = [
    ["key_updates", "renegotiations", "early_data", "certificates"],
    ["huge_hellos", "hellos", "plain_text", "requests_of_http1", "other_names"],
    ["continuation", "integers", "header_bomb", "large_headers"],
    ["rapid_reset", "rapid_reset_with_token", "provoked_reset", "refused_calls", "reflection_churn"],
    ["settings_flood", "ping_flood", "priority_flood", "window_flood", "empty_data"],
    ["acknowledgements", "unknown_frames", "trailers", "deadlines", "methods"],
    ["slow_headers", "slow_bodies", "large_bodies", "slow_scores", "slow_streams"],
    ["stalled_handshakes", "health_watches", "open_checks", "reflection_streams", "idle"],
]
# What a listener of ours bounds by itself; header floods are libgrpc's (the control below), and the
# memory that a handshake takes is OpenSSL's.
BARE = ["rapid_reset", "rapid_reset_with_token", "reflection_churn", "provoked_reset", "open_checks",
        "health_watches", "reflection_streams", "refused_calls", "methods", "deadlines", "idle",
        "key_updates", "renegotiations", "early_data", "certificates", "hellos", "plain_text",
        "requests_of_http1", "other_names"]
# What keeps all of libgrpc's threads busy: others' calls may wait until it is over.
CAPTURING = {"reflection_churn", "refused_calls", "methods", "deadlines"}


def resident(process):
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0.0


class Exposed:
    """A suite with an organisation of the attackers', one of another caller's, and what it takes."""

    def __init__(self, test, front, **flags):
        self.suite = test.enterContext(Suite(tls=True, front=front, **flags))
        self.folder = self.suite.folder
        for name in ("acme", "beta"):
            self.suite.tutti("organizations", "create", name, "--headcount", "300", "--source", "activities=mail.sent")
            self.write(f"{name}.token", self.suite.token(
                name, scopes=("scores.read", "activities.write", "organizations.admin")).encode())
        bare = (self.suite.ingest, self.suite.aggregate, self.suite.score)
        self.ingest, self.organizations, self.score = self.suite.front_addresses if front else bare
        names = {name: process for name, process in self.suite.processes().items() if name.startswith("tutti-")}
        self.of_services = list(names.values())
        self.of_front = []
        if front:
            master = int((self.suite.state / "front/nginx.pid").read_text())
            children = pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()
            self.of_front = [master, *map(int, children)]

    def write(self, name, content):
        (self.folder / name).write_bytes(content)
        return self.folder / name

    def memory(self):
        """Of the front and of the services, in MiB."""
        return sum(map(resident, self.of_front)), sum(map(resident, self.of_services))

    @contextlib.contextmanager
    def caller(self):
        """Calls until the block ends; yields a dictionary which then says how that went."""
        from tutti.aggregate.v1 import organization_pb2
        organization = organization_pb2.GetOrganizationRequest(name="organizations/acme").SerializeToString()
        words = [
            self.score, attacks.CATALOG, self.write("catalog", b""),
            self.ingest, attacks.INGEST, self.write("batch", batch("acme").SerializeToString()),
            self.organizations, "/tutti.aggregate.v1.OrganizationService/GetOrganization",
            self.write("organization", organization)]
        process = subprocess.Popen([PYTHON, HERE / "caller.py", self.suite.authority, self.folder / "acme.token", *words],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = {}
        try:
            process.stdout.readline()
            yield told
        finally:
            told.update(json.loads(process.communicate("", timeout=120)[0] or "{}"))

    def attack(self, names, seconds):
        """Runs these attacks at once, each from an address of its own; what the front and the
        services took most together."""
        from tutti.ingest.v1 import ingest_pb2
        from tutti.score.v1 import score_pb2
        watch = self.write("watch", score_pb2.WatchScoresRequest(parent="organizations/beta").SerializeToString())
        stream = self.write("stream", ingest_pb2.StreamActivitiesRequest(
            request_id="7", batch=batch("beta")).SerializeToString())
        running = []
        for number, name in enumerate(names):
            words = [PYTHON, HERE / "attack.py", name, self.ingest if name in OF_INGEST else self.score,
                     self.suite.authority, str(seconds), "--source", f"127.0.0.{number + 2}",
                     "--body-file", stream if name == "slow_streams" else watch]
            if name in WITH_TOKEN:
                words += ["--token-file", self.folder / "beta.token"]
            running.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
        most = self.memory()
        while any(process.poll() is None for process in running):
            most = max(most, self.memory(), key=sum)
            time.sleep(0.05)
        sent = {name: json.loads(process.communicate()[0]) for name, process in zip(names, running)}
        return most, sent

    def settle(self, rest):
        """Waits until what is taken is nearly what it was, a minute at most."""
        began = time.monotonic()
        while (taken := sum(self.memory())) > rest + KEPT_MIB and time.monotonic() < began + A_MINUTE:
            time.sleep(0.25)
        return taken, time.monotonic() - began


def batch(organization):
    from tutti.ingest.v1 import ingest_pb2
    request = ingest_pb2.IngestActivitiesRequest(organization=f"organizations/{organization}")
    request.activities.add(subject="a@made-up.example", type="mail.sent").occurred_at.GetCurrentTime()
    return request


def setUpModule():
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory()))
    make_stubs(folder)


class AttackTest(unittest.TestCase):
    def attack(self, exposed, rounds, seconds, capturing=frozenset()):
        """Every round of attacks; nobody else may notice, but for those that are `capturing`."""
        with exposed.caller() as quiet:
            time.sleep(3 if LONG else 1.5)  # what the quiet figure is made of
        self.assertEqual(quiet["ok"], quiet["calls"], quiet)
        print(f"{'quiet':<60} p99 {quiet['p99_ms']:.0f} ms of {quiet['calls']} calls")
        rest = sum(exposed.memory())
        for names in rounds:
            with self.subTest(names):
                with exposed.caller() as told:
                    most, sent = exposed.attack(names, seconds)
                left, after = exposed.settle(rest)
                print(f"{' '.join(names):<60} +{sum(most) - rest:.0f} MiB (front {most[0]:.0f}, services {most[1]:.0f}), "
                      f"after {after:.0f} s +{left - rest:.0f}; others {told['ok']} of {told['calls']}, "
                      f"p99 {told['p99_ms']:.0f} ms {told['others'] or ''}\n    {sent}")
                for name in names:
                    self.assertTrue(sent[name].get("connections"), f"{name} did not attack")
                    self.assertFalse(sent[name].keys() & {"renegotiated", "taken"}, sent[name])
                if LONG and "idle" in names and not exposed.of_front:
                    self.assertGreater(sent["idle"]["held at the end"], 9000)
                self.assertLess(sum(most) - rest, IDLE_MIB if "idle" in names and not exposed.of_front else MOST_MIB)
                self.assertLessEqual(left - rest, KEPT_MIB)
                self.assertGreater(told["calls"], 0)
                if not capturing.intersection(names):
                    self.assertGreaterEqual(told["ok"], 0.99 * told["calls"], told)

    # Mutation: the attackers find the services behind it (the control below).
    def test_a_front_withstands_every_attack(self):
        rounds = [[name] for names in TOGETHER for name in names] if LONG else TOGETHER
        self.attack(Exposed(self, front=True), rounds, 15 if LONG else 3)

    # Mutation: no ConnectionCalls.
    def test_a_listener_of_ours_withstands_what_we_bound(self):
        self.attack(Exposed(self, front=False), [[name] for name in BARE] if LONG else [BARE[:3]], 15 if LONG else 3,
                    CAPTURING if LONG else frozenset())

    # The control: what the figures above are measured with sees a flood that nothing bounds. Once
    # it is over, the memory comes back: mutation: no ReturnFreeMemory.
    def test_a_flood_of_headers_grows_a_listener_of_ours(self):
        exposed = Exposed(self, front=False)
        rest, grown = sum(exposed.memory()), 0.0
        deadline = time.monotonic() + A_MINUTE
        while grown < 1.5 * MOST_MIB and time.monotonic() < deadline:
            most, _ = exposed.attack(["continuation"], 1)
            grown = max(grown, sum(most) - rest)
        left, after = exposed.settle(rest)
        print(f"control: CONTINUATION before a listener without a front: +{grown:.0f} MiB, after {after:.0f} s "
              f"+{left - rest:.0f}")
        self.assertGreater(grown, MOST_MIB)
        self.assertLessEqual(left - rest, KEPT_MIB)


    # Mutation: a call that was reset is not counted out.
    def test_calls_that_are_reset_leave_no_trace(self):
        exposed = Exposed(self, front=False)
        target = attacks.Target(exposed.score, exposed.suite.authority, 60, (exposed.folder / "acme.token").read_text())
        reset = struct.pack(">I", 8)
        # More in all than may wait, and of no connection too many.
        for _ in range(25):
            with attacks.with_calls(target, target.block(attacks.CATALOG), 100,
                                    lambda stream: attacks.frame(attacks.RST_STREAM, 0, stream, reset)) as connection:
                connection.sendall(attacks.frame(attacks.HEADERS, attacks.END_HEADERS, 201, target.block(attacks.CHECK)) +
                                   attacks.frame(attacks.DATA, attacks.END_STREAM, 201, attacks.message()))
                self.assertEqual(answers(connection, {201}), {201: True})
        with attacks.with_calls(target, target.block(attacks.GET_SCORE), 50) as connection:
            connection.sendall(b"".join(
                attacks.frame(attacks.HEADERS, attacks.END_HEADERS, stream, target.block(attacks.CHECK)) +
                attacks.frame(attacks.DATA, attacks.END_STREAM, stream, attacks.message()) for stream in range(101, 111, 2)))
            asked = range(101, 111, 2)
            self.assertEqual(answers(connection, set(asked)), dict.fromkeys(asked, True))


def answers(connection, streams):
    """Waits until all of these calls have ended; whether there was an answer, by stream."""
    connection.settimeout(20)
    read, answered, ended = b"", set(), set()
    while not streams <= ended:
        while len(read) < 9 or len(read) < 9 + int.from_bytes(read[:3], "big"):
            more = connection.recv(1 << 16)
            if not more:
                raise ConnectionError("the connection ended")
            read += more
        size, kind, flags, stream = int.from_bytes(read[:3], "big"), read[3], read[4], int.from_bytes(read[5:9], "big")
        read = read[9 + size:]
        if kind == attacks.DATA:
            answered.add(stream)
        if kind == attacks.RST_STREAM or kind == attacks.HEADERS and flags & attacks.END_STREAM:
            ended.add(stream)
    return {stream: stream in answered for stream in streams}


class FrontTest(unittest.TestCase):
    """What passes a front, and what does not."""

    @classmethod
    def setUpClass(cls):
        # Connections of the front are told to end every second, as they are every ten minutes.
        ages = "--max_connection_age=10m" if LONG else "--max_connection_age=1s"
        cls.exposed = Exposed(cls, front=True, aggregate_flags="--calls_per_second=5",
                              ingest_flags="--max_connection_age_grace=24h",
                              score_flags=f"{ages} --max_connection_age_grace=24h --metrics_listen=127.0.0.1:0")
        cls.suite = cls.exposed.suite

    @classmethod
    def enterContext(cls, context):  # of Exposed
        return cls.enterClassContext(context)

    def channel(self, address, certificate=None):
        key, chain = (path.read_bytes() for path in self.suite.certificate(certificate)) if certificate else (None, None)
        credentials = grpc.ssl_channel_credentials(self.suite.authority.read_bytes(), key, chain)
        return contextlib.closing(grpc.secure_channel(
            address, credentials, [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1)]))

    def metadata(self, more=()):
        return [("authorization", "Bearer " + (self.exposed.folder / "acme.token").read_text()), *more]

    def told(self, address, method, request=b"", metadata=(), certificate=None):
        with self.channel(address, certificate) as channel:
            call = channel.unary_unary(method).future(request, timeout=60, metadata=metadata)
            error = call.exception()
            return "OK" if error is None else error.code().name

    def ports(self):
        return self.suite.front_addresses

    # Mutation: the front shows the services a certificate of an operator.
    def test_who_has_no_token_is_nobody(self):
        organizations = "/tutti.aggregate.v1.OrganizationService/ListOrganizations"
        for address, method in zip(self.ports(), (attacks.INGEST, organizations, attacks.GET_SCORE)):
            for certificate in (None, "operator", "ingest"):
                with self.subTest(method, certificate=certificate):
                    self.assertEqual(self.told(address, method, certificate=certificate), "UNAUTHENTICATED")

    # Mutation: a location for everything.
    def test_nothing_else_is_forwarded(self):
        ingest, organizations, score = self.ports()
        inside = "/tutti.aggregate.v1.AggregateService/"
        self.assertEqual(self.told(self.suite.aggregate, inside + "PublishDueWindows", certificate="operator"),
                         "OK", "the service has the method")
        for address in self.ports():
            for method in ("MergeDeltas", "GetIngestPolicy", "ReportKeyring", "PublishDueWindows"):
                self.assertEqual(self.told(address, inside + method, metadata=self.metadata()), "UNIMPLEMENTED")
            for path in ("/metrics", "/", attacks.CHECK + "?a=b/../x", "/tutti.score.v1.ScoreService/../metrics"):
                told = self.told(address, path, metadata=self.metadata())
                # The method itself, with a query, may be answered; nothing else is.
                self.assertIn(told, ("UNIMPLEMENTED", "OK") if path.startswith(attacks.CHECK) else ("UNIMPLEMENTED",))
                answer = self.answered(address, path)
                self.assertTrue(answer.startswith(b"HTTP/1.1 "), "the control: it is answered")
                self.assertNotIn(b"tutti_", answer)
        self.assertEqual(self.told(score, attacks.INGEST, metadata=self.metadata()), "UNIMPLEMENTED")
        self.assertEqual(self.told(ingest, attacks.GET_SCORE, metadata=self.metadata()), "UNIMPLEMENTED")

    def answered(self, address, path):
        """The bytes that a GET over HTTP/1.1 is answered."""
        target = attacks.Target(address, self.suite.authority, 10)
        target.context.set_alpn_protocols(["http/1.1"])
        with contextlib.suppress(OSError, ssl.SSLError):
            with target.context.wrap_socket(target.tcp(), server_hostname=target.host) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                return b"".join(iter(lambda: connection.recv(65536), b""))
        return b""

    def test_health_and_reflection_are_those_of_the_port(self):
        names = ("tutti.ingest.v1.IngestService", "tutti.aggregate.v1.OrganizationService", "tutti.score.v1.ScoreService")
        for address, name in zip(self.ports(), names):
            with self.subTest(name), self.channel(address) as channel:
                for asked in names:
                    request = b"\x0a" + bytes([len(asked)]) + asked.encode()
                    self.assertEqual(self.told(address, attacks.CHECK, request), "OK" if asked == name else "NOT_FOUND")
                answer = next(channel.stream_stream(attacks.REFLECT)(iter([b"\x3a\x00"]), timeout=20))
                self.assertIn(name.encode(), answer)

    # Mutation: trailers do not pass, or the rate's answer is the front's own.
    def test_details_of_an_error_pass(self):
        from google.rpc import error_details_pb2, status_pb2
        method = "/tutti.aggregate.v1.OrganizationService/GetOrganization"
        with self.channel(self.ports()[1]) as channel:
            for _ in range(100):
                error = channel.unary_unary(method).future(b"", timeout=20, metadata=self.metadata()).exception()
                if error.code().name == "RESOURCE_EXHAUSTED":
                    break
        trailers = dict(error.trailing_metadata())
        details = {detail.TypeName(): detail
                   for detail in status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).details}
        retry = error_details_pb2.RetryInfo.FromString(details["google.rpc.RetryInfo"].value)
        self.assertGreater(retry.retry_delay.ToTimedelta(), datetime.timedelta(0))
        self.assertIn("grpc-retry-pushback-ms", trailers)

    # Mutation: client_max_body_size of 10m; none.
    def test_batches_of_16_mib_pass_and_larger_ones_do_not(self):
        def field_of(size):  # of a number that no message has
            return b"\xfa\x7f" + varint(size) + bytes(size)
        ingest, _, score = self.ports()
        for address, method, size, expected in [
                (ingest, attacks.INGEST, (16 << 20) - 64, "INVALID_ARGUMENT"),
                (ingest, attacks.INGEST, 18 << 20, "RESOURCE_EXHAUSTED"),
                (score, attacks.GET_SCORE, 1 << 20, "RESOURCE_EXHAUSTED")]:
            with self.subTest(method, size=size):
                self.assertEqual(self.told(address, method, field_of(size), self.metadata()), expected)

    # Mutation: grpc_read_timeout of a second. In the long form: no --max_connection_age_grace.
    def test_a_watch_outlives_connections_and_calls_go_on_meanwhile(self):
        from tutti.score.v1 import score_pb2
        request = score_pb2.WatchScoresRequest(parent="organizations/acme").SerializeToString()
        codes = collections.Counter()
        with self.channel(self.ports()[2]) as channel:
            watch = channel.unary_stream("/tutti.score.v1.ScoreService/WatchScores")(request, metadata=self.metadata())
            deadline = time.monotonic() + (15 * 60 if LONG else 3)
            while time.monotonic() < deadline:
                codes[self.told(self.ports()[2], attacks.CATALOG, metadata=self.metadata())] += 1
            self.assertTrue(watch.is_active())
            watch.cancel()
        print(f"calls while a watch went on: {dict(codes)}")
        self.assertGreater(codes["OK"], 0.99 * codes.total())

    SERVING = attacks.frame(attacks.DATA, 0, 1, attacks.message(b"\x08\x01"))

    def answer(self, connection, sent):
        """All that comes for what is sent, until the other side ends or says nothing for a while."""
        connection.settimeout(0.3)
        with contextlib.suppress(OSError):
            connection.sendall(sent)
            return b"".join(iter(lambda: self.some(connection), b""))
        return b""

    @staticmethod
    def some(connection):
        with contextlib.suppress(OSError):
            return connection.recv(1 << 16)
        return b""

    # Mutations: `listen` without ssl; ssl_early_data and tickets; a listener of ours in plain text.
    def test_no_call_is_taken_but_over_http2_within_a_handshake(self):
        for address in (self.ports()[2], self.suite.score):
            target = attacks.Target(address, self.suite.authority, 10)
            call = handshakes.call_of_health(target)
            with self.subTest(address, of="the control"), target.context.wrap_socket(
                    target.tcp(), server_hostname=target.host) as connection:
                self.assertIn(self.SERVING, self.answer(connection, call))
            for name, sent in (("known before", call), ("an upgrade", handshakes.UPGRADE + call)):
                with self.subTest(address, plain_text=name), target.tcp() as connection:
                    self.assertNotIn(self.SERVING, self.answer(connection, sent))
            for protocols in ((), ("spdy/3",), ("http/1.1",)):
                with self.subTest(address, protocols=protocols), contextlib.suppress(OSError):
                    with handshakes.context_for(*protocols).wrap_socket(target.tcp()) as connection:
                        self.assertNotIn(self.SERVING, self.answer(connection, call))
            with self.subTest(address, what="early data"), handshakes.Tls(target) as first:
                first.write(call)
                first.read()
                with handshakes.Tls(target, session=first.session(), early=call) as connection:
                    self.assertFalse(connection.early_data_taken())
            with self.subTest(address, what="renegotiation"), handshakes.Tls(target, handshakes.TLS_1_2) as connection:
                connection.write(call)
                self.assertFalse(connection.renegotiates())

    # The control of what shakes no hands anew above.
    def test_a_server_that_shakes_hands_anew_is_seen_to(self):
        allow_client_renegotiation = 1 << 8
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.options = (context.options | allow_client_renegotiation) & ~ssl.OP_NO_RENEGOTIATION
        context.load_cert_chain(self.suite.state / "tls/score/cert.pem", self.suite.state / "tls/score/key.pem")
        with socket.create_server(("127.0.0.1", 0)) as listening:
            def serve():
                with contextlib.suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True) as connection:
                    connection.sendall(b"unasked")
                    while connection.recv(1 << 12):
                        pass
            serving = threading.Thread(target=serve)
            serving.start()
            target = attacks.Target(f"127.0.0.1:{listening.getsockname()[1]}", self.suite.authority, 10)
            with handshakes.Tls(target, handshakes.TLS_1_2) as connection:
                self.assertTrue(connection.renegotiates())
            serving.join()

    # Mutation: no `$forwarded` (HTTP/1.1 passes).
    def test_no_request_hides_in_another(self):
        target = attacks.Target(self.ports()[2], self.suite.authority, 10)
        token = (self.exposed.folder / "acme.token").read_text().strip()

        def counted():
            return sum(float(line.split()[-1]) for line in self.suite.metrics().splitlines()
                       if line.startswith("tutti_requests_total") and "GetScore" in line)
        before = counted()
        for name, sent in handshakes.smuggled(target.host, token).items():
            with self.subTest(name), handshakes.context_for("http/1.1").wrap_socket(target.tcp()) as connection:
                answer = self.answer(connection, sent)
                self.assertTrue(answer.startswith(b"HTTP/1.1 "), "the control: it is answered")
                for line in answer.splitlines():
                    if line.startswith(b"grpc-status: "):
                        self.assertIn(line, (b"grpc-status: 12", b"grpc-status: 8"))
        self.assertEqual(counted(), before)
        self.told(self.ports()[2], attacks.GET_SCORE, metadata=self.metadata())
        self.assertEqual(counted(), before + 1, "the control")

    # Mutations: no bound of an address; none in all.
    def test_connections_are_bounded_of_an_address_and_in_all(self):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
        target = attacks.Target(self.ports()[0], self.suite.authority, 10)
        with contextlib.ExitStack() as held:
            of_one = [held.enter_context(target.tcp("127.2.0.1")) for _ in range(13)]
            self.assertEqual(self.ended(of_one, 1), 1)
            of_others = [held.enter_context(target.tcp(f"127.2.{1 + i // 12}.1")) for i in range(1300)]
            self.assertGreaterEqual(self.ended(of_others, 12), 12)

    @staticmethod
    def ended(connections, expected):
        """How many of these the other side has ended: waits for as many as are expected, less long
        than a handshake may take."""
        waiting = select.poll()
        for connection in connections:
            waiting.register(connection, select.POLLIN)
        deadline = time.monotonic() + 5
        ended = 0
        while ended < expected and time.monotonic() < deadline:
            ended = len(waiting.poll(100))
        return ended

    # Mutations: nginx restarts; worker_shutdown_timeout of a millisecond; the certificate is read once.
    def test_streams_outlive_a_new_certificate_of_the_front(self):
        from tutti.ingest.v1 import ingest_pb2
        files, other = self.suite.certificate("front"), self.suite.certificate("score")
        old = [path.read_bytes() for path in files]
        request = ingest_pb2.StreamActivitiesRequest(batch=batch("acme"))
        sending = queue.Queue()
        with self.channel(self.ports()[0]) as channel:
            answers = channel.stream_stream(attacks.STREAM)(iter(sending.get, None), timeout=120, metadata=self.metadata())

            def answered(number):
                request.request_id = number
                sending.put(request.SerializeToString())
                return ingest_pb2.StreamActivitiesResponse.FromString(next(answers)).request_id
            self.assertEqual(answered("before"), "before")
            try:
                for path, new in zip(files, other):
                    path.write_bytes(new.read_bytes())
                os.kill(int((self.suite.state / "front/nginx.pid").read_text()), signal.SIGHUP)
                expected = ssl.PEM_cert_to_DER_cert(other[1].read_text())
                deadline = time.monotonic() + A_MINUTE
                # For a moment processes of before and new ones both answer.
                while (shown := self.shown(self.ports()[0])) != expected and time.monotonic() < deadline:
                    self.assertEqual(self.told(self.ports()[2], attacks.CATALOG, metadata=self.metadata()), "OK")
                self.assertEqual(shown, expected, (self.suite.state / "log/front").read_text())
                self.assertEqual(answered("after"), "after")
                # A call over the same connection as the stream.
                self.assertIsNone(channel.unary_unary(attacks.INGEST).future(
                    batch("acme").SerializeToString(), timeout=20, metadata=self.metadata()).exception())
                self.assertEqual(answered("at the end"), "at the end")
            finally:
                sending.put(None)
                for path, content in zip(files, old):
                    path.write_bytes(content)
                os.kill(int((self.suite.state / "front/nginx.pid").read_text()), signal.SIGHUP)
                own = ssl.PEM_cert_to_DER_cert(old[1].decode())
                wait_for(lambda: self.shown(self.ports()[0]) == own, "the front's own certificate")

    def shown(self, address):
        """The certificate that an address shows now."""
        target = attacks.Target(address, self.suite.authority, 10)
        with target.connect() as connection:
            return connection.getpeercert(binary_form=True)

    # Mutations: access_log on; error_log at info; bodies kept (proxy_pass).
    def test_nothing_that_is_sent_is_written(self):
        canary = "canary7f3a"
        ingest, organizations, score = self.ports()
        request = batch(canary)
        request.activities[0].subject = canary + "@made-up.example"
        for address, method in ((ingest, attacks.INGEST), (score, f"/{canary}/x"), (score, attacks.GET_SCORE)):
            for token in (self.metadata([("x-" + canary, canary)]), [("authorization", "Bearer " + canary)]):
                self.told(address, method, request.SerializeToString(), token)
        for address in (ingest, organizations, score):
            for sent in (b"\0" * 9, attacks.PREFACE + b"\xff" * 64, f"GET /{canary} HTTP/1.1\r\n\r\n".encode()):
                target = attacks.Target(address, self.suite.authority, 10)
                with contextlib.suppress(OSError), target.connect(first=sent) as connection:
                    connection.recv(1 << 16)
            self.answered(address, "/" + canary)
        # A large body of which the end never comes is held nowhere.
        target = attacks.Target(ingest, self.suite.authority, 10, (self.exposed.folder / "acme.token").read_text())
        with target.connect() as connection:
            connection.sendall(attacks.frame(attacks.HEADERS, attacks.END_HEADERS, 1, target.block(attacks.INGEST)))
            for _ in range(3):
                connection.sendall(attacks.frame(attacks.DATA, 0, 1, canary.encode() * 1600))
            self.told(ingest, attacks.INGEST, batch("acme").SerializeToString(), self.metadata())
            written = {path: path.read_bytes() for path in (self.suite.state / "front").rglob("*") if path.is_file()}
        written[self.suite.state / "log/front"] = (self.suite.state / "log/front").read_bytes()
        self.assertEqual({path.name for path in written}, {"nginx.conf", "nginx.pid", "front"})
        for path, content in written.items():
            self.assertNotIn(canary.encode(), content, path)
        self.assertEqual(written[self.suite.state / "log/front"], b"")


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


if __name__ == "__main__":
    unittest.main()
