"""Knocks at a suite that speaks TLS, with a client that is not ours, as everybody who
should be refused and as those who should not. Prints what each was told."""

import contextlib
import datetime
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import warnings

import grpc
from suite import BIN, Suite, make_stubs


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        make_stubs(cls.folder.name)
        cls.suite = cls.enterClassContext(Suite(tls=True))
        cls.today = datetime.datetime.now(datetime.timezone.utc)
        cls.suite.back_fill("acme", 300, (cls.today - datetime.timedelta(weeks=8)).date().isoformat())

    def outcome(self, who, address, credentials, method):
        """The name of the status that `method`, called with empty bytes, ends with."""
        with (grpc.secure_channel(address, credentials) if credentials
              else grpc.insecure_channel(address)) as channel:
            call = channel.unary_unary(method)
            try:
                call(b"", timeout=20)
                code = "OK"
            except grpc.RpcError as error:
                code = error.code().name
        print(f"{who:<28} {method.rsplit('/', 1)[1]:<20} {code}")
        return code

    def credentials(self, name):
        key, certificate = self.suite.certificate(name)
        return grpc.ssl_channel_credentials(
            self.suite.authority.read_bytes(), key.read_bytes(), certificate.read_bytes())

    def test_the_operator_reaches_every_service_but_not_the_counters(self):
        operator = self.credentials("operator")
        listed = self.outcome("operator", self.suite.aggregate, operator,
                              "/tutti.aggregate.v1.OrganizationService/ListOrganizations")
        self.assertEqual(listed, "OK")
        for address, method in [
                (self.suite.score, "/tutti.score.v1.ScoreService/GetScore"),
                (self.suite.ingest, "/tutti.ingest.v1.IngestService/IngestActivities")]:
            self.assertEqual(self.outcome("operator", address, operator, method), "INVALID_ARGUMENT")
        for method in ["MergeDeltas", "GetIngestPolicy"]:
            self.assertEqual(self.outcome("operator", self.suite.aggregate, operator,
                                          f"/tutti.aggregate.v1.AggregateService/{method}"),
                             "PERMISSION_DENIED")

    def test_services_may_do_no_more_than_they_need(self):
        for name in ["ingest", "score", "aggregate"]:
            for address, method in [
                    (self.suite.score, "/tutti.score.v1.ScoreService/GetScore"),
                    (self.suite.ingest, "/tutti.ingest.v1.IngestService/IngestActivities"),
                    (self.suite.aggregate, "/tutti.aggregate.v1.OrganizationService/EraseOrganization")]:
                self.assertEqual(self.outcome(name, address, self.credentials(name), method),
                                 "PERMISSION_DENIED")

    def test_nobody_else_gets_in(self):
        method = "/tutti.score.v1.ScoreService/GetScore"
        authority = self.suite.authority.read_bytes()
        self.assertEqual(self.outcome("plain text", self.suite.score, None, method), "UNAVAILABLE")
        self.assertEqual(self.outcome("no certificate", self.suite.score,
                                      grpc.ssl_channel_credentials(authority), method), "UNAUTHENTICATED")
        own = pathlib.Path(self.folder.name)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-subj", "/CN=operator", "-addext", "subjectAltName=URI:spiffe://tutti.local/operator",
             "-keyout", own / "key.pem", "-out", own / "cert.pem"], check=True, capture_output=True)
        forged = grpc.ssl_channel_credentials(
            authority, (own / "key.pem").read_bytes(), (own / "cert.pem").read_bytes())
        self.assertEqual(self.outcome("certificate of its own", self.suite.score, forged, method),
                         "UNAVAILABLE")

    def test_a_replaced_certificate_is_shown_while_old_connections_go_on(self):
        folder = self.suite.state / "tls"
        # Flags name a link to a folder, as the README says; it is made here in two steps.
        (folder / "score").rename(folder / "score-1")
        (folder / "score").symlink_to("score-1")
        host, port = self.suite.score.rsplit(":", 1)
        health = "/grpc.health.v1.Health/Check"

        def shown():
            context = ssl.create_default_context(cafile=self.suite.authority)
            context.set_alpn_protocols(["h2"])
            with socket.create_connection((host, int(port)), timeout=20) as plain, \
                    context.wrap_socket(plain, server_hostname=host) as secure:
                return secure.getpeercert(binary_form=True)

        before = shown()
        with grpc.secure_channel(self.suite.score, self.credentials("operator")) as channel:
            channel.unary_unary(health)(b"", timeout=20)
            shutil.copytree(folder / "score", folder / "score-2")
            subprocess.run(
                ["openssl", "x509", "-req", "-days", "7", "-in", "request.pem", "-CA", "../ca.pem", "-CAkey", "../ca.key",
                 "-CAcreateserial", "-extfile", "extensions", "-out", "cert.pem"],
                cwd=folder / "score-2", check=True, capture_output=True)
            (folder / "score.new").symlink_to("score-2")
            (folder / "score.new").rename(folder / "score")
            deadline = time.monotonic() + 60
            while shown() == before:
                self.assertLess(time.monotonic(), deadline, "the old certificate is still shown")
            channel.unary_unary(health)(b"", timeout=20)
        expected = ssl.PEM_cert_to_DER_cert((folder / "score-2/cert.pem").read_text().split("\n\n")[-1])
        self.assertEqual(shown(), expected)
        print("a replaced certificate: new connections get it, the old one went on")

    def test_old_versions_of_tls_are_refused(self):
        host, port = self.suite.score.rsplit(":", 1)

        def spoken(lowest, highest):
            context = ssl.create_default_context(cafile=self.suite.authority)
            context.set_alpn_protocols(["h2"])
            # Else this client would not try the old ones itself.
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = lowest, highest
            try:
                with socket.create_connection((host, int(port)), timeout=20) as plain, \
                        context.wrap_socket(plain, server_hostname=host) as secure:
                    version = secure.version()
            except OSError as error:
                version = type(error).__name__
            print(f"{lowest.name} to {highest.name}: {version}")
            return version

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old = spoken(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
        self.assertNotIn("TLS", old)
        self.assertEqual(spoken(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2), "TLSv1.2")
        self.assertEqual(spoken(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3), "TLSv1.3")

    def test_activity_reaches_the_counters_through_it(self):
        from tutti.ingest.v1 import ingest_pb2, ingest_pb2_grpc
        request = ingest_pb2.IngestActivitiesRequest(organization="organizations/acme")
        activity = request.activities.add(subject="someone@acme.example", type="mail.sent")
        activity.occurred_at.FromDatetime((self.today - datetime.timedelta(days=1)).replace(tzinfo=None))
        with grpc.secure_channel(self.suite.ingest, self.credentials("operator")) as channel:
            response = ingest_pb2_grpc.IngestServiceStub(channel).IngestActivities(request, timeout=30)
        self.assertEqual(response.accepted_count, 1)

    def test_the_command_line_needs_its_certificate(self):
        done = subprocess.run([BIN / "tutti", "--aggregate", self.suite.aggregate, "organizations",
                               "get", "acme"], capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("acme", self.suite.tutti("organizations", "get", "acme"))


class RenewalTest(unittest.TestCase):
    """Ingest calls aggregate with a certificate that is replaced while it runs."""

    @classmethod
    def setUpClass(cls):
        cls.stubs = cls.enterClassContext(tempfile.TemporaryDirectory())
        make_stubs(cls.stubs)
        # Connections that ingest keeps would show the old certificate for ten minutes.
        cls.suite = cls.enterClassContext(Suite(
            tls=True, aggregate_flags="--max_connection_age=1s --max_connection_age_grace=10s"))
        cls.today = datetime.datetime.now(datetime.timezone.utc)
        cls.suite.back_fill("acme", 300, (cls.today - datetime.timedelta(weeks=8)).date().isoformat())
        cls.token = cls.suite.token("acme", scopes=("activities.write",))
        cls.tls = cls.suite.state / "tls"

    def renew(self, name, authority):
        """Puts a new key and certificate, signed by the authority, where flags say they are:
        by one rename, once the folder is a link."""
        old, new = self.tls / f"{name}-1", self.tls / f"{name}-2"
        (self.tls / name).rename(old)
        (self.tls / name).symlink_to(old)
        new.mkdir()
        shutil.copy(old / "extensions", new)
        for words in (["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                       "-keyout", "key.pem", "-out", "request.pem"],
                      ["x509", "-req", "-days", "7", "-in", "request.pem", "-CA", authority / "ca.pem", "-CAkey",
                       authority / "ca.key", "-CAcreateserial", "-extfile", "extensions", "-out", "cert.pem"]):
            subprocess.run(["openssl", *words], cwd=new, check=True, capture_output=True)
        (self.tls / f"{name}.new").symlink_to(new)
        (self.tls / f"{name}.new").rename(self.tls / name)
        return old

    def believe(self, *authorities):
        """Replaces whom every service believes, by one rename."""
        (self.tls / "ca.new").write_text("".join(map(pathlib.Path.read_text, authorities)))
        (self.tls / "ca.new").rename(self.tls / "ca.pem")

    def connections(self):
        """The ports from which ingest is connected to aggregate."""
        port = int(self.suite.aggregate.rsplit(":", 1)[1])
        folder = pathlib.Path(f"/proc/{self.suite.processes()['tutti-ingest']}")
        own = set()
        for link in (folder / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                own.add(str(link.readlink()))
        lines = [line.split() for line in (folder / "net/tcp").read_text().splitlines()[1:]]
        return {line[1] for line in lines
                if int(line[2].split(":")[1], 16) == port and f"socket:[{line[9]}]" in own}

    def aggregate_takes(self, folder):
        """Whether aggregate still shakes hands with who has the certificate in the folder."""
        credentials = grpc.ssl_channel_credentials(
            (self.tls / "ca.pem").read_bytes(), (folder / "key.pem").read_bytes(), (folder / "cert.pem").read_bytes())
        with grpc.secure_channel(self.suite.aggregate, credentials,
                                 options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            error = channel.unary_unary("/tutti.aggregate.v1.AggregateService/GetIngestPolicy").future(
                b"", timeout=20).exception()
            return error.code() != grpc.StatusCode.UNAVAILABLE

    def send(self, channel):
        """One more activity, through ingest to aggregate."""
        from tutti.ingest.v1 import ingest_pb2, ingest_pb2_grpc
        self.sent += 1
        request = ingest_pb2.IngestActivitiesRequest(organization="organizations/acme")
        activity = request.activities.add(subject=f"s-{self.sent}@acme.example", type="mail.sent")
        activity.occurred_at.FromDatetime((self.today - datetime.timedelta(days=1)).replace(tzinfo=None))
        response = ingest_pb2_grpc.IngestServiceStub(channel).IngestActivities(
            request, timeout=30, metadata=[("authorization", "Bearer " + self.token)])
        self.assertEqual(response.accepted_count, 1)

    # Mutation: ingest reads its own certificate once, when it starts; no call is answered
    # then once the old authority is believed no more.
    def test_ingest_shows_aggregate_a_replaced_certificate_and_no_call_fails(self):
        self.sent = 0
        old_authority, new_authority = self.tls / "old/ca.pem", self.tls / "new/ca.pem"
        for folder in (old_authority.parent, new_authority.parent):
            folder.mkdir()
        shutil.copy(self.tls / "ca.pem", old_authority)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "7", "-subj", "/CN=another throwaway authority", "-keyout",
                        new_authority.parent / "ca.key", "-out", new_authority], check=True, capture_output=True)
        both = grpc.ssl_channel_credentials(old_authority.read_bytes() + new_authority.read_bytes())
        with grpc.secure_channel(self.suite.ingest, both) as channel:
            self.send(channel)
            self.believe(old_authority, new_authority)
            # A certificate of the new authority is of use once it is believed.
            self.renew("score", new_authority.parent)
            self.until(lambda: self.aggregate_takes(self.tls / "score"), channel)
            old = self.renew("ingest", new_authority.parent)
            self.renew("aggregate", new_authority.parent)
            self.until(lambda: self.shown() == "another throwaway authority", channel)
            self.believe(new_authority)
            self.until(lambda: not self.aggregate_takes(old), channel)
            before = self.connections()
            self.until(lambda: not before & self.connections(), channel)
            for _ in range(20):
                self.send(channel)
        print(f"{self.sent} calls while certificates and their authority were replaced: none failed")

    def until(self, condition, channel):
        """Goes on sending until it holds."""
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            self.send(channel)

    def shown(self):
        """Who signed the certificate that aggregate shows."""
        host, port = self.suite.aggregate.rsplit(":", 1)
        context = ssl.create_default_context(cafile=self.tls / "ca.pem")
        context.set_alpn_protocols(["h2"])
        with socket.create_connection((host, int(port)), timeout=20) as plain, \
                context.wrap_socket(plain, server_hostname=host) as secure:
            return dict(pair[0] for pair in secure.getpeercert()["issuer"])["commonName"]


if __name__ == "__main__":
    unittest.main()
