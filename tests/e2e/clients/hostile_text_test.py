"""Answers the command line as a service that somebody else has put their words into: every text
of every answer, and of every error, tries to act on the terminal, or on the spreadsheet."""

import concurrent.futures
import csv
import io
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import grpc
from suite import BIN, make_stubs

SECONDS = 60
HOSTILE = '=HYPERLINK("http://x","y")\x1b[2J\x1b]0;t\x07\u009b31m\u202e\u2066\u200f\x7f\rtutti: \nforged: \u2028z'
# What may not reach a terminal: the controls but the end of a line, and what turns text around.
ACTIVE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
FORMATS = ("text", "json", "csv", "markdown")
READING = (["score", "--measures"], ["score"], ["history"], ["table"], ["table", "TABLE"], ["recommendations"],
           ["benchmark"])
ORGANIZATIONS = (["get", "acme"], ["list"], ["create", "acme", "--headcount", "10"], ["update", "acme"],
                 ["finish-backfill", "acme", "--yes"], ["pause", "acme"], ["resume", "acme"])


def poison(message, depth=0):
    """Sets every text of a message, at whatever depth."""
    for field in message.DESCRIPTOR.fields:
        if "page_token" in field.name:
            continue
        repeated = field.label == field.LABEL_REPEATED
        if field.type == field.TYPE_STRING:
            if repeated:
                getattr(message, field.name).append(HOSTILE)
            else:
                setattr(message, field.name, HOSTILE)
        elif field.type == field.TYPE_MESSAGE and depth < 8:
            if not repeated:
                poison(getattr(message, field.name), depth + 1)
            elif not (field.message_type.has_options and field.message_type.GetOptions().map_entry):
                for _ in range(2):
                    poison(getattr(message, field.name).add(), depth + 1)
        elif field.type == field.TYPE_ENUM and not repeated and field.name == "state":
            setattr(message, field.name, 1)
    return message


class HostileService(grpc.GenericRpcHandler):
    """Every method of the services, by their descriptors."""

    def __init__(self, services):
        self.fails = False
        self.answers = {f"/{service.full_name}/{method.name}": method.output_type._concrete_class
                        for service in services for method in service.methods}

    def service(self, call):
        if call.method not in self.answers:
            return None

        def answer(_, context):
            if self.fails:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, HOSTILE)
            return poison(self.answers[call.method]())
        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=None, response_serializer=lambda message: message.SerializeToString())


class HostileTextTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stubs = cls.enterClassContext(tempfile.TemporaryDirectory())
        make_stubs(stubs)
        from tutti.aggregate.v1 import aggregate_pb2, organization_pb2
        from tutti.score.v1 import score_pb2
        services = [service for module in (aggregate_pb2, organization_pb2, score_pb2)
                    for service in module.DESCRIPTOR.services_by_name.values()]
        cls.service = HostileService(services)
        cls.server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), handlers=[cls.service])
        cls.address = f"127.0.0.1:{cls.server.add_insecure_port('127.0.0.1:0')}"
        cls.server.start()
        cls.addClassCleanup(cls.server.stop, None)

    def tutti(self, *words):
        done = subprocess.run([BIN / "tutti", "--aggregate", self.address, "--score", self.address, *words],
                              capture_output=True, timeout=SECONDS)
        self.assertGreaterEqual(done.returncode, 0, words)
        out, err = done.stdout.decode(), done.stderr.decode()
        for text in (out, err):
            # Ends of lines and of columns are the command's own.
            self.assertIsNone(ACTIVE.search(text.replace("\r\n", "\n").replace("\t", " ")), f"{words}: {text!r}")
            self.assertNotRegex(text, re.compile("^(forged|z)", re.MULTILINE))
        return done.returncode, out, err

    # Mutation: any place that prints text as it came.
    def test_no_answer_acts_on_the_terminal(self):
        self.service.fails = False
        shown = 0
        for words in READING:
            for form in FORMATS:
                with self.subTest(words=words, format=form):
                    status, out, err = self.tutti(words[0], "acme", *words[1:], "--format", form)
                    self.assertEqual(status, 0, err)
                    self.assertIn("HYPERLINK", out)
                    shown += 1
                    if form == "json":
                        self.assertIn(HOSTILE, self.texts(json.loads(out)), "JSON is the answer itself")
                    if form == "csv":
                        self.expect_no_formula(out)
        for words in [["statement", "acme"], ["statement", "acme", "--brief"], ["statement", "acme", "--format", "json"],
                      ["publish", "acme"], *(["organizations", *words] for words in ORGANIZATIONS)]:
            with self.subTest(words=words):
                status, out, err = self.tutti(*words)
                self.assertEqual(status, 0, err)
                self.assertIn("HYPERLINK", out)
                shown += 1
        print(f"{shown} ways to show an answer: none lets its text act")

    def texts(self, value):
        if isinstance(value, dict):
            return [text for one in value.values() for text in self.texts(one)]
        if isinstance(value, list):
            return [text for one in value for text in self.texts(one)]
        return [value]

    def expect_no_formula(self, out):
        rows = list(csv.reader(io.StringIO(out, newline="")))
        self.assertGreater(len(rows), 1)
        for row in rows:
            self.assertEqual(len(row), len(rows[0]))
            for cell in row:
                if not re.fullmatch(r"-?\d+(\.\d+)?", cell):
                    self.assertNotRegex(cell, r"\A\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]")

    def test_no_page_has_it_either(self):
        self.service.fails = False
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.html"
            status, _, err = self.tutti("report", "acme", "--html", str(page))
            self.assertEqual(status, 0, err)
            self.assertIsNone(ACTIVE.search(page.read_text()))

    # Mutation: what a service says of an error is printed as it came.
    def test_no_error_acts_on_the_terminal(self):
        self.service.fails = True
        for words in [["score", "acme"], ["statement", "acme"], ["organizations", "get", "acme"], ["publish"]]:
            with self.subTest(words=words):
                status, _, err = self.tutti(*words)
                self.assertEqual(status, 1)
                self.assertIn("HYPERLINK", err)
                self.assertEqual(err.count("\n"), 1, "an error of a service is one line")


if __name__ == "__main__":
    unittest.main()
