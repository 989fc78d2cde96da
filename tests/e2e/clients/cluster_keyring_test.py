"""The keyring's jobs of deploy/kubernetes, run as they are written, by processes that
play the pods: a running ingest says that keys are missing, and follows the file."""

import contextlib
import datetime
import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from made_up import write_activities  # noqa: E402
from suite import BIN, SOURCE, Suite, wait_for  # noqa: E402

MANIFESTS = SOURCE / "deploy/kubernetes/keyring"


def pod_spec(manifest):
    spec = manifest["spec"]
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec if manifest["kind"] == "Pod" else spec["template"]["spec"]


def load(name):
    return yaml.safe_load((MANIFESTS / name).read_text())


def run_pod(manifest, volume):
    """Runs a manifest's command with the volume where the pod would have it."""
    words = [word.replace("/keyring/", f"{volume}/") for word in pod_spec(manifest)["containers"][0]["command"]]
    if words[0] != "tutti":
        raise ValueError(f"not our command: {words}")
    return subprocess.run([BIN / "tutti", *words[1:]], capture_output=True, text=True, timeout=60)


def missing_keys(suite):
    """What ingest's alerting metric says."""
    return sum(float(value) for value in
               re.findall(r'^tutti_ingest_refused_\w+_total{reason="key_missing"} (\S+)', suite.metrics(), re.MULTILINE))


