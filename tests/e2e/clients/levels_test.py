"""What levels with earlier windows say of made-up organisations, against their exact truth, through running
services: a year with habits, leave, holidays, a rising trend, a campaign that makes a jump and two weeks in
which work rests. The short form is the smallest organisation that sees anything, whose single windows are
withheld. TUTTI_LONG=1 takes organisations of 64 to 5,000 people, and 300 that are alike but for chance, and
prints the tables of README.md beside this folder."""

import collections
import concurrent.futures
import json
import math
import os
import pathlib
import tempfile
import threading
import unittest

from made_up import bring_in, make_up
from suite import SOURCE, Suite

LONG = os.environ.get("TUTTI_LONG") == "1"
WEEKS = 56
CAMPAIGN, REST = 20, 40
ALIKE = 300
BOUNDS = ("BOUND_AT_LEAST", "BOUND_AT_MOST")
CATALOG = str(SOURCE / "deploy/catalog/adoption.textproto")


def holds(estimate, truth):
    """Whether the truth is where an estimate says; what is "at least" 95 holds from there on."""
    value, margin = estimate.get("value", 0), estimate.get("margin", 0)
    at_least, at_most = (estimate.get("bound") == bound for bound in BOUNDS)
    above = math.inf if at_least else margin
    below = math.inf if at_most else margin
    return value - below <= truth <= value + above


class Tally:
    def __init__(self):
        self.held = self.of = 0
        self.margins = 0.0

    def add(self, estimate, truth):
        self.held += holds(estimate, truth)
        self.of += 1
        self.margins += estimate.get("margin", 0)

    def __str__(self):
        if self.of == 0:
            return "-"
        return f"{100 * self.held / self.of:.0f}%, ± {self.margins / self.of:.1f}"


class Spread:
    """The same figure of organisations that are alike."""

    def __init__(self, truth):
        self.truth = truth
        self.estimates = []

    def summary(self):
        """Bias in standard deviations, spread against margin, coverage; nothing of what is clamped."""
        values = [one.get("value", 0) for one in self.estimates]
        mean = sum(values) / len(values)
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
        margin = sum(one.get("margin", 0) for one in self.estimates) / len(values) / 1.96
        held = sum(holds(one, self.truth) for one in self.estimates) / len(values)
        if any(one.get("bound") in BOUNDS for one in self.estimates) or deviation == 0:
            return None, None, held
        return (mean - self.truth) / deviation, margin / deviation, held


