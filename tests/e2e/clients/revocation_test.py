"""Withdraws the keys that sign tokens, and the authorities, in every way that a file can go."""

import shutil
import time
import unittest

import grpc
from suite import Suite

SECONDS = 90
GRACE = 15  # long enough to look at it twice
READY = "/grpc.health.v1.Health/Check"
GET_SCORE = "/tutti.score.v1.ScoreService/GetScore"
SERVICE = b"tutti.score.v1.ScoreService"


class RevocationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = cls.enterClassContext(Suite(tls=True, score_flags=f"--token_keys_grace={GRACE}s"))
        cls.keys = cls.suite.state / "tokens/jwks.json"
        cls.kept = cls.suite.state / "tokens/kept.json"
        shutil.copy(cls.keys, cls.kept)
        cls.token = cls.suite.token("acme")
        authority = cls.suite.authority.read_bytes()
        key, certificate = cls.suite.certificate("operator")
        cls.channel = cls.enterClassContext(grpc.secure_channel(
            cls.suite.score, grpc.ssl_channel_credentials(authority)))
        cls.operator = cls.enterClassContext(grpc.secure_channel(
            cls.suite.score, grpc.ssl_channel_credentials(authority, key.read_bytes(), certificate.read_bytes())))

    def code(self, channel, metadata=None):
        """What asking for a score without a name ends with: INVALID_ARGUMENT, once one is let in."""
        error = channel.unary_unary(GET_SCORE).future(b"", timeout=20, metadata=metadata).exception()
        return error.code().name

    def token_is_good(self):
        code = self.code(self.channel, [("authorization", "Bearer " + self.token)])
        self.assertIn(code, ("INVALID_ARGUMENT", "UNAUTHENTICATED"))
        return code == "INVALID_ARGUMENT"

    def ready(self):
        answer = self.channel.unary_unary(READY)(b"\x0a" + bytes([len(SERVICE)]) + SERVICE, timeout=20)
        return answer == b"\x08\x01"

    def until(self, condition, what):
        deadline = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.05)

    def put(self, text):
        """Replaces the file of keys by one rename."""
        new = self.keys.with_suffix(".new")
        new.write_text(text)
        new.rename(self.keys)

    def restore(self):
        if self.keys.is_dir():
            self.keys.rmdir()
        self.put(self.kept.read_text())
        self.until(self.token_is_good, "the keys are not believed again")
        self.until(self.ready, "it is not ready again")

    # Mutation: a set without keys leaves the old ones.
    def test_an_empty_set_is_no_keys_at_once(self):
        self.restore()
        self.put('{"keys":[]}')
        begin = time.monotonic()
        self.until(lambda: not self.token_is_good(), "tokens are taken that no key of the set has signed")
        print(f"refused {time.monotonic() - begin:.1f} s after the set was emptied")
        self.assertTrue(self.ready(), "an empty set is as it should be")
        self.assertEqual(self.code(self.operator), "INVALID_ARGUMENT")
        self.restore()

    # Mutation: the old keys stay for ever; or they go at once.
    def test_a_file_that_is_gone_or_broken_has_its_grace(self):
        for name, break_it in [("gone", lambda: self.keys.unlink()),
                               ("broken", lambda: self.put("{")),
                               ("emptied", lambda: self.put("")),
                               ("a folder", lambda: (self.keys.unlink(), self.keys.mkdir()))]:
            with self.subTest(name):
                self.restore()
                break_it()
                self.until(lambda: not self.ready(), "it is ready although nobody knows the keys")
                self.assertTrue(self.token_is_good(), "the grace has not passed")
                self.until(lambda: not self.token_is_good(), "the old keys are believed for ever")
                self.assertFalse(self.ready())
                self.assertEqual(self.code(self.operator), "INVALID_ARGUMENT")
                log = (self.suite.state / "log/score").read_text()
                self.assertRegex(log, r'"not ready","part":"token_keys","problem":"[^"]*; the old keys stay')
        self.restore()

    # Mutation: certificates are believed for ever.
    def test_authorities_that_are_gone_have_the_same_grace(self):
        self.restore()
        authority = self.suite.authority
        self.assertEqual(self.code(self.operator), "INVALID_ARGUMENT")
        authority.rename(authority.with_suffix(".kept"))
        try:
            self.until(lambda: not self.ready(), "it is ready although nobody knows the authorities")
            self.assertEqual(self.code(self.operator), "INVALID_ARGUMENT")
            self.until(lambda: self.code(self.operator) == "PERMISSION_DENIED", "certificates are believed for ever")
            self.assertTrue(self.token_is_good())
        finally:
            authority.with_suffix(".kept").rename(authority)
        self.until(lambda: self.code(self.operator) == "INVALID_ARGUMENT", "they are not believed again")
        self.until(self.ready, "it is not ready again")


if __name__ == "__main__":
    unittest.main()
