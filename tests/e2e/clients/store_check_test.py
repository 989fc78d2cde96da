"""aggregate and score, and a redis-server with which they cannot work: one that may lose what it answered, takes
rights away, or is full, also when it becomes so while they run."""

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import unittest

import grpc

from made_up import write_activities
from suite import BIN, SOURCE, Suite, wait_for

AGGREGATE, SCORE = b"tutti.aggregate.v1.AggregateService", b"tutti.score.v1.ScoreService"
SERVING, NOT_SERVING = 1, 2
INSPECTOR = "user inspector on nopass resetchannels &* allkeys +@all"


def readiness(address, service=AGGREGATE):
    """What a service says of being ready (grpc.health.v1)."""
    with grpc.insecure_channel(address) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        answer = check(b"\x0a" + bytes([len(service)]) + service, timeout=30)
    return answer[1] if answer else 0


def inspect(suite, *words):
    """Has redis-server do what only an operator may."""
    return subprocess.run(
        ["redis-cli", "-e", "-s", suite.state / "redis/redis.sock", "--user", "inspector", "--pass", "any",
         "--no-auth-warning", *words], capture_output=True, text=True, check=True, timeout=60).stdout


def problems(suite, service):
    """What a service's log gave as the reasons for not being ready."""
    lines = [json.loads(line) for line in (suite.state / "log" / service).read_text().splitlines() if line[:1] == "{"]
    return [line["problem"] for line in lines if line["event"] == "not ready" and line["part"] == "store"]


def refused(address, method, request, seconds=30):
    """The code, the words and the details of a call's error; the code is None when there is none."""
    with grpc.insecure_channel(address) as channel:
        try:
            channel.unary_unary(method)(request, timeout=seconds)
        except grpc.RpcError as error:
            details = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
            return error.code(), error.details(), b"".join(details)
    return None, "", b""


def fingerprint_of(address):
    """What aggregate counts by, as field 2 of a request."""
    with grpc.insecure_channel(address) as channel:
        answer = channel.unary_unary("/tutti.aggregate.v1.AggregateService/ReportKeyring")(b"", timeout=30)
    return b"\x12" + answer[1:2 + answer[1]]


class Restarts:
    """Kills a suite's redis-server and starts it again, for as long as a test lasts."""

    def __init__(self, test, suite):
        self.suite = suite
        self.folder = suite.state / "redis"
        self.log = (suite.state / "log/redis").open("a")
        self.started = None
        test.addCleanup(self.log.close)
        test.addCleanup(self.end)

    def __call__(self, between, *flags):
        """`between`: done while it is away."""
        if self.started is None:
            os.kill(self.suite.processes()["redis-server"], signal.SIGKILL)
        self.end()
        wait_for(lambda: "redis-server" not in self.suite.processes(), "redis-server lives")
        between()
        self.started = subprocess.Popen(
            ["redis-server", SOURCE / "deploy/redis/redis.conf", "--dir", self.folder, "--unixsocket",
             self.folder / "redis.sock", "--aclfile", self.folder / "users.acl", "--daemonize", "no", *flags],
            stdout=self.log, stderr=self.log)

    def end(self):
        if self.started is not None:
            self.started.kill()
            self.started.wait()


