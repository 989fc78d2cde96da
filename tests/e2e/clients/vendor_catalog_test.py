"""Another vendor's catalogue, through the running services: apps, activity types and
traits that no line of the product knows get scores, because the catalogue says how."""

import datetime
import json
import pathlib
import tempfile
import unittest

from made_up import DAY, today
from suite import Suite

CATALOG = pathlib.Path(__file__).parent / "vendor_catalog.textproto"
PEOPLE = 900
ENTITLED = 720
PAGES = 2700
DAYS = 42

# What write_export() amounts to in any 28 days, in per cent or subjects, and the widest
# margin that still tells something.
MEASURES = {"talk_reach": (30, 6), "talk_habit": (30, 6), "pages_reach": (62.5, 6),
            "pages_habit": (43.75, 6), "both_places": (35, 6), "guest_share": (40, 20),
            "stale_pages": (20, 10), "pages_known": (PAGES, 300)}
CATEGORIES = {"talk": (70 * 0.30 + 30 * 0.30 / (3 / 7), 6), "pages": (60 * 0.625 + 40 * 0.4375, 6),
              "places": (35, 6), "upkeep": (80, 10)}


def write_export(path):
    """Writes the activities of the last days. Seven of every ten people post letters and
    five talk, three of them both, on every third day; seven edit pages, on every second
    day, five of them common ones. Every second letter writer takes a computer on even days
    and a phone on odd ones. A fifth of the pages is out of date."""
    first = today() - DAYS * DAY
    with open(path, "w") as file:
        def tell(subject, kind, day, app=None, platform=None, traits=()):
            noon = datetime.datetime.combine(first + day * DAY, datetime.time(12))
            activity = {"subject": subject, "type": kind, "occurredAt": noon.isoformat() + "Z",
                        "app": app, "platform": platform, "traits": traits}
            file.write(json.dumps({key: value for key, value in activity.items() if value}) + "\n")

        for day in range(DAYS):
            for person in range(PEOPLE):
                name, group, one_of_ten = f"person-{person}@made-up.example", person // 10, person % 10
                if (group + day) % 3 == 0:
                    if one_of_ten < 7:
                        platform = "phone" if group % 2 and day % 2 else "computer"
                        tell(name, "letter.posted", day, "fjord_mail", platform)
                    if 4 <= one_of_ten < 9:
                        guest = ["with_guest"] if one_of_ten < 6 else []
                        tell(name, "talk.said", day, "fjord_talk", traits=guest)
                if (group + day) % 2 == 0 and one_of_ten < 7:
                    common = ["common_page"] if one_of_ten < 5 else []
                    tell(name, "page.edited", day, "fjord_pages", traits=common)
            for page in range(day % 7, PAGES, 7):
                tell(f"page-{page}", "page.listed", day, traits=["out_of_date"] if page % 5 == 0 else [])
    return first.isoformat()


