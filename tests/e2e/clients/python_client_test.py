"""Ingests, publishes and reads a score with python3-grpcio, from the protos alone."""

import datetime
import gzip
import json
import pathlib
import tempfile
import time
import unittest

import grpc

from suite import Suite, make_stubs

DAY = datetime.timedelta(days=1)


def details(error, message_type):
    """The google.rpc detail of a type in an error's trailing metadata."""
    from google.rpc import status_pb2
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            for packed in status_pb2.Status.FromString(value).details:
                message = message_type()
                if packed.Unpack(message):
                    return message
    return None


class PythonClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stubs = tempfile.TemporaryDirectory()
        make_stubs(pathlib.Path(cls.stubs.name))
        cls.suite = Suite().__enter__()
        from tutti.aggregate.v1 import (aggregate_pb2, aggregate_pb2_grpc, organization_pb2,
                                        organization_pb2_grpc)
        from tutti.ingest.v1 import ingest_pb2, ingest_pb2_grpc
        from tutti.score.v1 import score_pb2, score_pb2_grpc
        from google.rpc import error_details_pb2
        cls.aggregate_pb2, cls.organization_pb2 = aggregate_pb2, organization_pb2
        cls.ingest_pb2, cls.score_pb2 = ingest_pb2, score_pb2
        cls.error_details = error_details_pb2
        cls.channels = [grpc.insecure_channel(a)
                        for a in (cls.suite.ingest, cls.suite.aggregate, cls.suite.score)]
        cls.ingest = ingest_pb2_grpc.IngestServiceStub(cls.channels[0])
        cls.organizations = organization_pb2_grpc.OrganizationServiceStub(cls.channels[1])
        cls.publisher = aggregate_pb2_grpc.AggregateServiceStub(cls.channels[1])
        cls.scores = score_pb2_grpc.ScoreServiceStub(cls.channels[2])

    @classmethod
    def tearDownClass(cls):
        for channel in cls.channels:
            channel.close()
        cls.suite.__exit__()
        cls.stubs.cleanup()

    def create(self, name, headcount, weeks=8):
        """A back-filling organisation, and its days of activity."""
        today = datetime.datetime.now(datetime.timezone.utc).date()
        first = today - weeks * 7 * DAY
        self.organizations.CreateOrganization(self.organization_pb2.CreateOrganizationRequest(
            organization=self.organization_pb2.Organization(
                name=f"organizations/{name}", headcount=headcount, sources=["activities"],
                first_day=first.isoformat()),
            backfill=True), timeout=30)
        self.suite.tutti("keyring", "extend", "--keyring", str(self.suite.keyring),
                         "--organization", name, "--from", first.isoformat())
        return [first + i * DAY for i in range((today - first).days)][7:]

    def send(self, name, activities):
        request = self.ingest_pb2.IngestActivitiesRequest(organization=f"organizations/{name}")
        for subject, day, kind in activities:
            activity = request.activities.add(subject=subject, type=kind)
            if day is not None:
                noon = datetime.datetime.combine(day, datetime.time(12), datetime.timezone.utc)
                activity.occurred_at.FromDatetime(noon.replace(tzinfo=None))
        return self.ingest.IngestActivities(request, timeout=30)

    def test_scores_what_it_ingested(self):
        days = self.create("path", 1000)
        for start in range(0, len(days), 7):
            # Three of four people mail and chat every week; nobody meets.
            response = self.send("path", [
                (f"p{person}@path.example", days[start], kind)
                for person in range(750) for kind in ("mail.sent", "chat.sent")])
            self.assertEqual(len(response.rejections), 0)
            self.assertEqual(response.accepted_count, 1500)
        self.organizations.FinishBackfill(
            self.organization_pb2.FinishBackfillRequest(name="organizations/path"), timeout=30)
        published = []
        deadline = time.monotonic() + 60
        while not published and time.monotonic() < deadline:
            answer = self.publisher.PublishDueWindows(
                self.aggregate_pb2.PublishDueWindowsRequest(organization="organizations/path"),
                timeout=30)
            published = [w.score for w in answer.windows]
        self.assertTrue(published)
        score = self.scores.GetScore(self.score_pb2.GetScoreRequest(
            name="organizations/path/scores/latest"), timeout=30).score
        self.assertIn(score.name, published)
        reach = {m.measure: m for m in score.measures}["communication_reach"]
        self.assertLess(abs(reach.value.value - 75), 2 * reach.value.margin)
        self.assertLess(reach.value.margin, 15)
        meetings = {m.measure: m for m in score.measures}["meetings_reach"]
        self.assertEqual(meetings.value.bound, self.score_pb2.BOUND_AT_MOST)
        # Published once: asked again, the answer is the same to the byte.
        again = self.scores.GetScore(self.score_pb2.GetScoreRequest(
            name="organizations/path/scores/latest"), timeout=30).score
        self.assertEqual(score.SerializeToString(deterministic=True),
                         again.SerializeToString(deterministic=True))

    # Mutation: a watcher is given what was there when it came, and nothing later.
    def test_pushes_what_is_published(self):
        days = self.create("watched", 1000)
        self.send("watched", [(f"p{person}@watched.example", days[-30], "mail.sent") for person in range(500)])
        watch = self.scores.WatchScores(
            self.score_pb2.WatchScoresRequest(parent="organizations/watched"), timeout=60)
        watch.initial_metadata()  # it watches, before anything is published
        self.suite.publish("watched")
        published = time.monotonic()
        latest = self.scores.GetScore(self.score_pb2.GetScoreRequest(
            name="organizations/watched/scores/latest"), timeout=30).score
        pushed = []
        while not pushed or pushed[-1].end_day != latest.end_day:
            pushed.append(next(watch).score)
        print(f"the latest score was pushed {time.monotonic() - published:.2f} s after `tutti publish` had ended")
        self.assertEqual(pushed[-1], latest)
        days = [score.end_day for score in pushed]
        self.assertEqual(days, sorted(set(days)), "each once, oldest first")
        watch.cancel()

    def test_keeps_the_good_part_and_says_why_not_the_rest(self):
        reason = self.ingest_pb2.Reason.Value
        days = self.create("bad", 1000)
        future = datetime.date.today() + 3 * DAY
        response = self.send("bad", [
            ("amy@bad.example", days[-1], "mail.sent"),
            ("amy@bad.example", days[-1], "no.such.type"),
            ("", days[-1], "mail.sent"),
            ("x" * 5000, days[-1], "mail.sent"),
            ("amy@bad.example", None, "mail.sent"),
            ("amy@bad.example", future, "mail.sent"),
            ("amy@bad.example", days[0] - 30 * DAY, "mail.sent"),
        ])
        self.assertEqual(response.accepted_count, 1)
        self.assertEqual([(r.index, r.reason, r.field) for r in response.rejections], [
            (1, reason("REASON_TYPE_UNKNOWN"), "type"),
            (2, reason("REASON_SUBJECT_MISSING"), "subject"),
            (3, reason("REASON_SUBJECT_TOO_LONG"), "subject"),
            (4, reason("REASON_TIME_MISSING"), "occurred_at"),
            (5, reason("REASON_TIME_IN_FUTURE"), "occurred_at"),
            (6, reason("REASON_BEFORE_FIRST_DAY"), "occurred_at"),
        ])
        for rejection in response.rejections:
            self.assertTrue(rejection.description)
            self.assertNotIn("amy", rejection.description)
        limits = {r.index: r.description for r in response.rejections}
        self.assertIn("longer than 512 bytes", limits[3])
        self.assertIn("more than 5 minutes from now", limits[5])
        self.assertIn("before the first day", limits[6])

    def test_refuses_a_day_whose_windows_are_all_closed(self):
        days = self.create("late", 1000)
        self.assertEqual(self.send("late", [("amy@late.example", days[0], "mail.sent")])
                         .accepted_count, 1)
        self.suite.publish("late")
        deadline = time.monotonic() + 30
        while True:  # ingest may hold the lease of the back-fill
            response = self.send("late", [("amy@late.example", days[0], "mail.sent"),
                                          ("amy@late.example", days[-1], "mail.sent")])
            if response.rejections or time.monotonic() > deadline:
                break
        self.assertEqual(response.accepted_count, 1)
        self.assertEqual([(r.index, r.reason, r.field) for r in response.rejections],
                         [(0, self.ingest_pb2.REASON_LATE, "occurred_at")])
        self.assertIn("every window of its day is closed", response.rejections[0].description)

    def test_imports_the_good_lines_and_says_what_a_file_lacks(self):
        days = self.create("files", 1000)
        line = json.dumps({"subject": "amy@files.example", "type": "mail.sent",
                           "occurredAt": f"{days[-1].isoformat()}T12:00:00Z"})
        path = pathlib.Path(self.stubs.name) / "input"
        path.write_text(f"{line}\n{line[:len(line) // 2]}\n{line.replace('amy', 'bob')}\n")
        summary = json.loads(self.suite.tutti("import", "--organization", "files", "--format",
                                              "activities", "--summary", "json", str(path)))
        self.assertEqual((summary["rows"], summary["rejected"]), (3, {"malformed or truncated JSON": 1}))
        self.assertEqual(summary["tenants"][0]["upload"]["accepted"], 2)

        before = self.suite.redis_values()
        for format, header, column in (
                ("m365-audit-csv", "CreationDate,UserIds,Operations", "AuditData"),
                ("m365-usage-report", "User Principal Name,Send Count", "Last Activity Date")):
            path.write_text(f"{header}\namy@files.example,1,2\n")
            done = self.suite.tutti("import", "--organization", "files", "--format", format,
                                    str(path), check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"lacks the column {column}", done.stderr)
            self.assertNotIn("amy", done.stderr)
        self.assertEqual(self.suite.redis_values(), before)

    # Mutation: a rehearsal that does not ask what ingest asks, or asks it of something else.
    def test_rehearses_with_the_numbers_of_the_import(self):
        days = self.create("rehearsed", 1000)
        when = f"{days[-1].isoformat()}T12:00:00Z"
        lines = [{"subject": "amy@rehearsed.example", "type": "mail.sent", "app": "pigeon"},
                 {"subject": "amy@rehearsed.example", "type": "no.such"},
                 {"subject": "x" * 513, "type": "mail.sent"}, {"subject": " \u200b ", "type": "mail.sent"},
                 {"subject": "a\u0001b", "type": "mail.sent"},
                 {"subject": "amy@rehearsed.example", "type": "mail.sent", "traits": [f"t{n}" for n in range(17)]},
                 {"subject": "amy@rehearsed.example", "type": "mail.sent", "traits": ["t1", "t2"]}]
        rows = [json.dumps({**line, "occurredAt": when}) for line in lines]
        rows += [rows[0], json.dumps({**lines[0], "occurredAt": "2999-01-01T00:00:00Z"}),
                 json.dumps({**lines[0], "occurredAt": "1999-01-01T00:00:00Z"})]
        path = pathlib.Path(self.stubs.name) / "rehearsed"
        path.write_text("\n".join(rows) + "\n")

        def told(*arguments):
            done = self.suite.tutti("import", "--summary", "json", *arguments, str(path), check=False)
            summary = json.loads(done.stdout)
            (tenant,) = summary["tenants"]
            upload = tenant["upload"]
            return done, [summary["rows"], summary["rejected"], tenant["duplicates"], tenant["fates"],
                          tenant["activities"], upload["refused"], upload["ignored_values"]]
        rehearsal, expected = told("--rehearse")
        self.assertEqual((rehearsal.returncode, "ingest would refuse 5" in rehearsal.stderr), (0, True), rehearsal.stderr)
        self.assertEqual(len(expected[5]), 5, expected)
        imported, numbers = told("--organization", "rehearsed")
        self.assertEqual((imported.returncode, numbers), (3, expected), imported.stderr)

    # Mutation: rows of people who have left, or the rows of a report instead of its people.
    def test_sets_who_is_licensed_from_a_report(self):
        self.create("licences", 60)
        self.suite.tutti("organizations", "update", "licences", "--entitlement", "calls=7")
        path = pathlib.Path(self.stubs.name) / "report.csv"
        header = "User Principal Name,Is Deleted,Last Activity Date,Assigned Products,Is Licensed,Send Count,Report Period"
        rows = [f"p{n % 40}@x.example,{'True' if n % 40 == 3 else 'False'},,{'COPILOT+E5' if n % 2 else 'E5'},Yes,0,1"
                for n in range(80)]
        path.write_text("\n".join([header, *rows]) + "\n")
        arguments = ("import", "--organization", "licences", "--format", "m365-usage-report", str(path))
        self.suite.tutti(*arguments)
        profile = self.suite.tutti("organizations", "get", "licences")
        self.assertIn("calls=7\n", profile)
        self.suite.tutti(*arguments, "--update-profile")
        profile = self.suite.tutti("organizations", "get", "licences")
        self.assertRegex(profile, r"headcount +39\n")
        self.assertRegex(profile, "entitlements +calls=7, assistant=19\n")
        refused = self.suite.tutti(*arguments, "--update-profile", "--rehearse", check=False)
        self.assertEqual(refused.returncode, 2)
        # Copilot's own report, Yammer's and one of who has Visio list their licensees alone; of the whole
        # organisation a page is here.
        for text, reason in (
                ("User Principal Name,Last Activity Date,Word Copilot Last Activity Date,Report Period\np1@x.example,,,7\n",
                 "licensees of one product (assistant) alone"),
                ("User Principal Name,Last Activity Date,Posted Count,Read Count,Liked Count,Report Period\n"
                 "p1@x.example,,0,0,0,7\n", "licensees of one product or service alone"),
                ("\n".join([header, *rows]).replace("COPILOT+E5", "VISIO PLAN 2").replace("E5", "VISIO PLAN 2") + "\n",
                 "licensees of one product or service alone"),
                ("\n".join([header, *rows[20:39]]) + "\n", "19 people, fewer than half of the headcount on record")):
            path.write_text(text)
            refused = self.suite.tutti(*arguments, "--update-profile", check=False)
            self.assertEqual(refused.returncode, 1, refused.stderr)
            self.assertIn(reason, refused.stderr)
            self.assertIn("--headcount" if "people" in reason else "getOffice365ActiveUserDetail", refused.stderr)
        self.assertEqual(self.suite.tutti("organizations", "get", "licences"), profile)

    # Mutations: what was read before an error is dropped, or not told; an import of which
    # nothing came ends like one that went well.
    def test_tells_what_came_of_an_import_that_failed(self):
        days = self.create("broken", 1000)
        good = pathlib.Path(self.stubs.name) / "good"
        good.write_text(json.dumps({"subject": "amy@broken.example", "type": "mail.sent",
                                    "occurredAt": f"{days[-1].isoformat()}T12:00:00Z"}) + "\n")

        def run(*arguments):
            return self.suite.tutti("import", "--organization", "broken", "--summary", "json",
                                    *arguments, check=False)
        cut = pathlib.Path(self.stubs.name) / "cut.gz"
        cut.write_bytes(gzip.compress(good.read_bytes() * 5000)[:-12])
        done = run("--format", "activities", str(good), str(cut))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("input 2 of 2", done.stderr)
        summary = json.loads(done.stdout)
        self.assertGreaterEqual(summary["tenants"][0]["upload"]["accepted"], 1)
        self.assertIn("ended by an error", summary["warnings"][-1])

        good.write_text(good.read_text().replace("mail.sent", "no.such"))
        done = run("--format", "activities", str(good))
        self.assertEqual(done.returncode, 3)
        self.assertIn("1 activities were refused for what can be repaired", done.stderr)
        self.assertEqual(json.loads(done.stdout)["tenants"][0]["upload"]["refused"], {"REASON_TYPE_UNKNOWN": 1})

        good.write_text("half a line\n")
        done = run("--format", "activities", str(good))
        self.assertEqual(done.returncode, 1)
        self.assertIn("no row could be read", done.stderr)

    def refused(self, name, activities, code, reason):
        with self.assertRaises(grpc.RpcError) as raised:
            self.send(name, activities)
        self.assertEqual(raised.exception.code(), code)
        info = details(raised.exception, self.error_details.ErrorInfo)
        self.assertEqual((info.domain, info.reason), ("ingest.tutti", reason))
        return raised.exception

    def test_refuses_whole_batches_with_a_typed_error(self):
        today = datetime.date.today()
        one = [("amy@none.example", today, "mail.sent")]
        self.refused("none", one, grpc.StatusCode.NOT_FOUND, "ORGANIZATION_NOT_FOUND")
        self.refused("No Such", one, grpc.StatusCode.INVALID_ARGUMENT,
                     "ORGANIZATION_MALFORMED")
        self.create("large", 1000)
        self.refused("large", [], grpc.StatusCode.INVALID_ARGUMENT, "BATCH_EMPTY")
        error = self.refused("large", one * 10001, grpc.StatusCode.INVALID_ARGUMENT,
                             "BATCH_TOO_LARGE")
        self.assertIn("10,000", error.details().replace("10000", "10,000"))
        bad_request = details(error, self.error_details.BadRequest)
        self.assertEqual([v.field for v in bad_request.field_violations], ["activities"])

    def test_keeps_nothing_of_what_is_no_message_or_too_large(self):
        raw = self.channels[0].unary_unary("/tutti.ingest.v1.IngestService/IngestActivities")
        self.create("refused", 1000)
        before = self.suite.redis_values()
        with self.assertRaises(grpc.RpcError) as raised:
            raw(b"\xff\xff\xff", timeout=30)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        with self.assertRaises(grpc.RpcError) as raised:
            raw(b"\x0a" * (17 << 20), timeout=30)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        # An undecodable end makes the whole undecodable, and many good activities too large.
        yesterday = datetime.datetime.now(datetime.timezone.utc) - DAY
        request = self.ingest_pb2.IngestActivitiesRequest(organization="organizations/refused")
        activity = request.activities.add(subject="amy@refused.example", type="mail.sent")
        activity.occurred_at.FromDatetime(yesterday.replace(tzinfo=None))
        good = request.SerializeToString()
        with self.assertRaises(grpc.RpcError) as raised:
            raw(good + b"\xff", timeout=30)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        with self.assertRaises(grpc.RpcError) as raised:
            raw(good * ((17 << 20) // len(good)), timeout=30)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual(self.suite.redis_values(), before)
        self.create("after", 1000)
        days = [datetime.date.today() - DAY]
        self.assertEqual(self.send("after", [("a@b.example", days[0], "mail.sent")]).accepted_count, 1)


if __name__ == "__main__":
    unittest.main()
