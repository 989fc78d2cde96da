"""Attack 8: after a close, the destroyed keys and people's digests are searched for in
every file and in the memory of every process. Attack 12: two ingest replicas and
rotations at the same time must not give anybody a second slot."""

import contextlib
import datetime
import hashlib
import hmac
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e/clients"))
from made_up import DAY, today, write_activities  # noqa: E402
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


def parts_found(keys, haystack):
    """How many keys of 32 bytes have a run of 16 bytes, from any of its 17 offsets, there."""
    # Each run holds bytes 8 to 15 or bytes 16 to 23: what has neither has no run.
    likely = [key for key in keys if key[8:16] in haystack or key[16:24] in haystack]
    return sum(any(key[at:at + 16] in haystack for at in range(17)) for key in likely)


def days_ago(days, command, keyring, *more):
    """What a command of the keyring said so many days ago."""
    shim = next(pathlib.Path("/usr/lib").rglob("faketime/libfaketime.so.1"), None)
    if shim is None:
        raise AssertionError("libfaketime is not installed")
    return subprocess.run([BIN / "tutti", "keyring", command, "--keyring", keyring, *more], check=True, text=True,
                          capture_output=True, env={**os.environ, "LD_PRELOAD": str(shim),
                                                    "FAKETIME": f"-{days * 24}h"}).stdout


