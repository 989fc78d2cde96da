"""What the running services keep, compared with what they say that they keep. Every command that
reaches Redis is watched, so that keys are seen that live for less than a script: each must be named
as a row of common/redis/keys.cc, be of its type, and be told its lifetime, and every row must be
met. The same of the files that services and command line write."""

import json
import pathlib
import re
import subprocess
import tempfile
import threading
import unittest

from made_up import write_activities
from suite import BIN, Suite

# A mean is published of so many organisations.
PEERS = 11
# Rows that this does not meet, and why.
KEYS_NOT_MET = {
    "journal-identity": "the journal is a file here; redis_journal_test compares those of a server",
    "journal:$0": "as above",
    "journal:-bound": "as above",
}
FILES_NOT_MET = {
    ("keyring", ".new"): "is there only while the keyring is being replaced",
    ("optout", ".new"): "is there only while the list is being replaced",
}
# Where the throwaway suite itself, or redis-server, writes.
NOT_OURS = ("redis/", "secrets/", "tls/", "tokens/")
# What names look like where a row has a number, see KeyRow.
PARTS = [r"[a-z0-9][a-z0-9-]{0,62}", r"\d{4}-\d\d-\d\d", r"[a-z_]+", r"\S+", r"\d\d?"]
READS = {"ping", "auth", "get", "mget", "exists", "type", "strlen", "hget", "hgetall", "hexists", "hkeys", "zrange",
         "zrevrange", "zrangebyscore", "scan", "eval", "multi", "exec", "publish", "bgrewriteaof", "wait", "role", "info",
         "time", "cluster", "config", "subscribe", "unsubscribe", "command", "client"}
WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"')
EVERYTHING = """local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  table.insert(found, key .. ' ' .. redis.call('TYPE', key).ok .. ' ' .. redis.call('TTL', key))
end
return found"""
INSPECTOR = "user inspector on nopass resetchannels &* allkeys +@all"


def rows():
    """The rows of keys and of files."""
    lines = subprocess.run([BIN / "print_retention"], capture_output=True, text=True, check=True).stdout.splitlines()
    split = [line.split("\t") for line in lines]
    return [row[1:] for row in split if row[0] == "key"], [row[1:] for row in split if row[0] == "file"]


class Watched:
    """What Redis holds after each step, by what it was told: type and lifetime of every key."""

    def __init__(self):
        self.now = {}  # key -> (type, lifetime in seconds or None)
        self.seen = set()  # of (key, type, lifetime), after every script and transaction
        self.unknown = set()
        self.touched = set()
        self.in_step = False

    def settle(self):
        for key in self.touched:
            if key in self.now:
                self.seen.add((key, *self.now[key]))
        self.touched.clear()

    def put(self, key, kind, lifetime=None, keep=False):
        """Writes a key: anew, or into what is there, which keeps its type and lifetime."""
        if not keep or key not in self.now:
            self.now[key] = (kind, lifetime)
        self.touched.add(key)

    def take(self, line):
        match = re.match(rb'\+?\d+\.\d+ \[\d+ ([^\]]*)\] ', line)
        if match is None:
            return
        words = [word.decode("latin-1") for word in WORD.findall(line[match.end():])]
        name = words[0].lower()
        # Scripts' own commands follow theirs; those of a transaction are between two words.
        if match[1] != b"lua" and not self.in_step:
            self.settle()
        if name in ("multi", "exec"):
            self.in_step = name == "multi"
            return
        self.apply(name, words[1:])

    def apply(self, name, words):
        if name == "set":
            options = [word.lower() for word in words[2:]]
            if "nx" in options and words[0] in self.now:
                return
            lifetime = None
            for unit, seconds in (("ex", 1), ("px", 1000)):
                if unit in options:
                    lifetime = int(words[3 + options.index(unit)]) / seconds
            self.put(words[0], "string", lifetime)
        elif name in ("setbit", "bitfield"):
            self.put(words[0], "string", keep=True)
        elif name == "bitop":
            self.put(words[1], "string")
        elif name in ("hset", "rpush", "zadd"):
            self.put(words[0], {"hset": "hash", "rpush": "list", "zadd": "zset"}[name], keep=True)
        elif name in ("rename", "renamenx"):
            if words[0] in self.now and not (name == "renamenx" and words[1] in self.now):
                # What is made and renamed in one step was there all the same.
                if words[0] in self.touched:
                    self.seen.add((words[0], *self.now[words[0]]))
                self.now[words[1]] = self.now.pop(words[0])
                self.touched.update(words[:2])
        elif name == "expire":
            if words[0] in self.now:
                self.put(words[0], self.now[words[0]][0], int(words[1]))
        elif name in ("del", "unlink"):
            # So was what is made and deleted in one step.
            for key in words:
                if key in self.now and key in self.touched:
                    self.seen.add((key, *self.now[key]))
                self.now.pop(key, None)
        elif name not in READS and name != "hdel":
            self.unknown.add(name)


