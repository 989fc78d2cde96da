"""The real exports that are present, through the running services: what was mapped is what
was accepted, tenants stay apart, and no score says more than those few people can do."""

import datetime
import json
import os
import pathlib
import re
import unittest

from suite import SOURCE, Suite

SHARED = pathlib.Path(os.environ.get("TUTTI_SHARED_DATA", SOURCE.parent / "shared" / "data"))
LOGS = ("invictus-ir+o365_dataset", "elastic+beats", "elastic+integrations")
REPORTS = SHARED / "elastic+integrations" / "o365_metrics"
# Organisations of the real size publish nothing.
HEADCOUNT = 600
CREATED = re.compile(r'(CreationTime[\\"]*\s*:\s*[\\"]*)(\d{4}-\d\d-\d\d)')


def day(text):
    return datetime.date.fromisoformat(text)


@unittest.skipUnless(SHARED.is_dir(), "the real exports are not here")
class RealFilesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = cls.enterClassContext(Suite())
        cls.latest = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=5)

    def moved(self, source):
        """Copies of a source's files whose last day is lately: back-fills do not go back for ever."""
        files = [path for path in sorted((SHARED / source).glob("*")) if path.is_file()]
        texts = {path.name: path.read_bytes().decode("utf-8-sig") for path in files}
        days = [day(found) for text in texts.values() for _, found in CREATED.findall(text)]
        # One record of a set may be years away from the others: the last common day counts.
        shift = self.latest - sorted(days)[-len(days) // 20]
        folder = self.suite.folder / source
        folder.mkdir()
        for name, text in texts.items():
            (folder / name).write_text(CREATED.sub(
                lambda match: match[1] + (day(match[2]) + shift).isoformat(), text))
        return sorted(map(str, folder.iterdir()))

    def test_audit_logs(self):
        for source in LOGS:
            if not (SHARED / source).is_dir():
                self.skipTest(f"{source} is not here")
            with self.subTest(source):
                self.import_logs(source)

    def import_logs(self, source):
        files = self.moved(source)
        rehearsed = json.loads(self.suite.tutti("import", "--rehearse", "--summary", "json", *files))
        tenants = {tenant["tenant"]: tenant for tenant in rehearsed["tenants"] if tenant["activities"] and tenant["tenant"]}
        self.assertTrue(tenants)
        names = {tenant: f"t{len(source)}-{number}" for number, tenant in enumerate(sorted(tenants))}
        first = (self.latest - datetime.timedelta(weeks=26)).isoformat()
        for name in names.values():
            self.suite.back_fill(name, HEADCOUNT, first, "--source", "m365_audit")
        words = [word for tenant, name in names.items() for word in ("--tenant-organization", f"{tenant}={name}")]
        done = self.suite.tutti("import", "--summary", "json", *words, *files, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        for told in json.loads(done.stdout)["tenants"]:
            alone, upload = tenants[told["tenant"]], told["upload"]
            self.assertEqual(told["activities"], alone["activities"], "beside other tenants as alone")
            mapped = sum(told["activities"].values())
            refused = sum(upload["refused"].values())
            self.assertEqual(upload["accepted"] + refused, mapped)
            self.assertLessEqual(set(upload["refused"]), {"REASON_BEFORE_FIRST_DAY", "REASON_FUTURE"})
            self.published(source, names[told["tenant"]], told["people"], upload)

    def published(self, source, name, people, upload):
        self.suite.publish(name)
        score = json.loads(self.suite.tutti("score", name, "--format", "json"))["score"]
        most = 100 * people / HEADCOUNT
        shown = [measure for measure in score["measures"]
                 if measure["measure"].endswith("_reach") and measure["state"] == "FIGURE_STATE_MEASURED"]
        for measure in shown:
            self.assertLessEqual(measure["value"]["value"], max(most, 5) + 3 * measure["value"]["margin"])
        # The clamp shows whatever is less as "at most 5%".
        figures = ", ".join(f"{m['measure']} {m['value']['value']:.0f} ± {m['value']['margin']:.0f} %" for m in shown[:3])
        print(f"{source}: {people} people of {HEADCOUNT}, {upload['accepted']} activities, {score['endDay']}: {figures}")
        self.assertGreaterEqual(len(shown), 6)
        states = {category["category"]: category["state"] for category in score["categories"]}
        self.assertEqual(states["endpoint"], "FIGURE_STATE_NOT_MEASURED")

    def test_a_usage_report_of_idle_people(self):
        reports = [str(path) for path in sorted(REPORTS.glob("*UserDetail.csv"))]
        if not reports:
            self.skipTest("the usage reports are not here")
        self.suite.back_fill("idle", HEADCOUNT, self.latest.isoformat(), "--source", "m365_usage_report")
        for report in reports:
            told = json.loads(self.suite.tutti("import", "--organization", "idle", "--summary", "json", report))
            self.assertEqual((told["rows"], told["rejected"], told["tenants"][0]["activities"]), (24, {}, {}))
            self.assertEqual(told["tenants"][0]["upload"]["accepted"], 0)


if __name__ == "__main__":
    unittest.main()