class ClusterKeyringTest(unittest.TestCase):
    def test_every_pod_is_unprivileged_and_alone_with_its_volume(self):
        for name in ("init.yaml", "rotate.yaml", "desk.yaml"):
            with self.subTest(name):
                spec = pod_spec(load(name))
                self.assertIs(spec["automountServiceAccountToken"], False)
                self.assertIs(spec["securityContext"]["runAsNonRoot"], True)
                self.assertEqual(spec["securityContext"]["fsGroupChangePolicy"], "OnRootMismatch")
                self.assertEqual(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault")
                container, = spec["containers"]
                self.assertIs(container["securityContext"]["readOnlyRootFilesystem"], True)
                self.assertIs(container["securityContext"]["allowPrivilegeEscalation"], False)
                self.assertEqual(container["securityContext"]["capabilities"]["drop"], ["ALL"])
                volume, = spec["volumes"]
                self.assertEqual(volume["persistentVolumeClaim"]["claimName"], load("volume.yaml")["metadata"]["name"])
        self.assertEqual(load("rotate.yaml")["spec"]["concurrencyPolicy"], "Forbid")

    # Mutation: a keyring minder that never loads again leaves the back-fill without keys.
    def test_replicas_follow_the_jobs_without_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            volume = pathlib.Path(folder)
            made = run_pod(load("init.yaml"), volume)
            self.assertEqual(made.returncode, 0, made.stderr)
            self.assertEqual(stat.S_IMODE(os.stat(volume / "keyring").st_mode), 0o600)
            again = run_pod(load("init.yaml"), volume)
            self.assertNotEqual(again.returncode, 0)
            self.assertIn("exists", again.stderr)

            with Suite(keyring=volume / "keyring", ingest_flags="--metrics_listen=127.0.0.1:0") as suite:
                activities = suite.folder / "activities.jsonl"
                first = write_activities(activities, people=40, days=45)
                suite.tutti("organizations", "create", "acme", "--headcount", "40", "--backfill", "--first-day", first)
                send = ("import", "--format", "activities", "--organization", "acme", str(activities))
                refused = suite.tutti(*send, check=False)
                self.assertIn("key", (refused.stdout + refused.stderr).lower())
                # A script that goes on with finish-backfill after a 0 would make it final.
                self.assertEqual(refused.returncode, 3, refused.stderr)
                self.assertIn("run the import again", refused.stderr)
                self.assertGreater(missing_keys(suite), 0)

                # The suite's state folder is now the volume of the writers.
                running = suite.processes()["tutti-ingest"]
                suite.tutti("keyring", "extend", "--keyring", str(suite.keyring), "--organization", "acme",
                            "--from", first)
                rotated = run_pod(load("rotate.yaml"), suite.state)
                self.assertEqual(rotated.returncode, 0, rotated.stderr)
                # It follows within seconds; until then an import says that it is to be repeated.
                deadline = time.monotonic() + 60
                while (sent := suite.tutti(*send, check=False)).returncode != 0:
                    self.assertEqual(sent.returncode, 3, sent.stderr)
                    self.assertLess(time.monotonic(), deadline, sent.stderr)
                self.assertEqual(suite.processes()["tutti-ingest"], running)
                self.assertTrue(any(b":reach:" in key for key in suite.redis_values()))
                self.assertIn("keys made", rotated.stdout)

    # One ingest with a keyring of its own, for seconds, left no open window of anybody complete, and all was ready.
    def test_an_ingest_with_another_keyring_is_refused_and_nothing_is_lost(self):
        with tempfile.TemporaryDirectory() as folder, Suite(ingest_flags="--metrics_listen=127.0.0.1:0") as suite:
            folder = pathlib.Path(folder)
            for name in ("strange", "new"):
                subprocess.run([BIN / "tutti", "keyring", "init", "--keyring", folder / name], capture_output=True, check=True,
                               timeout=60)

            def keyring_id(path):
                return re.search(r"keyring ([0-9a-f]{32})", suite.tutti("keyring", "show", "--keyring", str(path)))[1]

            @contextlib.contextmanager
            def another(keyring, aggregate):
                """One more ingest: its address, and what it logs."""
                address, log = folder / "address", folder / "log"
                address.unlink(missing_ok=True)
                with log.open("w") as stderr:
                    process = subprocess.Popen(
                        [BIN / "tutti-ingest", "--listen=127.0.0.1:0", "--insecure_loopback", "--allow_swap",
                         f"--port_file={address}", f"--aggregate={aggregate}", f"--keyring={keyring}",
                         f"--catalog={suite.catalog}"], stderr=stderr)
                try:
                    wait_for(address.exists, "another ingest")
                    yield address.read_text().strip(), log
                finally:
                    process.terminate()
                    self.assertEqual(process.wait(timeout=60), 0)

            def ready(address):
                return suite.tutti("health", "--ready", address, check=False).returncode == 0

            activities = suite.folder / "activities.jsonl"
            first = write_activities(activities, people=40, days=20)
            suite.tutti("organizations", "create", "acme", "--headcount", "40", "--backfill", "--first-day", first,
                        "--keyring", str(suite.keyring))
            send = ("import", "--format", "activities", "--organization", "acme", str(activities))
            before = suite.redis("GET", "counting-history")
            suites, strange, new = (keyring_id(path) for path in (suite.keyring, folder / "strange", folder / "new"))
            with suite.adopting_aggregate(new) as aggregate:
                for one in (suite.aggregate, aggregate):
                    with another(folder / "strange", one) as (address, log):
                        wait_for(lambda log=log: strange in log.read_text(), "why it is not ready", seconds=5)
                        self.assertFalse(ready(address))
                        for said in ('"not ready"', '"part":"keys"', suites, f"--adopt_keyring={strange}"):
                            self.assertIn(said, log.read_text())
                        # Whoever sends is told to come again, and does: there are others with the right one.
                        with self.assertRaises(subprocess.TimeoutExpired):
                            subprocess.run([BIN / "tutti", "--ingest", address, "--aggregate", suite.aggregate, *send],
                                           capture_output=True, timeout=5)
                    self.assertEqual(suite.redis("GET", "counting-history"), before)
                    self.assertFalse(any(b":reach:" in key for key in suite.redis_values()))
                self.assertTrue(ready(suite.ingest))
                # A second one with the suite's own, and a rotation, need no word.
                suite.tutti("keyring", "rotate", "--keyring", str(suite.keyring))
                with another(suite.keyring, suite.aggregate) as (address, _):
                    wait_for(lambda: ready(address), "a second ingest with the same keyring")
                # Adopted, it is the suite's: every aggregate takes it from then on, and refuses the old one.
                with another(folder / "new", aggregate) as (address, _):
                    wait_for(lambda: ready(address), "an ingest with an adopted keyring")
                with another(folder / "new", suite.aggregate) as (address, _):
                    wait_for(lambda: ready(address), "a second ingest with the adopted keyring")
                    wait_for(lambda: not ready(suite.ingest), "an ingest that has the old keyring")

    # Mutation: a grace of ingest's own, which is aggregate's unless somebody changes one of them.
    def test_ingest_rotates_with_the_grace_of_aggregate(self):
        with Suite(aggregate_flags="--grace=0h") as suite:
            def days(pattern):
                shown = suite.tutti("keyring", "show", "--keyring", str(suite.keyring))
                return [datetime.date.fromisoformat(day) for day in re.findall(pattern, shown)]

            first, = days(r"ever made: day (\S+) to")
            # It was made for a grace of two days.
            wait_for(lambda: min(days(r"(?m)^  day\t(\S+)")) >= first + datetime.timedelta(days=2),
                     "keys of closed windows are kept", seconds=30)

    # Mutations: an ingest that never hears aggregate's grace finds nothing amiss; one that hears it of organisations alone.
    def test_a_keyring_rotated_with_a_longer_grace_than_aggregates_is_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            keyring = pathlib.Path(folder) / "keyring"
            subprocess.run([BIN / "tutti", "keyring", "init", "--keyring", keyring, "--grace-hours", "336"],
                           capture_output=True, check=True, timeout=60)
            flags = "--norotate_keyring --metrics_listen=127.0.0.1:0"
            with Suite(keyring=keyring, ingest_flags=flags) as suite:
                def overdue():
                    return suite.metric("tutti_ingest_overdue_keys")

                def wait_for(condition):
                    deadline = time.monotonic() + 30
                    while not condition():
                        self.assertLess(time.monotonic(), deadline, f"{overdue()} keys are said to be overdue")

                # Whether or not there is traffic. Two weeks and not two days, but for the one that is left to whoever rotates:
                # eleven days, each with two keys.
                wait_for(lambda: overdue() == 22)
                wait_for(lambda: "keys of closed windows are kept" in suite.logs())
                suite.tutti("keyring", "rotate", "--keyring", str(suite.keyring), "--grace-hours", "48", "--force")
                wait_for(lambda: overdue() == 0)


if __name__ == "__main__":
    unittest.main()