class VendorCatalogTest(unittest.TestCase):
    # Mutation: a type, an app, a platform, a trait or a source whose name stands in the code.
    def test_scores_a_suite_of_apps_that_only_the_catalogue_knows(self):
        with tempfile.TemporaryDirectory() as folder, Suite(catalog=CATALOG) as suite:
            path = pathlib.Path(folder) / "export.jsonl"
            first = write_export(path)
            suite.back_fill("made-up", PEOPLE, first, "--entitlement", f"pages={ENTITLED}",
                            "--source", "fjord_export", "--source", "fjord_inventory")
            summary = json.loads(suite.tutti("import", "--format", "activities", "--organization",
                                             "made-up", "--summary", "json", str(path)))
            # Mutation: the shipped catalogue's categories. "calls" reads what talks set, though no source
            # that is declared feeds it.
            fed = ["calls", "pages", "places", "talk", "upkeep"]
            self.assertEqual(summary["tenants"][0]["feeds"], fed)
            self.assertNotIn("calls", summary["tenants"][0]["declared"])
            self.assertEqual(set(summary["tenants"][0]["activities"]),
                             {"letter.posted", "talk.said", "page.edited", "page.listed"})
            self.assertEqual(summary["warnings"], [])
            # Mutation: any feature of a category's table: letters set none that "calls" reads.
            letter = pathlib.Path(folder) / "letter.jsonl"
            letter.write_text('{"subject":"a","type":"letter.posted","occurredAt":"2026-05-04T09:00:00Z"}\n')
            # Nobody is asked in a rehearsal.
            for rehearsed, catalog, feeds in ((path, ("--catalog", CATALOG), fed), (path, (), []),
                                              (letter, ("--catalog", CATALOG), ["talk"])):
                told = json.loads(suite.tutti("import", "--rehearse", *catalog, "--summary", "json", str(rehearsed)))
                self.assertEqual(told["tenants"][0]["feeds"], feeds)
            upload = summary["tenants"][0]["upload"]
            # The days before the first whole week are in no window.
            early = upload["refused"].pop("REASON_BEFORE_FIRST_DAY", 0)
            self.assertEqual((upload["refused"], upload["ignored_values"]), ({}, 0))
            self.assertEqual(upload["accepted"] + early + summary["tenants"][0]["duplicates"],
                             len(path.read_text().splitlines()))
            self.assertGreater(upload["accepted"], 0.8 * (upload["accepted"] + early))
            suite.publish("made-up")

            score = json.loads(suite.tutti("score", "made-up", "--format", "json"))["score"]
            measures = {one["measure"]: one for one in score["measures"]}
            categories = {one["category"]: one for one in score["categories"]}
            for shown, truths, field in ((measures, MEASURES, "value"), (categories, CATEGORIES, "points")):
                for name, (truth, widest) in truths.items():
                    with self.subTest(name):
                        self.assertEqual(shown[name]["state"], "FIGURE_STATE_MEASURED", shown[name])
                        estimate = shown[name][field]
                        print(f"{name}: {estimate['value']:.1f} ± {estimate['margin']:.1f}, truly {truth:.1f}")
                        self.assertLess(estimate["margin"], widest)
                        # Twice the 95% margin is passed once in 10,000 runs.
                        self.assertLess(abs(estimate["value"] - truth), 2 * estimate["margin"])
            for name in ("calls", "calls_reach"):
                one = {**measures, **categories}[name]
                self.assertEqual(one["state"], "FIGURE_STATE_NOT_MEASURED", one)
            self.assertEqual(score["possiblePoints"], 400)

            # All that people read is the vendor's words.
            text = suite.tutti("score", "made-up") + suite.tutti("recommendations", "made-up")
            text += suite.tutti("statement", "made-up") + suite.tutti("table", "made-up", "places")
            for words in ("Common pages", "Hand out phones", "Who writes which page.", "posted a letter", "Computer"):
                self.assertIn(words, text)
            for word in ("Outlook", "Teams", "Microsoft", "Communication", "mailbox"):
                self.assertNotIn(word, text)

    def test_activities_of_the_shipped_catalogue_are_refused(self):
        with Suite(catalog=CATALOG) as suite:
            day = today() - 3 * DAY
            path = suite.folder / "other.jsonl"
            path.write_text(json.dumps({"subject": "person@made-up.example", "type": "mail.sent",
                                        "occurredAt": f"{day.isoformat()}T12:00:00Z"}) + "\n")
            suite.back_fill("made-up", PEOPLE, (today() - DAYS * DAY).isoformat(), "--source", "fjord_export")
            done = suite.tutti("import", "--format", "activities", "--organization", "made-up",
                               "--summary", "json", str(path), check=False)
            self.assertEqual(done.returncode, 3, "nothing came of it; another catalogue would repair it")
            upload = json.loads(done.stdout)["tenants"][0]["upload"]
            self.assertEqual((upload["accepted"], upload["refused"]), (0, {"REASON_TYPE_UNKNOWN": 1}))


if __name__ == "__main__":
    unittest.main()
