"""One made-up organisation, told by every source there is, through the running services:
what is shown of it is compared with the exact truth, and no source counts twice what
another one told."""

import json
import pathlib
import tempfile
import unittest

from made_up import bring_in, make_up, read_catalog
from suite import SOURCE, Suite, make_stubs

CATALOG = SOURCE / "deploy/catalog/adoption.textproto"
PEOPLE = 2000
WEEKS = 8

# What `tutti-sample make --format` writes, what `tutti import --format` calls it, and which
# sources of the catalogue it is.
MICROSOFT = {
    "m365-audit-csv": ("audit.csv", "m365-audit-csv", ["m365_audit"]),
    "m365-usage-report": ("usage/*", "m365-usage-report",
                          ["m365_usage_report", "m365_copilot_report"]),
}
GOOGLE = {"google-reports": ("google/*", "google-reports", ["google_reports"])}
THE_REST = {
    "device-telemetry": ("telemetry.*", "device-telemetry",
                         ["device_telemetry", "network_measurements", "app_inventory"]),
    "remaining-activities": ("remaining.jsonl", "activities",
                             ["activities", "meeting_records", "workspace_records", "item_records"]),
}


class Comparison:
    """How often what is shown holds the truth within its margin of 95%."""

    def __init__(self):
        self.figures = 0
        self.outside = 0
        self.furthest = (0, "")

    def add(self, what, shown, truth):
        value, margin = shown["value"], shown["margin"]
        if shown["bound"] == "BOUND_AT_LEAST":
            distance = value - truth
        elif shown["bound"] == "BOUND_AT_MOST":
            distance = truth - value
        else:
            distance = abs(value - truth)
        self.figures += 1
        # What cannot be wrong has no margin, and must be right but for rounding.
        self.outside += distance > margin + 1e-9
        if margin > 0:
            text = f"{what}: {value:.2f} ± {margin:.2f}, truly {truth:.2f}"
            self.furthest = max(self.furthest, (distance / margin, text))

    def rate(self, *others):
        every = (self, *others)
        return 1 - sum(one.outside for one in every) / sum(one.figures for one in every)


def compare_score(score, window, total, measures):
    """Categories into the one comparison, measures into the other."""
    for one in score["categories"]:
        if one["state"] == "FIGURE_STATE_MEASURED":
            total.add(f"{window['end_day']} {one['category']}", one["points"],
                      window["points"][one["category"]])
    for one in score["measures"]:
        truth = window["measures"][one["measure"]]
        if one["state"] != "FIGURE_STATE_MEASURED" or truth is None:
            continue
        unit = 100 if one["unit"] == "UNIT_PERCENT" else 1
        measures.add(f"{window['end_day']} {one['measure']}", one["value"], unit * truth)


def compare_table(table, window, step_days, rows):
    """Every row of a table: subjects with exactly, or any of, its features."""
    name = table["name"].rsplit("/", 1)[1]
    if table["state"] != "FIGURE_STATE_MEASURED":
        return
    if name in window["habit_sums"]:
        rows.add(name, table["rows"][0]["subjects"], window["habit_sums"][name] / step_days)
        return
    told = window["tables"][name]
    for row in table["rows"]:
        wanted = sum(1 << told["features"].index(one) for one in row["features"])
        exactly = row["kind"] == "ROW_KIND_EXACTLY"
        truth = sum(count for pattern, count in enumerate(told["subjects"])
                    if pattern and (pattern == wanted if exactly else pattern & wanted))
        rows.add(f"{window['end_day']} {name}: {row['displayName']}", row["subjects"], truth)


class AllSourcesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stubs = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.stubs.cleanup)
        make_stubs(cls.stubs.name)
        cls.catalog = read_catalog(CATALOG)

    # In ten runs 93.7% to 96.8% of the figures held. Mutation: versions that telemetry
    # says are supported taken for the others.
    def test_microsoft_and_the_rest_come_to_the_truth(self):
        total, measures, rows = self.compare("everything", {**MICROSOFT, **THE_REST},
                                             {one.id for one in self.catalog.categories})
        self.assertGreater(Comparison.rate(total, measures), 0.9)
        self.assertGreater(rows.rate(), 0.9)

    # Few figures, so that their rate differs from run to run: 94.7% to 99.1% without rows.
    def test_google_and_telemetry_come_to_the_truth(self):
        telemetry = {"device-telemetry": THE_REST["device-telemetry"]}
        every = self.compare("google", {**GOOGLE, **telemetry},
                             {"communication", "content_collaboration", "teamwork", "meetings",
                              "ai_assistance", "endpoint", "network", "apps_health"})
        self.assertGreater(Comparison.rate(*every), 0.9)

    def back_fill(self, suite, folder, name, formats):
        """Makes the organisation up and brings all of it in; returns the truth."""
        first = make_up(suite, folder, name, PEOPLE, WEEKS, formats, "--catalog", str(CATALOG))
        truth = json.loads(pathlib.Path(folder, "truth.json").read_text())
        sources = [word for _, _, ids in formats.values() for one in ids
                   for word in ("--source", one)]
        suite.back_fill(name, PEOPLE, first, "--entitlement",
                        f"assistant={truth['entitlements']['assistant']}", *sources)
        for pattern, form, _ in formats.values():
            bring_in(suite, folder, name, pattern, form)
        suite.publish(name)
        return truth

    def compare(self, name, formats, categories):
        """Compares all that is shown of every window that is published; `categories` are
        those that must be shown, and no other may be."""
        with tempfile.TemporaryDirectory() as folder, Suite() as suite:
            truth = self.back_fill(suite, folder, name, formats)
            windows = {window["end_day"]: window for window in truth["windows"]}
            total, measures, rows = Comparison(), Comparison(), Comparison()
            scores = json.loads(suite.tutti("history", name, "--format", "json"))["scores"]
            self.assertGreaterEqual(len(scores), 3)
            for day in [score["endDay"] for score in scores]:
                score = json.loads(suite.tutti("score", name, "--day", day, "--format", "json"))["score"]
                shown = {one["category"] for one in score["categories"]
                         if one["state"] == "FIGURE_STATE_MEASURED"}
                self.assertEqual(shown, categories, day)
                counted = categories - {"meeting_practice"}  # stands beside Meetings
                self.assertEqual(score["possiblePoints"], 100 * len(counted))
                total.add(f"{day} total", score["points"],
                          sum(windows[day]["points"][one] for one in counted))
                self.check_measures(formats, score)
                compare_score(score, windows[day], total, measures)
                answer = json.loads(suite.tutti("table", name, "--day", day, "--format", "json"))
                for table in answer["tables"]:
                    compare_table(table, windows[day], truth["step_days"], rows)
            print(f"{name}: {PEOPLE} people, {len(scores)} windows")
            for words, one in (("categories and totals", total), ("measures", measures),
                               ("rows of tables", rows)):
                print(f"  {words}: {one.figures}, {100 * one.rate():.1f}% hold within the 95% margin; "
                      f"furthest {one.furthest[0]:.2f} margins, {one.furthest[1]}")
            # Further off comes once in 10,000 runs.
            self.assertLess(total.furthest[0], 2.5, total.furthest[1])
            return total, measures, rows

    def check_measures(self, formats, score):
        """Every measure of a declared source is shown, and no other is."""
        declared = {one for _, _, ids in formats.values() for one in ids}
        of_category = {one.id: one.sources for one in self.catalog.categories}
        for measure in self.catalog.measures:
            sources = set(measure.sources or of_category.get(measure.category, declared))
            (shown,) = [one for one in score["measures"] if one["measure"] == measure.id]
            expected = ["MEASURED" if sources & declared else "NOT_MEASURED"]
            # A rate among some of the people may be too rough to be shown, whatever they did.
            few = measure.share.HasField("subjects") or measure.share.entitled_product
            if sources & declared and few:
                expected.append("WITHHELD")
            self.assertIn(shown["state"], [f"FIGURE_STATE_{one}" for one in expected], shown)


if __name__ == "__main__":
    unittest.main()
