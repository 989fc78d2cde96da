"""Organisations of like size compared, through the running services."""

import csv
import datetime
import io
import json
import pathlib
import tempfile
import unittest

from made_up import write_activities
from suite import Suite

PEERS = 12
GRID = datetime.date(2000, 1, 2)


def due_window():
    """The last window of every fourth week that everybody has published by now."""
    day = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=48 + 62)).date()
    day -= datetime.timedelta(days=1)
    return day - datetime.timedelta(days=(day - GRID).days % 28)


class BenchmarkTest(unittest.TestCase):
    def test_peers_are_compared(self):
        with tempfile.TemporaryDirectory() as folder, Suite(aggregate_flags="--sweep_interval=10h") as suite:
            path = pathlib.Path(folder) / "activities.jsonl"
            first = write_activities(path, people=150, days=75)
            names = [f"peer-{i:02}" for i in range(PEERS)]

            def join(name, headcount, *more):
                suite.back_fill(name, headcount, first, "--source", "activities", *more)
                suite.tutti("import", "--format", "activities", "--organization", name, str(path))

            def benchmark(name):
                return json.loads(suite.tutti("benchmark", name, "--format", "json"))

            for i, name in enumerate(names):
                join(name, 170 + i * 5, "--region", "Europe", "--industry", "Retail" if i else "Health")
            join("large", 260, "--region", "Europe", "--industry", "Retail")
            join("made-up", 200, "--region", "Europe", "--industry", "Retail", "--generated")
            for name in [*names, "large", "made-up"]:
                suite.publish(name)
            suite.tutti("publish")

            day = due_window().isoformat()
            percent, points, shown_percent = {}, {}, {}
            for name in names:
                scores = json.loads(suite.tutti("history", name, "--format", "json"))["scores"]
                score = next(score for score in scores if score["endDay"] == day)
                percent[name] = score["percent"]["value"]
                # What people are shown, where the total is a bound.
                side = {"BOUND_AT_MOST": 1, "BOUND_AT_LEAST": -1}.get(score["percent"]["bound"], 0)
                shown_percent[name] = percent[name] + side * score["percent"]["margin"]
                points[name] = {one["category"]: one["points"]["value"] for one in score["categories"]
                                if one["state"] == "FIGURE_STATE_MEASURED"}
            self.assertGreater(len(set(percent.values())), 6, "the noise differs")

            def expect(name, words, others):
                told = benchmark(name)
                self.assertEqual((told["cohort"], told["organizations"], told["endDay"]), (words, 10, day))
                mean = sum(percent[other] for other in others) / len(others)
                self.assertAlmostEqual(told["meanPercent"], mean, delta=0.5 + 1e-6)
                for one in told["categories"]:
                    mean = sum(points[other][one["category"]] for other in others) / len(others)
                    self.assertAlmostEqual(one["meanPoints"], mean, delta=0.5 + 1e-6)
                self.assertGreater(len(told["categories"]), 1)
                for other in [*others, "large", "made-up"]:
                    self.assertNotIn(other, json.dumps(told))

            # Eleven sell; the twelfth heals, and is compared with all of the region.
            expect("peer-05", "50 to 249 people, Europe, Retail", [n for n in names[1:] if n != "peer-05"])
            expect("peer-00", "50 to 249 people, Europe", names[1:])
            for name in ("large", "made-up"):
                self.assertFalse(benchmark(name).get("cohort"), name)
                self.assertIn("fewer than 10", suite.tutti("benchmark", name))

            # Who joins later, or leaves, changes nothing: the difference would be theirs.
            before = benchmark("peer-05")
            join("late", 200, "--region", "Europe", "--industry", "Retail")
            suite.publish("late")
            suite.tutti("organizations", "erase", "peer-07", "--yes")
            suite.tutti("publish")
            self.assertEqual(benchmark("peer-05"), before)
            text = suite.tutti("benchmark", "peer-05")
            self.assertIn(f"the 28 days to {day}", text)
            # Every format has the numbers of JSON.
            told = benchmark("peer-05")["categories"]
            rows = list(csv.DictReader(io.StringIO(suite.tutti("benchmark", "peer-05", "--format", "csv"))))
            markdown = suite.tutti("benchmark", "peer-05", "--format", "markdown")
            peers = {row["id"]: row for row in rows if row["figure"] == "peers_category"}
            self.assertEqual({id: float(row["points"]) for id, row in peers.items()},
                             {one["category"]: one["meanPoints"] for one in told})
            for one in told:
                self.assertIn(f"| peers, mean | {one['meanPoints']} |", markdown)
            page = pathlib.Path(folder) / "report.html"
            suite.tutti("report", "peer-05", "--html", str(page))
            self.assertIn(f"50 to 249 people, Europe, Retail; what the 28 days to <time>{day}</time> say alone",
                          page.read_text())
            own = next(line for line in text.splitlines() if line.startswith("  Adoption score  "))
            self.assertIn(f" {shown_percent['peer-05']:.1f} ", own)


if __name__ == "__main__":
    unittest.main()
