"""What two sources tell of the same acts of the same people is counted once: the second
one sets no bit that the first had not set, but for what it alone can tell."""

import csv
import json
import pathlib
import tempfile
import unittest

from made_up import bring_in, make_up, read_catalog
from suite import SOURCE, Suite, make_stubs

HABIT = 2  # TABLE_ROLE_HABIT
PEOPLE = 300
WEEKS = 5
SAMPLES = ("m365-audit-csv", "m365-usage-report", "google-reports")
LOG = ("audit.csv", "m365-audit-csv")
USAGE = ("usage/*", "m365-usage-report")
GOOGLE = ("google/*", "google-reports")

# What a report tells beside the log, as features: whether Teams ran on a desktop or on the
# web; who opened a file, of which reports of usage do not tell who changed one; and the
# apps of Google.
BESIDE_THE_LOG = {
    USAGE: {"app_teams.desktop", "app_teams.web", "platforms.desktop", "platforms.web",
            "habit_mobility.did", "content_roles.read"},
    GOOGLE: {"app_other.web", "app_other.mobile", "platforms.web", "habit_mobility.did"},
}
# What the log and the report both tell all of.
COMMON = {"modes.email", "modes.message", "channels.channel_message", "channels.chat",
          "mentions.mail_sent", "sharing.internal", "sharing.external", "habit_meetings.did",
          "meetings.interactive", "meeting_practice.attended", "meeting_practice.visual"}
IN_BOTH = {
    USAGE: COMMON | {"modes.community", "habit_communication.did", "calls.one_to_one",
                     "meeting_kinds.one_off", "meeting_kinds.recurring", "meeting_kinds.meet_now",
                     "app_outlook.desktop", "app_outlook.web", "app_outlook.mobile",
                     "app_word.desktop", "app_word.web", "app_word.mobile", "assistant.assistant",
                     "habit_assistant.did", "assistant_places.mail", "assistant_places.documents",
                     "assistant_in_files.word", "assistant_in_files.excel",
                     "assistant_in_files.powerpoint", "assistant_in_talk.outlook",
                     "assistant_in_talk.teams", "assistant_in_talk.own_app",
                     "assistant_in_talk.agent"},
    GOOGLE: COMMON | {"collaboration.file_collaborated", "content_roles.read",
                      "content_roles.written", "content_roles.collaborated", "attachments.copy",
                      "storage.personal_drive", "storage.team_site", "habit_collaboration.did",
                      "assistant.assistant", "habit_assistant.did", "assistant_places.documents",
                      "assistant_in_talk.own_app"},
}
# What a mail that was sent is, and no more.
OF_A_MAIL = {"modes.email", "mentions.mail_sent", "habit_communication.did"}


def has_bits(bits):
    """The features that anybody has in any window."""
    return {key.split()[1] for key, bitmap in bits.items() if any(bitmap)}


def full_width(text):
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


class SameActsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        make_stubs(cls.folder.name)
        cls.catalog = read_catalog(SOURCE / "deploy/catalog/adoption.textproto")
        cls.suite = Suite()
        cls.enterClassContext(cls.suite)

    def organization(self, name):
        """Makes one up, as each source tells of it; returns the folder of its files."""
        folder = pathlib.Path(self.folder.name, name)
        first = make_up(self.suite, folder, name, PEOPLE, WEEKS, SAMPLES)
        self.suite.back_fill(name, PEOPLE, first, "--source", "m365_audit")
        return folder

    def bits(self, name):
        """The bitmap of each feature of people, in each window: "2026-11-08 modes.email"."""
        columns = {"reach": {}, "day": {}}
        for table in self.catalog.tables:
            if table.kind == "person":
                windows = "day" if table.role == HABIT else "reach"
                for feature in table.features:
                    columns[windows][feature.column] = f"{table.id}.{feature.id}"
        found = {}
        for key in self.suite.redis("--scan", "--pattern", f"{{{name}}}:*:person").split():
            _, windows, day, _ = key.decode().split(":")
            bitmap = self.suite.redis("GET", key)[:-1]  # redis-cli ends with a line feed
            size = len(bitmap) // (max(columns[windows]) + 1)
            for column, feature in columns[windows].items():
                found[f"{day} {feature}"] = bitmap[column * size:(column + 1) * size]
        return found

    def gained(self, before, after):
        """The features that anybody was added to; nobody may be lost."""
        self.assertEqual(set(before) - set(after), set())
        gained = set()
        for key, bitmap in after.items():
            old = before.get(key, bytes(len(bitmap)))
            self.assertFalse(any(was & ~now for was, now in zip(old, bitmap, strict=True)), key)
            if old != bitmap:
                gained.add(key.split()[1])
        return gained

    def one_after_the_other(self, name, first, second):
        """The bitmaps after the first source, and what the second one added to."""
        folder = self.organization(name)
        bring_in(self.suite, folder, name, *first)
        bits = self.bits(name)
        bring_in(self.suite, folder, name, *second)
        return bits, self.gained(bits, self.bits(name))

    # Mutation: a usage report's day taken for the next one.
    def test_a_report_after_the_log_adds_only_what_it_alone_tells(self):
        for report, name in ((USAGE, "log-usage"), (GOOGLE, "log-google")):
            with self.subTest(name):
                bits, gained = self.one_after_the_other(name, LOG, report)
                self.assertLessEqual(IN_BOTH[report], has_bits(bits))
                self.assertEqual(gained, BESIDE_THE_LOG[report])

    # Mutation: a camera that a report of Google tells of, left out.
    def test_the_log_after_a_report_adds_nothing_to_what_both_tell(self):
        for report, name in ((USAGE, "usage-log"), (GOOGLE, "google-log")):
            with self.subTest(name):
                bits, gained = self.one_after_the_other(name, report, LOG)
                self.assertLessEqual(IN_BOTH[report], has_bits(bits))
                self.assertEqual(gained & IN_BOTH[report], set())
                self.assertGreater(gained, {"app_other.web"}, "the log tells more")

    # Mutation: an identifier that is hashed as it is spelled.
    def test_another_spelling_is_the_same_person_and_another_person_is_not(self):
        folder = self.organization("spelling")
        bring_in(self.suite, folder, "spelling", *LOG)
        for path in sorted(folder.glob("usage/email-activity-*.csv"))[14:]:
            rows = csv.DictReader(path.read_text("utf-8-sig").splitlines())
            senders = [row for row in rows if int(row["Send Count"]) and row["Deleted Date"] == ""]
            if senders:
                break
        person, day = senders[0]["User Principal Name"], senders[0]["Last Activity Date"]
        bits = self.bits("spelling")

        def send_mail(subject):
            act = {"subject": subject, "type": "mail.sent", "occurredAt": f"{day}T12:00:00Z"}
            (folder / "one.jsonl").write_text(json.dumps(act) + "\n")
            bring_in(self.suite, folder, "spelling", "one.jsonl", "activities")
            return self.gained(bits, self.bits("spelling"))

        for spelling in (person.upper(), f"  {person.title()} ", full_width(person)):
            self.assertEqual(send_mail(spelling), set(), "the same bits")
        gained = send_mail(f"x{person}")
        self.assertTrue(gained, "somebody else")
        self.assertLessEqual(gained, OF_A_MAIL)


if __name__ == "__main__":
    unittest.main()