class LevelsTest(unittest.TestCase):
    def organization(self, suite, folder, people):
        """Makes one up and publishes its year; returns its truth by end day, and its scores."""
        name = f"org-{people}"
        place = pathlib.Path(folder, name)
        first = make_up(suite, place, name, people, WEEKS, ["m365-audit-csv"], "--catalog", CATALOG,
                        "--campaign-week", str(CAMPAIGN), "--rest-week", str(REST))
        truth = json.loads((place / "truth.json").read_text())
        assistants = truth["entitlements"]["assistant"]
        suite.back_fill(name, people, first, "--source", "m365_audit", "--entitlement",
                        f"assistant={assistants}", "--generated")
        bring_in(suite, place, name, "audit.csv", "m365-audit-csv")
        suite.publish(name)
        scores = json.loads(suite.tutti("history", name, "--last", "400", "--format", "json"))["scores"]
        return {window["end_day"]: window["points"] for window in truth["windows"]}, scores[::-1]

    def compare(self, truth, scores):
        """What one window alone says and what levels say, against the truth."""
        tallies = collections.defaultdict(Tally)
        marked = 0
        for score in scores:
            true = truth[score["endDay"]]
            total = []
            for category in score["categories"]:
                if category["state"] == "FIGURE_STATE_NOT_MEASURED":
                    continue
                points = true[category["category"]]
                total.append(points)
                if "points" in category:
                    tallies["category alone"].add(category["points"], points)
                level = category.get("level")
                if not level:
                    continue
                tallies["category level"].add(level["points"], points)
                marked += level.get("mayBeChanging", False)
                for kind, changes in (("alone", category), ("level", level)):
                    change = changes.get("change")
                    if change:
                        since = truth[change["sinceEndDay"]][category["category"]]
                        tallies[f"change {kind}"].add(change["difference"], points - since)
            if score["state"] == "FIGURE_STATE_MEASURED":
                tallies["total alone"].add(score["percent"], sum(total) / len(total))
            if "percent" in score.get("level", {}):
                tallies["total level"].add(score["level"]["percent"], sum(total) / len(total))
        return tallies, marked

    def expect_shown_from_the_record_that_was_said(self, scores):
        shown = 0
        for record, score in enumerate(scores, 1):
            for category in score["categories"]:
                start = category.get("levelFromWindows", 0)
                if category["state"] != "FIGURE_STATE_WITHHELD":
                    continue
                self.assertNotIn("points", category)
                self.assertEqual("level" in category, 0 < start <= record, category)
                shown += "level" in category
        return shown

    # Mutations: a record is drawn only where one window alone shows something; levels of what is withheld
    # are left out, or shown from the third record on.
    def test_a_small_organisation_sees_its_categories_from_the_record_that_was_said(self):
        with Suite() as suite, tempfile.TemporaryDirectory() as folder:
            truth, scores = self.organization(suite, folder, 64)
            self.assertEqual(len(scores), len(truth))
            self.assertGreater(self.expect_shown_from_the_record_that_was_said(scores), 20)
            self.assertEqual({score["state"] for score in scores}, {"FIGURE_STATE_WITHHELD"})
            # A category that is never shown, for few are entitled to it, leaves no total either.
            starts = [c.get("levelFromWindows", 0) for c in scores[-1]["categories"]
                      if c["state"] == "FIGURE_STATE_WITHHELD"]
            self.assertEqual("level" in scores[-1], 0 not in starts)
            tallies, _ = self.compare(truth, scores)
            level = tallies["category level"]
            # Seven figures that move together, some ten windows: a chance in a thousand of less.
            self.assertGreater(level.held / level.of, 0.75, level)
            said = suite.tutti("organizations", "get", "org-64")
            start = next(c["levelFromWindows"] for c in scores[-1]["categories"]
                         if c["category"] == "communication")
            self.assertRegex(said, rf"shows .*communication.* from record {start} on")
            self.assertIn(f"here from record {start} on", " ".join(suite.tutti("statement", "org-64").split()))
            self.assertIn("this window alone withheld", suite.tutti("score", "org-64"))

    @unittest.skipUnless(LONG, "minutes: TUTTI_LONG=1")
    def test_a_year_of_whole_organisations(self):
        columns = ["category alone", "category level", "change alone", "change level", "total alone",
                   "total level"]
        print("\n| people | records | " + " | ".join(columns) + " | marked |")
        for people in [int(word) for word in os.environ.get("TUTTI_PEOPLE", "64 120 250 600 5000").split()]:
            with Suite() as suite, tempfile.TemporaryDirectory() as folder:
                truth, scores = self.organization(suite, folder, people)
            self.expect_shown_from_the_record_that_was_said(scores)
            tallies, marked = self.compare(truth, scores)
            print(f"| {people} | {len(scores)} | " + " | ".join(str(tallies[c]) for c in columns) +
                  f" | {marked} of {tallies['category level'].of} |", flush=True)

    def alike(self, suite, folder, number):
        """The figures of one of them: {(kind, id): estimate}."""
        name = f"alike-{number}"
        with self.keyring:  # one process writes it at a time
            suite.back_fill(name, 300, self.first, "--source", "m365_audit", "--entitlement",
                            f"assistant={self.truth['entitlements']['assistant']}", "--generated")
        bring_in(suite, folder, name, "audit.csv", "m365-audit-csv")
        suite.publish(name)
        score = json.loads(suite.tutti("score", name, "--format", "json"))["score"]
        figures = {("category", one["category"]): one["points"] for one in score["categories"] if "points" in one}
        figures |= {("measure", one["measure"]): one["value"] for one in score["measures"] if "value" in one}
        for table in json.loads(suite.tutti("table", name, "--format", "json"))["tables"]:
            for row in table.get("rows", []):
                figures[("row", table["name"].rsplit("/", 1)[1], row["kind"], *row["features"])] = row["subjects"]
        return score["endDay"], figures

    def true_figure(self, window, key):
        if key[0] == "category":
            return window["points"][key[1]]
        if key[0] == "measure":
            value = window["measures"][key[1]]
            return None if value is None else 100 * value
        table = window["tables"].get(key[1])
        if table is None:
            return None
        features = sum(1 << table["features"].index(feature) for feature in key[3:])
        if key[2] == "ROW_KIND_EXACTLY":
            return table["subjects"][features]
        return sum(count for pattern, count in enumerate(table["subjects"]) if pattern & features)

    @unittest.skipUnless(LONG, "minutes: TUTTI_LONG=1")
    def test_organisations_that_are_alike_spread_as_their_margins_say(self):
        with Suite() as suite, tempfile.TemporaryDirectory() as folder:
            self.first = make_up(suite, folder, "alike", 300, 5, ["m365-audit-csv"], "--catalog", CATALOG,
                                 "--records", "1")
            self.truth = json.loads(pathlib.Path(folder, "truth.json").read_text())
            self.keyring = threading.Lock()
            spreads = {}
            with concurrent.futures.ThreadPoolExecutor(3) as threads:
                found = threads.map(lambda number: self.alike(suite, folder, number), range(ALIKE))
                for done, (end_day, figures) in enumerate(found, 1):
                    if done % 50 == 0:
                        print(f"{done} of {ALIKE} organisations published", flush=True)
                    window = next(one for one in self.truth["windows"] if one["end_day"] == end_day)
                    for key, estimate in figures.items():
                        truth = self.true_figure(window, key)
                        if truth is not None:
                            spreads.setdefault(key, Spread(truth)).estimates.append(estimate)
        for kind in ("category", "measure", "row"):
            summaries = {key: spread.summary() for key, spread in spreads.items() if key[0] == kind}
            for key, (bias, ratio, held) in sorted(summaries.items(), key=str):
                print("  ", *key, f"truth {spreads[key].truth:.1f}",
                      "clamped" if bias is None else f"bias {bias:+.2f} sd, margin/1.96 sd {ratio:.2f}",
                      f"holds {100 * held:.1f}%")
            free = [one for one in summaries.values() if one[0] is not None]
            print(f"{kind}: {len(summaries)} figures, holds {100 * min(h for _, _, h in summaries.values()):.1f}% to "
                  f"{100 * max(h for _, _, h in summaries.values()):.1f}%; {len(free)} never clamped" +
                  (f": bias {min(b for b, _, _ in free):+.2f} to {max(b for b, _, _ in free):+.2f} sd, margin against "
                   f"spread {min(r for _, r, _ in free):.2f} to {max(r for _, r, _ in free):.2f}" if free else ""),
                  flush=True)
            for key, (_, _, held) in summaries.items():
                # Five of so many may fall below by chance.
                self.assertGreater(held, 0.90, key)


if __name__ == "__main__":
    unittest.main()
