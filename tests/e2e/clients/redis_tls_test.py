"""TLS to redis-server, and plain text to another machine never."""

import pathlib
import subprocess
import tempfile
import time
import unittest
import urllib.request

from suite import BIN, Suite, free_port


class RedisTlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.suite = cls.enterClassContext(
            Suite(tls=True, redis_users="user inspector on nopass ~* &* +@all"))
        # The certificate of score's own server is for localhost, which will do for Redis.
        key, certificate = cls.suite.certificate("score")
        cls.port = free_port()
        for name, value in (("tls-cert-file", certificate), ("tls-key-file", key),
                            ("tls-ca-cert-file", cls.suite.authority), ("tls-auth-clients", "no"),
                            ("bind", "127.0.0.1"), ("tls-port", cls.port)):
            done = subprocess.run(
                ["redis-cli", "-s", cls.suite.state / "redis/redis.sock", "--user", "inspector", "--pass", "x",
                 "--no-auth-warning", "CONFIG", "SET", name, str(value)],
                capture_output=True, text=True, check=True, timeout=60)
            assert done.stdout.strip() == "OK", done.stdout
        cls.other = cls.folder / "other.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=other", "-keyout", cls.folder / "other.key", "-out", cls.other],
                       check=True, capture_output=True)

    def run_score(self, *flags):
        """Whether a score service with these flags finds its store (None: it did not start), and its log."""
        log, address = self.folder / "log", self.folder / "address"
        address.unlink(missing_ok=True)
        metrics = free_port()
        with log.open("w", encoding="utf-8") as file:
            process = subprocess.Popen(
                [BIN / "tutti-score", "--listen=127.0.0.1:0", "--insecure_loopback", f"--port_file={address}",
                 f"--metrics_listen=127.0.0.1:{metrics}", f"--catalog={self.suite.catalog}",
                 f"--redis_password_file={self.suite.state}/secrets/score", *flags], stderr=file)
        try:
            end = time.monotonic() + 30
            while not address.exists() and process.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            found = None
            if address.exists():
                with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=20) as page:
                    found = b"\ntutti_ready_state 1" in page.read()
        finally:
            process.terminate()
            process.wait(timeout=30)
        return found, log.read_text()

    def test_plain_text_stays_on_the_machine(self):
        found, said = self.run_score("--redis_address=redis.made-up.example:6379")
        self.assertIsNone(found)
        self.assertIn("plain text may only go to this machine", said)

    def test_plain_text_is_not_understood(self):
        self.assertFalse(self.run_score(f"--redis_address=localhost:{self.port}")[0])

    def test_tls_asks_for_the_server_that_was_named(self):
        def ask(host, authority):
            return self.run_score(f"--redis_address={host}:{self.port}", f"--redis_tls_authorities={authority}")
        found, said = ask("localhost", self.suite.authority)
        self.assertTrue(found, said)
        self.assertTrue(ask("127.0.0.1", self.suite.authority)[0])
        self.assertFalse(ask("localhost", self.other)[0])
        self.assertFalse(ask("ip6-localhost", self.suite.authority)[0], "the name is not in its certificate")


if __name__ == "__main__":
    unittest.main()
