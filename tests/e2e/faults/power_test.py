"""Power fails on a machine with one redis-server, an aggregate with its journal in a file, and a keyring: what was
acknowledged is there, no window is drawn twice, no keyring is half written. TUTTI_LOSSES=200 for the long form."""

import contextlib
import datetime
import hashlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

from callers import HEADCOUNT, INGEST, PEERS, Batch, today  # noqa: E402
from checks import Comparison, publications, reference_bitmaps  # noqa: E402
from fleet import FAKETIME, wait_for  # noqa: E402
from lossy_disk import SHIM, LossyDisk  # noqa: E402
from redis_client import RedisClient, RedisError  # noqa: E402
from suite import BIN, SOURCE, make_stubs  # noqa: E402

LOSSES = int(os.environ.get("TUTTI_LOSSES", "12"))
SEED = int(os.environ.get("TUTTI_SEED", "3"))


def _runs(group):
    """Whether a process of the group is left that is more than a number."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of_group = stat.read_text().rsplit(")", 1)[1].split()[:3]
            if int(of_group) == group and state not in "ZX":
                return True
    return False


class TornFilesError(RuntimeError):
    """redis-server does not start on the files that a loss of power has left."""


class Machine:
    """Redis and aggregate, on a disk that forgets; ingest on another machine, that stays."""

    def __init__(self, folder, skip):
        self.folder = folder
        self.redis_disk = LossyDisk(folder / "redis", folder / "kept/redis", skip)
        self.journal_disk = LossyDisk(folder / "journal", folder / "kept/journal")
        self.over = threading.Event()
        self.keyring = folder / "keyring"
        self.running = {}
        self.channels = {}
        self.losses = 0
        text = (SOURCE / "deploy/redis/users.acl").read_text()
        for user in ("aggregate", "score"):
            (folder / user).write_text(f"password of {user}")
            digest = hashlib.sha256((folder / user).read_bytes()).hexdigest()
            text = text.replace(f"@{user.upper()}_PASSWORD_SHA256@", digest)
        (folder / "users.acl").write_text(text + "\nuser inspector on nopass ~* &* +@all\n")
        subprocess.run([BIN / "tutti", "keyring", "init", "--keyring", self.keyring], check=True, capture_output=True)
        try:
            self.boot()
        except BaseException:
            self.stop()
            raise
        self._start("ingest", [BIN / "tutti-ingest", f"--listen=unix:{folder}/ingest.sock", "--insecure_loopback",
                               f"--catalog={SOURCE}/deploy/catalog/adoption.textproto", "--rotate_keyring",
                               f"--aggregate=unix:{folder}/aggregate.sock", f"--keyring={self.keyring}", "--allow_swap",
                               "--calls_per_second=1e9"], {})
        self.channels = {name: grpc.insecure_channel(f"unix:{folder}/{name}.sock", [
            ("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 100),
            ("grpc.enable_retries", 0)]) for name in ("ingest", "aggregate")}

    def _start(self, name, words, environment):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log,
                                                  env={**os.environ, **environment}, start_new_session=True)

    def boot(self):
        self._start("redis", ["redis-server", SOURCE / "deploy/redis/redis.conf", "--dir", self.redis_disk.root,
                              "--aclfile", self.folder / "users.acl", "--unixsocket", self.folder / "redis.sock"],
                    self.redis_disk.environment)
        # Start order does not matter to a supervisor: who cannot start is started again.
        wait_for(self._redis_is_up, "redis-server")
        with self.redis() as redis:  # as if the minute had passed in which the dead aggregate's leases end
            for key in redis("KEYS", "*:lease"):
                redis("DEL", key)
        self._start("aggregate", [BIN / "tutti-aggregate", f"--listen=unix:{self.folder}/aggregate.sock",
                                  "--insecure_loopback", f"--catalog={SOURCE}/deploy/catalog/adoption.textproto",
                                  f"--redis_socket={self.folder}/redis.sock",
                                  f"--redis_password_file={self.folder}/aggregate",
                                  f"--journal={self.journal_disk.root}/journal", "--policy_lease=1s",
                                  "--calls_per_second=1e9"], self.journal_disk.environment)

    def _redis_is_up(self):
        if self.running["redis"].poll() is not None:
            kind = TornFilesError if self.losses else RuntimeError
            raise kind("redis-server did not start: " + (self.folder / "redis.log").read_text()[-2000:])
        with contextlib.suppress(OSError, RedisError), self.redis() as redis:
            return redis("PING") == b"PONG"
        return False

    def is_ready(self):
        with contextlib.suppress(grpc.RpcError):
            name = b"tutti.aggregate.v1.AggregateService"
            return self.channels["aggregate"].unary_unary("/grpc.health.v1.Health/Check")(
                b"\x0a" + bytes([len(name)]) + name, timeout=5) == b"\x08\x01"
        return False

    def journal(self):
        """(organisation, end day) of every entry."""
        lines = (self.journal_disk.root / "journal").read_text().splitlines()[1:]
        return {tuple(line.split(" ")[:2]) for line in lines}

    def redis(self):
        return RedisClient(unix=self.folder / "redis.sock")

    def lose_power(self, draw):
        self.losses += 1
        # All at one time, and with them the process that rewrites Redis's files.
        for name in ("redis", "aggregate"):
            os.killpg(self.running[name].pid, signal.SIGSTOP)
        for name in ("redis", "aggregate"):
            os.killpg(self.running[name].pid, signal.SIGKILL)
            self.running[name].wait()
            wait_for(lambda group=self.running[name].pid: not _runs(group), f"the end of {name}")
        self.redis_disk.lose_power(draw)
        self.journal_disk.lose_power(draw)
        for name in ("redis", "aggregate"):
            (self.folder / f"{name}.sock").unlink(missing_ok=True)

    def stop(self):
        for channel in self.channels.values():
            channel.close()
        for process in self.running.values():
            process.kill()
            process.wait()

    def call(self, name, method, request):
        """Until it answers well, or all is over; nothing then."""
        while not self.over.is_set():
            try:
                return self.channels[name].unary_unary(method)(request.SerializeToString(), timeout=15)
            except grpc.RpcError as error:
                if error.code().name in ("ALREADY_EXISTS", "INVALID_ARGUMENT", "NOT_FOUND"):
                    break
                time.sleep(0.02)
        return b""

    def create(self, name, headcount):
        from tutti.aggregate.v1 import organization_pb2
        first = (today() - datetime.timedelta(days=8 * 7)).isoformat()
        request = organization_pb2.CreateOrganizationRequest(backfill=True)
        request.organization.name = f"organizations/{name}"
        request.organization.headcount = headcount
        request.organization.first_day = first
        request.organization.sources.append("activities")
        self.call("aggregate", "/tutti.aggregate.v1.OrganizationService/CreateOrganization", request)
        subprocess.run([BIN / "tutti", "keyring", "extend", "--keyring", self.keyring, "--organization", name,
                        "--from", first], check=True, capture_output=True)


class Work:
    """What goes on while the power fails: new people all the time, and organisations that are published."""

    def __init__(self, machine):
        self.machine = machine
        self.organizations = ["org-0", "org-1"]
        self.batches, self.published, self.records = [], [], {}
        self.closed = {}
        self.over = machine.over
        self.publishing = threading.Event()
        for name in self.organizations:
            machine.create(name, HEADCOUNT)
        self.threads = [threading.Thread(target=self.produce, args=(name,)) for name in self.organizations]
        self.threads.append(threading.Thread(target=self.publish))
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def produce(self, name):
        from tutti.ingest.v1 import ingest_pb2
        number = 0
        while not self.over.is_set():
            batch = Batch(name, number, 5)
            number += 1
            self.batches.append(batch)
            with contextlib.suppress(grpc.RpcError):
                answer = ingest_pb2.IngestActivitiesResponse.FromString(
                    self.machine.channels["ingest"].unary_unary(INGEST)(batch.request().SerializeToString(), timeout=15))
                batch.acknowledged = answer.accepted_count == batch.size
            if not batch.acknowledged:
                self.over.wait(0.02)

    def publish(self):
        from tutti.aggregate.v1 import aggregate_pb2, organization_pb2
        number = 0
        while not self.over.is_set():
            name = f"peer-{number}"
            number += 1
            self.machine.create(name, PEERS)
            while not self.over.is_set():
                with contextlib.suppress(grpc.RpcError):
                    self.machine.channels["ingest"].unary_unary(INGEST)(
                        Batch(name, 0, PEERS).request().SerializeToString(), timeout=15)
                    break
                self.over.wait(0.05)
            self.machine.call("aggregate", "/tutti.aggregate.v1.OrganizationService/FinishBackfill",
                              organization_pb2.FinishBackfillRequest(name=f"organizations/{name}"))
            ask = aggregate_pb2.PublishDueWindowsRequest(organization=f"organizations/{name}")
            while not self.over.is_set():
                self.publishing.set()
                answer = aggregate_pb2.PublishDueWindowsResponse.FromString(self.machine.call(
                    "aggregate", "/tutti.aggregate.v1.AggregateService/PublishDueWindows", ask))
                for window in answer.windows:
                    self.closed[window.score] = self.closed.get(window.score, 0) + 1
                    if window.outcome != aggregate_pb2.CLOSE_OUTCOME_PUBLISHED:
                        self.closed[f"{window.score} was not published"] = 2
                self.keep_records(name)
                if not answer.busy_organizations and answer.next_due_time.ToSeconds() > time.time() + 3600:
                    self.published.append(name)
                    break
                self.over.wait(0.1)

    def keep_records(self, name):
        """What a reader would have seen."""
        with contextlib.suppress(OSError, RedisError), self.machine.redis() as redis:
            for key in redis("KEYS", f"{{{name}}}:pub:2*"):
                self.records.setdefault(key, redis("GET", key))


def values_of(redis):
    read = {b"string": lambda key: redis("GET", key), b"zset": lambda key: redis("ZRANGE", key, 0, -1),
            b"hash": lambda key: dict(zip(*[iter(redis("HGETALL", key))] * 2))}
    return {key: read[kind](key) for key in redis("KEYS", "*") if (kind := redis("TYPE", key)) in read}


class PowerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir="/dev/shm")))
        (cls.folder / "stubs").mkdir()
        make_stubs(cls.folder / "stubs")

    def run_losses(self, name, losses, skip=0):
        """What was found after so many losses of power, half of them while a window is published."""
        draw = random.Random(SEED)
        folder = self.folder / name
        folder.mkdir()
        machine = Machine(folder, skip)
        try:
            work = Work(machine)
            try:
                # The organisations themselves are on the disk by then, on the control's, too.
                wait_for(lambda: sum(batch.acknowledged for batch in work.batches) > 200, "activities")
                for loss in range(losses):
                    if loss % 2:
                        work.publishing.clear()
                        work.publishing.wait(5)
                        time.sleep(draw.uniform(0.0, 0.4))
                    else:
                        time.sleep(draw.uniform(0.2, 1.0))
                    machine.lose_power(draw)
                    machine.boot()
                time.sleep(1)
                wait_for(machine.is_ready, "aggregate, after the last loss")
            finally:
                work.stop()
            with machine.redis() as redis:
                values = values_of(redis)
            acknowledged, attempted = reference_bitmaps(machine.keyring, work.organizations, work.batches)
            present = {key: value for key, value in values.items() if key in attempted}
            compared = Comparison(acknowledged, present, attempted)
            found = compared.faults() + publications(values, work)
            found += [f"{key.decode()} is another record than before" for key, record in work.records.items()
                      if values.get(key) != record]
            journal = machine.journal()
            found += [f"the journal does not know {key.decode()}" for key in values if b":pub:2" in key and
                      (key.decode()[1:].split("}")[0], key.decode().rsplit(":", 1)[1]) not in journal]
            print(f"{name}: {losses} losses of power, {machine.redis_disk.torn + machine.journal_disk.torn} files with a "
                  f"part of what was not synchronised; {compared}; {len(work.records)} records of "
                  f"{len(work.published)} organisations", *found, sep="\n  ")
            return found
        except BaseException:
            for path in sorted(folder.glob("*.log")):
                print(f"---- {path.name}", *path.read_text(errors="replace").splitlines()[-15:], sep="\n")
            raise
        finally:
            machine.stop()

    # Mutations: appendfsync no in redis.conf; a journal without fdatasync.
    def test_what_was_acknowledged_survives(self):
        self.assertEqual(self.run_losses("synchronised", LOSSES), [])

    def test_the_control_loses(self):
        """A disk that keeps one synchronisation of fifty, as a server that synchronises once a second."""
        try:
            found = self.run_losses("seldom", 3, skip=49)
        except TornFilesError:
            return  # all of it is lost, for redis-server does not take its own files any more
        self.assertTrue(any("are lost" in line for line in found))

    # Mutations: a keyring that is written in place; a rename before fsync, or without the folder's.
    def test_a_keyring_is_whole_and_never_forgets_what_was_made(self):
        """The power fails before each step of each change: the keyring is the old or the new one."""
        draw = random.Random(SEED)
        losses = 0
        first = (today() - datetime.timedelta(days=8 * 7)).isoformat()
        for change in (["rotate"], ["extend", "--organization", "acme", "--from", first],
                       ["forget", "--organization", "acme"]):
            for step in range(1, 20):
                folder = self.folder / f"{change[0]}-{step}"
                disk = LossyDisk(folder / "disk", folder / "kept")
                keyring = disk.root / "keyring"

                def tutti(*words, die_at=0):
                    environment = {**os.environ, **disk.environment, "LOSSY_DIE_AT": str(die_at)}
                    if words[0] == "rotate":  # a week has passed: keys are made, and some destroyed
                        environment |= {"LD_PRELOAD": f"{SHIM} {FAKETIME}", "FAKETIME": "+7d", "NO_FAKE_STAT": "1"}
                    return subprocess.run([BIN / "tutti", "keyring", *words, "--keyring", keyring], capture_output=True,
                                          text=True, check=False, env=environment)

                self.assertEqual(tutti("init").returncode, 0)
                if change[0] == "forget":
                    self.assertEqual(tutti("extend", "--organization", "acme", "--from", first).returncode, 0)
                old = keyring.read_bytes()
                done = tutti(*change, die_at=step)
                new = keyring.read_bytes()
                disk.lose_power(draw)
                losses += 1
                self.assertIn(keyring.read_bytes(), (old, new) if done.returncode else (new,), f"{change}, step {step}")
                self.assertEqual(tutti("show").returncode, 0)
                self.assertEqual(tutti(*change).returncode, 0, "the change can be made again")
                if done.returncode == 0:
                    break
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(step, 2, "nothing was synchronised")
        print(f"{losses} losses of power while a keyring changed")


if __name__ == "__main__":
    unittest.main()
