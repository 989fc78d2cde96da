"""Organisations whose backends send some types of activity alone, and say so: the categories
that these cannot feed are not measured, with what is missing. With stubs made from the protos."""

import pathlib
import tempfile
import unittest

import grpc

from made_up import write_activities
from suite import Suite, make_stubs

PEOPLE = 600
DAYS = 63


class DeclaredSourcesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        make_stubs(cls.folder)
        cls.suite = cls.enterClassContext(Suite())
        from tutti.aggregate.v1 import organization_pb2, organization_pb2_grpc
        from tutti.score.v1 import score_pb2, score_pb2_grpc
        cls.pb2, cls.score_pb2 = organization_pb2, score_pb2
        cls.organizations = organization_pb2_grpc.OrganizationServiceStub(
            cls.enterClassContext(grpc.insecure_channel(cls.suite.aggregate)))
        cls.scores = score_pb2_grpc.ScoreServiceStub(
            cls.enterClassContext(grpc.insecure_channel(cls.suite.score)))
        cls.activities = cls.folder / "activities.jsonl"
        cls.first_day = write_activities(cls.activities, people=PEOPLE, days=DAYS)

    def declared(self, types):
        """The contents of a source: {"mail.sent": ["platform"]}."""
        contents = self.pb2.SourceContents(source="activities")
        for name, told in types.items():
            contents.types.add(type=name, app="app" in told, platform="platform" in told,
                               traits=[word for word in told if word not in ("app", "platform")])
        return contents

    def create(self, name, types):
        """Creates it as a backend does, with what it declares; nothing: everything."""
        wanted = self.pb2.Organization(name=f"organizations/{name}", headcount=PEOPLE, sources=["activities"], first_day=self.first_day)
        if types:
            wanted.source_contents.append(self.declared(types))
        made = self.organizations.CreateOrganization(
            self.pb2.CreateOrganizationRequest(organization=wanted, backfill=True), timeout=30)
        self.suite.tutti("keyring", "extend", "--keyring", str(self.suite.keyring), "--organization", name,
                         "--from", self.first_day)
        return made.organization

    def bring_in(self, name):
        return self.suite.tutti("import", "--format", "activities", "--organization", name, str(self.activities))

    def score(self, name, view="VIEW_FULL"):
        request = self.score_pb2.GetScoreRequest(name=f"organizations/{name}/scores/latest",
                                                 view=self.score_pb2.View.Value(view))
        return self.scores.GetScore(request, timeout=30).score

    def table(self, name, table):
        return self.scores.GetTable(self.score_pb2.GetTableRequest(
            name=f"organizations/{name}/scores/latest/tables/{table}"), timeout=30).table

    def states(self, parts, key):
        return {getattr(part, key): self.score_pb2.FigureState.Name(part.state)[len("FIGURE_STATE_"):] for part in parts}

    # Mutation: a category of which one mode is declared counts the others as not done.
    def test_mail_and_chat_alone_are_one_category(self):
        made = self.create("mailchat", {"mail.sent": [], "chat.sent": []})
        self.assertEqual(list(made.fed_categories), ["communication"])
        summary = self.bring_in("mailchat")
        self.assertRegex(summary, r"declared: communication\n")
        self.assertRegex(summary, r"not declared, so not measured: mobility; ")
        self.suite.publish("mailchat")
        score = self.score("mailchat")
        states = self.states(score.categories, "category")
        self.assertEqual({name for name, state in states.items() if state == "MEASURED"}, {"communication"})
        self.assertEqual({state for name, state in states.items() if name != "communication"}, {"NOT_MEASURED"})
        self.assertEqual(score.possible_points, 100)
        self.assertEqual(score.percent.value, score.points.value)
        # Everybody sends mail on 60% of days and chat on 40%, so nearly all do both in 28 days.
        self.assertGreater(score.points.value + score.points.margin, 90)
        why = {one.category: one for one in score.categories}
        self.assertEqual(why["mobility"].state_reason_code, self.score_pb2.STATE_REASON_NOT_DECLARED)
        self.assertEqual(why["mobility"].state_reason_subject, "+platform with any type")
        self.assertIn("can give it: ", why["mobility"].state_reason)
        self.assertIn("activities", why["mobility"].state_reason)
        self.assertEqual(why["endpoint"].state_reason_code, self.score_pb2.STATE_REASON_NO_SOURCE)
        self.assertIn("device_telemetry", why["endpoint"].state_reason)
        basic = self.score("mailchat", "VIEW_BASIC")
        self.assertEqual(self.states(basic.categories, "category"), states)
        self.assertEqual(len(basic.measures), 0)
        measures = self.states(score.measures, "measure")
        self.assertEqual(measures["mail_reach"], "MEASURED")
        self.assertEqual(measures["community_reach"], "NOT_MEASURED")
        modes = self.table("mailchat", "modes")
        self.assertEqual(self.states([modes], "name"), {modes.name: "MEASURED"})
        self.assertEqual(list(modes.unmeasured_feature_ids), ["community"])
        self.assertTrue(all("community" not in row.features for row in modes.rows))
        statement = self.suite.tutti("statement", "mailchat")
        self.assertIn("activities was declared to give mail.sent,chat.sent.", " ".join(statement.split()))
        self.assertIn("Once that is sent, declare it", " ".join(self.suite.tutti("score", "mailchat").split()))

    # Mutation: one mode of three is enough.
    def test_mail_alone_measures_no_category_and_says_what_is_missing(self):
        made = self.create("mail", {"mail.sent": []})
        self.assertEqual(list(made.fed_categories), [])
        self.assertIn("no category: what the sources are declared to give is too little", self.suite.tutti("organizations", "get", "mail"))
        self.bring_in("mail")
        self.suite.publish("mail")
        score = self.score("mail")
        self.assertEqual(set(self.states(score.categories, "category").values()), {"NOT_MEASURED"})
        self.assertEqual(self.score_pb2.FigureState.Name(score.state), "FIGURE_STATE_NOT_MEASURED")
        self.assertFalse(score.HasField("points"))
        measures = self.states(score.measures, "measure")
        self.assertEqual(measures["mail_reach"], "MEASURED")
        self.assertEqual(measures["message_reach"], "NOT_MEASURED")
        why = {one.category: one for one in score.categories}
        self.assertEqual(why["communication"].state_reason_subject,
                         "one of: chat.sent or channel_message.sent; community.posted")

    def test_platforms_measure_mobility(self):
        made = self.create("platforms", {"mail.sent": ["platform"]})
        self.assertEqual(list(made.fed_categories), ["mobility"])
        self.assertRegex(self.bring_in("platforms"), r"not declared, so not measured: communication; ")
        self.suite.publish("platforms")
        states = self.states(self.score("platforms").categories, "category")
        self.assertEqual({name for name, state in states.items() if state == "MEASURED"}, {"mobility"})

    # Mutation: what is declared holds from when it was changed, or for records that are out.
    def test_a_change_takes_effect_at_the_next_close(self):
        self.create("change", {})
        self.bring_in("change")
        self.suite.tutti("organizations", "update", "change", "--source", "activities=mail.sent,chat.sent")
        self.suite.publish("change")
        before = self.score("change")
        self.assertEqual(before.possible_points, 100)
        self.suite.tutti("organizations", "update", "change", "--source", "activities")
        shown = self.suite.tutti("organizations", "get", "change")
        self.assertIn("mobility", shown)
        self.assertEqual(self.score("change"), before)
        # The control: whatever was never declared is everything.
        self.create("everything", {})
        self.bring_in("everything")
        self.suite.publish("everything")
        self.assertGreater(self.score("everything").possible_points, 100)

    def test_what_the_catalogue_does_not_have_is_refused_by_name(self):
        for types, words in (({"mail.snet": []}, "'mail.snet' is no activity type"),
                             ({"mail.sent": ["video"]}, "'video' is no trait of mail.sent")):
            with self.assertRaises(grpc.RpcError) as refused:
                self.create("refused", types)
            self.assertEqual(refused.exception.code().name, "INVALID_ARGUMENT")
            self.assertIn("source_contents: ", refused.exception.details())
            self.assertIn(words, refused.exception.details())
        done = self.suite.tutti("organizations", "create", "refused", "--headcount", "300", "--source",
                                "activities=mail.snet", check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("--source: 'mail.snet' is no activity type", done.stderr)
        done = self.suite.tutti("organizations", "create", "refused", "--headcount", "300", "--source",
                                "m365_audit=mail.sent", check=False)
        self.assertIn("m365_audit gives what its importer finds", done.stderr)


if __name__ == "__main__":
    unittest.main()