@contextlib.contextmanager
def replica(suite, keyring, *flags):
    """One more ingest of the suite, with a keyring; gives its address."""
    address = suite.state / "second.address"
    address.unlink(missing_ok=True)
    with subprocess.Popen(
            [BIN / "tutti-ingest", "--listen=127.0.0.1:0", "--insecure_loopback", f"--port_file={address}",
             f"--aggregate={suite.aggregate}", f"--keyring={keyring}", f"--catalog={suite.catalog}", "--allow_swap",
             *flags],
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

    # Mutation: keys that a close leaves in the keyring's file or in the memory of who has
    # read it; digests that the cache of what is durable never forgets.
    def test_destroyed_keys_and_digests_are_nowhere(self):
        with Suite(ingest_flags="--cache_generation=20s") as suite:
            path = pathlib.Path(self.folder.name) / "activities.jsonl"
            first = write_activities(path, people=300, days=60)
            suite.back_fill("acme", 300, first)
            before = self.keyring(suite)
            ids = set(re.findall(rb'"subject": ?"([^"]+)"', path.read_bytes()))
            self.assertGreater(len(ids), 100)
            digests = {hmac.digest(before.identity_key, b"person\0acme\0" + name.strip().lower(), hashlib.sha256)[:16]
                       for name in ids}
            some_digests = set(sorted(digests)[:16])

            def found(needles, haystack):
                return sum(needle in haystack for needle in needles)

            suite.tutti("import", "--format", "activities", "--organization", "acme", str(path))
            ingest = memory(suite.processes()["tutti-ingest"])
            if ingest is not None:
                self.assertGreater(found(some_digests, ingest), 0, "the control: digests are cached")
            suite.publish("acme")
            suite.tutti("keyring", "forget", "--keyring", str(suite.keyring), "--organization", "acme")
            after = self.keyring(suite)
            kept = {bytes(key.key) for key in after.keys}
            destroyed = {bytes(key.key) for key in before.keys} - kept
            self.assertGreater(len(destroyed), 50)
            for key in kept | destroyed:
                self.assertEqual(len(key), 32)
            one = next(iter(destroyed))
            for at in range(17):
                self.assertEqual(parts_found({one}, b"-" + one[at:at + 16] + b"-"), 1, "the control: every run")

            # Closed windows' counters leave the files when the rewrite is over.
            deadline = time.monotonic() + 120
            while b"aof_rewrite_in_progress:0" not in suite.redis("INFO", "persistence"):
                self.assertLess(time.monotonic(), deadline)
            files = suite.files()
            for name, content in files.items():
                self.assertEqual(parts_found(destroyed, content), 0, name)
                self.assertEqual(found(digests, content), 0, name)
            self.assertGreater(parts_found(kept, suite.keyring.read_bytes()), 10, "the control")
            if ingest is None:
                print(f"attack 8: destroyed keys and digests searched in {len(files)} files: none; memory not searched")
                self.skipTest("another process's memory is read with CAP_SYS_PTRACE")

            # Memory is large; some of the needles will do there.
            destroyed, kept = set(sorted(destroyed)[:16]), set(sorted(kept)[:16])
            processes = suite.processes()
            self.assertEqual(len(processes), 4, processes)
            # Until ingest has read the new file, and its cache has expired.
            while parts_found(destroyed, ingest) or found(some_digests, ingest):
                self.assertLess(time.monotonic(), deadline, f"in ingest's memory are {parts_found(destroyed, ingest)} "
                                f"destroyed keys and {found(some_digests, ingest)} digests")
                ingest = memory(processes["tutti-ingest"])
            self.assertGreater(parts_found(kept, ingest), 10, "the control: keys in use are found")
            searched = 0
            for name, pid in processes.items():
                content = memory(pid)
                searched += len(content)
                self.assertEqual(parts_found(destroyed, content), 0, name)
                self.assertEqual(found(some_digests, content), 0, name)
                if name != "tutti-ingest":
                    self.assertEqual(parts_found(kept, content), 0, name)
            print(f"attack 8: every 16-byte run of destroyed keys, and digests, searched in {len(files)} files and "
                  f"{searched >> 20} MiB of memory: none")

    def bits(self, suite):
        """A hash of each bitmap: a difference can be shown."""
        return {k: hashlib.sha256(v).hexdigest() for k, v in suite.redis_values().items()
                if b":reach:" in k or b":day:" in k}

    # Mutation: a rotation that gives a window another key, or changes the identity key; a
    # digest of an id as it was spelled.
    def test_two_replicas_and_rotations_give_nobody_a_second_slot(self):
        # Rotated from 7 days ago up to 2 days ago, which leaves the keys of all windows
        # that the activities of the last five days are in.
        keyring = pathlib.Path(self.folder.name) / "old"
        days_ago(8, "init", keyring)
        with Suite(keyring=keyring, ingest_flags="--norotate_keyring --cache_generation=1s") as suite:
            path = pathlib.Path(self.folder.name) / "first.jsonl"
            write_activities(path, people=400, days=5)
            shouted = pathlib.Path(self.folder.name) / "shouted.jsonl"
            shouted.write_bytes(re.sub(rb'("subject": ?")([^"]+)', lambda m: m[1] + b" " + m[2].upper(), path.read_bytes()))
            suite.back_fill("acme", 400, (today() - 45 * DAY).isoformat())
            records = path.read_bytes().count(b"\n")

            def send(to, file):
                """What was said, and how many activities were taken."""
                done = subprocess.run([BIN / "tutti", "--ingest", to, "import", "--format", "activities",
                                       "--organization", "acme", file], capture_output=True, text=True)
                accepted = re.search(r"accepted +(\d+)", done.stdout)
                return done.stdout + done.stderr, int(accepted[1]) if accepted else 0

            said, accepted = send(suite.ingest, path)
            self.assertEqual(accepted, records, said)
            alone = self.bits(suite)
            self.assertGreater(len(alone), 5)
            sent = {"first": 0, "second": 0}
            stop = threading.Event()
            failures = []

            def keep_sending(name, to):
                while not stop.is_set() and not failures:
                    for file in (shouted, path):
                        said, accepted = send(to, file)
                        if accepted != records:
                            failures.append(f"{name}: {said}")
                    sent[name] += 1

            inodes = {suite.keyring.stat().st_ino}
            contents = {suite.keyring.read_bytes()}
            made = destroyed = 0
            with replica(suite, suite.keyring, "--cache_generation=1s") as second:
                threads = [threading.Thread(target=keep_sending, args=(name, to))
                           for name, to in (("first", suite.ingest), ("second", second))]
                for thread in threads:
                    thread.start()
                try:
                    for half_days in range(14, 3, -1):
                        said = days_ago(half_days / 2, "rotate", suite.keyring)
                        now_made, now_destroyed = map(int, re.findall(r"\d+", said))
                        made, destroyed = made + now_made, destroyed + now_destroyed
                        inodes.add(suite.keyring.stat().st_ino)
                        contents.add(suite.keyring.read_bytes())
                        # Both replicas send everything once more, all of it after this rotation.
                        until = {name: count + 2 for name, count in sent.items()}
                        deadline = time.monotonic() + 120
                        while any(sent[name] < until[name] for name in sent) and not failures:
                            self.assertLess(time.monotonic(), deadline, "the replicas do not get on")
                            time.sleep(0.01)
                finally:
                    stop.set()
                    for thread in threads:
                        thread.join()
            self.assertEqual(failures, [])
            self.assertGreater(len(contents), 5, "the keyring was hardly replaced")
            self.assertGreater(len(inodes), 1)
            self.assertGreater(made, 5)
            self.assertGreater(destroyed, 5)
            self.assertEqual(alone, self.bits(suite))

            # The control: what a second slot would look like. A keyring with the windows' keys
            # and another identity key cannot be told from the first one, and gives other
            # bits; the one that somebody made anew is refused, and gives none.
            other = suite.state / "other"
            changed = self.keyring(suite)
            changed.format = 1
            changed.ClearField("checksum")
            changed.identity_key = bytes(byte ^ 1 for byte in changed.identity_key)
            other.touch(0o600)
            other.write_bytes(changed.SerializeToString())
            shutil.copy(f"{suite.keyring}.optout", f"{other}.optout")
            with replica(suite, other) as second:
                self.assertEqual(send(second, path)[1], records)
            twice = self.bits(suite)
            self.assertNotEqual(alone, twice, "the control")
            other.unlink()
            suite.tutti("keyring", "init", "--keyring", str(other))
            with replica(suite, other) as second:
                self.assertEqual(send(second, path)[1], 0)
            self.assertEqual(twice, self.bits(suite))
            print(f"attack 12: {len(alone)} bitmaps are the same after two replicas sent all {sent['first']} and "
                  f"{sent['second']} times in other spellings, while {len(contents) - 1} rotations made {made} keys and "
                  f"destroyed {destroyed}; another keyring is refused")

    # Mutation: a rotation that leaves the keys of past windows to `forget` alone.
    def test_rotation_destroys_keys_of_a_back_fill_that_nobody_ended(self):
        keyring = pathlib.Path(self.folder.name) / "unended"
        days_ago(40, "init", keyring)
        said = days_ago(39, "extend", keyring, "--organization", "acme", "--from", (today() - 80 * DAY).isoformat())
        last = datetime.date.fromisoformat(re.search(r"Finish the back-fill by (\S+):", said)[1])
        self.assertIn((last - today()).days, (-9, -8), "30 days; it may be tomorrow at UTC+14")

        def secrets():
            keys = self.keyring_pb2.Keyring.FromString(keyring.read_bytes()).keys
            return {bytes(key.key) for key in keys if key.organization == "acme"}

        made = secrets()
        self.assertGreater(len(made), 50)
        days_ago(10, "rotate", keyring, "--force")
        self.assertEqual(secrets(), made, "the control")
        days_ago(6, "rotate", keyring)
        self.assertEqual(secrets(), set())
        self.assertEqual(parts_found(made, keyring.read_bytes()), 0)

    # Mutations: an aggregate that binds no window to the id of its first key, or one that
    # looks only at windows which somebody wrote to.
    def test_a_lost_keyring_spoils_open_windows_and_restarts_none(self):
        with Suite() as suite:
            path = pathlib.Path(self.folder.name) / "lost.jsonl"
            first = write_activities(path, people=300, days=45)
            suite.back_fill("acme", 300, first)
            suite.tutti("import", "--format", "activities", "--organization", "acme", str(path))
            # Nobody in it does anything any more.
            suite.back_fill("quiet", 300, first)
            suite.tutti("import", "--format", "activities", "--organization", "quiet", str(path))
            before = {k: v for k, v in suite.redis_values().items() if b":reach:" in k}
            # An operator who lost the file makes a new one, and starts ingest anew.
            other = suite.state / "other"
            suite.tutti("keyring", "init", "--keyring", str(other))
            suite.tutti("keyring", "extend", "--keyring", str(other), "--organization", "acme", "--from", first)
            new = re.search(r"keyring ([0-9a-f]{32})", suite.tutti("keyring", "show", "--keyring", str(other)))[1]
            with suite.adopting_aggregate(new) as adopting, replica(suite, other, f"--aggregate={adopting}") as second:
                while subprocess.run([BIN / "tutti", "health", "--ready", second], capture_output=True).returncode != 0:
                    time.sleep(0.1)
                subprocess.run([BIN / "tutti", "--ingest", second, "import", "--format", "activities",
                                "--organization", "acme", path], check=False, capture_output=True)
            after = {k: v for k, v in suite.redis_values().items() if b":reach:" in k}
            self.assertEqual(before, after, "bits under another key went into a window")
            for organization in ("acme", "quiet"):
                suite.tutti("organizations", "finish-backfill", organization, "--yes")
                outcome = suite.tutti("publish", organization, "--wait", "30", check=False)
                said = outcome.stdout + outcome.stderr
                self.assertIn("incomplete", said.lower())
                self.assertNotIn("  published", said)


if __name__ == "__main__":
    unittest.main()
