"""Two replicas of every service on a Redis Cluster of three primaries with a replica each, and the journal's
Redis: every process on a host of its own."""

import contextlib
import hashlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import grpc
from hosts import Host, Operator
from redis_client import RedisClient, RedisError, ask
from suite import BIN, SOURCE, wait_for

PORT = 7000
SERVICE_PORT = 7400
ENDS_WITHIN = 120  # seconds
METRICS_PORT = 7500
NODES = 6
FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
READY = {"ingest": "tutti.ingest.v1.IngestService", "aggregate": "tutti.aggregate.v1.AggregateService",
         "score": "tutti.score.v1.ScoreService"}


class Process:
    """A program on a host, that can be ended and started again with the same files."""

    def __init__(self, host, words, log, env=None):
        self.host, self.words, self.log, self.env = host, words, log, env
        self.running = None
        self.started = 0.0

    def start(self):
        """Does nothing when it runs: of two faults that ended it, one has started it again."""
        if self.alive():
            return
        self.started = time.monotonic()
        self.running = self.host.start(self.words, self.log, self.env)

    def alive(self):
        return self.running is not None and self.running.poll() is None

    def tell(self, number):
        if self.alive():
            self.running.send_signal(number)

    def end(self, number=signal.SIGKILL):
        self.tell(number)
        # As systemd does: one that another fault has stopped would never hear of it.
        self.tell(signal.SIGCONT)
        self.running.wait(timeout=ENDS_WITHIN)


class Node(Process):
    """A redis-server; its folder is a file system of its own, that can be full."""

    def __init__(self, host, folder, acl, flags, megabytes):
        self.folder = folder
        self.delay = folder.with_suffix(".delay")
        self.slow_down(0)
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)
        super().__init__(host, ["redis-server", SOURCE / "deploy/redis/redis.conf", "--dir", folder, "--aclfile", acl,
                                "--bind", host.address, "--port", PORT, *flags], folder.parent / f"{host.name}.log",
                         {"LD_PRELOAD": str(BIN / "lossy_disk.so"), "LOSSY_ROOT": str(folder),
                          "LOSSY_DELAY": str(self.delay)})

    def slow_down(self, milliseconds):
        """Each synchronisation of its disk takes so much longer from now on."""
        self.delay.write_text(f"{milliseconds * 1000}\n")

    def ask(self, *words, timeout=2.0):
        return ask(self.host.address, *words, timeout=timeout)

    def connection(self):
        return RedisClient(self.host.address)

    def table(self):
        """For each known node its words, as this node sees the cluster."""
        lines = (self.ask("CLUSTER", "NODES") or b"").decode().splitlines()
        return [line.split() for line in lines]

    def id(self):
        return (self.ask("CLUSTER", "MYID") or b"").decode()


class Service(Process):
    def __init__(self, name, host, words, log, env=None):
        self.name = name
        super().__init__(host, words, log, env)

    @property
    def address(self):
        return f"{self.host.address}:{SERVICE_PORT}"

    def metric(self, *parts):
        """The sum of what its page of metrics shows in the lines that have all of these parts."""
        page = subprocess.run([*self.host.inside, sys.executable, "-c",
                               "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())",
                               f"http://127.0.0.1:{METRICS_PORT}/metrics"], capture_output=True, text=True, check=True)
        return sum(float(line.split()[-1]) for line in page.stdout.splitlines()
                   if not line.startswith("#") and all(part in line for part in parts))


