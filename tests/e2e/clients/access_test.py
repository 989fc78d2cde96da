"""Attempts to get in with tokens, by a client that is not ours, and what each was told.

Every method that has an organisation is tried with somebody else's: the list comes from
the protos, so a method that forgets to ask is found."""

import base64
import datetime
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import grpc
from suite import BIN, SOURCE, Suite, make_stubs

BUF = SOURCE / "build/tools/node_modules/.bin/buf"
# Methods that name no organisation of a caller's.
WITHOUT = {"ListOrganizations", "GetCatalog"}
FOR_SERVICES = {"MergeDeltas", "GetIngestPolicy", "ReportKeyring"}
GET_SCORE = "/tutti.score.v1.ScoreService/GetScore"
HEALTH = "/grpc.health.v1.Health/Check"


def encode(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class AccessTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        make_stubs(cls.folder)
        cls.suite = cls.enterClassContext(Suite(tls=True))
        first = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(weeks=8)
        for name in ("acme", "beta"):
            cls.suite.back_fill(name, 300, first.isoformat())
        cls.channels = {}
        for address in (cls.suite.ingest, cls.suite.aggregate, cls.suite.score):
            credentials = grpc.ssl_channel_credentials(cls.suite.authority.read_bytes())
            cls.channels[address] = cls.enterClassContext(grpc.secure_channel(address, credentials))
        cls.acme = cls.token("acme", scopes=("activities.write", "scores.read", "organizations.admin"))

    @classmethod
    def token(cls, *organizations, scopes=("scores.read",), **more):
        return cls.suite.token(*organizations, scopes=scopes, **more)

    def call(self, who, address, method, token, request=b"", stream=False, show=True):
        """The status's name and its text."""
        metadata = [("authorization", "Bearer " + one) for one in
                    ([] if token is None else token if isinstance(token, list) else [token])]
        channel = self.channels[address]
        try:
            if stream:
                for answer in channel.stream_stream(method)(iter([request]), timeout=20, metadata=metadata):
                    return "ANSWER", answer
                return "OK", ""
            channel.unary_unary(method)(request, timeout=20, metadata=metadata)
            told = ("OK", "")
        except grpc.RpcError as error:
            told = (error.code().name, error.details())
        if show:
            print(f"{who:<34} {method.rsplit('/', 1)[1]:<20} {told[0]}: {told[1]}")
        return told

    def get_score(self, who, token, name="organizations/acme/scores/latest"):
        from tutti.score.v1 import score_pb2
        request = score_pb2.GetScoreRequest(name=name).SerializeToString()
        return self.call(who, self.suite.score, GET_SCORE, token, request)

    def test_a_good_token_opens_its_organization_alone(self):
        # Nothing is published yet, and only its own holder is told so.
        self.assertEqual(self.get_score("its own", self.acme)[0], "NOT_FOUND")
        self.assertEqual(self.get_score("another's", self.acme, "organizations/beta/scores/latest")[0],
                         "PERMISSION_DENIED")
        self.assertEqual(self.get_score("every one's", self.token("*", scopes=("system.admin",)))[0],
                         "NOT_FOUND")

    def test_bad_tokens_learn_nothing(self):
        header, claims, signature = self.acme.split(".")
        good = json.loads(base64.urlsafe_b64decode(claims + "=="))
        elsewhere = self.folder / "elsewhere"
        attempts = {
            "no token": None,
            "empty token": "",
            "two tokens": [self.acme, self.acme],
            "alg none": f"{encode({'alg': 'none', 'kid': 'dev'})}.{claims}.",
            "alg none, signature kept": f"{encode({'alg': 'none', 'kid': 'dev'})}.{claims}.{signature}",
            "other organisation written in": f"{header}.{encode({**good, 'orgs': ['beta']})}.{signature}",
            "unknown kid": f"{encode({'alg': 'EdDSA', 'kid': 'other'})}.{claims}.{signature}",
            "critical header": f"{encode({'alg': 'EdDSA', 'kid': 'dev', 'crit': ['x']})}.{claims}.{signature}",
            "key of somebody else": self.token("acme", keys=elsewhere),
            "another issuer": self.token("acme", more=("--issuer", "other")),
            "another audience": self.token("acme", more=("--audience", "other")),
            "oversized": self.acme + "A" * 5000,
            "rubbish": "rubbish",
        }
        for who, token in attempts.items():
            with self.subTest(who):
                self.assertEqual(self.get_score(who, token), ("UNAUTHENTICATED", "unauthenticated"))
        log = (self.suite.state / "log/score").read_text()
        self.assertIn("token refused", log)
        for part in self.acme.split(".") + [self.token("acme", keys=elsewhere)]:
            self.assertNotIn(part, log)

    def test_an_expired_token_is_refused(self):
        # Signed a day ago by the clock of the one who signs.
        shim = next(pathlib.Path("/usr/lib").rglob("faketime/libfaketime.so.1"), None)
        self.assertIsNotNone(shim, "libfaketime is not installed")
        words = ["--organization", "acme", "--scope", "scores.read", "--hours", "1"]
        for age, expected in (("-1d", "UNAUTHENTICATED"), ("+1d", "UNAUTHENTICATED"), ("-0.5h", "NOT_FOUND")):
            token = subprocess.run(
                [BIN / "tutti-sample", "dev-token", "--keys", self.suite.state / "tokens", *words],
                env={**os.environ, "LD_PRELOAD": str(shim), "FAKETIME": age},
                capture_output=True, text=True, check=True).stdout.strip()
            self.assertEqual(self.get_score(f"signed at {age}", token)[0], expected)

    def test_a_scope_opens_its_methods_alone(self):
        for scopes, address, method in [
                (("activities.write",), self.suite.ingest, "/tutti.ingest.v1.IngestService/IngestActivities"),
                (("scores.read",), self.suite.score, GET_SCORE),
                (("organizations.admin",), self.suite.aggregate,
                 "/tutti.aggregate.v1.OrganizationService/PauseScoring"),
                # Who reads scores is told the organisation's name, too.
                (("organizations.admin", "scores.read"), self.suite.aggregate,
                 "/tutti.aggregate.v1.OrganizationService/GetOrganization")]:
            for has in ("activities.write", "scores.read", "organizations.admin"):
                # An empty request is malformed, which only who may call is told.
                expected = "INVALID_ARGUMENT" if has in scopes else "PERMISSION_DENIED"
                told = self.call(has, address, method, self.token("acme", scopes=(has,)))
                self.assertEqual(told[0], expected)
        powerful = self.token("*", scopes=("system.admin",))
        for method in FOR_SERVICES:
            self.assertEqual(self.call("system.admin", self.suite.aggregate,
                                       f"/tutti.aggregate.v1.AggregateService/{method}", powerful)[0],
                             "PERMISSION_DENIED")

    def test_words_are_for_whoever_has_a_token(self):
        method = "/tutti.score.v1.ScoreService/GetCatalog"
        for scope in ("scores.read", "activities.write", "organizations.admin"):
            told = self.call(scope, self.suite.score, method, self.token("acme", scopes=(scope,)))
            self.assertEqual(told[0], "OK")
        self.assertEqual(self.call("nobody", self.suite.score, method, None)[0], "UNAUTHENTICATED")

    def methods(self):
        """Every method of every service with its address."""
        from tutti.aggregate.v1 import aggregate_pb2, organization_pb2
        from tutti.ingest.v1 import ingest_pb2
        from tutti.score.v1 import score_pb2
        for module, address in ((aggregate_pb2, self.suite.aggregate), (organization_pb2, self.suite.aggregate),
                                (ingest_pb2, self.suite.ingest), (score_pb2, self.suite.score)):
            for service in module.DESCRIPTOR.services_by_name.values():
                for method in service.methods:
                    yield address, method

    def request_for(self, method, organization):
        """The method's request with the organisation wherever one may be named."""
        from google.protobuf import message_factory
        request = message_factory.MessageFactory().GetPrototype(method.input_type)()
        name = f"organizations/{organization}"
        target = request
        if method.name == "StreamActivities":
            request.request_id = "1"
            target = request.batch
        if method.name in ("CreateOrganization", "UpdateOrganization"):
            request.organization.name = name
            request.organization.headcount = 300
            return request.SerializeToString()
        suffix = {"GetScore": "/scores/latest", "ListTables": "/scores/latest",
                  "ListRecommendations": "/scores/latest", "GetTable": "/scores/latest/tables/modes",
                  "GetBenchmark": "/scores/latest"}.get(method.name, "")
        field = next(field for field in ("name", "parent", "organization")
                     if field in target.DESCRIPTOR.fields_by_name)
        setattr(target, field, name + suffix)
        if "activities" in target.DESCRIPTOR.fields_by_name:
            activity = target.activities.add(subject="a@b.example", type="mail.sent")
            activity.occurred_at.GetCurrentTime()
        return request.SerializeToString()

    def test_no_method_touches_another_organization(self):
        tried = 0
        for address, method in self.methods():
            if method.name in WITHOUT | FOR_SERVICES:
                continue
            path = f"/{method.containing_service.full_name}/{method.name}"
            told = set()
            with self.subTest(method.name):
                for organization in ("beta", "no-such-organization"):
                    told.add(self.call(organization, address, path, self.acme,
                                       self.request_for(method, organization),
                                       stream=method.name in ("StreamActivities", "WatchScores")))
                self.assertEqual(len(told), 1, "it tells which organisations exist")
                code, text = told.pop()
                if code == "UNIMPLEMENTED":
                    continue
                if method.name == "StreamActivities":
                    self.assertIn(b"this caller may not use this organization", text)
                else:
                    self.assertEqual((code, text),
                                     ("PERMISSION_DENIED", "this caller may not use this organization"))
                tried += 1
        self.assertGreaterEqual(tried, 17)
        self.assertIn("beta", self.suite.tutti("organizations", "get", "beta"))
        # Every organisation's windows are nobody's with one organisation.
        path = "/tutti.aggregate.v1.AggregateService/PublishDueWindows"
        self.assertEqual(self.call("for all", self.suite.aggregate, path, self.acme)[0], "PERMISSION_DENIED")

    def test_its_own_organization_is_let_through(self):
        for address, method in self.methods():
            if method.name in WITHOUT | FOR_SERVICES | {"EraseOrganization", "WatchScores"}:
                continue
            if method.name == "StreamActivities":
                continue
            path = f"/{method.containing_service.full_name}/{method.name}"
            told = self.call("acme", address, path, self.acme, self.request_for(method, "acme"), show=False)
            self.assertNotIn(told[0], ("PERMISSION_DENIED", "UNAUTHENTICATED"), method.name)

    def test_listing_shows_ones_own(self):
        from tutti.aggregate.v1 import organization_pb2
        method = "/tutti.aggregate.v1.OrganizationService/ListOrganizations"

        def listed(token, **fields):
            answer = self.channels[self.suite.aggregate].unary_unary(
                method, response_deserializer=organization_pb2.ListOrganizationsResponse.FromString)(
                    organization_pb2.ListOrganizationsRequest(**fields).SerializeToString(), timeout=20,
                    metadata=[("authorization", "Bearer " + token)])
            return [one.name for one in answer.organizations], answer.next_page_token
        admin = ("organizations.admin",)
        self.assertEqual(listed(self.acme), (["organizations/acme"], ""))
        both = self.token("beta", "acme", "no-such-organization", scopes=admin)
        self.assertEqual(listed(both), (["organizations/acme", "organizations/beta"], ""))
        page, cursor = listed(both, page_size=1)
        self.assertEqual(page, ["organizations/acme"])
        self.assertEqual(listed(both, page_size=1, page_token=cursor)[0], ["organizations/beta"])
        everything = self.token("*", scopes=("system.admin",))
        self.assertLessEqual({"organizations/acme", "organizations/beta"}, set(listed(everything)[0]))

    def test_health_and_reflection_need_no_token(self):
        self.assertEqual(self.call("nobody", self.suite.score, HEALTH, None)[0], "OK")
        if BUF.exists():
            done = subprocess.run(
                [BUF, "curl", "--cacert", self.suite.authority, "--protocol", "grpc", "--list-methods",
                 f"https://{self.suite.score}"],
                capture_output=True, text=True, timeout=60, check=False)
            self.assertIn("tutti.score.v1.ScoreService/GetScore", done.stdout, done.stderr)

    def test_plain_text_is_not_understood(self):
        host, port = self.suite.score.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
            connection.settimeout(20)
            try:
                answer = connection.recv(1000)
            except ConnectionResetError:
                answer = b""
        self.assertFalse(answer.startswith(b"\0\0"), "it answered with a frame of HTTP/2")

    def test_the_command_line_shows_its_token(self):
        path = self.folder / "token"
        path.write_text(self.acme + "\n")
        command = [BIN / "tutti", "--ca", self.suite.authority, "--aggregate", self.suite.aggregate,
                   "--token-file", path, "organizations", "get"]
        done = subprocess.run([*command, "acme"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = subprocess.run([*command, "beta"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "tutti: this caller may not use this organization\n"))
        private = self.suite.state / "tokens/private.jwk"
        self.assertEqual(private.stat().st_mode & 0o777, 0o600)


class AuditLogTest(unittest.TestCase):
    """One line for each call: who, which method, for whom, with which outcome."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        make_stubs(cls.folder)
        cls.suite = cls.enterClassContext(Suite(tls=True))
        first = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(weeks=8)
        cls.suite.back_fill("acme", 300, first.isoformat())
        cls.writer = cls.suite.token("acme", scopes=("activities.write",))

    def log(self, service):
        return self.suite.state / f"log/{service}.audit"

    def wait_for(self, service, method, code, **more):
        """The first line of such a call, which may come a moment after its answer."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            text = self.log(service).read_text() if self.log(service).exists() else ""
            for line in map(json.loads, text.splitlines()):
                if line["method"].endswith(method) and line["code"] == code and more.items() <= line.items():
                    print(json.dumps(line))
                    return line
            time.sleep(0.02)
        self.fail(f"no line of {service} for {method} {code}: {text}")

    def call(self, address, method, request, token=None, credentials=None):
        credentials = credentials or grpc.ssl_channel_credentials(self.suite.authority.read_bytes())
        with grpc.secure_channel(address, credentials) as channel:
            metadata = [("authorization", "Bearer " + token)] if token else []
            try:
                channel.unary_unary(method)(request.SerializeToString(), timeout=20, metadata=metadata)
            except grpc.RpcError:
                pass

    def ask_for_a_score(self, organization, token):
        from tutti.score.v1 import score_pb2
        self.call(self.suite.score, GET_SCORE,
                  score_pb2.GetScoreRequest(name=f"organizations/{organization}/scores/latest"), token)

    def test_each_outcome_has_its_line(self):
        reader = self.suite.token("acme")
        self.ask_for_a_score("acme", reader)
        line = self.wait_for("score", "/GetScore", "NOT_FOUND")
        self.assertEqual((line["method"], line["caller"], line["organizations"]), (GET_SCORE, "token", ["acme"]))
        self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(list(line), ["time", "method", "caller", "organizations", "code"])
        self.ask_for_a_score("beta", reader)
        self.wait_for("score", "/GetScore", "PERMISSION_DENIED", caller="token", organizations=["beta"])
        self.ask_for_a_score("acme", None)
        self.wait_for("score", "/GetScore", "UNAUTHENTICATED", caller="nobody", organizations=[])
        self.ask_for_a_score("acme", self.writer)
        self.wait_for("score", "/GetScore", "PERMISSION_DENIED", caller="token", organizations=[])
        self.wait_for("aggregate", "/CreateOrganization", "OK", caller="spiffe://tutti.local/operator",
                      organizations=["acme"])

    def test_nothing_of_a_message_or_a_token_is_in_it(self):
        from tutti.ingest.v1 import ingest_pb2
        request = ingest_pb2.IngestActivitiesRequest(organization="organizations/acme")
        activity = request.activities.add(subject="canary-in-audit@made-up.example", type="mail.sent")
        activity.occurred_at.GetCurrentTime()
        method = "/tutti.ingest.v1.IngestService/IngestActivities"
        self.call(self.suite.ingest, method, request, self.writer)
        self.wait_for("ingest", "/IngestActivities", "OK", organizations=["acme"])
        self.call(self.suite.ingest, "/canary-in-audit@made-up.example/Of", request, self.writer)
        self.wait_for("ingest", "unknown", "UNIMPLEMENTED")
        stream = ingest_pb2.StreamActivitiesRequest(request_id="1", batch=request)
        with grpc.secure_channel(self.suite.ingest, grpc.ssl_channel_credentials(
                self.suite.authority.read_bytes())) as channel:
            metadata = [("authorization", "Bearer " + self.writer)]
            list(channel.stream_stream("/tutti.ingest.v1.IngestService/StreamActivities")(
                iter([stream.SerializeToString()]), timeout=20, metadata=metadata))
        self.wait_for("ingest", "/StreamActivities", "OK", organizations=["acme"])
        for service in ("ingest", "aggregate", "score"):
            text = self.log(service).read_text()
            self.assertNotIn("canary", text)
            for part in self.writer.split("."):
                self.assertNotIn(part, text)

    # Mutation: lines of deltas that were merged would tell when something was done for the first time.
    def test_what_ingest_sends_is_in_it_only_when_it_fails(self):
        from tutti.aggregate.v1 import aggregate_pb2
        from tutti.ingest.v1 import ingest_pb2
        key, certificate = self.suite.certificate("ingest")
        credentials = grpc.ssl_channel_credentials(self.suite.authority.read_bytes(), key.read_bytes(),
                                                   certificate.read_bytes())
        request = aggregate_pb2.MergeDeltasRequest(catalog_fingerprint="another")
        request.deltas.add(organization="acme")
        self.call(self.suite.aggregate, "/tutti.aggregate.v1.AggregateService/MergeDeltas", request,
                  credentials=credentials)
        self.wait_for("aggregate", "/MergeDeltas", "UNAVAILABLE", caller="spiffe://tutti.local/ingest",
                      organizations=["acme"])
        sent = ingest_pb2.IngestActivitiesRequest(organization="organizations/acme")
        sent.activities.add(subject="new-here@made-up.example", type="mail.sent").occurred_at.GetCurrentTime()
        method = "/tutti.ingest.v1.IngestService/IngestActivities"
        self.call(self.suite.ingest, method, sent, self.writer)
        self.wait_for("ingest", "/IngestActivities", "OK")
        for service in ("ingest", "aggregate"):
            for line in map(json.loads, self.log(service).read_text().splitlines()):
                self.assertFalse(line["method"].endswith("/MergeDeltas") and line["code"] == "OK")

    def test_who_hangs_up_is_told_from_who_was_answered(self):
        from tutti.score.v1 import score_pb2
        with grpc.secure_channel(self.suite.score, grpc.ssl_channel_credentials(
                self.suite.authority.read_bytes())) as channel:
            request = score_pb2.WatchScoresRequest(parent="organizations/acme").SerializeToString()
            call = channel.unary_stream("/tutti.score.v1.ScoreService/WatchScores")(
                request, timeout=60, metadata=[("authorization", "Bearer " + self.suite.token("acme"))])
            list(call.initial_metadata())
            call.cancel()
        self.wait_for("score", "/WatchScores", "CANCELLED", organizations=["acme"])

    def test_it_can_be_rotated_and_only_its_owner_reads_it(self):
        self.ask_for_a_score("acme", None)
        self.wait_for("score", "/GetScore", "UNAUTHENTICATED")
        self.assertEqual(self.log("score").stat().st_mode & 0o777, 0o600)
        self.log("score").rename(self.log("score").with_suffix(".old"))
        end = time.monotonic() + 20
        while not self.log("score").exists() and time.monotonic() < end:
            time.sleep(0.05)
        self.ask_for_a_score("acme", None)
        self.wait_for("score", "/GetScore", "UNAUTHENTICATED")

    def test_health_and_reflection_are_not_in_it(self):
        self.ask_for_a_score("acme", None)
        self.wait_for("score", "/GetScore", "UNAUTHENTICATED")
        self.assertNotIn("grpc.", self.log("score").read_text())


class ReplacedKeysTest(unittest.TestCase):
    def test_tokens_of_a_key_that_is_gone_are_refused(self):
        with Suite(tls=True) as suite, tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            make_stubs(folder)
            from tutti.score.v1 import score_pb2

            old, new = suite.token("acme"), suite.token("acme", keys=folder / "new")
            credentials = grpc.ssl_channel_credentials(suite.authority.read_bytes())
            with grpc.secure_channel(suite.score, credentials) as channel:
                def told(token):
                    request = score_pb2.GetScoreRequest(name="organizations/acme/scores/latest")
                    try:
                        channel.unary_unary(GET_SCORE)(request.SerializeToString(), timeout=20,
                                                       metadata=[("authorization", "Bearer " + token)])
                    except grpc.RpcError as error:
                        return error.code().name
                    return "OK"
                watch = channel.unary_stream("/tutti.score.v1.ScoreService/WatchScores")(
                    score_pb2.WatchScoresRequest(parent="organizations/acme").SerializeToString(),
                    metadata=[("authorization", "Bearer " + old)])
                self.assertEqual((told(old), told(new)), ("NOT_FOUND", "UNAUTHENTICATED"))
                shutil.copy(folder / "new/jwks.json", suite.state / "tokens/next")
                os.replace(suite.state / "tokens/next", suite.state / "tokens/jwks.json")
                deadline = time.monotonic() + 30
                while told(new) != "NOT_FOUND" and time.monotonic() < deadline:
                    pass
                self.assertEqual((told(old), told(new)), ("UNAUTHENTICATED", "NOT_FOUND"))
                self.assertTrue(watch.is_active(), "an open call was dropped")
                watch.cancel()


if __name__ == "__main__":
    unittest.main()
