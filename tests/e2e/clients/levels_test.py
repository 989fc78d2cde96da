"""What levels with earlier windows say of made-up organisations, against their exact truth, through running
services: a year with habits, leave, holidays, a rising trend, a campaign that makes a jump and two weeks in
which work rests. The short form is the smallest organisation that sees anything, whose single windows are
withheld, and one that is too small for any. TUTTI_LONG=1 takes organisations of 60 to 5,000 people, and 300
that are alike but for chance, and prints the tables of README.md beside this folder."""

import concurrent.futures
import json
import math
import os
import pathlib
import re
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
    def __init__(self, level):
        self.level = level
        self.held = self.of = 0
        self.margins = 0.0

    def add(self, estimate, truth):
        self.held += holds(estimate, truth)
        self.of += 1
        self.margins += estimate.get("margin", 0)

    def least(self):
        """What of them must hold: 93.5%, less 3.5 standard errors of chance. A level errs as those of the windows
        before it do, of which it rests on about eight."""
        return 0.935 - 3.5 * math.sqrt(0.05 * 0.95 * (8 if self.level else 1) / self.of)

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
        told = suite.tutti("history", name, "--last", "400", "--format", "json", check=False)
        scores = json.loads(told.stdout)["scores"] if told.returncode == 0 else []
        return {window["end_day"]: window["points"] for window in truth["windows"]}, scores[::-1]

    def compare(self, truth, scores):
        """What one window alone says and what levels say, against the truth."""
        tallies = {f"{figure} {kind}": Tally(kind == "level") for figure in ("category", "change", "total")
                   for kind in ("alone", "level")}
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
            said = " ".join(suite.tutti("organizations", "get", "org-64").split())
            start = next(c["levelFromWindows"] for c in scores[-1]["categories"]
                         if c["category"] == "communication")
            self.assertRegex(said, rf"shows .*communication.* from record {start} on")
            self.assertIn(f"here from record {start} on", " ".join(suite.tutti("statement", "org-64").split()))
            self.assertIn("this window alone withheld", suite.tutti("score", "org-64"))

    def expect_nothing_shown(self, suite, folder, name, people):
        """Neither a figure nor a promise, and everywhere why."""
        said = " ".join(suite.tutti("organizations", "get", name).split())
        least = int(re.search(rf"none with {people} people: there are some from (\d+) people on", said)[1])
        self.assertGreater(least, people)
        for command in ("score", "history", "table", "report"):
            more = ["--html", str(pathlib.Path(folder, "report.html"))] if command == "report" else []
            refused = suite.tutti(command, name, *more, check=False)
            self.assertEqual(refused.returncode, 3, f"{command}: {refused.stderr}")
            self.assertIn("too few people", " ".join(refused.stderr.split()), command)
        stated = " ".join(suite.tutti("statement", name).split())
        self.assertIn(f"never here, with {people} people", stated)
        self.assertNotIn("here from record", stated)

    # Mutations: a back-fill whose windows are said to be published; an error that names two reasons, neither
    # of which is the one.
    def test_an_organisation_that_is_too_small_is_shown_nothing_and_promised_nothing(self):
        with Suite() as suite, tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder, "few")
            first = make_up(suite, place, "few", 60, 10, ["m365-audit-csv"], "--catalog", CATALOG)
            suite.back_fill("few", 60, first, "--source", "m365_audit", "--generated")
            bring_in(suite, place, "few", "audit.csv", "m365-audit-csv")
            asked = " ".join(suite.tutti("organizations", "finish-backfill", "few", check=False).stdout.split())
            self.assertIn("no figure of them is ever shown: with 60 people there is none", asked)
            self.assertNotIn("is published", asked)
            suite.publish("few")
            self.expect_nothing_shown(suite, folder, "few", 60)

    @unittest.skipUnless(LONG, "minutes: TUTTI_LONG=1")
    def test_a_year_of_whole_organisations(self):
        columns = ["category alone", "category level", "change alone", "change level", "total alone",
                   "total level"]
        print("\n| people | records | " + " | ".join(columns) + " | marked |")
        for people in [int(word) for word in os.environ.get("TUTTI_PEOPLE", "60 64 120 250 600 5000").split()]:
            with Suite() as suite, tempfile.TemporaryDirectory() as folder:
                truth, scores = self.organization(suite, folder, people)
                if not scores:
                    self.expect_nothing_shown(suite, folder, f"org-{people}", people)
                    print(f"| {people} | nothing is published |", flush=True)
                    continue
            self.expect_shown_from_the_record_that_was_said(scores)
            tallies, marked = self.compare(truth, scores)
            print(f"| {people} | {len(scores)} | " + " | ".join(str(tallies[c]) for c in columns) +
                  f" | {marked} of {tallies['category level'].of} |", flush=True)
            for column, tally in tallies.items():
                if tally.of > 0:
                    self.assertGreaterEqual(tally.held / tally.of, tally.least(), f"{column} of {people}")
            alone, level = tallies["category alone"], tallies["category level"]
            if alone.of > 0:
                # In large organisations the level is what the window says alone.
                self.assertLessEqual(level.margins / level.of, (0.85 if people < 1000 else 1.1) *
                                     alone.margins / alone.of, people)

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
            # What tests/privacy/margins asks of simulated ones, less what so few may miss it by.
            chance = 3.5 / math.sqrt(ALIKE)
            for key, (bias, ratio, held) in summaries.items():
                # Five of so many may fall below by chance.
                self.assertGreater(held, 0.90, key)
                if bias is None:
                    continue
                self.assertGreater(ratio, 0.95 - chance / math.sqrt(2), key)
                # Rows are held above zero where a combination has a few people at most.
                self.assertLess(abs(bias), (0.9 if kind == "row" else 0.15) + chance, key)
                if kind != "row":
                    self.assertLess(ratio, 1.2 + chance / math.sqrt(2), key)


if __name__ == "__main__":
    unittest.main()
