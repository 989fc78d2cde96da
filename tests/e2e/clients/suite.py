"""A throwaway suite, and stubs made from the protos alone, for tests that call the
services with a client that is not ours."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = pathlib.Path(os.environ["TUTTI_SOURCE_DIR"])
BIN = pathlib.Path(os.environ["TUTTI_BIN_DIR"])
# For one program to end; long forms make years of large organisations up.
COMMAND_SECONDS = 7200 if os.environ.get("TUTTI_LONG") == "1" else 300
GOOGLEAPIS = pathlib.Path("/usr/share/gocode/src/github.com/gogo/googleapis")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def memory_for_files():
    """A folder in memory where there is plenty, else None. Thousands of writes that each wait for a disk
    are most of what many a test takes, and no test takes away more than a process."""
    memory = pathlib.Path("/dev/shm")
    plenty = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    return memory if plenty else None


class Suite:
    """Starts redis-server and the three services; stops them on exit."""

    def __init__(self, keyring=None, ingest_flags="", aggregate_flags="", score_flags="", redis_users="", tls=False, front=False,
                 catalog=SOURCE / "deploy/catalog/adoption.textproto", on_disk=False):
        """`keyring`: a keyring to start with; a new one is made otherwise. `redis_users`:
        more lines of the ACL file. `tls`: everybody speaks TLS, tutti() as an operator.
        `catalog`: the one that every service reads. `front`: one stands before it (deploy/edge).
        `on_disk`: writes wait for a disk, as a test that times them needs; otherwise files are in
        memory, where there is plenty."""
        self.tls = tls
        self.front = front
        self.parent = None if on_disk else memory_for_files()
        self.catalog = catalog
        self.first_keyring = keyring
        # A fast machine comes to what one caller may do in a second, by default.
        unlimited = "--calls_per_second=1e9 "
        self.ingest_flags = unlimited + ingest_flags
        self.aggregate_flags = unlimited + aggregate_flags
        self.score_flags = unlimited + score_flags
        self.redis_users = redis_users

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tutti-e2e.", dir=self.parent))
        self.state = self.folder / "state"
        self.state.mkdir(mode=0o700)
        if self.first_keyring is not None:
            shutil.copy(self.first_keyring, self.keyring)
            shutil.copy(f"{self.first_keyring}.optout", f"{self.keyring}.optout")
        self.process = subprocess.Popen(
            [SOURCE / "deploy/local/run-suite", self.state, BIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "SUITE_AGGREGATE_FLAGS": f"--policy_lease=1s {self.aggregate_flags}",
                 "SUITE_INGEST_FLAGS": self.ingest_flags,
                 "SUITE_SCORE_FLAGS": self.score_flags,
                 "SUITE_REDIS_USERS": self.redis_users,
                 "SUITE_CATALOG": str(self.catalog),
                 "SUITE_FRONT": "1" if self.front else "0",
                 "SUITE_TLS": "1" if self.tls else "0"},
        )
        words = self.process.stdout.readline().split()
        if words[:1] != ["ready"]:
            raise RuntimeError("the suite did not start: " + self.logs())
        self.ingest, self.aggregate, self.score = words[1:4]
        # The front's addresses of ingest, of the service of organisations, and of score.
        self.front_addresses = words[4:]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()
        shutil.rmtree(self.folder)

    @property
    def keyring(self):
        return self.state / "keyring"

    def redis(self, *words):
        """Asks Redis as the user of aggregate; returns bytes."""
        password = (self.state / "secrets" / "aggregate").read_text()
        return subprocess.run(
            ["redis-cli", "-s", self.state / "redis" / "redis.sock", "--user", "aggregate",
             "--no-auth-warning", *words],
            env={**os.environ, "REDISCLI_AUTH": password}, capture_output=True, check=True,
            timeout=60).stdout

    def redis_values(self):
        """Every key with its value, as far as a client can see one."""
        readers = {b"string": "GET", b"hash": "HGETALL", b"zset": "ZRANGE"}
        values = {}
        for key in self.redis("--scan").split():
            kind = self.redis("TYPE", key).strip()
            if kind in readers:
                arguments = ["0", "-1"] if kind == b"zset" else []
                values[key] = self.redis(readers[kind], key, *arguments)
        return values

    def processes(self):
        """The process of each service and of redis-server, by name."""
        found = {}
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            name = pathlib.Path(os.fsdecode(words[0].split(b" ")[0])).name
            if str(self.folder).encode() in b" ".join(words) and (
                    name.startswith("tutti-") or name.startswith("redis-server")):
                found[name] = int(folder.name)
        return found

    def files(self):
        """The bytes of every file under the state folder, by path."""
        contents = {}
        for path in self.state.rglob("*"):
            # A file may go meanwhile: redis-server rewrites its own.
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                if not path.is_socket():
                    contents[path] = path.read_bytes()
        return contents

    def back_fill(self, name, headcount, first_day, *more):
        """Creates an organisation that takes activity from the day on."""
        self.tutti("organizations", "create", name, "--headcount", str(headcount), "--backfill",
                   "--first-day", first_day, *more)
        self.tutti("keyring", "extend", "--keyring", str(self.keyring), "--organization", name,
                   "--from", first_day)

    def publish(self, name):
        """Ends the back-fill and publishes what is due, unless aggregate was faster."""
        self.tutti("organizations", "finish-backfill", name, "--yes")
        return self.tutti("publish", name, "--wait", "30")

    def metrics(self):
        """What the service shows that was started with --metrics_listen=127.0.0.1:0."""
        port = re.search(r'"showing metrics","port":"(\d+)"', self.logs())[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
            return page.read().decode()

    def metric(self, name):
        """The value of one of them, named with its labels."""
        return float(re.search(f"^{re.escape(name)} (\\S+)", self.metrics(), re.MULTILINE)[1])

    def logs(self):
        return "\n".join(p.read_text() for p in sorted((self.state / "log").glob("*")))

    def certificate(self, name):
        """The key and the certificate of a process of the suite, as paths."""
        return self.state / "tls" / name / "key.pem", self.state / "tls" / name / "cert.pem"

    def token(self, *organizations, scopes=("scores.read", "organizations.admin"), keys=None, more=()):
        """A token of the suite's issuer, or of the one whose keys are in a folder."""
        words = [word for name in organizations for word in ("--organization", name)]
        words += [word for scope in scopes for word in ("--scope", scope)]
        return subprocess.run([BIN / "tutti-sample", "dev-token", "--keys", keys or self.state / "tokens",
                               *words, *more], capture_output=True, text=True, check=True).stdout.strip()

    @property
    def authority(self):
        return self.state / "tls" / "ca.pem"

    def tls_flags(self, name):
        if not self.tls:
            return []
        key, certificate = self.certificate(name)
        return ["--ca", self.authority, "--cert", certificate, "--key", key]

    @staticmethod
    def make_up(*arguments):
        """Makes an organisation up: what `tutti-sample make` does."""
        subprocess.run([BIN / "tutti-sample", "make", *arguments], capture_output=True, timeout=COMMAND_SECONDS,
                       check=True)

    @contextlib.contextmanager
    def adopting_aggregate(self, keyring_id):
        """One more aggregate of a suite without TLS, which takes this keyring for the suite's; its address."""
        address = self.state / "adopting.address"
        address.unlink(missing_ok=True)
        process = subprocess.Popen(
            [BIN / "tutti-aggregate", "--listen=127.0.0.1:0", "--insecure_loopback", f"--port_file={address}",
             f"--catalog={self.catalog}", f"--redis_socket={self.state}/redis/redis.sock", "--policy_lease=1s",
             f"--redis_password_file={self.state}/secrets/aggregate", f"--journal={self.state}/journal",
             f"--adopt_keyring={keyring_id}"], stderr=(self.state / "log/adopting").open("w"))
        try:
            wait_for(address.exists, "an aggregate that adopts a keyring")
            yield address.read_text().strip()
        finally:
            process.terminate()
            process.wait(timeout=60)

    def tutti(self, *arguments, check=True, token_file=None):
        """Runs the command line against this suite, through the front with the token of the file
        when there is one, else as an operator; returns its output."""
        addresses, flags = (self.ingest, self.aggregate, self.score), self.tls_flags("operator")
        if token_file is not None:
            addresses, flags = self.front_addresses, ["--ca", self.authority, "--token-file", token_file]
        done = subprocess.run(
            [BIN / "tutti", "--ingest", addresses[0], "--aggregate", addresses[1], "--score", addresses[2],
             *flags, *arguments],
            capture_output=True, text=True, timeout=COMMAND_SECONDS)
        if check and done.returncode != 0:
            raise RuntimeError(f"tutti {arguments[0]} failed: {done.stderr}")
        return done.stdout if check else done


def make_stubs(folder):
    """Generates Python stubs from the protos, as any user would."""
    protos = SOURCE / "protos"
    files = sorted(str(p.relative_to(protos)) for p in protos.rglob("*.proto"))
    subprocess.run(
        ["protoc", f"-I{protos}", f"-I{GOOGLEAPIS}", f"--python_out={folder}",
         f"--grpc_out={folder}", f"--plugin=protoc-gen-grpc={shutil.which('grpc_python_plugin')}",
         "google/rpc/status.proto", "google/rpc/error_details.proto", *files],
        check=True)
    sys.path.insert(0, str(folder))
