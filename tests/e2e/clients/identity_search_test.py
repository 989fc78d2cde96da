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
               "SendOnBehalfOfUserSmtp", "LogonUserDisplayName", "TargetUserOrGroupName",
               "MailboxGuid", "MailboxOwnerSid", "LogonUserSid"}
PROPERTY_FIELDS = {"DisplayName", "GivenName", "Surname", "MailNickname"}
# Pieces of accounts' names that the summary also has for itself: "AddedToGroup", "system's part".
SUMMARY_WORDS = {"Group", "System"}
# Identifies a service of the machine, not a person.
WELL_KNOWN_SID = re.compile(r"S-1-\d+-\d+")
ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


def ids_of_person(parties):
    """The ids in an Actor or Target list, when it is about a person: it then has an address
    among them, or says that it is a user. Others are about applications and devices."""
    ids = {party["ID"] for party in parties}
    return ids - {"User"} if "User" in ids or any(ADDRESS.fullmatch(id) for id in ids) else set()


def names_in(log):
    """Every id, mail address and person's name that occurs in the log."""
    csv.field_size_limit(sys.maxsize)
    found, tenants = set(), set()

    def add_directory(record):
        found.update(ids_of_person(record.get("Actor", [])))
        target = ids_of_person(record.get("Target", []))
        found.update(target)
        if not target:
            return
        for change in record.get("ModifiedProperties", []):
            if change["Name"] in PROPERTY_FIELDS:
                for value in (change["NewValue"], change["OldValue"]):
                    found.update(json.loads(value))

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
                record = json.loads(row["AuditData"])
                tenants.add(record["OrganizationId"])
                walk(record)
                add_directory(record)
    names = set()
    # Where a tenant's id stands for a person, it still is the tenant's.
    for name in found - tenants:
        names.add(name)
        names.add(name.split("@")[0])
        names.update(re.split(r"[ .@_|]+", name.split("@")[0]))
    # Shorter pieces are words, not names.
    return {name for name in names if len(name) >= 5 and not WELL_KNOWN_SID.fullmatch(name)}


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
    """All bytes that the suite keeps: files (the append-only file, the keyring, logs, audit
    logs, the journal) and what Redis answers."""
    chunks = [path.read_bytes() for path in suite.state.rglob("*") if path.is_file()]
    for key, value in suite.redis_values().items():
        chunks += [key, value]
    return b"\n".join(chunks)


def search(haystack, names):
    lowered = haystack.lower()
    return {name for name in names
            if any(text in lowered for text in {text.lower() for text in spellings(name)}
                   if len(text) >= 5)}


@unittest.skipUnless(LOG.exists(), "the real audit log is not here")
class IdentitySearchTest(unittest.TestCase):
    def import_log(self, suite, log, status=0):
        """The summary, and all that two imports printed: one for programs, one for people."""
        token = suite.folder / "token"
        token.write_text(suite.token("lab", scopes=("activities.write", "organizations.admin")))
        done = [suite.tutti("import", "--organization", "lab", *format, str(log), check=False, token_file=token)
                for format in (["--summary", "json"], [])]
        self.assertEqual([one.returncode for one in done], [status, status])
        printed = "".join(one.stdout + one.stderr for one in done)
        return json.loads(done[0].stdout), printed.encode()

    # Mutation: an audit log, an error or an import's summary that quotes a record.
    def test_no_person_of_the_log_is_kept_anywhere(self):
        names = names_in(LOG)
        self.assertGreater(len(names), 400)
        # A front stands before it, whose files are searched, too.
        with Suite(tls=True, front=True) as suite:
            self.assertEqual(len(list((suite.state / "log").glob("*.audit"))), 3)
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
            nothing = suite.folder / "nothing.csv"
            nothing.write_text(text[:text.index("\n") + 1])
            # Records name what the catalogue does.
            ours = suite.catalog.read_bytes() + everything(suite)
            words = search(ours + self.import_log(suite, nothing, status=3)[1], names)
            names -= words | SUMMARY_WORDS
            self.assertLess(len(words), 20)
            before = everything(suite)
            summary, printed = self.import_log(suite, moved)
            self.assertEqual(summary["rows"], 9611)
            self.assertEqual(search(printed, names), set())
            kept = everything(suite)
            self.assertGreater(len(kept), len(before) + 1000, "nothing was kept of the import")
            self.assertEqual(len(search(kept, names)), 0)
            # The search itself finds what is there.
            control = next(name for name in sorted(names) if "@" in name)
            for text in spellings(control):
                self.assertEqual(search(kept + b"xx" + text + b"yy", {control}), {control})
            suite.publish("lab")
            published = everything(suite)
            self.assertEqual(len(search(published, names)), 0)
            print(f"attack 11: {len(names)} names of a real audit log searched in {len(published) >> 10} KiB of files and "
                  f"Redis, and in what the imports printed: none")


if __name__ == "__main__":
    unittest.main()
