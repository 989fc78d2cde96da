"""Power fails under redis-server, an aggregate, its journal in a file or in a redis-server of its own, and a keyring:
what was acknowledged is there, no window is drawn twice, no keyring is half written. TUTTI_LOSSES=200 for the long form."""

import contextlib
import datetime
import hashlib
import os
import pathlib
import random
import re
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
from checks import Comparison, bitmaps_of, publications, reference_bitmaps  # noqa: E402
from fleet import FAKETIME  # noqa: E402
from lossy_disk import SHIM, LossyDisk  # noqa: E402
from redis_client import RedisClient, RedisError  # noqa: E402
from suite import BIN, SOURCE, free_port, make_stubs, wait_for  # noqa: E402

LOSSES = int(os.environ.get("TUTTI_LOSSES", "12"))
SEED = int(os.environ.get("TUTTI_SEED", "3"))
SELDOM = {"redis": "everysec", "journal": "no"}  # how a weak server synchronises
DELAY_US = 20_000  # of a synchronisation: else power hardly ever fails between a write and that


def _runs(group):
    """Whether a process of the group is left that is more than a number."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of_group = stat.read_text().rsplit(")", 1)[1].split()[:3]
            if int(of_group) == group and state not in "ZX":
                return True
    return False


class TornFilesError(RuntimeError):
    """redis-server does not take the files that a loss of power has left."""


class Machine:
    """Redis and aggregate, on disks that forget; ingest on another machine, that stays."""

    def __init__(self, folder, journal_redis, weak):
        """`journal_redis`: the journal is in a redis-server, on a machine of its own; else in a file beside aggregate.
        `weak`: which redis-server synchronises too seldom, "redis" or "journal"; aggregate does not notice."""
        self.folder, self.journal_redis, self.weak = folder, journal_redis, weak
        self.disks = {name: LossyDisk(folder / name, folder / "kept" / name, DELAY_US) for name in ("redis", "journal")}
        self.over = threading.Event()
        self.keyring = folder / "keyring"
        self.journal_port = free_port()
        self.running = {}
        self.channels = {}
        self.losses = 0
        for user in ("aggregate", "score"):
            (folder / user).write_text(f"password of {user}")
        for template in ("users", "journal"):
            text = (SOURCE / f"deploy/redis/{template}.acl").read_text()
            for user in ("aggregate", "score"):
                digest = hashlib.sha256((folder / user).read_bytes()).hexdigest()
                text = text.replace(f"@{user.upper()}_PASSWORD_SHA256@", digest)
            (folder / f"{template}.acl").write_text(text + "\nuser inspector on nopass ~* &* +@all\n")
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

    def _start_redis(self, name, acl, *flags):
        seldom = ["--appendfsync", SELDOM[name]] if name == self.weak else []
        self._start(name, ["redis-server", SOURCE / "deploy/redis/redis.conf", "--dir", self.disks[name].root,
                           "--aclfile", self.folder / acl, "--unixsocket", self.folder / f"{name}.sock", *flags, *seldom],
                    self.disks[name].environment)
        # Start order does not matter to a supervisor: who cannot start is started again.
        wait_for(lambda: self._is_up(name), f"redis-server ({name})")

    def boot(self):
        """Starts what does not run."""
        if "redis" not in self.running:
            self._start_redis("redis", "users.acl")
        if self.journal_redis and "journal" not in self.running:
            self._start_redis("journal", "journal.acl", "--bind", "127.0.0.1", "--port", self.journal_port)
        if "aggregate" in self.running:
            return
        with self.redis() as redis:  # as if the minute had passed in which the dead aggregate's leases end
            for key in redis("KEYS", "*:lease"):
                redis("DEL", key)
        journal = [f"--journal={self.disks['journal'].root}/journal"]
        environment = self.disks["journal"].environment
        if self.journal_redis:
            journal = [f"--journal_redis=127.0.0.1:{self.journal_port}",
                       f"--journal_redis_password_file={self.folder}/aggregate"]
            environment = {}
        if self.weak:
            shims = [environment.get("LD_PRELOAD", ""), str(BIN / "credulous.so")]
            environment = {**environment, "LD_PRELOAD": " ".join(shims), "BELIEVES": "disk"}
        self._start("aggregate", [BIN / "tutti-aggregate", f"--listen=unix:{self.folder}/aggregate.sock",
                                  "--insecure_loopback", f"--catalog={SOURCE}/deploy/catalog/adoption.textproto",
                                  f"--redis_socket={self.folder}/redis.sock",
                                  f"--redis_password_file={self.folder}/aggregate", *journal, "--policy_lease=1s",
                                  "--calls_per_second=1e9"], environment)

    def _is_up(self, name):
        if self.running[name].poll() is not None:
            log = (self.folder / f"{name}.log").read_text()
            torn = self.losses and re.search("truncated file is not the last file|Bad file format", log)
            raise (TornFilesError if torn else RuntimeError)(f"redis-server ({name}) did not start: {log[-2000:]}")
        with contextlib.suppress(OSError, RedisError), self.redis(name) as redis:
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
        if not self.journal_redis:
            lines = (self.disks["journal"].root / "journal").read_text().splitlines()[1:]
            lines = [line for line in lines if line != "bound"]
            return {tuple(line.split(" ")[:2]) for line in lines}
        with self.redis("journal") as redis:
            return {(key.decode().split(":")[1], day.decode())
                    for key in redis("KEYS", "journal:[a-z0-9]*") for day in redis("HKEYS", key)}

    def forgotten(self):
        """The records that the journal does not know."""
        with self.redis() as redis:
            records = [key.decode() for key in redis("KEYS", "*:pub:2*")]
        known = self.journal()
        return [key for key in records if (key[1:].split("}")[0], key.rsplit(":", 1)[1]) not in known]

    def redis(self, name="redis"):
        return RedisClient(unix=self.folder / f"{name}.sock")

    def struck(self, draw):
        """Whom the next loss of power hits: those of one machine together, machines together or alone."""
        if self.weak == "journal":
            return ["journal"]
        if not self.journal_redis:
            return ["redis", "aggregate"]
        machines = ["redis", "journal", "aggregate"]
        return draw.sample(machines, draw.choice((1, 2, 3, 3)))

    def lose_power(self, draw):
        self.losses += 1
        names = self.struck(draw)
        # All at one time, and with them the process that rewrites Redis's files.
        for name in names:
            os.killpg(self.running[name].pid, signal.SIGSTOP)
        for name in names:
            process = self.running.pop(name)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            wait_for(lambda group=process.pid: not _runs(group), f"the end of {name}")
            (self.folder / f"{name}.sock").unlink(missing_ok=True)
        # A journal in a file is on aggregate's disk.
        for name in names if self.journal_redis else self.disks:
            if name in self.disks:
                self.disks[name].lose_power(draw)

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

    def acknowledged(self):
        return sum(batch.acknowledged for batch in self.batches)

    def await_progress(self, publishing):
        """Until activities are acknowledged again after a loss of power, and a window is being published."""
        before = self.acknowledged()
        wait_for(lambda: self.acknowledged() > before + 3, "activities after a loss of power")
        if publishing:
            self.publishing.clear()
            wait_for(self.publishing.is_set, "windows to be published after a loss of power")

    def await_records(self, more):
        """Until there are more records than now."""
        with self.machine.redis() as redis:
            before = len(redis("KEYS", "*:pub:2*"))
            wait_for(lambda: len(redis("KEYS", "*:pub:2*")) >= before + more, "records")

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
                # What is to be done next is at the next midnight, not before ingest's lease is over.
                if not answer.busy_organizations and answer.next_due_time.ToSeconds() > time.time() + 10:
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

    def run_losses(self, name, losses, journal_redis=False, weak=None):
        """What was found after so many losses of power, half of them while a window is published."""
        draw = random.Random(SEED)
        folder = self.folder / name
        folder.mkdir()
        machine = Machine(folder, journal_redis, weak)
        try:
            work = Work(machine)
            try:
                # The organisations themselves are on the disk by then, on the control's, too.
                wait_for(lambda: work.acknowledged() > 200, "activities")
                for loss in range(losses):
                    if weak == "journal":
                        work.await_records(2)
                    else:
                        work.await_progress(loss % 2 == 1)
                        time.sleep(draw.uniform(0.0, 0.4))
                    machine.lose_power(draw)
                    machine.boot()
                time.sleep(1)
                if weak != "journal":  # aggregate refuses one that has forgotten who it is
                    wait_for(machine.is_ready, "aggregate, after the last loss")
            finally:
                work.stop()
            with machine.redis() as redis:
                values = values_of(redis)
            acknowledged, attempted = reference_bitmaps(machine.keyring, work.organizations, work.batches)
            compared = Comparison(acknowledged, bitmaps_of(values, work.organizations), attempted)
            found = compared.faults() + publications(values, work)
            found += [f"{key.decode()} is another record than before" for key, record in work.records.items()
                      if values.get(key) != record]
            found += [f"the journal does not know {key}" for key in machine.forgotten()]
            if weak is None and len(work.records) < losses // 2:
                found.append(f"{len(work.records)} records: the run shows nothing of them")
            print(f"{name}: {machine.losses} losses of power, {sum(disk.torn for disk in machine.disks.values())} files with a "
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
        self.assertEqual(self.run_losses("file", LOSSES), [])

    # Mutation: an entry of the journal that is not waited for.
    def test_a_journal_in_redis_survives(self):
        self.assertEqual(self.run_losses("redis", LOSSES, journal_redis=True), [])

    def test_the_control_loses_what_was_acknowledged(self):
        """A redis-server that synchronises once a second, which aggregate would refuse."""
        try:
            found = self.run_losses("everysec", 3, weak="redis")
        except TornFilesError:
            return  # all of it is lost, for a file that is not the last one ends early
        self.assertTrue(any("acknowledged bits are lost" in line for line in found), found)

    def test_the_control_forgets_records(self):
        """A journal's redis-server that leaves it to the kernel when to synchronise, which aggregate would refuse."""
        found = self.run_losses("unsynchronised", 1, journal_redis=True, weak="journal")
        self.assertTrue(any("the journal does not know" in line for line in found), found)

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
