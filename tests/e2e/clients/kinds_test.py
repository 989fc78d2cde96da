"""Every kind of subject through the running services: people, devices and items."""

import datetime
import json
import tempfile
import unittest

from suite import Suite

SOURCES = ["activities", "device_telemetry", "network_measurements", "app_inventory",
           "meeting_records", "workspace_records", "item_records"]
WEEKS = 6


class KindsTest(unittest.TestCase):
    def test_scores_every_category_of_every_kind(self):
        first = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(weeks=WEEKS)
        with Suite() as suite, tempfile.TemporaryDirectory() as folder:
            suite.make_up("--organization", "kinds", "--people", "600", "--weeks",
                          str(WEEKS), "--format", "activities", "--out", folder)
            sources = [word for source in SOURCES for word in ("--source", source)]
            suite.back_fill("kinds", 600, first.isoformat(), *sources)
            suite.tutti("import", "--format", "activities", "--organization", "kinds",
                        f"{folder}/activities.jsonl")
            suite.publish("kinds")
            score = json.loads(suite.tutti("score", "kinds", "--format", "json"))["score"]
            states = {category["category"]: category["state"] for category in score["categories"]}
            self.assertEqual(set(states.values()), {"FIGURE_STATE_MEASURED"}, states)
            # Ten categories; meeting practice stands beside Meetings and adds no points.
            self.assertEqual(score["possiblePoints"], 900)
            measures = {measure["measure"]: measure for measure in score["measures"]}
            for measure in ("slow_start_share", "meetings_held", "mails_sent", "documents_shared",
                            "mention_threads", "questions_asked", "workspaces_known"):
                self.assertEqual(measures[measure]["state"], "FIGURE_STATE_MEASURED", measure)


if __name__ == "__main__":
    unittest.main()
