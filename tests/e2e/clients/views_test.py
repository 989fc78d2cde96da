"""Asks two replicas of score for figures without words, for the words, and for what was
published or erased while answers are kept."""

import pathlib
import subprocess
import tempfile
import time
import unittest

import grpc

from made_up import DAY, today
from suite import BIN, Suite, make_stubs


class ViewsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stubs = tempfile.TemporaryDirectory()
        make_stubs(pathlib.Path(cls.stubs.name))
        cls.suite = Suite().__enter__()
        from google.rpc import error_details_pb2, status_pb2
        from tutti.aggregate.v1 import organization_pb2, organization_pb2_grpc
        from tutti.score.v1 import score_pb2, score_pb2_grpc
        cls.status_pb2, cls.error_details = status_pb2, error_details_pb2
        cls.pb2, cls.organization_pb2 = score_pb2, organization_pb2
        cls.channels = [grpc.insecure_channel(address)
                        for address in (cls.suite.aggregate, cls.suite.score, cls.start_replica())]
        cls.organizations = organization_pb2_grpc.OrganizationServiceStub(cls.channels[0])
        cls.replicas = [score_pb2_grpc.ScoreServiceStub(channel) for channel in cls.channels[1:]]

    @classmethod
    def start_replica(cls):
        """Another tutti-score with what the suite's one was started with."""
        folder = pathlib.Path(f"/proc/{cls.suite.processes()['tutti-score']}")
        words = [word.decode() for word in (folder / "cmdline").read_bytes().split(b"\0") if word]
        address = cls.suite.folder / "replica.address"
        cls.replica = subprocess.Popen(
            [BIN / "tutti-score", *words[1:], "--listen=127.0.0.1:0", f"--port_file={address}"],
            stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not address.exists():
            if cls.replica.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the replica did not start")
        return address.read_text().strip()

    @classmethod
    def tearDownClass(cls):
        for channel in cls.channels:
            channel.close()
        cls.replica.terminate()
        cls.replica.wait(timeout=60)
        cls.suite.__exit__()
        cls.stubs.cleanup()

    def publish(self, name):
        self.suite.back_fill(name, 1000, (today() - 9 * 7 * DAY).isoformat(), "--source", "activities")
        self.suite.publish(name)

    def ask(self, replica, method, **fields):
        request = {"GetScore": self.pb2.GetScoreRequest, "GetTable": self.pb2.GetTableRequest,
                   "ListScores": self.pb2.ListScoresRequest,
                   "GetCatalog": self.pb2.GetCatalogRequest}[method](**fields)
        return getattr(replica, method)(request, timeout=30)

    def refusal(self, replica, method, **fields):
        """The code and the reason with which a call is refused; nothing when it is answered."""
        try:
            self.ask(replica, method, **fields)
        except grpc.RpcError as error:
            status = self.status_pb2.Status.FromString(
                dict(error.trailing_metadata())["grpc-status-details-bin"])
            info = self.error_details.ErrorInfo()
            self.assertTrue(any(detail.Unpack(info) for detail in status.details))
            return error.code().name, info.reason
        return None

    def test_figures_and_words_come_to_the_whole(self):
        self.publish("views")
        name = "organizations/views/scores/latest"
        for replica in self.replicas:
            full = self.ask(replica, "GetScore", name=name).score
            basic = self.ask(replica, "GetScore", name=name, view=self.pb2.VIEW_BASIC)
            print(f"GetScore: {full.ByteSize():,} bytes whole, {basic.ByteSize():,} without words")
            self.assertLess(basic.ByteSize(), 2000)
            self.assertGreater(full.ByteSize(), 10 * basic.ByteSize())
            basic = basic.score
            words = self.ask(replica, "GetCatalog", fingerprint=basic.catalog_fingerprint).catalog
            self.assertEqual(basic.level, full.level)
            self.assertTrue(basic.HasField("level"))
            self.assertEqual(words, self.ask(replica, "GetCatalog").catalog)
            self.assertEqual(words.notice, full.notice)
            named = {category.category: category for category in words.categories}
            self.assertEqual([c.category for c in basic.categories], [c.category for c in full.categories])
            for small, whole in zip(basic.categories, full.categories):
                self.assertEqual(small.display_name, "")
                self.assertEqual((small.points, small.state), (whole.points, whole.state))
                self.assertEqual(small.level.points, whole.level.points)
                self.assertEqual(named[small.category].display_name, whole.display_name)
                self.assertEqual(named[small.category].description, whole.description)
            self.assertEqual(
                [(m.measure, m.display_name, m.sentence, m.numerator_words, m.denominator_words, m.raise_words)
                 for m in words.measures],
                [(m.measure, m.display_name, m.sentence, m.numerator_words, m.denominator_words, m.raise_words)
                 for m in full.measures])
            table = self.ask(replica, "GetTable", name=f"{name}/tables/modes", view=self.pb2.VIEW_BASIC).table
            rows = {(row.kind, *row.features) for one in words.tables if one.table == "modes" for row in one.rows}
            self.assertTrue(table.rows)
            self.assertLessEqual({(row.kind, *row.features) for row in table.rows}, rows)
            page = self.ask(replica, "ListScores", parent="organizations/views", view=self.pb2.VIEW_BASIC)
            self.assertEqual(page.scores[0], basic)
            self.assertEqual(self.refusal(replica, "GetCatalog", fingerprint="0" * 32),
                             ("NOT_FOUND", "CATALOG_UNKNOWN"))
            self.assertEqual(self.refusal(replica, "GetScore", name=name, view=7),
                             ("INVALID_ARGUMENT", "VIEW_UNKNOWN"))

    # Mutation: a replica that keeps that nothing is published, or that something is, for long.
    def test_every_replica_sees_the_first_score_and_the_erasure(self):
        name = "organizations/leaving/scores/latest"
        for replica in self.replicas:
            self.assertEqual(self.refusal(replica, "GetScore", name=name), ("NOT_FOUND", "NOTHING_PUBLISHED"))
        self.publish("leaving")
        day = self.ask(self.replicas[0], "GetScore", name=name).score.name
        calls = [("GetScore", {"name": name}), ("GetScore", {"name": day}),
                 ("GetScore", {"name": name, "view": self.pb2.VIEW_BASIC}),
                 ("GetTable", {"name": f"{name}/tables/modes"}),
                 ("ListScores", {"parent": "organizations/leaving"})]
        for replica in self.replicas:
            for method, fields in calls:
                self.assertIsNone(self.refusal(replica, method, **fields), method)
        self.organizations.EraseOrganization(
            self.organization_pb2.EraseOrganizationRequest(name="organizations/leaving"), timeout=60)
        erased = time.monotonic()
        for replica in self.replicas:
            for method, fields in calls:
                while self.refusal(replica, method, **fields) is None:
                    self.assertLess(time.monotonic() - erased, 30, f"{method} still answers")
                self.assertEqual(self.refusal(replica, method, **fields), ("NOT_FOUND", "NOTHING_PUBLISHED"))
        print(f"every replica refused {time.monotonic() - erased:.2f} s after the erasure had been answered")


if __name__ == "__main__":
    unittest.main()
