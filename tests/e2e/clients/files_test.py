"""Gives every flag that names a file something that is none: a folder, a pipe, a device and a
file without end, a link to itself, nothing. No program aborts or hangs; each says which flag
and which path. Flags are read from the programs themselves, so one that is new and in none of
the tables below fails."""

import contextlib
import gzip
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from suite import BIN, SOURCE

CATALOG = SOURCE / "deploy/catalog/adoption.textproto"
SERVERS = ("tutti-ingest", "tutti-aggregate", "tutti-score")
SECONDS = 60  # that a program may take to say so

# What a path may turn out to be, by what makes it so.
FAULTS = {
    "folder": lambda path: path.mkdir(),
    "pipe": lambda path: os.mkfifo(path),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "huge": lambda path: (path.touch(mode=0o600), os.truncate(path, 1 << 40)),
    "loop": lambda path: path.symlink_to(path),
    "absent": lambda path: None,
}
# Files that are looked at together with another, whose fault is told first.
SECOND_OF_TWO = {"tls_key", "optout"}
# A file without end that is written is one that can be added to.
WRITTEN_FAULTS = ("folder", "pipe", "loop")

# Flags of the servers: those that name a file to read, and those that name one to write.
SERVER_READS = {
    "tls_certificate", "tls_key", "tls_authorities", "token_keys", "redis_password_file", "catalog", "past_catalogs",
    "journal_redis_password_file", "keyring", "optout", "redis_tls_authorities", "redis_tls_certificate",
    "redis_tls_key", "flagfile"}
# Also made where it is absent, and as large as the store's past.
SERVER_KEEPS = {"journal"}
SERVER_WRITES = {"audit_log", "port_file"}
SERVER_OTHERS = {
    # Addresses; a socket is waited for, whatever is in its place.
    "listen", "aggregate", "redis_socket", "redis_address", "redis_cluster", "journal_redis", "metrics_listen",
    # Names, words and numbers.
    "trust_domain", "token_issuer", "token_audience", "redis_user", "adopt_journal", "adopt_keyring", "log_level", "insecure_loopback",
    "rotate_keyring", "allow_swap", "calls_per_second", "memory_mib", "drain_seconds", "idle_timeout",
    "max_connection_age", "max_connection_age_grace", "token_keys_grace", "redis_wait_replicas",
    "journal_redis_wait_replicas", "grace", "policy_lease", "sweep_interval", "mirror_idle",
    "flush_interval", "merge_timeout", "cache_entries", "cache_generation", "max_pending_batches",
    "max_pending_activities", "max_flushes_in_flight", "check_config"}

# Options of the command line, by command: those that name files, and all others.
CLI_FILES = {
    ("", "--ca"), ("", "--cert"), ("", "--key"), ("", "--token-file"),
    ("import", "files"), ("import", "--groups"), ("organizations create", "--keyring"),
    ("keyring init", "--keyring"), ("keyring rotate", "--keyring"), ("keyring extend", "--keyring"),
    ("keyring forget", "--keyring"), ("keyring show", "--keyring"),
    ("optout init", "--keyring"), ("optout add", "--keyring"), ("optout remove", "--keyring"),
    ("optout count", "--keyring"), ("optout init", "--file"), ("optout add", "--file"), ("optout remove", "--file"),
    ("optout count", "--file"),
    ("import", "--catalog"), ("report", "--html"), ("make", "--catalog"), ("make", "--out"), ("dev-token", "--keys")}
# The commands of tutti-sample.
OF_SAMPLE = {"make", "dev-token"}
CLI_OTHERS = {
    "--help", "--version", "--ingest", "--aggregate", "--score", "--timeout", "--organization", "--format", "--tenant",
    "--tenant-organization", "--domain", "--include-unattended-apps", "--update-profile", "--rehearse", "--summary",
    "--customer", "--show-operations", "--retry-for",
    "--grace-hours", "--force", "--from", "--to", "--people", "--weeks", "--campaign-week", "--rest-week", "--last-day", "--seed", "--time-zone",
    "--records", "--day", "--last", "--measures", "--brief", "--headcount", "--display-name", "--source",
    "--entitlement", "--cadence", "--region", "--industry", "--generated", "--backfill", "--first-day", "--confirm", "--yes",
    "--wait", "--scope", "--hours", "--issuer", "--audience", "organization", "table", "address", "--ready",
    "--server-name", "service"}


