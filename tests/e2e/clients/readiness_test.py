"""Takes away, one after another, what calls need, from processes that run: readiness follows, the
log and a metric name the part when it goes and when it comes back, and `tutti health --ready`
tells a probe; and starts everything in the order in which nothing finds what it needs. Prints how long
each took."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request
import warnings

import grpc
from suite import BIN, SOURCE, Suite

SECONDS = 60
SERVICES = {"ingest": b"tutti.ingest.v1.IngestService", "aggregate": b"tutti.aggregate.v1.AggregateService",
            "score": b"tutti.score.v1.ScoreService"}
SERVING = b"\x08\x01"


class ReadinessTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", ResourceWarning)
        metrics = "--metrics_listen=127.0.0.1:0"
        cls.suite = cls.enterClassContext(Suite(tls=True, score_flags=metrics, ingest_flags=metrics))
        credentials = grpc.ssl_channel_credentials(cls.suite.authority.read_bytes())
        cls.channels = {name: cls.enterClassContext(grpc.secure_channel(getattr(cls.suite, name), credentials))
                        for name in SERVICES}
        cls.restarted = []
        cls.addClassCleanup(lambda: [(one.terminate(), one.wait(timeout=SECONDS)) for one in cls.restarted])

    def is_ready(self, name):
        service = SERVICES[name]
        check = self.channels[name].unary_unary("/grpc.health.v1.Health/Check")
        try:
            return check(b"\x0a" + bytes([len(service)]) + service, timeout=SECONDS) == SERVING
        except grpc.RpcError:
            return None

    def until(self, what, condition, *services):
        """Waits for each service; the seconds that each took."""
        begin = time.monotonic()
        took = {}
        while len(took) < len(services):
            for name in services:
                if name not in took and condition(name):
                    took[name] = time.monotonic() - begin
            self.assertLess(time.monotonic() - begin, SECONDS, f"{what}: {took}, not all of {services}")
            time.sleep(0.02)
        return took

    def lines(self, name):
        lines = (self.suite.state / "log" / name).read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    @staticmethod
    def part_of(service, part):
        """What a service calls the part: all that ingest knows of a store is that aggregate is not ready."""
        return "aggregate" if service == "ingest" and part in ("store", "process") else part

    def metric(self, service, name):
        port = [line["port"] for line in self.lines(service) if line["event"] == "showing metrics"][-1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS) as page:
            shown = page.read().decode().splitlines()
        return next(float(line.split()[-1]) for line in shown if line.startswith(f"{name} "))

    def fault(self, what, part, services, begin, end):
        """Has a fault begin and end; each service notices both, and says which part it was."""
        self.until("the control", self.is_ready, *services)
        said = {name: len(self.lines(name)) for name in services}
        begin()
        gone = self.until(what, lambda name: self.is_ready(name) is False, *services)
        measured = [name for name in services if name in ("score", "ingest")]
        for name in measured:
            self.assertEqual(self.metric(name, f'tutti_part_good_state{{part="{self.part_of(name, part)}"}}'), 0)
            self.assertEqual(self.metric(name, "tutti_ready_state"), 0)
        codes = {name: self.suite.tutti("health", "--ready", getattr(self.suite, name), check=False).returncode
                 for name in services}
        self.assertEqual(set(codes.values()), {4}, what)
        end()
        back = self.until(f"the end of {what}", self.is_ready, *services)
        for name in services:
            new = self.lines(name)[said[name]:]
            own = self.part_of(name, part)
            went = [line for line in new if line["event"] == "not ready" and line["part"] == own]
            came = [line for line in new if line["event"] == "good again" and line.get("part") == own]
            self.assertTrue(went and came, f"{what}: {name} says {new}")
            print(f"| {what} | {name} | {gone[name]:.1f} | {back[name]:.1f} | {own}: {went[0]['problem']} |")
        for name in measured:
            self.assertEqual(self.metric(name, f'tutti_part_good_state{{part="{self.part_of(name, part)}"}}'), 1)
            self.assertEqual(self.metric(name, "tutti_ready_state"), 1)

    # Mutations: a connection taken for an answer; a question that is waited for however long.
    def test_what_hangs_is_not_ready(self):
        processes = self.suite.processes()
        for what, part, process, services in [
                ("aggregate frozen", "process", "tutti-aggregate", ["ingest"]),
                ("Redis frozen", "store", "redis-server", ["score", "aggregate", "ingest"])]:
            stop = processes[process]
            self.addCleanup(os.kill, stop, signal.SIGCONT)
            self.fault(what, part, services, lambda stop=stop: os.kill(stop, signal.SIGSTOP),
                       lambda stop=stop: os.kill(stop, signal.SIGCONT))

    def starter(self, process):
        """What starts a process of the suite once more, as it runs now."""
        words = pathlib.Path(f"/proc/{self.suite.processes()[process]}/cmdline").read_bytes().split(b"\0")[:-1]
        name = process.removeprefix("tutti-")
        if process == "redis-server":
            # It shows its address in place of its arguments.
            state = self.suite.state
            words = ["redis-server", SOURCE / "deploy/redis/redis.conf", "--dir", state / "redis", "--unixsocket",
                     state / "redis/redis.sock", "--aclfile", state / "redis/users.acl", "--daemonize", "no"]
        else:
            words = [BIN / process, *words[1:], f"--listen={getattr(self.suite, name)}"]

        def start():
            with (self.suite.state / "log" / name).open("a") as log:
                self.restarted.insert(0, subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=log))

        return start

    # Mutation: what is gone is asked for once, at the start.
    def test_what_is_gone_is_not_ready(self):
        for what, part, process, services in [
                ("Redis killed", "store", "redis-server", ["score", "aggregate", "ingest"]),
                ("aggregate killed", "process", "tutti-aggregate", ["ingest"])]:
            pid = self.suite.processes()[process]
            start = self.starter(process)
            self.fault(what, part, services, lambda pid=pid: os.kill(pid, signal.SIGKILL), start)

    def test_the_order_of_starting_does_not_matter(self):
        processes = self.suite.processes()
        order = ["tutti-score", "tutti-ingest", "tutti-aggregate", "redis-server"]
        self.assertEqual(sorted(order), sorted(processes))
        starts = {process: self.starter(process) for process in order}
        for process in order:
            os.kill(processes[process], signal.SIGKILL)
            self.until(f"the end of {process}", lambda name: name not in self.suite.processes(), process)
        waits = {"score": "store", "ingest": "aggregate", "aggregate": "store"}
        for process in order[:3]:
            name = process.removeprefix("tutti-")
            said = len(self.lines(name))
            starts[process]()
            self.until(f"{name} alive", lambda name: self.is_ready(name) is False, name)
            self.until(f"{name} says for what it waits", lambda name, said=said: any(
                line["event"] == "not ready" and line["part"] == waits[name] for line in self.lines(name)[said:]), name)
        for name in waits:
            self.assertIs(self.is_ready(name), False)
        starts["redis-server"]()
        took = self.until("everything is there", self.is_ready, *waits)
        print(f"| started in the wrong order | {', '.join(f'{name} {took[name]:.1f}' for name in took)} |")

    # Mutations: the key is not compared with the certificate; nobody looks when it expires.
    def test_certificates_that_nobody_takes_are_not_ready(self):
        tls = self.suite.state / "tls"

        def shown(*files):
            for file, source in files:
                shutil.copy(source, tls / f"score/{file}.new")
                (tls / f"score/{file}.new").rename(tls / f"score/{file}")

        with tempfile.TemporaryDirectory() as name:
            kept = pathlib.Path(name)
            for file in ("cert.pem", "key.pem"):
                shutil.copy(tls / "score" / file, kept)
            subprocess.run(["openssl", "x509", "-req", "-days", "-1", "-in", tls / "score/request.pem", "-CA",
                            tls / "ca.pem", "-CAkey", tls / "ca.key", "-CAcreateserial", "-extfile",
                            tls / "score/extensions", "-out", kept / "old.pem"], check=True, capture_output=True)
            self.fault("another's key", "certificates", ["score"],
                       lambda: shown(("key.pem", tls / "ingest/key.pem")), lambda: shown(("key.pem", kept / "key.pem")))
            self.until("the control", self.is_ready, "score")
            self.addCleanup(shown, ("cert.pem", self.suite.state / "tls/score/kept.pem"))
            shutil.copy(kept / "cert.pem", tls / "score/kept.pem")
            shown(("cert.pem", kept / "old.pem"))
            gone = self.until("expired", lambda name: self.is_ready(name) is False, "score")
            print(f"| an expired certificate | score | {gone['score']:.1f} | | certificates |")
            # Nobody who begins a connection then is answered; whoever has one is.
            self.until("expired, for others", lambda _: self.suite.tutti(
                "health", "--ready", self.suite.score, check=False).returncode == 5, "score")
            shown(("cert.pem", kept / "cert.pem"))
            self.until("the end of it", self.is_ready, "score")
            problems = [line["problem"] for line in self.lines("score") if line["event"] == "not ready"]
            self.assertTrue(any("expired at" in problem for problem in problems), problems)

    # Open connections live for minutes, and so would nobody notice. Mutation: what is put in place is shown, whoever
    # believes it.
    def test_a_certificate_that_aggregate_would_not_take_is_not_ready_and_the_old_one_stays(self):
        tls = self.suite.state / "tls"
        own = tls / "ingest/cert.pem"
        with tempfile.TemporaryDirectory() as name:
            kept, role, strange = (pathlib.Path(name) / file for file in ("kept.pem", "role.pem", "strange.pem"))
            shutil.copy(own, kept)
            # One's own key, signed as another's, or by somebody whom nobody knows.
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                            "7", "-subj", "/CN=nobody", "-keyout", f"{name}/ca.key", "-out", f"{name}/ca.pem"],
                           check=True, capture_output=True)
            for extensions, authority, key, made in (
                    (tls / "score/extensions", tls / "ca.pem", tls / "ca.key", role),
                    (tls / "ingest/extensions", f"{name}/ca.pem", f"{name}/ca.key", strange)):
                subprocess.run(["openssl", "x509", "-req", "-days", "7", "-in", tls / "ingest/request.pem", "-CA", authority,
                                "-CAkey", key, "-CAcreateserial", "-extfile", extensions, "-out", made],
                               check=True, capture_output=True)

            def show(certificate):
                shutil.copy(certificate, own.with_suffix(".new"))
                own.with_suffix(".new").rename(own)

            self.addCleanup(own.write_bytes, own.read_bytes())
            for what, certificate, wanted in (
                    ("ingest with another's name", role, "does not have spiffe://tutti.local/ingest for its one URI"),
                    ("ingest of another authority", strange, "do not vouch")):
                self.until("the control", self.is_ready, "ingest")
                said = len(self.lines("ingest"))
                show(certificate)
                gone = self.until(what, lambda name: self.is_ready(name) is False, "ingest")
                self.assertEqual(self.metric("ingest", 'tutti_part_good_state{part="certificates"}'), 0)
                problems = [line["problem"] for line in self.lines("ingest")[said:] if line["event"] == "not ready"]
                self.assertTrue(any(wanted in problem and "the old ones stay" in problem for problem in problems), problems)
                # Whoever begins a connection is shown the old one.
                self.assertEqual(self.suite.tutti("health", self.suite.ingest, check=False).returncode, 0)
                show(kept)
                back = self.until(f"the end of {what}", self.is_ready, "ingest")
                print(f"| {what} | ingest | {gone['ingest']:.1f} | {back['ingest']:.1f} | certificates: {problems[0]} |")

    def test_token_keys_that_are_gone_are_not_ready(self):
        keys = self.suite.state / "tokens/jwks.json"
        aside = keys.with_name("aside")
        self.fault("token keys gone", "token_keys", ["score"], lambda: keys.rename(aside), lambda: aside.rename(keys))

    def test_a_keyring_that_others_may_read_is_not_ready(self):
        self.fault("keyring of mode 0644", "keys", ["ingest"], lambda: self.suite.keyring.chmod(0o644),
                   lambda: self.suite.keyring.chmod(0o600))

    # Mutations: it ends; it is ready without keys; a broken one is waited for.
    def test_a_keyring_that_is_yet_to_come_is_waited_for(self):
        files = [self.suite.keyring, self.suite.keyring.with_name(f"{self.suite.keyring.name}.optout")]
        start = self.starter("tutti-ingest")
        os.kill(self.suite.processes()["tutti-ingest"], signal.SIGTERM)
        self.until("the end of ingest", lambda _: "tutti-ingest" not in self.suite.processes(), "ingest")
        kept = [file.rename(file.with_name(f"{file.name}.kept")) for file in files]
        files[0].write_text("no keyring")
        files[0].chmod(0o600)
        start()
        self.assertEqual(self.restarted[0].wait(timeout=SECONDS), 1, "a broken one")
        files[0].unlink()
        said = len(self.lines("ingest"))
        start()
        self.until("ingest alive", lambda name: self.is_ready(name) is False, "ingest")
        self.until("ingest says for what it waits", lambda name: any(
            line["event"] == "not ready" and line["part"] == "keys" for line in self.lines(name)[said:]), "ingest")
        self.assertEqual(self.metric("ingest", 'tutti_part_good_state{part="keys"}'), 0)
        problem = next(line["problem"] for line in self.lines("ingest")[said:] if line.get("part") == "keys")
        self.assertIn(f"keyring {files[0]}: cannot be opened: No such file or directory", problem)
        for file, back in reversed(list(zip(files, kept))):
            back.rename(file)
        took = self.until("the keyring is there", self.is_ready, "ingest")
        print(f"| a keyring that is made later | ingest | at once | {took['ingest']:.1f} | keys: {problem} |")

    # Mutation: it is ready until the first question is answered.
    def test_a_store_that_never_was_is_not_ready(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            with (folder / "log").open("w") as log, subprocess.Popen(
                    [BIN / "tutti-score", "--listen=127.0.0.1:0", "--insecure_loopback", "--redis_socket=/nope",
                     f"--port_file={folder}/address", f"--catalog={self.suite.catalog}",
                     f"--redis_password_file={self.suite.state}/secrets/score"], stderr=log) as process:
                self.addCleanup(process.kill)
                self.until("it serves", lambda _: (folder / "address").exists(), "score")
                address = (folder / "address").read_text().strip()

                def health(*words):
                    return subprocess.run([BIN / "tutti", "health", address, *words], capture_output=True,
                                          text=True, timeout=SECONDS)

                self.assertEqual(health().returncode, 0)
                answer = health("--ready")
                self.assertEqual((answer.returncode, "alive and not ready" in answer.stderr), (4, True), answer.stderr)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(timeout=SECONDS), 0)
                self.assertEqual(health("--ready", "--timeout", "2").returncode, 5)
            said = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
            went = [line for line in said if line["event"] == "not ready"]
            self.assertEqual([line["part"] for line in went], ["store"])
            self.assertIn("(--redis_socket=/nope: No such file or directory)", went[0]["problem"])
            print(f"| never any Redis | score | at once | | store: {went[0]['problem']} |")

    # What it waits for at its start is over after seconds, and what it was told meanwhile is done then: an orchestrator
    # that gets no end kills. Mutations: the closing of windows asks a store that was never found fit; a signal of before it
    # serves is seen after the next question.
    def test_what_starts_while_redis_hangs_ends_when_it_is_told_to(self):
        redis = self.suite.processes()["redis-server"]
        self.addCleanup(os.kill, redis, signal.SIGCONT)
        for name in ("aggregate", "score"):
            words = pathlib.Path(f"/proc/{self.suite.processes()['tutti-' + name]}/cmdline").read_bytes().split(b"\0")[1:-1]
            for when in ("at once", "when it serves"):
                with tempfile.TemporaryDirectory() as folder:
                    address = pathlib.Path(folder, "address")
                    os.kill(redis, signal.SIGSTOP)
                    process = subprocess.Popen([BIN / f"tutti-{name}", *words, "--listen=127.0.0.1:0",
                                                f"--port_file={address}"], stderr=subprocess.DEVNULL)
                    self.addCleanup(process.kill)
                    if when != "at once":
                        self.until(when, lambda _, address=address: address.exists(), name)
                    begin = time.monotonic()
                    process.send_signal(signal.SIGTERM)
                    code = process.wait(timeout=8)
                    # So soon that it has not begun to listen to signals.
                    self.assertIn(code, (0, -signal.SIGTERM))
                    print(f"| told to end {when} while Redis hangs | {name} | {time.monotonic() - begin:.1f} |")
                    os.kill(redis, signal.SIGCONT)
        self.until("the end of it", self.is_ready, *SERVICES)

    # Mutation: the name is not passed on to TLS.
    def test_a_probe_says_what_the_certificate_is_for(self):
        self.until("the control", self.is_ready, "score")
        score = self.suite.score
        for words, expected in [([], 0), (["--server-name", "localhost"], 0), (["--server-name", "another.example"], 5)]:
            done = self.suite.tutti("health", "--ready", "--timeout", "5", *words, score, check=False)
            self.assertEqual(done.returncode, expected, done.stderr)
        plain = subprocess.run([BIN / "tutti", "health", score, "--server-name", "localhost"], capture_output=True,
                               text=True, timeout=SECONDS)
        self.assertEqual((plain.returncode, "--server-name" in plain.stderr), (2, True), plain.stderr)


if __name__ == "__main__":
    unittest.main()