class Fleet:
    """All of it. To be made inside of the namespaces (hosts.enter), once: its files go with them."""

    folder = pathlib.Path("/run/fleet")

    def __init__(self, wait=True, node_timeout_ms=2000, disk_megabytes=256, ingest_flags=(), aggregate_flags=()):
        """`wait`: whether aggregate waits for replicas; without it is the control, and not to be had in the product."""
        self.wait = wait
        self.ingest_flags = ingest_flags
        self.aggregate_flags = aggregate_flags
        places = [(f"redis-{i}", i) for i in range(1, NODES + 1)] + [("journal", 9)]
        places += [(f"{name}-{i}", first + i) for name, first in (("ingest", 10), ("aggregate", 20), ("score", 30))
                   for i in (1, 2)]
        self.operator = Operator([(f"{name}.tutti", f"127.1.0.{first + i}")
                                  for name, first in (("ingest", 10), ("aggregate", 20), ("score", 30)) for i in (1, 2)])
        self.folder.mkdir()
        self.hosts = {name: Host(name, number) for name, number in places}
        self.bumped = 0
        self._make_secrets()
        self._make_certificates()
        cluster = ["--cluster-enabled", "yes", "--cluster-allow-replica-migration", "no",
                   "--cluster-node-timeout", node_timeout_ms, "--cluster-require-full-coverage", "no",
                   "--masteruser", "inspector", "--masterauth", "any"]
        self.nodes = [Node(self.hosts[f"redis-{i}"], self.folder / f"redis-{i}", self.folder / "users.acl", cluster,
                           disk_megabytes) for i in range(1, NODES + 1)]
        self.journal = Node(self.hosts["journal"], self.folder / "journal", self.folder / "journal.acl", [],
                            disk_megabytes)
        self.keyring = self.folder / "keyring"
        self.services = [self._service(name, i) for name in ("aggregate", "ingest", "score") for i in (1, 2)]
        self.channels = {service: self.channel(service) for service in self.services}

    def _make_secrets(self):
        for template, target in (("users.acl", "users.acl"), ("journal.acl", "journal.acl")):
            text = (SOURCE / "deploy/redis" / template).read_text()
            for user in ("aggregate", "score"):
                password = self.folder / f"{user}.password"
                password.write_text(f"password of {user}")
                digest = hashlib.sha256(password.read_bytes()).hexdigest()
                text = text.replace(f"@{user.upper()}_PASSWORD_SHA256@", digest)
            (self.folder / target).write_text(text + "\nuser inspector on nopass ~* &* +@all\n")

    def _make_certificates(self):
        def openssl(*words):
            subprocess.run(["openssl", *[str(word) for word in words]], check=True, capture_output=True)
        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *new, "-days", 7, "-subj", "/CN=throwaway authority",
                "-keyout", self.folder / "ca.key", "-out", self.folder / "ca.pem")
        for role in ("ingest", "aggregate", "score", "operator"):
            own = self.folder / role
            addresses = "".join(f",IP:{host.address}" for name, host in self.hosts.items() if name.startswith(role))
            own.with_suffix(".extensions").write_text(
                f"subjectAltName=DNS:{role}.tutti,URI:spiffe://tutti.local/{role}{addresses}\n")
            openssl("req", *new, "-subj", f"/CN={role}", "-keyout", f"{own}.key", "-out", f"{own}.request")
            openssl("x509", "-req", "-days", 7, "-in", f"{own}.request", "-CA", self.folder / "ca.pem",
                    "-CAkey", self.folder / "ca.key", "-CAcreateserial", "-extfile", f"{own}.extensions",
                    "-out", f"{own}.pem")

    def _service(self, name, number):
        host = self.hosts[f"{name}-{number}"]
        seeds = ",".join(f"{node.host.address}:{PORT}" for node in self.nodes)
        words = [BIN / f"tutti-{name}", f"--listen={host.address}:{SERVICE_PORT}", "--calls_per_second=1e9",
                 f"--catalog={SOURCE}/deploy/catalog/adoption.textproto", f"--tls_authorities={self.folder}/ca.pem",
                 f"--tls_certificate={self.folder}/{name}.pem", f"--tls_key={self.folder}/{name}.key",
                 "--trust_domain=tutti.local", f"--metrics_listen=127.0.0.1:{METRICS_PORT}"]
        if name != "ingest":
            words += [f"--redis_cluster={seeds}", f"--redis_password_file={self.folder}/{name}.password"]
        if name == "aggregate":
            words += ["--redis_wait_replicas=1", "--policy_lease=1s",
                      f"--journal_redis={self.journal.host.address}:{PORT}",
                      f"--journal_redis_password_file={self.folder}/aggregate.password", *self.aggregate_flags]
        if name == "ingest":
            words += [f"--aggregate=aggregate.tutti:{SERVICE_PORT}", f"--keyring={self.keyring}", "--allow_swap",
                      *self.ingest_flags]
            if number == 1:
                words.append("--rotate_keyring")
        environment = {}
        if name == "aggregate":
            # A clock that a test can move, for each of them its own.
            clock = self.folder / f"{host.name}.clock"
            clock.write_text("+0\n")
            shims = [FAKETIME] if self.wait else [FAKETIME, BIN / "credulous.so"]
            environment = {"LD_PRELOAD": " ".join(str(shim) for shim in shims), "FAKETIME_TIMESTAMP_FILE": str(clock),
                           "BELIEVES": "replicas",
                           "FAKETIME_CACHE_DURATION": "1", "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        return Service(name, host, words, self.folder / f"{host.name}.log", environment)

    def supervise(self):
        """What ended by itself (a disk was full, a clock was wrong) is started again, not more than once a second."""
        for process in (*self.services, *self.nodes, self.journal):
            if not process.alive() and time.monotonic() - process.started > 1:
                process.start()

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.show_logs()
            self.__exit__()
            raise
        return self

    def _start(self):
        for node in (*self.nodes, self.journal):
            node.start()
        wait_for(lambda: all(node.ask("PING") for node in (*self.nodes, self.journal)), "redis-server")
        self.form()
        self.tutti("keyring", "init", "--keyring", self.keyring)
        for service in self.services:
            service.start()
        wait_for(lambda: not self.unready(), "the services")

    def __exit__(self, *_):
        for process in (*self.services, *self.nodes, self.journal):
            if process.running is not None:
                process.end()

    def form(self):
        """Three primaries, and the fourth to the sixth node their replicas."""
        for i in range(3):
            self.nodes[i].ask("CLUSTER", "ADDSLOTSRANGE", 16384 * i // 3, 16384 * (i + 1) // 3 - 1)
        for i, node in enumerate(self.nodes):
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
            for other in self.nodes[:i]:
                node.ask("CLUSTER", "MEET", other.host.address, PORT)
        wait_for(lambda: all(b"cluster_known_nodes:6" in (node.ask("CLUSTER", "INFO") or b"") and
                             b"cluster_state:ok" in (node.ask("CLUSTER", "INFO") or b"") and
                             "handshake" not in str(node.table()) for node in self.nodes), "the cluster")
        for i in range(3):
            wait_for(lambda i=i: self.nodes[3 + i].ask("CLUSTER", "REPLICATE", self.nodes[i].id()) == b"OK", "a replica")
        wait_for(self.whole, "the replicas")

    def whole(self):
        """Whether every node knows three primaries, each with a replica that follows it, and all agree on who they are."""
        views = set()
        for node in self.nodes:
            table = node.table()
            owners = frozenset((words[0], *words[8:]) for words in table if len(words) > 8)
            bad = any("fail" in words[2] or "handshake" in words[2] for words in table)
            if bad or len(owners) != 3:
                return False
            views.add(owners)
            role = node.ask("ROLE")
            if not role or (role[0] == b"master" and len(role[2]) != 1) or (role[0] == b"slave" and role[3] != b"connected"):
                return False
        return len(views) == 1

    def primaries(self):
        """The nodes that say of themselves that they are primaries; dead ones are none."""
        return [node for node in self.nodes if node.alive() and (node.ask("ROLE", timeout=0.5) or [b""])[0] == b"master"]

    def shards(self):
        """(primary, replica) of each shard, as those that answer say."""
        by_address = {node.host.address: node for node in self.nodes}
        found = []
        for node in self.nodes:
            role = node.ask("ROLE", timeout=0.5)
            if role and role[0] == b"slave":
                primary = by_address.get(role[1].decode())
                if primary is not None:
                    found.append((primary, node))
        return found

    def mend_epochs(self):
        """What deploy/redis/README.md tells an operator to do: a node that is primary for its slots under an old
        number, which no other believes. True when there was one."""
        for node in self.primaries():
            own = [words for words in node.table() if "myself" in words[2]]
            if not own or len(own[0]) <= 8:
                continue
            others = [words for other in self.nodes if other is not node and other.alive() for words in other.table()
                      if words[0] == own[0][0]]
            if others and all("slave" in words[2] or len(words) <= 8 for words in others):
                node.ask("CLUSTER", "BUMPEPOCH")
                self.bumped += 1
                return True
        return False

    def credentials(self):
        return grpc.ssl_channel_credentials((self.folder / "ca.pem").read_bytes(),
                                            (self.folder / "operator.key").read_bytes(),
                                            (self.folder / "operator.pem").read_bytes())

    def channel(self, service):
        """A channel of its own to one replica, without gRPC's retries: what it answers is seen."""
        return grpc.secure_channel(service.address, self.credentials(), [
            ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0), ("grpc.max_reconnect_backoff_ms", 500),
            ("grpc.min_reconnect_backoff_ms", 3000), ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.keepalive_time_ms", 10_000), ("grpc.keepalive_timeout_ms", 3_000)])

    def unready(self):
        """The services that do not say that they are ready."""
        missing = []
        for service, channel in self.channels.items():
            name = READY[service.name].encode()
            try:
                ready = channel.unary_unary("/grpc.health.v1.Health/Check")(
                    b"\x0a" + bytes([len(name)]) + name, timeout=1) == b"\x08\x01"
            except grpc.RpcError:
                ready = False
            if not ready:
                missing.append(service.host.name)
        return missing

    def queued(self):
        """By process: seconds that each thread of it has been ready to run and had no core."""
        running = [process.running.pid for process in (*self.services, *self.nodes, self.journal) if process.alive()]
        return {pid: {path.parent.name: _queued(path) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")}
                for pid in running}

    def named(self, name):
        return [service for service in self.services if service.name == name]

    def tutti_words(self, *words):
        """A command of the command line, as the operator gives it."""
        return [BIN / "tutti", "--ca", self.folder / "ca.pem", "--cert", self.folder / "operator.pem",
                "--key", self.folder / "operator.key",
                *[part for name in READY for part in (f"--{name}", f"{name}.tutti:{SERVICE_PORT}")],
                *[str(word) for word in words]]

    def tutti(self, *words, check=True, timeout=60):
        """The command line as the operator."""
        done = subprocess.run(self.tutti_words(*words), capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"tutti {words[0]} failed: {done.stderr or done.stdout}")
        return done

    def show_logs(self):
        for path in sorted(self.folder.glob("*.log")):
            print(f"---- {path.name}", *path.read_text(errors="replace").splitlines()[-6:], sep="\n")

    def every_key(self):
        """Value of every key of every primary, read from the primaries (strings, hashes, sorted sets)."""
        values = {}
        primaries = self.primaries()
        if len(primaries) != 3:
            raise RuntimeError(f"{len(primaries)} primaries answer: what is there cannot be told")
        for node in primaries:
            with node.connection() as redis:
                cursor = b"0"
                while True:
                    cursor, keys = redis("SCAN", cursor, "COUNT", 1000)
                    for key in keys:
                        kind = redis("TYPE", key)
                        with contextlib.suppress(RedisError):
                            if kind == b"string":
                                values[key] = redis("GET", key)
                            elif kind == b"hash":
                                flat = redis("HGETALL", key)
                                values[key] = dict(zip(flat[::2], flat[1::2]))
                            elif kind == b"zset":
                                values[key] = redis("ZRANGE", key, 0, -1)
                    if cursor == b"0":
                        break
        return values


def _queued(path):
    with contextlib.suppress(OSError):  # the thread has ended meanwhile
        return int(path.read_text().split()[1]) / 1e9
    return 0.0


def bitmap_kind(key):
    """Whether a key is an open window's bitmap: {org}:reach:DAY:KIND or {org}:day:DAY:KIND."""
    return re.fullmatch(rb"\{[^}]+\}:(reach|day):\d{4}-\d\d-\d\d:\w+", key) is not None
