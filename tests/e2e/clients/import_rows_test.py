"""What `tutti import` tells of the rows of an input, without any service: whose they are, that each
is accounted for, and that no name that stands in them is shown unasked."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from suite import BIN

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
DAY = "2026-05-04"


def audit(number, operation, user="amy@acme.example"):
    return {"Id": f"record-{number}", "OrganizationId": TENANT, "CreationTime": f"{DAY}T09:00:00", "UserType": 0,
            "UserId": user, "Workload": "Exchange", "Operation": operation}


def google(number, customer, email):
    return {"kind": "admin#reports#activity",
            "id": {"time": f"{DAY}T09:00:00.000Z", "uniqueQualifier": str(number), "applicationName": "chat",
                   "customerId": customer},
            "actor": {"callerType": "USER", "email": email}, "events": [{"name": "message_posted"}]}


class ImportRowsTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def rehearse(self, text, *arguments, name="input"):
        path = self.folder / name
        path.write_text(text if isinstance(text, str) else "\n".join(map(json.dumps, text)) + "\n")
        return subprocess.run([BIN / "tutti", "import", "--rehearse", *arguments, str(path)], capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL)

    def summary(self, text, *arguments):
        done = self.rehearse(text, "--summary", "json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        summary = json.loads(done.stdout)
        self.accounted(summary)
        return summary

    def accounted(self, summary):
        """Every row is in exactly one place."""
        records = 0
        for tenant in summary["tenants"]:
            records += tenant["records"]
            self.assertEqual(tenant["records"], tenant["duplicates"] + sum(tenant["fates"].values()))
        self.assertEqual(summary["rows"], sum(summary["rejected"].values()) + summary["other_tenants"] + records)

    # Mutation: whatever has the form of an operation's name is shown.
    def test_names_only_what_is_known(self):
        log = [audit(1, "Amy Smith"), audit(2, "amy.smith"), audit(3, "HardDelete"), audit(4, "amy@acme.example")]
        typed = [{"subject": "employee-1", "type": "amy.smith", "occurredAt": f"{DAY}T09:00:00Z"}]
        for text in (log, typed):
            for form in ("text", "json"):
                told = self.rehearse(text, "--summary", form)
                self.assertEqual(told.returncode, 0, told.stderr)
                self.assertNotRegex(told.stdout + told.stderr, "(?i)smith|acme")
                self.assertIn("(other)", told.stdout)
                shown = self.rehearse(text, "--summary", form, "--show-operations")
                self.assertIn("amy.smith", shown.stdout)
        self.assertEqual(self.summary(log)["tenants"][0]["ignored_operations"], {"(other)": 3, "HardDelete": 1})

    # Mutations: addresses are read in one encoding and one form; that there are none is not said.
    def test_takes_the_addresses_of_groups_however_they_are_written(self):
        log = [{**audit(1, "Send"), "ClientInfoString": "Client=OWA;x", "Item": {"InternetMessageId": "<m@made-up>"},
                "Recipients": ["Team@acme.example"]}]
        groups = self.folder / "groups"
        lists = {
            "lines": b"# of groups: x@acme.example\n team@acme.example\nother@acme.example\n",
            "UTF-16": "team@acme.example\r\nother@acme.example\r\n".encode("utf-16"),
            "CSV": b'"PrimarySmtpAddress","DisplayName"\r\n"SMTP:team@acme.example","Team"\r\n"other@acme.example",""\r\n',
        }
        for form, addresses in lists.items():
            with self.subTest(form):
                groups.write_bytes(addresses)
                told = self.rehearse(log, "--summary", "json", "--groups", str(groups))
                self.assertIn("--groups: 2 addresses of group mailboxes", told.stderr)
                traits = json.loads(told.stdout)["tenants"][0]["traits"]
                self.assertEqual(traits, {"mail.sent": {"group_mailbox": 1}})
        groups.write_bytes(b"Name\nTeam\n")
        refused = self.rehearse(log, "--groups", str(groups))
        self.assertIn("has no address: give the addresses of group mailboxes", refused.stderr)
        self.assertEqual(refused.returncode, 1)

    def test_never_mixes_customers(self):
        rows = [google(1, "C01", "amy@acme.example"), google(2, "C99", "eve@second.example")]
        refused = self.rehearse(rows)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("2 customers (C01, C99): name the one that is meant with --customer", refused.stderr)
        self.assertEqual(refused.stdout, "", "nothing was taken")
        chosen = self.summary(rows, "--customer", "C99")
        self.assertEqual((chosen["other_tenants"], chosen["tenants"][0]["people"]), (1, 1))
        missing = self.rehearse(rows, "--customer", "C02")
        self.assertIn("--customer: none of the 2 records is of that customer: they are of 2 others", missing.stderr)
        self.assertEqual(missing.returncode, 2)
        other = self.rehearse([audit(1, "Send")], "--customer", "C01")
        self.assertIn("--customer is for Google's reports", other.stderr)

    # Mutation: --domain reaches audit logs alone.
    def test_asks_of_every_source_who_is_a_person(self):
        report = ("User Principal Name,Last Activity Date,Send Count,Report Period\n" + "".join(
            f"{name},{DAY} 00:00:00,1,1\n" for name in (
                "amy@acme.example", "eve@second.example", "bob_second.example#EXT#@acme.example",
                "sync_host_0123456789ab@acme.example")))
        people = ["amy@acme.example", "eve@second.example", "bob_second.example#EXT#@acme.example",
                  "bot@made-up.iam.gserviceaccount.com"]
        sources = {
            "log": [audit(n, "Send", name) for n, name in enumerate(people)],
            "report": report,
            "google": [google(n, "C01", name) for n, name in enumerate(people)],
            "activities": [{"subject": name, "type": "mail.sent", "occurredAt": f"{DAY}T09:00:00Z"} for name in people],
        }
        for source, text in sources.items():
            with self.subTest(source):
                told = self.summary(text, "--domain", "acme.example")["tenants"][0]
                self.assertEqual(told["people"], 1)
                self.assertEqual(told["excluded"], {"guest": 1, "account that is no person's": 1,
                                                    "not in an accepted domain": 1})
        self.assertEqual(self.summary(report)["tenants"][0]["licensed"], {"": 2})

    # Mutation: an import of nothing, or of nobody who was meant, ends like any other.
    def test_ends_by_what_was_there(self):
        log = [audit(1, "Send")]
        for arguments, said in ((("--tenant", TENANT.replace("a", "b")), "--tenant: none of the 1 records"),
                                (("--domain", "acme.exmaple"), "--domain: nobody in the input")):
            done = self.rehearse(log, *arguments)
            self.assertEqual((done.returncode, said in done.stderr), (2, True), done.stderr)
            self.assertNotIn("acme.example", done.stderr)
        for text in ("", "\n \n", "#TYPE x\n"):
            done = self.rehearse(text)
            self.assertEqual((done.returncode, "the input has no record" in done.stderr), (0, True), done.stderr)
        page = self.rehearse('{"kind":"admin#reports#activities"}', "--format", "google-reports")
        self.assertEqual((page.returncode, "the input has no record" in page.stderr), (0, True), page.stderr)
        error = self.rehearse('{"error":{"code":"Unauthorized"}}')
        self.assertEqual((error.returncode, "the error that a service answered" in error.stderr), (1, True))

    def test_says_of_scores_without_a_date_what_to_do(self):
        scores = json.dumps({"value": [{"deviceName": "laptop", "startupPerformanceScore": 40}]})
        done = self.rehearse(scores)
        self.assertEqual(done.returncode, 1)
        self.assertIn('no date: export the start-up history, or add a column "date"', done.stderr)


if __name__ == "__main__":
    unittest.main()
