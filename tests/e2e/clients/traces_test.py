"""Sends trace contexts with every kind of call, at the log level that says most, and searches all that
the suite keeps: a trace that a producer can resolve would be a dated trail of a person. Part of
attack 11 (canaries)."""

import datetime
import json
import pathlib
import re
import tempfile
import unittest

import grpc
from suite import Suite, make_stubs

PARENT = "b7ad6b7169203331"
DEBUG = "--log_level=debug "


class TracesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        make_stubs(cls.folder)
        cls.suite = cls.enterClassContext(
            Suite(tls=True, ingest_flags=DEBUG, aggregate_flags=DEBUG, score_flags=DEBUG))
        first = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(weeks=8)
        cls.suite.back_fill("acme", 300, first.isoformat())
        cls.token = cls.suite.token("acme", scopes=("activities.write", "scores.read", "organizations.admin"))

    def metadata(self, trace):
        """Every name that anybody gives a trace context, with canaries in them."""
        return [("authorization", f"Bearer {self.token}"), ("traceparent", f"00-{trace}-{PARENT}-01"),
                ("tracestate", f"vendor=state{trace}"), ("baggage", f"person=baggage{trace}"),
                ("grpc-trace-bin", b"\0\0" + trace.encode()),
                ("x-b3-traceid", trace), ("x-request-id", trace), ("x-cloud-trace-context", f"{trace}/1;o=1")]

    def channel(self, name):
        credentials = grpc.ssl_channel_credentials(self.suite.authority.read_bytes())
        return grpc.secure_channel(getattr(self.suite, name), credentials)

    def call(self, name, method, request, trace):
        with self.channel(name) as channel:
            try:
                channel.unary_unary(method)(request, timeout=60, metadata=self.metadata(trace))
            except grpc.RpcError as error:
                return error.code().name
        return "OK"

    def lines(self, name):
        text = (self.suite.state / "log" / name).read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def kept(self):
        chunks = [path.read_bytes() for path in self.suite.state.rglob("*") if path.is_file()]
        for key, value in self.suite.redis_values().items():
            chunks += [key, value]
        return b"\n".join(chunks).lower()

    # Mutations: a traced service more (ingest's, AggregateService); baggage in the line; the trace in the audit log.
    def test_activity_leaves_no_trail(self):
        from tutti.ingest.v1 import ingest_pb2
        trace = "c0ffee00000000000000000000000abc"
        request = ingest_pb2.IngestActivitiesRequest(organization="organizations/acme")
        request.activities.add(subject="one@made-up.example", type="mail.sent").occurred_at.GetCurrentTime()
        before = {name: len(self.lines(name)) for name in ("ingest", "aggregate")}
        ingest = "/tutti.ingest.v1.IngestService/"
        self.assertEqual(self.call("ingest", ingest + "IngestActivities", request.SerializeToString(), trace), "OK")
        with self.channel("ingest") as channel:
            stream = channel.stream_stream(ingest + "StreamActivities")
            message = ingest_pb2.StreamActivitiesRequest(request_id="1", batch=request).SerializeToString()
            self.assertEqual(len(list(stream(iter([message]), timeout=60, metadata=self.metadata(trace)))), 1)
        key, certificate = self.suite.certificate("ingest")
        credentials = grpc.ssl_channel_credentials(self.suite.authority.read_bytes(), key.read_bytes(),
                                                   certificate.read_bytes())
        with grpc.secure_channel(self.suite.aggregate, credentials) as channel:
            try:
                channel.unary_unary("/tutti.aggregate.v1.AggregateService/MergeDeltas")(
                    b"", timeout=60, metadata=self.metadata(trace)[1:])
            except grpc.RpcError as error:
                self.assertEqual(error.code().name, "UNAVAILABLE", error)  # of no catalogue
        kept = self.kept()
        for canary in (trace, PARENT, f"state{trace}", f"baggage{trace}", bytes.fromhex(trace)):
            self.assertNotIn(canary if isinstance(canary, bytes) else canary.encode(), kept)
        for name, count in before.items():
            new = self.lines(name)[count:]
            self.assertEqual([line for line in new if line["event"] == "call" or "method" in line], [], name)

    # Mutations: a context that is no traceparent is taken; none is made where there is none.
    def test_reads_have_one_trace_each_in_the_debug_log_alone(self):
        calls = [("score", "/tutti.score.v1.ScoreService/GetCatalog"),
                 ("aggregate", "/tutti.aggregate.v1.OrganizationService/GetOrganization")]
        for number, (name, method) in enumerate(calls):
            good = f"feed0000000000000000000000000a{number:02d}"
            self.call(name, method, b"", good)
            for wrong in (good.upper().replace("A", "B"), "0" * 32, good[:-1]):
                self.call(name, method, b"", wrong)
            lines = [line for line in self.lines(name) if line["event"] == "call" and line["method"] == method]
            traces = [line["trace"] for line in lines]
            self.assertEqual(len(traces), 4, lines)
            self.assertEqual(traces[0], good)
            for made in traces[1:]:
                self.assertRegex(made, r"^[0-9a-f]{32}$")
                self.assertNotIn(made, ("0" * 32, good))
            self.assertEqual(len(set(traces)), 4)
            self.assertEqual({line["level"] for line in lines}, {"debug"})
            kept = self.kept()
            self.assertEqual(len(re.findall(good.encode(), kept)), 1)
            for canary in (PARENT, f"state{good}", f"baggage{good}"):
                self.assertNotIn(canary.encode(), kept)
            audit = (self.suite.state / "log" / f"{name}.audit").read_text()
            self.assertIn(method, audit)
            for trace in traces:
                self.assertNotIn(trace, audit)


if __name__ == "__main__":
    unittest.main()
