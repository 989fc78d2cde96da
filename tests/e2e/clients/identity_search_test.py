"""Imports a real audit log through the running services, then searches everything that
they keep for every person in it, in every spelling. Nothing may be found."""

import base64
import csv
import datetime
import json
import os
import pathlib
import re
import sys
import unittest

from suite import SOURCE, Suite

SHARED = pathlib.Path(os.environ.get("TUTTI_SHARED_DATA", SOURCE.parent / "shared" / "data"))
LOG = SHARED / "invictus-ir+o365_dataset" / "auditrecords.csv"
NAME_FIELDS = {"UserId", "UserKey", "DisplayName", "UPN", "MailboxOwnerUPN", "SendAsUserSmtp",
               "SendOnBehalfOfUserSmtp", "LogonUserDisplayName", "TargetUserOrGroupName"}
ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


def names_in(log):
    """Every id, mail address and person's name that occurs in the log."""
    csv.field_size_limit(sys.maxsize)
    found = set()

    def walk(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in NAME_FIELDS and isinstance(inner, str):
                    found.add(inner)
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif isinstance(value, str):
            found.update(ADDRESS.findall(value))

    with open(log, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            found.add(row["UserIds"])
            if row["AuditData"]:
                walk(json.loads(row["AuditData"]))
    names = set()
    for name in found:
        names.add(name)
        names.add(name.split("@")[0])
        names.update(re.split(r"[ .@_|]+", name.split("@")[0]))
    # Shorter pieces are words, not names.
    return {name for name in names if len(name) >= 5}


def spellings(name):
    for text in {name, name.lower(), name.upper(), name.title()}:
        plain = text.encode()
        yield plain
        yield text.encode("utf-16-le")
        yield plain.hex().encode()
        if len(plain) >= 8:
            # Base64 at any of the three alignments, without the ends that depend on neighbours.
            for shift in range(3):
                yield base64.b64encode(b"\0" * shift + plain)[4:-4]


def everything(suite):
    """All bytes that the suite keeps: files (the append-only file, the keyring, logs, the
    journal) and what Redis answers."""
    chunks = [path.read_bytes() for path in suite.state.rglob("*") if path.is_file()]
    for key, value in suite.redis_values().items():
        chunks += [key, value]
    return b"\n".join(chunks)


def search(haystack, names):
    lowered = haystack.lower()
    hits = set()
    for name in names:
        if any((text in haystack) or (text.lower() in lowered) for text in spellings(name)
               if len(text) >= 5):
            hits.add(name)
    return hits


@unittest.skipUnless(LOG.exists(), "the real audit log is not here")
class IdentitySearchTest(unittest.TestCase):
    def test_no_person_of_the_log_is_kept_anywhere(self):
        names = names_in(LOG)
        self.assertGreater(len(names), 60)
        with Suite() as suite:
            # The log is older than any back-fill may be: its days are moved to the past weeks.
            moved = suite.folder / "moved.csv"
            text = LOG.read_text(encoding="utf-8-sig")

            shift = datetime.date.today() - datetime.timedelta(days=10) - datetime.date(2021, 7, 20)
            stamp = re.compile(r'(""CreationTime"":"")(\d{4}-\d\d-\d\d)')
            text = stamp.sub(lambda m: m.group(1) + (
                datetime.date.fromisoformat(m.group(2)) + shift).isoformat(), text)
            moved.write_text(text)
            first = (datetime.date(2021, 3, 20) + shift).isoformat()
            suite.back_fill("lab", 100, first, "--source", "m365_audit")
            # Words of ours that happen to be pieces of names say nothing.
            words = search(everything(suite), names)
            names -= words
            self.assertLess(len(words), 20)
            before = everything(suite)
            summary = json.loads(suite.tutti("import", "--organization", "lab", "--summary", "json",
                                             str(moved)))
            self.assertEqual(summary["rows"], 9611)
            kept = everything(suite)
            self.assertGreater(len(kept), len(before) + 1000, "nothing was kept of the import")
            self.assertEqual(len(search(kept, names)), 0)
            # The search itself finds what is there.
            control = next(name for name in sorted(names) if "@" in name)
            for text in spellings(control):
                self.assertEqual(search(kept + b"xx" + text + b"yy", {control}), {control})
            suite.publish("lab")
            self.assertEqual(len(search(everything(suite), names)), 0)


if __name__ == "__main__":
    unittest.main()
