"""A person who has opted out leaves no bit; ingest without its list does not start, and
one that loses it counts nobody."""

import datetime
import itertools
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import grpc

from made_up import DAY, today
from suite import BIN, Suite, make_stubs

SECONDS = 60  # the most that anything here may take


def bits(suite, organization):
    """How many bits are set in the counters of an organisation."""
    # redis-cli ends a value with a line feed, which is no part of it.
    return sum(bin(int.from_bytes(value[:-1], "big")).count("1") for key, value in suite.redis_values().items()
               if key.startswith((b"{%s}:reach:" % organization.encode(), b"{%s}:day:" % organization.encode())))


class Sender:
    """Sends one activity at a time, of yesterday, to the suite's ingest."""

    def __init__(self, suite):
        from tutti.ingest.v1 import ingest_pb2, ingest_pb2_grpc
        self.request = ingest_pb2.IngestActivitiesRequest
        self.channel = grpc.insecure_channel(suite.ingest)
        self.stub = ingest_pb2_grpc.IngestServiceStub(self.channel)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def send(self, organization, subject, kind="mail.sent"):
        """Returns once it is durable; an RpcError unless it was accepted."""
        request = self.request(organization=f"organizations/{organization}")
        activity = request.activities.add(subject=subject, type=kind, app="outlook", platform="desktop")
        activity.occurred_at.FromDatetime(datetime.datetime.combine(today() - DAY, datetime.time(12)))
        answer = self.stub.IngestActivities(request, timeout=30)
        if answer.accepted_count != 1:
            raise AssertionError(str(answer))


class OptOutTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        make_stubs(pathlib.Path(folder.name))

    def opt_out(self, suite, organization, *people):
        subprocess.run([BIN / "tutti", "optout", "add", "--keyring", suite.keyring, "--organization", organization],
                       input="\n".join(people), capture_output=True, text=True, check=True)

    # Mutation: an ingest that reads the list when it starts, and never again.
    def test_a_person_added_while_ingest_runs_leaves_no_bit(self):
        with Suite() as suite, Sender(suite) as sender:
            first = (today() - 40 * DAY).isoformat()
            for name in ("acme", "quiet"):
                suite.back_fill(name, 300, first)
            sender.send("acme", "somebody@acme.example")
            self.assertGreater(bits(suite, "acme"), 0, "the control")

            # One after another, people of acme who have opted out do something for the first
            # time: when one of them leaves nothing, ingest has read the list. That of quiet
            # was added before them.
            self.opt_out(suite, "quiet", "gone@quiet.example")
            people = [f"gone-{i}@acme.example" for i in range(1000)]
            self.opt_out(suite, "acme", *people)
            deadline = time.monotonic() + SECONDS
            for person in people:
                before = bits(suite, "acme")
                sender.send("acme", person)
                if bits(suite, "acme") == before:
                    break
                self.assertLess(time.monotonic(), deadline, "ingest does not read the list again")

            for kind in ("mail.sent", "chat.sent", "file.read"):
                sender.send("quiet", " Gone@Quiet.example", kind)
            self.assertEqual(bits(suite, "quiet"), 0)
            sender.send("quiet", "here@quiet.example")
            self.assertGreater(bits(suite, "quiet"), 0, "the control")

    # Mutation: an ingest that goes on with the list that it had.
    def test_nobody_is_counted_while_the_list_cannot_be_read(self):
        with Suite(ingest_flags="--metrics_listen=127.0.0.1:0") as suite, Sender(suite) as sender:
            suite.back_fill("acme", 300, (today() - 40 * DAY).isoformat())
            self.opt_out(suite, "acme", "gone@acme.example")
            path = pathlib.Path(f"{suite.keyring}.optout")
            kept = path.with_name("kept")
            people = (f"person-{i}@acme.example" for i in itertools.count())

            def refusals():
                return suite.metric('tutti_ingest_refused_batches_total{reason="opt_outs_unreadable"}')

            def wait_for(refused):
                """Sends of people who were never counted until the answer is this; returns it."""
                deadline = time.monotonic() + SECONDS
                while time.monotonic() < deadline:
                    error = None
                    try:
                        sender.send("acme", next(people))
                    except grpc.RpcError as failed:
                        error = failed
                    if (error is not None) == refused:
                        return error
                raise AssertionError("ingest does not follow the list")

            wait_for(refused=False)
            for damage in (lambda: path.write_bytes(kept.read_bytes()[:-1]), path.unlink):
                os.link(path, kept)
                copy = path.with_name("copy")
                copy.touch(0o600)
                copy.write_bytes(kept.read_bytes())
                copy.rename(path)  # the damage is done to a file of its own
                damage()
                before = refusals()
                error = wait_for(refused=True)
                self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
                self.assertIn("opted out", error.details())
                self.assertIn(b"OPT_OUTS_UNREADABLE", dict(error.trailing_metadata())["grpc-status-details-bin"])
                counted = bits(suite, "acme")
                for _ in range(3):
                    self.assertEqual(wait_for(refused=True).code(), grpc.StatusCode.UNAVAILABLE)
                self.assertEqual(bits(suite, "acme"), counted)
                self.assertGreaterEqual(refusals(), before + 4)
                self.assertIn("opt-out list", suite.logs())
                self.assertEqual(suite.metric("tutti_ready_state"), 0)
                # What is no person's goes on.
                sender.send("acme", "laptop-1", "device.started")

                kept.rename(path)
                wait_for(refused=False)
                self.assertGreater(bits(suite, "acme"), counted, "the control")
                counted = bits(suite, "acme")
                sender.send("acme", "gone@acme.example")
                self.assertEqual(bits(suite, "acme"), counted)

    # Mutation: an error or a summary that quotes a line; a list of ids instead of digests.
    def test_ids_come_from_standard_input_and_nothing_repeats_them(self):
        with Suite() as suite:
            def optout(action, text="", check=True):
                done = subprocess.run(
                    [BIN / "tutti", "optout", action, "--keyring", suite.keyring, "--organization", "acme"],
                    input=text, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode == 0, check, done.stderr)
                return done

            canary = "canary.person@acme.example"
            added = optout("add", f"{canary}\n\n  {canary.upper()} \nother@acme.example\n")
            self.assertIn("2 people opted out, 1 were already so", added.stdout)
            self.assertIn("open windows", added.stdout)
            self.assertEqual(optout("count").stdout, "2\n")
            refused = optout("add", f"{canary}{'x' * 600}\n", check=False)
            self.assertIn("line 1 is longer than 512 bytes", refused.stderr)
            for done in (added, refused):
                self.assertNotIn("canary", done.stdout + done.stderr)
            self.assertIn("1 people counted again", optout("remove", f"{canary}\n").stdout)
            self.assertEqual(optout("count").stdout, "1\n")
            for kept in (suite.keyring, f"{suite.keyring}.optout"):
                with open(kept, "rb") as file:
                    self.assertNotIn(b"acme.example", file.read())

    # Mutation: an ingest that takes a missing or damaged list for an empty one.
    def test_ingest_does_not_start_without_its_list(self):
        with Suite() as suite:
            for damage in (lambda path: path.write_bytes(path.read_bytes()[:-1]), lambda path: path.unlink()):
                damage(suite.keyring.with_name("keyring.optout"))
                done = subprocess.run(
                    [BIN / "tutti-ingest", "--listen=127.0.0.1:0", "--insecure_loopback", f"--aggregate={suite.aggregate}",
                     f"--keyring={suite.keyring}", f"--catalog={suite.catalog}", "--allow_swap"],
                    capture_output=True, text=True, check=False, timeout=60)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("opt-out list", done.stderr)


if __name__ == "__main__":
    unittest.main()
