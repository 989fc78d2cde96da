"""Attack 8: after a close, the destroyed keys are searched for in every file and in the
memory of every process, and digests everywhere but in ingest. Attack 12: two ingest
replicas and a rotation at the same time must not give anybody a second slot."""

import contextlib
import hashlib
import hmac
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e/clients"))
from made_up import write_activities  # noqa: E402
from suite import BIN, Suite, make_stubs  # noqa: E402


def memory(pid):
    """What is in a process's writable memory, or None when we may not look."""
    parts = []
    try:
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
            for line in maps:
                begin, end, mode = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....)", line).groups()
                if not mode.startswith("rw"):
                    continue
                mem.seek(int(begin, 16))
                try:
                    parts.append(mem.read(int(end, 16) - int(begin, 16)))
                except OSError:
                    pass  # guard pages
    except PermissionError:
        return None
    return b"\0".join(parts)


@contextlib.contextmanager
def replica(suite, keyring):
    """One more ingest of the suite, with a keyring; gives its address."""
    address = suite.state / "second.address"
    with subprocess.Popen(
            [BIN / "tutti-ingest", "--listen=127.0.0.1:0", "--insecure_loopback", f"--port_file={address}",
             f"--aggregate={suite.aggregate}", f"--keyring={keyring}", f"--catalog={suite.catalog}"],
            stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not address.exists():
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError("the second ingest did not start")
        try:
            yield address.read_text().strip()
        finally:
            process.terminate()


class KeysTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        make_stubs(pathlib.Path(cls.folder.name))
        from tutti.keyring.v1 import keyring_pb2
        cls.keyring_pb2 = keyring_pb2

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def keyring(self, suite):
        return self.keyring_pb2.Keyring.FromString(suite.keyring.read_bytes())

    def test_destroyed_keys_and_digests_are_nowhere(self):
        with Suite() as suite:
            path = pathlib.Path(self.folder.name) / "activities.jsonl"
            first = write_activities(path, people=300, days=60)
            suite.back_fill("acme", 300, first)
            suite.tutti("import", "--format", "activities", "--organization", "acme", str(path))
            before = self.keyring(suite)
            suite.publish("acme")
            suite.tutti("keyring", "forget", "--keyring", str(suite.keyring), "--organization", "acme")
            after = self.keyring(suite)
            kept = {bytes(key.key[:16]) for key in after.keys}
            destroyed = {bytes(key.key[at:at + 16]) for key in before.keys for at in (0, 16)
                         if key.id not in {other.id for other in after.keys}}
            self.assertGreater(len(destroyed), 100)
            ids = set(re.findall(rb'"subject": ?"([^"]+)"', path.read_bytes()))
            self.assertGreater(len(ids), 100)
            digests = {hmac.digest(before.identity_key, b"person\0acme\0" + name.strip().lower(), hashlib.sha256)[:16]
                       for name in ids}

            def found(needles, haystack):
                return sum(needle in haystack for needle in needles)

            # Closed windows' counters leave the files when the rewrite is over.
            deadline = time.monotonic() + 60
            while b"aof_rewrite_in_progress:0" not in suite.redis("INFO", "persistence"):
                self.assertLess(time.monotonic(), deadline)
            for name, content in suite.files().items():
                self.assertEqual(found(destroyed | digests, content), 0, name)
            self.assertGreater(found(kept, suite.keyring.read_bytes()), 10, "the control")

            # Memory is large; some of the needles will do there.
            destroyed, digests = set(sorted(destroyed)[:16]), set(sorted(digests)[:8])
            processes = suite.processes()
            self.assertEqual(len(processes), 4, processes)
            searched = 0
            while True:  # until ingest has read the new file
                content = memory(processes["tutti-ingest"])
                if content is None or found(destroyed, content) == 0:
                    break
                self.assertLess(time.monotonic(), deadline, "a destroyed key is in ingest's memory")
            if content is None:
                print("attack 8: files searched; memory not: it takes CAP_SYS_PTRACE")
                return
            self.assertGreater(found(kept, content), 10, "the control: keys in use are found")
            for name, pid in processes.items():
                content = memory(pid)
                searched += len(content)
                self.assertEqual(found(destroyed, content), 0, name)
                if name != "tutti-ingest":  # which keeps digests for some minutes
                    self.assertEqual(found(digests | kept, content), 0, name)
            print(f"attack 8: destroyed keys and digests searched in {len(suite.files())} files and "
                  f"{searched >> 20} MiB of memory: none")

    def test_two_replicas_and_a_rotation_give_nobody_a_second_slot(self):
        with Suite() as suite:
            path = pathlib.Path(self.folder.name) / "first.jsonl"
            first = write_activities(path, people=400, days=45)
            shouted = pathlib.Path(self.folder.name) / "shouted.jsonl"
            shouted.write_bytes(re.sub(rb'("subject": ?")([^"]+)', lambda m: m[1] + b" " + m[2].upper(), path.read_bytes()))
            suite.back_fill("acme", 400, first)
            with replica(suite, suite.keyring) as second:
                suite.tutti("import", "--format", "activities", "--organization", "acme", str(path))
                alone = {k: v for k, v in suite.redis_values().items() if b":reach:" in k or b":day:" in k}
                stop = threading.Event()
                rotations = []

                def rotate():
                    while not stop.is_set():
                        done = suite.tutti("keyring", "rotate", "--keyring", str(suite.keyring), check=False)
                        rotations.append(done.returncode)

                def send(to, file):
                    subprocess.run([BIN / "tutti", "--ingest", to, "import", "--format", "activities", "--organization",
                                    "acme", file], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

                threads = [threading.Thread(target=rotate)]
                threads += [threading.Thread(target=send, args=(to, file))
                            for to in (suite.ingest, second) for file in (shouted, path)]
                for thread in threads:
                    thread.start()
                for thread in threads[1:]:
                    thread.join()
                stop.set()
                threads[0].join()
                together = {k: v for k, v in suite.redis_values().items() if b":reach:" in k or b":day:" in k}
            self.assertGreater(rotations.count(0), 2)
            self.assertTrue(alone)
            self.assertEqual(alone, together)
            print(f"attack 12: {len(alone)} bitmaps are the same after two replicas, other spellings and "
                  f"{len(rotations)} rotations")

    def test_a_lost_keyring_spoils_open_windows_and_restarts_none(self):
        with Suite() as suite:
            path = pathlib.Path(self.folder.name) / "lost.jsonl"
            first = write_activities(path, people=300, days=45)
            suite.back_fill("acme", 300, first)
            suite.tutti("import", "--format", "activities", "--organization", "acme", str(path))
            before = {k: v for k, v in suite.redis_values().items() if b":reach:" in k}
            # An operator who lost the file makes a new one, and starts ingest anew.
            other = suite.state / "other"
            suite.tutti("keyring", "init", "--keyring", str(other))
            suite.tutti("keyring", "extend", "--keyring", str(other), "--organization", "acme", "--from", first)
            with replica(suite, other) as second:
                subprocess.run([BIN / "tutti", "--ingest", second, "import", "--format", "activities",
                                "--organization", "acme", path], check=False, capture_output=True)
            after = {k: v for k, v in suite.redis_values().items() if b":reach:" in k}
            self.assertEqual(before, after, "bits under another key went into a window")
            suite.tutti("organizations", "finish-backfill", "acme")
            outcome = suite.tutti("publish", "acme", "--wait", "30", check=False)
            said = outcome.stdout + outcome.stderr
            self.assertIn("incomplete", said.lower())
            self.assertNotIn("  published", said)


if __name__ == "__main__":
    unittest.main()
