"""Tries to write lines of its own into the services' logs, as somebody does who has no
credentials and can only connect."""

import json
import pathlib
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import unittest

import grpc
from suite import BIN, Suite

SECONDS = 60
FORGED = b'x\n{"time":"2026-01-01T00:00:00.000Z","level":"info","event":"forged","address":"evil"}\n\x1b[2Jx'
FLOOD = 1500


def client_hello(server_name):
    """The first bytes of a TLS client that asks for any name, also for one that no client's
    library would ask for."""
    stand_in = b"a" * min(len(server_name), 60) + b"." + b"b" * max(len(server_name) - 61, 1)
    stand_in = stand_in[:len(server_name)]
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=stand_in.decode())
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()
    assert hello.count(stand_in) == 1
    return hello.replace(stand_in, server_name)


class LogLinesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = cls.enterClassContext(Suite(tls=True))
        cls.addresses = {"ingest": cls.suite.ingest, "aggregate": cls.suite.aggregate, "score": cls.suite.score}

    def log(self, name):
        return (self.suite.state / "log" / name).read_bytes()

    def send(self, address, data):
        """Sends bytes and waits until the server has answered them, or ended the connection."""
        host, port = address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
            connection.sendall(data)
            try:
                answer = connection.recv(1 << 16)
                # An alert: the handshake ends here, by the client's wish.
                connection.sendall(b"\x15\x03\x03" + struct.pack(">H", 2) + b"\x02\x28")
                while connection.recv(1 << 16):
                    pass
            except OSError:
                answer = b""
        return answer

    def assert_all_ours(self, name):
        text = self.log(name)
        for line in text.splitlines():
            fields = json.loads(line)
            self.assertLessEqual({"time", "level", "event"}, fields.keys())
            self.assertNotEqual(fields["event"], "forged")
        self.assertRegex(text, rb"\A[ -~\n]*\Z")
        return [json.loads(line) for line in text.splitlines()]

    # Mutation: gRPC writes its lines itself.
    def test_nobody_without_credentials_writes_a_line(self):
        for name, address in self.addresses.items():
            self.send(address, client_hello(FORGED))
            deadline = time.monotonic() + SECONDS
            while b"No match found for server name" not in self.log(name):
                self.assertLess(time.monotonic(), deadline, self.log(name))
            for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + FORGED, FORGED):
                self.send(address, data)
            lines = self.assert_all_ours(name)
            self.assertIn("grpc", {line["event"] for line in lines})
            print(f"{name}: one line of gRPC's, with the forged one in it as text")

    # Mutation: no allowance.
    def test_a_flood_of_handshakes_is_no_flood_of_lines(self):
        address = self.addresses["score"]
        hello = client_hello(FORGED)
        begin = time.monotonic()
        for _ in range(FLOOD):
            self.send(address, hello)
        deadline = time.monotonic() + SECONDS

        def told():
            return sum(int(line["lines"]) for line in self.assert_all_ours("score")
                       if line["event"] == "grpc lines left out")

        # Each has left one line at the least.
        while True:
            written = sum(line["event"] == "grpc" for line in self.assert_all_ours("score"))
            if written + told() >= FLOOD:
                break
            self.assertLess(time.monotonic(), deadline, (written, told()))
        spans = (time.monotonic() - begin) / 10 + 2
        self.assertLessEqual(written, 10 * spans + 10)  # and those of the test before
        self.assertLess(written, FLOOD / 5)
        print(f"{FLOOD} handshakes: {written} lines, and {told()} that were left out are told")

    # Mutation: gRPC writes its lines itself, in the command line too.
    def test_the_command_line_says_what_grpc_says_as_plain_text(self):
        with tempfile.TemporaryDirectory() as folder:
            other = pathlib.Path(folder) / "ca.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-subj", "/CN=another authority", "-keyout", f"{folder}/key.pem", "-out", other],
                           check=True, capture_output=True)
            done = subprocess.run([BIN / "tutti", "--ca", other, "health", self.suite.score], capture_output=True,
                                  text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, 5)
        self.assertIn("tutti: gRPC: ", done.stderr)
        for line in done.stderr.splitlines():
            self.assertRegex(line, r"\Atutti: [ -~]*\Z")

    def test_the_services_still_serve(self):
        authority = self.suite.authority.read_bytes()
        for address in self.addresses.values():
            with grpc.secure_channel(address, grpc.ssl_channel_credentials(authority)) as channel:
                channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=SECONDS)


if __name__ == "__main__":
    unittest.main()