class RetentionTest(unittest.TestCase):
    def matching(self, key, kind, lifetime):
        """The rows that a key is of."""
        found = []
        for name, types, seconds, where, _ in self.keys:
            pattern = re.sub(r"\\\$(\d)", lambda part: PARTS[int(part[1])], re.escape(name))
            told = None if seconds == "-" else int(seconds)
            if where == "Redis" and re.fullmatch(pattern, key) and kind in types.split() and lifetime == told:
                found.append((name, seconds))
        return found

    def live(self, suite, folder):
        """Has the suite do everything that leaves something in Redis."""
        path, many = pathlib.Path(folder) / "activities.jsonl", pathlib.Path(folder) / "many.jsonl"
        first = write_activities(path, people=20, days=75)
        # So many bits at once are sent as a bitmap.
        write_activities(many, people=170, days=5)
        names = [f"peer-{i:02}" for i in range(PEERS)]
        for i, name in enumerate(names):
            suite.back_fill(name, 170 + i * 5, first, "--source", "activities", "--region", "Europe")
            suite.tutti("import", "--format", "activities", "--organization", name, str(path))
        suite.tutti("import", "--format", "activities", "--organization", names[0], str(many))
        for name in names:
            suite.publish(name)
        suite.tutti("publish")
        told = json.loads(suite.tutti("benchmark", "peer-05", "--format", "json"))
        self.assertEqual(told["organizations"], 10, "the control: there is a mean")
        suite.tutti("score", "peer-05")
        suite.tutti("organizations", "pause", "peer-01")
        suite.tutti("organizations", "erase", "peer-02", "--yes")

    # Mutations: a key that a store makes by itself; a lifetime that a store is given by itself; a
    # guard without one; a row that nothing is of.
    def test_redis_holds_what_the_rows_say_and_nothing_else(self):
        self.keys, _ = rows()
        with tempfile.TemporaryDirectory() as folder, \
                Suite(aggregate_flags="--sweep_interval=1s", redis_users=INSPECTOR) as suite:
            inspector = ["redis-cli", "-s", suite.state / "redis/redis.sock", "--user", "inspector", "--pass", "any",
                         "--no-auth-warning"]

            def ask(*words):
                return subprocess.run([*inspector, *words], capture_output=True, text=True, check=True).stdout

            def everything():
                """Type and seconds to live, or -1, of every key."""
                lines = ask("--raw", "EVAL", EVERYTHING, "0").splitlines()
                return {key: (kind, float(left)) for key, kind, left in (line.rsplit(" ", 2) for line in lines)}

            watched = Watched()
            # What the services wrote before anybody watched.
            begun = everything()
            monitor = subprocess.Popen([*inspector, "MONITOR"], stdout=subprocess.PIPE)
            try:
                self.assertEqual(monitor.stdout.readline(), b"OK\n")
                ended = threading.Event()

                def watch():
                    for line in monitor.stdout:
                        if b"the end of the watch" in line:
                            break
                        watched.take(line)
                    watched.settle()
                    ended.set()

                watcher = threading.Thread(target=watch)
                watcher.start()
                self.live(suite, folder)
                ask("ECHO", "the end of the watch")
                self.assertTrue(ended.wait(120))
            finally:
                monitor.kill()
                monitor.communicate()
                watcher.join()
            self.assertEqual(watched.unknown, set(), "a command that this test knows nothing of")

            met, strays = set(), []
            seen = watched.seen | {(key, kind, None if left < 0 else left) for key, (kind, left) in begun.items()}
            for key, kind, lifetime in sorted(seen, key=str):
                found = self.matching(key, kind, lifetime)
                met.update(found)
                if not found:
                    strays.append(f"{key}, a {kind} that lives for {lifetime or 'ever'}")
            self.assertEqual(strays, [], "no row of common/redis/keys.cc has these")
            named = {(name, seconds) for name, _, seconds, _, _ in self.keys}
            self.assertEqual({name for name, _ in named - met}, set(KEYS_NOT_MET), "rows that nothing was found of")

            # The control: what was watched is what is there.
            checked = 0
            for key, (kind, left) in everything().items():
                if key in begun and key not in watched.now:
                    continue
                checked += 1
                self.assertIn(key, watched.now)
                expected, lifetime = watched.now[key]
                self.assertEqual(kind, expected, key)
                if lifetime is None:
                    self.assertEqual(left, -1, key)
                else:
                    self.assertTrue(0 <= left <= lifetime, f"{key}: {left} s of {lifetime}")
            self.assertGreater(checked, 100)
            print(f"{len(seen)} states of keys are of {len(met)} rows; {checked} keys are as they were told")

    # Mutations: a file beside the keyring that no entry has; an audit log without an entry.
    def test_files_are_those_that_the_rows_say(self):
        _, files = rows()
        with tempfile.TemporaryDirectory() as folder, Suite(tls=True) as suite:
            path = pathlib.Path(folder) / "activities.jsonl"
            first = write_activities(path, people=60, days=30)
            suite.back_fill("acme", 100, first)
            suite.tutti("import", "--format", "activities", "--organization", "acme", str(path))
            suite.publish("acme")
            ids = pathlib.Path(folder) / "ids"
            ids.write_text("person-1@made-up.example\n")
            with ids.open() as lines:
                subprocess.run([BIN / "tutti", "optout", "add", "--keyring", suite.keyring, "--organization", "acme"],
                               stdin=lines, check=True, capture_output=True)
            paths = {"keyring": [suite.keyring], "optout": [pathlib.Path(f"{suite.keyring}.optout")],
                     "journal": [suite.state / "journal"],
                     "audit_log": [suite.state / f"log/{name}.audit" for name in ("ingest", "aggregate", "score")],
                     "port_file": [suite.state / f"{name}.address" for name in ("ingest", "aggregate", "score")]}
            self.assertEqual({flag for flag, _, _ in files}, set(paths))
            expected = {f"{at}{suffix}": (flag, suffix) for flag, suffix, _ in files for at in paths[flag]}
            # To which the suite sends what services say.
            logs = {str(suite.state / f"log/{name}") for name in ("ingest", "aggregate", "score", "redis", "tls")}
            met, strays = set(), []
            for at in (path for path in suite.state.rglob("*") if path.is_file()):
                if str(at.relative_to(suite.state)).startswith(NOT_OURS) or str(at) in logs or at.stat().st_size == 0:
                    continue
                if str(at) in expected:
                    met.add(expected[str(at)])
                else:
                    strays.append(at.name)
            self.assertEqual(strays, [], "no entry of common/retention has these files")
            self.assertEqual({(flag, suffix) for flag, suffix, _ in files} - met, set(FILES_NOT_MET))


if __name__ == "__main__":
    unittest.main()