class StoreCheckTest(unittest.TestCase):
    def assert_store_unavailable(self, address, method, request):
        code, words, details = refused(address, method, request)
        self.assertEqual(code, grpc.StatusCode.UNAVAILABLE, words)
        self.assertEqual(words, "the store cannot be used now; the log of the service that is not ready says why")
        for wanted in (b"STORE_UNAVAILABLE", b"google.rpc.RetryInfo"):
            self.assertIn(wanted, details)

    # Mutations: a denied command is the caller's fault; one that a script gives is not known.
    def test_callers_are_not_blamed_for_the_services_rights(self):
        name = b"organizations/acme"
        latest = name + b"/scores/latest"
        message = bytes([0x0a, len(name)]) + name
        # A headcount of 100.
        acme = message + b"\x18\x64"
        with Suite(redis_users=INSPECTOR) as suite:
            wait_for(lambda: readiness(suite.aggregate) == SERVING, "the control")
            inspect(suite, "ACL", "SETUSER", "score", "-zrange", "-get", "-mget")
            self.assert_store_unavailable(suite.score, "/tutti.score.v1.ScoreService/GetScore",
                                          bytes([0x0a, len(latest)]) + latest)
            inspect(suite, "ACL", "SETUSER", "aggregate", "-get")
            organizations = "/tutti.aggregate.v1.OrganizationService/"
            self.assert_store_unavailable(suite.aggregate, organizations + "GetOrganization", message)
            inspect(suite, "ACL", "SETUSER", "aggregate", "+get", "-set", "-hset")
            self.assert_store_unavailable(suite.aggregate, organizations + "CreateOrganization",
                                          bytes([0x0a, len(acme)]) + acme)
            wait_for(lambda: problems(suite, "aggregate"), "aggregate does not say it", seconds=10)
            self.assertNotIn("certificate", (suite.state / "log/ingest").read_text())

    # Callers give a call ten seconds, as protos/README.md has it. Mutations: as long a time-out for one question; a question
    # that waits for another's answer, and then as long for its own as that did.
    def test_callers_hear_that_redis_hangs_before_they_give_up(self):
        name = b"organizations/acme"
        latest = name + b"/scores/latest"
        with Suite(redis_users=INSPECTOR) as suite:
            calls = [(suite.score, "/tutti.score.v1.ScoreService/GetScore", bytes([0x0a, len(latest)]) + latest),
                     (suite.aggregate, "/tutti.aggregate.v1.OrganizationService/GetOrganization",
                      bytes([0x0a, len(name)]) + name)]
            for call in calls:
                self.assertEqual(refused(*call)[0], grpc.StatusCode.NOT_FOUND, "the control")
            redis = suite.processes()["redis-server"]
            os.kill(redis, signal.SIGSTOP)
            try:
                with concurrent.futures.ThreadPoolExecutor(16) as callers:
                    answers = list(callers.map(lambda call: refused(*call, seconds=9), 8 * calls))
            finally:
                os.kill(redis, signal.SIGCONT)
            self.assertEqual({code for code, _, _ in answers}, {grpc.StatusCode.UNAVAILABLE}, answers)

    # Mutations: rights are asked for at the start alone; what is full is taken for good.
    def test_rights_and_room_are_asked_for_all_the_time(self):
        with Suite(redis_users=INSPECTOR) as suite:
            services = {"aggregate": (suite.aggregate, AGGREGATE), "score": (suite.score, SCORE)}

            def until(expected, what, *names):
                for name in names or services:
                    wait_for(lambda name=name: readiness(*services[name]) == expected, f"{what}: {name}", seconds=10)

            def again():
                inspect(suite, "ACL", "LOAD")
                until(SERVING, "it does not come back")

            until(SERVING, "the control")
            inspect(suite, "ACL", "SETUSER", "aggregate", "-setbit")
            inspect(suite, "ACL", "SETUSER", "score", "-zrange")
            until(NOT_SERVING, "ready without a right")
            self.assertIn("denies SETBIT to user aggregate", problems(suite, "aggregate")[-1])
            self.assertIn("denies ZRANGE to user score", problems(suite, "score")[-1])
            again()
            inspect(suite, "ACL", "SETUSER", "aggregate", "-multi")
            inspect(suite, "ACL", "SETUSER", "score", "resetkeys", "%R~cohort:*")
            until(NOT_SERVING, "ready without a right")
            self.assertIn("denies MULTI to user aggregate", problems(suite, "aggregate")[-1])
            self.assertIn("denies GET of keys as {-}:pub:check to user score", problems(suite, "score")[-1])
            again()
            inspect(suite, "CONFIG", "SET", "maxmemory", "1mb")
            until(NOT_SERVING, "ready without room", "aggregate")
            self.assertRegex(problems(suite, "aggregate")[-1], r"full \(used \d+ of maxmemory 1048576 bytes\)")
            inspect(suite, "CONFIG", "SET", "maxmemory", "0")
            until(SERVING, "it does not come back")

    # Mutations: the file is not looked at between two records; its length alone is.
    def test_the_journal_must_stay_the_one_that_was_opened(self):
        with Suite() as suite:
            def follows(what, words, begin, end):
                wait_for(lambda: readiness(suite.aggregate) == SERVING, "the control")
                begin()
                wait_for(lambda: readiness(suite.aggregate) == NOT_SERVING, f"ready with a journal {what}", seconds=10)
                self.assertIn(words, problems(suite, "aggregate")[-1])
                end()
                wait_for(lambda: readiness(suite.aggregate) == SERVING, f"not ready after a journal {what}", seconds=10)

            journal, aside = suite.state / "journal", suite.state / "aside"
            text = journal.read_text()
            other = text.replace(text.split()[1], "0" * 32)
            gone, over = "was deleted, replaced or cut short", "another was written over it"
            follows("gone", gone, lambda: journal.rename(aside), lambda: aside.rename(journal))
            follows("cut short", gone, lambda: journal.write_text(text[:20]), lambda: journal.write_text(text))
            follows("written over", over, lambda: journal.write_text(other), lambda: journal.write_text(text))

    # Mutations: an empty store is bound to the journal of the lost one, at once or when aggregate restarts; calls are
    # answered from it; that the store is full, too, hides that it is lost.
    def test_a_store_that_lost_everything_is_not_asked(self):
        name = b"organizations/acme"
        message = bytes([0x0a, len(name)]) + name
        with Suite(redis_users=INSPECTOR) as suite:
            folder = suite.state / "redis"
            files, aside = folder / "appendonlydir", suite.state / "aside"
            restart = Restarts(self, suite)

            def another(*flags):
                done = subprocess.run(
                    [BIN / "tutti-aggregate", "--listen=127.0.0.1:0", "--insecure_loopback", f"--catalog={suite.catalog}",
                     f"--redis_socket={folder}/redis.sock", f"--redis_password_file={suite.state}/secrets/aggregate",
                     f"--journal={suite.state}/journal", *flags], capture_output=True, text=True, timeout=60)
                return done.returncode, done.stderr

            suite.tutti("organizations", "create", "acme", "--headcount", "100")
            fingerprint = fingerprint_of(suite.aggregate)
            # So full that it takes nothing: that may pass.
            restart(lambda: files.rename(aside), "--maxmemory", "1")
            wait_for(lambda: readiness(suite.aggregate) == NOT_SERVING and any(
                "has lost its data" in one for one in problems(suite, "aggregate")), "ready with an empty store")
            wait_for(lambda: readiness(suite.score, SCORE) == NOT_SERVING and any(
                "has lost its data" in one for one in problems(suite, "score")), "score is ready with an empty store")
            self.assert_store_unavailable(
                suite.aggregate, "/tutti.aggregate.v1.OrganizationService/GetOrganization", message)
            self.assert_store_unavailable(
                suite.aggregate, "/tutti.aggregate.v1.AggregateService/GetIngestPolicy", message + fingerprint)
            inspect(suite, "CONFIG", "SET", "maxmemory", "0")
            # One that starts now, and a check, find what this one remembers.
            for flags in ([], ["--check_config"]):
                status, said = another(*flags)
                self.assertEqual(status, 1, said)
                self.assertIn("has lost its data", said)
                self.assertIn("--adopt_journal=none", said)
            restart(lambda: (shutil.rmtree(files), aside.rename(files)))
            for service, address in ((AGGREGATE, suite.aggregate), (SCORE, suite.score)):
                wait_for(lambda: readiness(address, service) == SERVING, f"not ready with its store: {service}")
            self.assertIn("acme", suite.tutti("organizations", "get", "acme"))

            # For good: the operator's way on, which is the one that the message names.
            restart(lambda: shutil.rmtree(files))
            wait_for(lambda: readiness(suite.aggregate) == NOT_SERVING, "ready with an empty store")
            self.assertEqual(another("--check_config", "--adopt_journal=none")[0], 0)
            self.assertEqual(readiness(suite.aggregate), NOT_SERVING, "a check adopts nothing")
            with subprocess.Popen(
                    [BIN / "tutti-aggregate", "--listen=127.0.0.1:0", "--insecure_loopback",
                     f"--port_file={suite.state}/another", f"--catalog={suite.catalog}",
                     f"--redis_socket={folder}/redis.sock", f"--redis_password_file={suite.state}/secrets/aggregate",
                     f"--journal={suite.state}/journal", "--adopt_journal=none"], stderr=restart.log) as adopting:
                for service, address in ((AGGREGATE, suite.aggregate), (SCORE, suite.score)):
                    wait_for(lambda: readiness(address, service) == SERVING, f"not ready once it is adopted: {service}")
                adopting.terminate()
            suite.tutti("organizations", "create", "acme", "--headcount", "100")
            self.assertEqual(another("--check_config")[0], 0, "without the flag")

    # Mutation: ingest answers for minutes that it is stored, by what it knows of the store that was there before.
    def test_what_is_sent_again_to_a_restored_backup_is_counted(self):
        with Suite(redis_users=INSPECTOR) as suite:
            files, backup = suite.state / "redis/appendonlydir", suite.state / "backup"
            restart = Restarts(self, suite)
            activities = suite.folder / "activities.jsonl"
            suite.back_fill("acme", 40, write_activities(activities, people=40, days=45))

            def counted():
                return {key: value for key, value in suite.redis_values().items() if b":reach:" in key or b":day:" in key}

            def sends():
                sent = suite.tutti("import", "--format", "activities", "--organization", "acme", str(activities), check=False)
                # Keys that were just made, and a store that is away, are waited for.
                self.assertIn(sent.returncode, (0, 3), sent.stderr)
                return sent.returncode == 0

            shutil.copytree(files, backup)
            wait_for(sends, "nothing is taken")
            before = counted()
            self.assertTrue(any(any(value) for value in before.values()), "the control")
            restart(lambda: (shutil.rmtree(files), shutil.copytree(backup, files)))
            wait_for(lambda: sends() and counted() == before, "what was lost is not counted again")

    # Mutation: an error that says neither which flag nor why.
    def test_errors_name_the_flag_and_the_reason(self):
        with Suite() as suite:
            file = suite.state / "file"
            file.write_text("a wrong password")
            file.chmod(0o600)
            password = f"--redis_password_file={suite.state}/secrets/score"
            for flags, wanted in [
                    (["--redis_socket=/nope", password], "(--redis_socket=/nope: No such file or directory)"),
                    ([f"--redis_socket={file}", password], f"--redis_socket: {file} is no socket"),
                    ([f"--redis_socket=/{'x' * 107}", password], "--redis_socket is longer than 107 bytes"),
                    (["--redis_address=127.0.0.1:1", password], "(--redis_address=127.0.0.1:1: Connection refused)"),
                    (["--redis_cluster=127.0.0.1:1", password], "(--redis_cluster=127.0.0.1:1: Connection refused)"),
                    ([f"--redis_socket={suite.state}/redis/redis.sock", f"--redis_password_file={file}"],
                     "with the password in --redis_password_file")]:
                done = subprocess.run(
                    [BIN / "tutti-score", "--check_config", "--listen=127.0.0.1:0", "--insecure_loopback",
                     f"--catalog={suite.catalog}", *flags], capture_output=True, text=True, timeout=60)
                self.assertIn(wanted, done.stdout + done.stderr)

    # Mutations: not to ask; to ask at the start alone; to wait for what no time repairs.
    def test_a_store_that_may_lose_writes_is_refused(self):
        with Suite(redis_users=INSPECTOR) as suite:
            def configure(appendfsync):
                inspect(suite, "CONFIG", "SET", "appendfsync", appendfsync)

            def another(*flags):
                return [BIN / "tutti-aggregate", "--listen=127.0.0.1:0", "--insecure_loopback",
                        f"--port_file={suite.state}/another.address", f"--catalog={suite.catalog}",
                        f"--redis_socket={suite.state}/redis/redis.sock",
                        f"--redis_password_file={suite.state}/secrets/aggregate",
                        f"--journal={suite.state}/journal", *flags]

            merge, report, publish = (f"/tutti.aggregate.v1.AggregateService/{method}" for method in (
                "MergeDeltas", "ReportKeyring", "PublishDueWindows"))
            # The id, of 16 bytes.
            keyring = b"\x0a\x12\x0a\x10" + b"another keyring!"
            wait_for(lambda: readiness(suite.aggregate) == SERVING, "the control")
            # No deltas, by the right catalogue.
            fingerprint = fingerprint_of(suite.aggregate)
            nothing = b"\x0a" + fingerprint[1:]
            for when in ("everysec", "no"):
                said = len(problems(suite, "aggregate"))
                configure(when)
                wait_for(lambda: readiness(suite.aggregate) == NOT_SERVING, f"ready with appendfsync {when}")
                self.assertIn("set appendfsync always", "".join(problems(suite, "aggregate")[said:]))
                # Nothing is acknowledged that it may forget, nor written.
                self.assert_store_unavailable(suite.aggregate, merge, nothing)
                history = suite.redis("GET", "counting-history")
                self.assert_store_unavailable(suite.aggregate, report, keyring)
                self.assert_store_unavailable(suite.aggregate, publish, b"")
                self.assertEqual(suite.redis("GET", "counting-history"), history)
                started = subprocess.run(another(), capture_output=True, text=True, timeout=60)
                self.assertEqual(started.returncode, 1)
                self.assertIn("set appendfsync always", started.stderr)
                configure("always")
                wait_for(lambda: readiness(suite.aggregate) == SERVING, "not ready with appendfsync always")
                self.assertEqual(refused(suite.aggregate, merge, nothing), (None, "", b""))

            # It waits for replicas, and takes no flag that asks for fewer than none.
            address = suite.state / "another.address"
            with subprocess.Popen(another("--redis_wait_replicas=1"), stderr=subprocess.PIPE, text=True) as process:
                wait_for(address.exists, "it does not start")
                said = ""
                while "0 of 1 replicas" not in said:
                    said += process.stderr.readline()
                self.assertEqual(readiness(address.read_text().strip()), NOT_SERVING)
                process.terminate()
            for flag in ("redis_wait_replicas", "journal_redis_wait_replicas"):
                done = subprocess.run(
                    [*another()[:-1], "--journal_redis=127.0.0.1:1",
                     f"--journal_redis_password_file={suite.state}/secrets/aggregate", f"--{flag}=-1"],
                    capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"--{flag} must not be negative", done.stderr)


if __name__ == "__main__":
    unittest.main()