def server_flags(program):
    """Its own flags: of the library's, only flagfile names a file."""
    text = subprocess.run([BIN / program, "--helpfull"], capture_output=True, text=True, timeout=SECONDS).stdout
    flags, ours = set(), False
    for line in text.splitlines():
        if line.lstrip().startswith("Flags from "):
            ours = "absl/" not in line
        elif match := re.match(r"\s+--(\w+) \(", line):
            if ours or match[1] == "flagfile":
                flags.add(match[1])
    return flags


def cli_options(program, command=()):
    """Every option and positional argument of every command, as (command, option)."""
    text = subprocess.run([BIN / program, *command, "--help"], capture_output=True, text=True, timeout=SECONDS).stdout
    found, section = set(), ""
    for line in text.splitlines():
        if line and not line.startswith(" "):
            section = line.rstrip(":")
        elif section == "Subcommands" and (match := re.match(r"  ([a-z][a-z-]*)(?: |$)", line)):
            found |= cli_options(program, (*command, match[1]))
        elif section == "Positionals" and (match := re.match(r"  ([a-z]+) ", line)):
            found.add((" ".join(command), match[1]))
        elif match := re.match(r"  (?:-\w,)?(--[a-z-]+)", line):
            found.add((" ".join(command), match[1]))
    return found


class FilesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.good = cls.folder / "good"
        cls.good.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,URI:spiffe://example.org/ingest",
                        "-keyout",
                        cls.good / "key.pem", "-out", cls.good / "cert.pem"], check=True, capture_output=True)
        shutil.copy(cls.good / "cert.pem", cls.good / "ca.pem")
        token = subprocess.run(
            [BIN / "tutti-sample", "dev-token", "--keys", cls.good / "tokens", "--organization", "acme", "--scope",
             "scores.read"], check=True, capture_output=True, text=True).stdout
        (cls.good / "token").write_text(token)
        (cls.good / "password").write_text("secret\n")
        (cls.good / "activities.jsonl").write_text(
            '{"subject":"a@acme.example","type":"mail.sent","occurredAt":"2026-01-05T08:00:00Z"}\n')
        subprocess.run([BIN / "tutti", "keyring", "init", "--keyring", cls.good / "keyring"], check=True,
                       capture_output=True)

    @contextlib.contextmanager
    def fault(self, name):
        """A path at which the fault is."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            path = pathlib.Path(folder) / name
            FAULTS[name](path)
            yield path

    def server_arguments(self, program, folder):
        """Flags with which it serves, though it may wait for others."""
        flags = {"listen": "127.0.0.1:0", "tls_certificate": self.good / "cert.pem", "tls_key": self.good / "key.pem",
                 "tls_authorities": self.good / "ca.pem", "trust_domain": "example.org",
                 "token_keys": self.good / "tokens/jwks.json", "token_issuer": "tutti-dev", "token_audience": "tutti",
                 "audit_log": folder / "audit", "port_file": folder / "address", "catalog": CATALOG}
        if program == "tutti-ingest":
            return flags | {"aggregate": "127.0.0.1:1", "keyring": self.good / "keyring", "allow_swap": "true"}
        flags |= {"redis_socket": folder / "redis.sock", "redis_password_file": self.good / "password"}
        return flags | ({"journal": folder / "journal"} if program == "tutti-aggregate" else {})

    def with_file(self, flags, flag, path):
        """The same with a file in place of another, and what goes with it."""
        if flag.startswith("redis_tls_"):
            flags = flags | {"redis_socket": None, "redis_address": "127.0.0.1:1",
                             "redis_tls_authorities": self.good / "ca.pem",
                             "redis_tls_certificate": self.good / "cert.pem", "redis_tls_key": self.good / "key.pem"}
        if flag.startswith("journal_redis"):
            flags = flags | {"journal": None, "journal_redis": "127.0.0.1:1"}
        flags = flags | {flag: path}
        return [f"--{name}={value}" for name, value in flags.items() if value is not None]

    def expect_error(self, words, flag, path, status=(1,), **more):
        """Runs a program that must end by itself with an error that names both."""
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, **more)
        said = done.stdout + done.stderr
        self.assertIn(done.returncode, status, said)
        self.assertIn(flag, done.stderr)
        self.assertIn(str(path), done.stderr)

    def test_every_flag_of_the_servers_is_known(self):
        known = SERVER_READS | SERVER_KEEPS | SERVER_WRITES | SERVER_OTHERS
        for program in SERVERS:
            flags = server_flags(program)
            self.assertIn("token_keys", flags, "the flags were not found")
            self.assertEqual(flags - known, set(), f"{program}: say in a table here whether these name files")

    # Mutation: any reader that opens what it is given, or reads it to its end.
    def test_no_flag_of_a_server_takes_what_is_no_file(self):
        tried = 0
        for program in SERVERS:
            for flag in sorted(server_flags(program) & (SERVER_READS | SERVER_KEEPS | SERVER_WRITES)):
                for name in FAULTS if flag in SERVER_READS else WRITTEN_FAULTS:
                    with self.subTest(program=program, flag=flag, fault=name), self.fault(name) as path, \
                            tempfile.TemporaryDirectory(dir=self.folder) as folder:
                        if flag == "port_file" and name != "folder":
                            continue  # what is there is replaced
                        flags = self.server_arguments(program, pathlib.Path(folder))
                        words = [BIN / program, *self.with_file(flags, flag, path)]
                        if (flag, name) == ("keyring", "absent"):
                            words.append("--check_config")  # else it is waited for
                        self.expect_error(words, f"--{flag}", path)
                        tried += 1
        print(f"{tried} files that are none, given to servers")
        self.assertGreater(tried, 150)

    # Mutation: what is watched is opened again by another reader than at the start.
    def test_no_file_that_changes_ends_a_server(self):
        for program in SERVERS:
            with tempfile.TemporaryDirectory(dir=self.folder) as name:
                self.change_files_of(program, pathlib.Path(name))

    def change_files_of(self, program, folder):
        live = folder / "live"
        shutil.copytree(self.good, live)
        flags = {name: (live / value.relative_to(self.good) if isinstance(value, pathlib.Path) and
                        self.good in value.parents else value)
                 for name, value in self.server_arguments(program, folder).items()}
        watched = {"tls_certificate", "tls_key", "tls_authorities", "token_keys", "audit_log"}
        if program == "tutti-ingest":
            flags["optout"] = live / "keyring.optout"
            watched |= {"keyring", "optout"}
        log = folder / "log"
        with log.open("w") as stream:
            server = subprocess.Popen([BIN / program, *(f"--{name}={value}" for name, value in flags.items())],
                                      stderr=stream)
        try:
            self.until(lambda: (folder / "address").exists(), server, log)
            for flags_at_once in (watched - SECOND_OF_TWO, watched & SECOND_OF_TWO):
                for name, make in FAULTS.items():
                    paths = [flags[flag] for flag in sorted(flags_at_once)
                             if flag != "audit_log" or name in WRITTEN_FAULTS]
                    said = log.stat().st_size
                    for path in paths:
                        path.rename(path.with_name(f"{path.name}.kept"))
                        make(path)
                    self.until(lambda: all(str(path).encode() in log.read_bytes()[said:] for path in paths), server, log)
                    self.shake_hands((folder / "address").read_text().strip())
                    said = log.stat().st_size
                    for path in paths:
                        self.remove(path)
                        path.with_name(f"{path.name}.kept").rename(path)
                    good = len({"certificates" if flag.startswith("tls_") else flag
                                for flag in flags_at_once if flag != "audit_log"})
                    self.until(lambda: log.read_bytes()[said:].count(b"good again") >= good, server, log)
            for line in log.read_text().splitlines():
                json.loads(line)
        finally:
            server.terminate()
            self.assertEqual(server.wait(timeout=SECONDS), 0, log.read_text()[-2000:])
        print(f"{program}: {len(watched)} files changed to what is none, and it served on")

    # Mutation: what is written first is opened without O_NOFOLLOW and O_EXCL.
    def test_the_port_file_is_written_through_no_link(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            folder = pathlib.Path(name)
            others = folder / "others"
            others.write_text("kept\n")
            for make in (lambda path: path.symlink_to(others), lambda path: os.link(others, path)):
                make(folder / "address.new")
                log = folder / "log"
                flags = self.server_arguments("tutti-score", folder)
                with log.open("w") as stream:
                    server = subprocess.Popen(
                        [BIN / "tutti-score", *(f"--{flag}={value}" for flag, value in flags.items())], stderr=stream)
                try:
                    self.until(lambda: (folder / "address").exists(), server, log)
                finally:
                    server.terminate()
                    self.assertEqual(server.wait(timeout=SECONDS), 0, log.read_text()[-2000:])
                self.assertEqual(others.read_text(), "kept\n")
                self.assertRegex((folder / "address").read_text(), r"^127\.0\.0\.1:\d+\n$")
                (folder / "address").unlink()

    @staticmethod
    def remove(path):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)

    def until(self, condition, server, log):
        deadline = time.monotonic() + SECONDS
        while not condition():
            self.assertIsNone(server.poll(), "it ended: " + log.read_text()[-2000:])
            self.assertLess(time.monotonic(), deadline, log.read_text()[-2000:])
            time.sleep(0.05)

    def shake_hands(self, address):
        """Whether TLS is still spoken, with the certificate that was good."""
        host, port = address.rsplit(":", 1)
        context = ssl.create_default_context(cafile=self.good / "ca.pem")
        context.set_alpn_protocols(["h2"])
        with socket.create_connection((host, int(port)), timeout=SECONDS) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as secure:
            self.assertEqual(secure.selected_alpn_protocol(), "h2")

    def test_every_option_of_the_command_line_is_known(self):
        options = cli_options("tutti") | cli_options("tutti-sample")
        self.assertGreater(len(options), 100, "the options were not found")
        unknown = {(command, option) for command, option in options
                   if (command, option) not in CLI_FILES and option not in CLI_OTHERS}
        self.assertEqual(unknown, set(), "say in a table here whether these name files")
        self.assertEqual(CLI_FILES - options, set(), "these are gone")

    def cli_words(self, command, option, path, folder):
        """A command line in which only the file under test is at fault."""
        good = self.good
        tls = {"--ca": good / "ca.pem", "--cert": good / "cert.pem", "--key": good / "key.pem",
               "--token-file": good / "token"}
        if command == "":
            tls[option] = path
            return [*sum(([name, value] for name, value in tls.items()), []), "--score", "127.0.0.1:1", "score", "acme"]
        words = [*command.split(), *([] if option == "files" else [option, path])]
        more = {"keyring extend": ["--organization", "acme", "--from", "2026-01-01"],
                "keyring forget": ["--organization", "acme"],
                "optout add": ["--organization", "acme"], "optout remove": ["--organization", "acme"],
                "optout count": ["--organization", "acme"],
                "organizations create": ["acme", "--headcount", "300", "--backfill", "--first-day", "2026-01-05"],
                "report": ["acme"], "dev-token": ["--organization", "acme", "--scope", "scores.read"]}
        words += more.get(command, [])
        if command == "import":
            words += ["--rehearse", path if option == "files" else good / "activities.jsonl"]
        if command == "make":
            words += ["--people", "20", "--weeks", "4", *([] if option == "--out" else ["--out", folder])]
        return words

    # Mutation: any reader that opens what it is given, or reads it to its end.
    def test_no_option_of_the_command_line_takes_what_is_no_file(self):
        tried = 0
        for command, option in sorted(CLI_FILES):
            if (command, option) in {("report", "--html"), ("keyring init", "--keyring"), ("optout init", "--keyring"),
                                     ("optout init", "--file")}:
                faults = WRITTEN_FAULTS
            elif option in ("--out", "--keys"):
                faults = ("pipe", "device", "loop")  # which are no folders
            elif option == "files":
                # A log may be as large. A pipe is read when somebody writes it; nobody does here, and it is told
                # so after 20 seconds.
                faults = [name for name in FAULTS if name != "huge"]
            else:
                faults = FAULTS
            for name in faults:
                with self.subTest(command=command, option=option, fault=name), self.fault(name) as path, \
                        tempfile.TemporaryDirectory(dir=self.folder) as folder:
                    if option == "--keyring" and command.startswith("optout"):
                        # The list stands beside it.
                        FAULTS[name](path.with_name(f"{path.name}.optout"))
                    program = "tutti-sample" if command in OF_SAMPLE else "tutti"
                    words = [BIN / program, *self.cli_words(command, option, path, folder)]
                    self.expect_error(words, "" if option == "files" else option, path, status=(1, 3),
                                      stdin=subprocess.DEVNULL)
                    tried += 1
        print(f"{tried} files that are none, given to the command line")
        self.assertGreater(tried, 100)

    def test_variables_name_files_as_options_do(self):
        for variable, option in [("TUTTI_CA", "--ca"), ("TUTTI_CERT", "--cert"), ("TUTTI_KEY", "--key"),
                                 ("TUTTI_TOKEN_FILE", "--token-file")]:
            with self.fault("folder") as path:
                environment = {**os.environ, "TUTTI_CA": str(self.good / "ca.pem"),
                               "TUTTI_CERT": str(self.good / "cert.pem"), "TUTTI_KEY": str(self.good / "key.pem"),
                               variable: str(path)}
                self.expect_error([BIN / "tutti", "--score", "127.0.0.1:1", "score", "acme"],
                                  f"{option} ({variable})", path, env=environment)

    def imported(self, script, *arguments, **more):
        """What an import of $2 that a shell feeds sums up; $1 is the program."""
        done = subprocess.run(["bash", "-c", script, "bash", BIN / "tutti", *arguments], capture_output=True, text=True,
                              timeout=SECONDS, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_pipes_of_the_shell_are_taken_where_a_file_is_read_once(self):
        script = ('exec "$1" import --rehearse --summary json --groups <(printf "a@b.example\\n") '
                  '<(cat "$2")')
        self.assertEqual(self.imported(script, self.good / "activities.jsonl")["rows"], 1)

    # Mutation: a pipe is opened a second time, when its first part is gone.
    def test_what_can_be_read_only_once_says_what_a_file_says(self):
        record = ('{"Id":"r%d","OrganizationId":"aaaaaaaa-0000-4000-8000-000000000001","UserType":0,'
                  '"CreationTime":"2026-05-04T09:00:00","Workload":"Yammer","Operation":"MessageCreation",'
                  '"UserId":"person%d@acme.example"}\n')
        activity = '{"subject":"p%d@acme.example","type":"mail.sent","occurredAt":"2026-01-05T08:00:00Z"}\n'
        scripts = {
            "substitution": 'exec "$1" import --rehearse --summary json <(cat "$2")',
            "unpacked": 'exec "$1" import --rehearse --summary json <(gzip -c "$2")',
            "gzip twice": 'exec "$1" import --rehearse --summary json <(head -n 700 "$2" | gzip; tail -n +701 "$2" | gzip)',
            "dash": 'cat "$2" | "$1" import --rehearse --summary json -',
            "stdin": 'cat "$2" | "$1" import --rehearse --summary json /dev/stdin',
            "redirected": 'exec "$1" import --rehearse --summary json /dev/stdin < "$2"',
            "packed": 'gzip -c "$2" | "$1" import --rehearse --summary json -',
            "named": 'mkfifo "$2.pipe"; cat "$2" > "$2.pipe" & "$1" import --rehearse --summary json "$2.pipe"; '
                     'rm "$2.pipe"',
        }
        for name, lines in {"log": [record % (i, i % 50) for i in range(3000)],
                            "activities": [activity % (i % 50) for i in range(3000)]}.items():
            path = self.good / f"{name}.lines"
            path.write_text("".join(lines))
            expected = self.imported('exec "$1" import --rehearse --summary json "$2"', path)
            self.assertEqual((expected["rows"], expected["tenants"][0]["people"]), (3000, 50))
            for how, script in scripts.items():
                with self.subTest(what=name, how=how):
                    self.assertEqual(self.imported(script, path), expected)

    # Mutation: a copy that is not cleared away, or has a name.
    def test_the_copy_of_a_pipe_leaves_nothing_behind(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            script = 'cat "$2" | "$1" import --rehearse --summary json --format m365-audit -; ls -A "$TMPDIR" >&2'
            done = subprocess.run(["bash", "-c", script, "bash", BIN / "tutti", self.good / "activities.jsonl"],
                                  capture_output=True, text=True, timeout=SECONDS,
                                  env={**os.environ, "TMPDIR": folder})
            self.assertEqual(os.listdir(folder), [])
            done = subprocess.run(["bash", "-c", script, "bash", BIN / "tutti", self.good / "activities.jsonl"],
                                  capture_output=True, text=True, timeout=SECONDS,
                                  env={**os.environ, "TMPDIR": f"{folder}/absent"})
            self.assertIn("TMPDIR", done.stderr)

    def test_what_no_importer_reads_is_named(self):
        for name, content in {"zip": b"PK\x03\x04\x14\0\0\0log.csv", "xlsx": b"PK\x03\x04\x14\0\0\0xl/workbook.xml",
                              "HTML": b"<!doctype html><p>502", "PDF": b"%PDF-1.7"}.items():
            path = self.folder / f"export.{name}"
            for bytes_ in (content, gzip.compress(content)):
                path.write_bytes(bytes_)
                self.expect_error([BIN / "tutti", "import", "--rehearse", path], name, path)


if __name__ == "__main__":
    unittest.main()
