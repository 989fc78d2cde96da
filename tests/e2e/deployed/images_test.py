"""Makes the container images, looks at what is in them, and takes the quickstart's path through them: the overlay
`cluster` on hosts of its own, with a sample from an import to a score. Nothing but the images' own files is there."""

import contextlib
import datetime
import os
import pathlib
import re
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import unittest

for folder in ("clients", "faults"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))
import authority  # noqa: E402
import hosts  # noqa: E402
import manifests  # noqa: E402
from cluster import Cluster, Store  # noqa: E402
from suite import BIN, SOURCE  # noqa: E402

FOLDER = "TUTTI_IMAGES_FOLDER"
SHELLS = {"sh", "bash", "dash", "ash", "zsh", "busybox", "perl", "python3", "awk", "mawk", "env", "openssl", "curl", "dpkg", "apt"}
PROGRAMS = {"tutti": {"tutti", "sleep"}, "tutti-ingest": {"tutti-ingest", "tutti"},
            "tutti-aggregate": {"tutti-aggregate", "tutti"}, "tutti-score": {"tutti-score", "tutti"},
            "tutti-redis": {"redis-server", "redis-cli"}, "tutti-edge": {"nginx"}}
MOST_MIB = {"tutti": 100, "tutti-ingest": 100, "tutti-aggregate": 100, "tutti-score": 100, "tutti-redis": 30, "tutti-edge": 25}


def listing(root):
    """{path: (mode, size, time)} of everything under a folder."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        found[str(path.relative_to(root))] = (status.st_mode, status.st_size, status.st_mtime)
    return found


def faults(root, image):
    """What should not be in an image."""
    programs = set()
    for path in root.rglob("*"):
        status = path.lstat()
        where = path.relative_to(root)
        if status.st_mode & (stat.S_ISUID | stat.S_ISGID):
            yield f"{where} is setuid"
        if (status.st_uid, status.st_gid) != (0, 0) or (status.st_mode & 0o022 and not path.is_symlink()):
            yield f"{where} may be written"
        if not path.is_file():
            continue
        if where.parts[0] in ("bin", "sbin") or where.parts[:2] in (("usr", "bin"), ("usr", "sbin")):
            programs.add(path.name)
        if path.name in SHELLS:
            yield f"{where} is a shell"
        if not path.is_symlink() and status.st_size < 1 << 20 and b"PRIVATE KEY-----\n" in path.read_bytes():
            yield f"{where} is a key"
    if programs != PROGRAMS[image]:
        yield f"the programs are {programs}"


class ImagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(os.environ[FOLDER])
        cls.store = Store(cls.folder / "store")

    def test_an_image_has_what_its_program_needs_and_nothing_else(self):
        version = subprocess.run([BIN / "tutti", "--version"], capture_output=True, text=True, check=True).stdout
        for image, user in manifests.IMAGES.items():
            with self.subTest(image):
                root = self.store.files(image)
                self.assertEqual(list(faults(root, image)), [])
                configuration = self.store.configuration(image)["config"]
                self.assertEqual(configuration["User"], f"{user}:{user}")
                labels = configuration["Labels"]
                self.assertEqual(labels["org.opencontainers.image.title"], image)
                self.assertIn(f" {labels['org.opencontainers.image.version']} ", version)
                self.assertIn(labels["org.opencontainers.image.revision"], version)
                self.assertEqual(configuration["Env"], ["PATH=/usr/bin:/bin"])
                self.assertEqual(configuration["StopSignal"], "SIGQUIT" if "edge" in image else "SIGTERM")
                size = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
                self.assertLess(size >> 20, MOST_MIB[image])
                # Whose they are, for scanners and licences.
                packages = {path.name for path in (root / "var/lib/dpkg/status.d").iterdir()}
                self.assertIn("libc6", packages)
                for package in packages:
                    self.assertTrue((root / "usr/share/doc" / package / "copyright").read_text())
        # The control: each of these is found.
        with tempfile.TemporaryDirectory() as own:
            wrong = pathlib.Path(own)
            (wrong / "usr/bin").mkdir(parents=True)
            for name, mode, text in (("sh", 0o755, ""), ("tutti", 0o4755, ""), ("open", 0o666, ""), ("key", 0o644, "PRIVATE KEY-----\n")):
                path = wrong / "usr/bin" / name
                path.write_text(text)
                path.chmod(mode)
            found = "\n".join(faults(wrong, "tutti"))
            for words in ("is a shell", "is setuid", "may be written", "is a key", "the programs are"):
                self.assertIn(words, found)

    # Mutations: a library, the catalogue or tzdata left out of an image; a port, a file or a user of a manifest changed.
    def test_the_quickstart_goes_through_the_images(self):
        objects = manifests.build("cluster")
        settings = next(one for one in manifests.of_kind(objects, "ConfigMap"))
        settings["data"].update(token_issuer="tutti-dev")
        if len(pathlib.Path("/proc/swaps").read_text().splitlines()) > 1:
            manifests.named(objects, "Deployment", "tutti-ingest")["spec"]["template"]["spec"]["containers"][0]["args"].append(
                "--allow_swap")
        subprocess.run([SOURCE / "deploy/kubernetes/redis-secrets", self.folder / "redis"], check=True)
        secrets = authority.make_secrets(self.folder / "secrets", self.folder / "redis")
        password = (secrets / "operator.password").read_text()
        cluster = Cluster(self.store, objects, secrets, replicas={"tutti-aggregate": 2})
        before = {image: listing(self.store.files(image)) for image in manifests.IMAGES}
        stores = [*cluster.of("tutti-redis"), *cluster.of("tutti-journal"), *cluster.of("tutti-journal-replica")]
        services = [pod for name in ("aggregate", "ingest", "score") for pod in cluster.of(f"tutti-{name}")]

        # redis-server, and the cluster that an operator makes of its nodes.
        for pod in stores:
            pod.start()
        cluster.wait(lambda: all(pod.ready() for pod in stores), "redis-server")
        made = cluster.script("redis-cluster", "create", password=password)
        self.assertIn("All 16384 slots covered", made.stdout, made.stderr)

        # The keyring's job, then everything at once.
        keyring = cluster.pods["tutti-keyring-init"]
        done = keyring.run(keyring.command(keyring.template["spec"]["containers"][0]))
        self.assertEqual(done.returncode, 0, done.stderr)
        for pod in [*services, *cluster.of("tutti-edge")]:
            pod.start()
        cluster.wait(lambda: all(pod.ready() for pod in services), "the services")

        # An operator's pod makes an organisation, imports and publishes.
        desk = cluster.pods["tutti-operator-desk"]
        sample = pathlib.Path(cluster.place(desk, {"name": "work"}))
        subprocess.run([BIN / "tutti-sample", "make", "--organization", "sample", "--people", "120", "--weeks", "12",
                        "--out", sample / "sample"], check=True, capture_output=True)
        for path in sample.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        first = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(weeks=12)

        def tutti(*words, pod=desk, code=0):
            done = pod.run(["tutti", *words])
            self.assertEqual(done.returncode, code, f"{words}: {done.stderr}{done.stdout}")
            return done.stdout

        tutti("organizations", "create", "sample", "--headcount", "120", "--source", "m365_audit", "--generated",
              "--backfill", "--first-day", str(first))
        tutti("keyring", "extend", "--keyring", "/keyring/keyring", "--organization", "sample", "--from", str(first),
              pod=cluster.pods["tutti-keyring-desk"])
        bring = ["tutti", "import", "--organization", "sample", "--groups", "/tmp/sample/groups.txt", "/tmp/sample/audit.csv"]
        cluster.wait(lambda: desk.run(bring).returncode == 0, "the import")
        tutti("organizations", "finish-backfill", "sample", "--yes")
        tutti("publish", "sample", "--wait", "60")
        score = tutti("score", "sample")
        self.assertRegex(score, r"\d+ *(±|\+/-)")
        print(score)

        # A stranger with a token and no certificate, by way of the front alone.
        stranger = cluster.add("stranger", desk.template)
        container = stranger.template["spec"]["containers"][0]
        container["env"] = [one for one in container["env"] if one["name"] == "TUTTI_CA"]
        for path in (folder := pathlib.Path(cluster.place(stranger, {"name": "work"})), folder / "token"):
            if path != folder:
                path.write_text(authority.token(secrets, "sample"))
            path.chmod(0o755 if path.is_dir() else 0o644)
        cluster.write_names({"tutti.example": cluster.of("tutti-edge")[0].host.address})
        by_token = ["--token-file", "/tmp/token", "--score", "tutti.example:8403"]
        self.assertEqual(tutti(*by_token, "score", "sample", pod=stranger), score)
        tutti(*by_token, "score", "another", pod=stranger, code=1)
        self.check_metrics(services, secrets)

        # Every node of Redis starts anew, with another address: an operator has them meet.
        nodes = cluster.of("tutti-redis")
        for pod in nodes:
            pod.end()
            cluster.move(pod)
        cluster.write_names()
        for pod in nodes:
            pod.start()
        cluster.wait(lambda: all(pod.ready() for pod in nodes), "redis-server")
        alone = cluster.script("redis-cluster", "check", password=password)
        self.assertNotIn("All 16384 slots covered", alone.stdout)
        met = cluster.script("redis-cluster", "meet", password=password)
        self.assertEqual(met.returncode, 0, met.stderr)
        cluster.wait(lambda: "All 16384 slots covered" in cluster.script("redis-cluster", "check", password=password).stdout,
                     "the cluster")
        # They end well before they would be killed. A container has the names of when it was started.
        for pod in services:
            pod.end()
            pod.start()
        cluster.wait(lambda: all(pod.ready() for pod in services), "the services")
        self.assertEqual(tutti("score", "sample"), score)

        # Nothing was written into any image.
        mounted = re.compile(r"(etc/(hosts|hostname|resolv\.conf|tutti.*)|dev|proc|sys|run|keyring|data|tmp)(/|$)|etc$")
        for image, files in before.items():
            changed = set(listing(self.store.files(image)).items()) ^ set(files.items())
            self.assertEqual({path for path, _ in changed if not mounted.match(path)}, set(), image)

    def check_metrics(self, services, secrets):
        """Each service's metrics, for who has a certificate, and for nobody else."""
        context = ssl.create_default_context(cafile=secrets / "tutti-operator-tls/ca.crt")
        context.load_cert_chain(secrets / "tutti-operator-tls/tls.crt", secrets / "tutti-operator-tls/tls.key")
        stranger = ssl.create_default_context(cafile=secrets / "tutti-operator-tls/ca.crt")
        for pod in services:
            name = manifests.app(pod.template)
            self.assertIn("tutti_ready_state 1", self.scrape(pod, name, context))
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                self.assertEqual(self.scrape(pod, name, stranger), "")

    def scrape(self, pod, name, context):
        with socket.create_connection((pod.host.address, 9464), timeout=10) as plain, \
                context.wrap_socket(plain, server_hostname=name) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: metrics\r\nConnection: close\r\n\r\n")
            answer = b""
            while part := connection.recv(1 << 16):
                answer += part
            return answer.decode()


def main():
    if hosts.inside():
        unittest.main(verbosity=2)
    missing = next((tool for tool in ("buildah", "mmdebstrap", "kubectl") if shutil.which(tool) is None), None)
    why = f"there is no {missing}: deploy/install-packages images test" if missing else hosts.why_not()
    if why:
        print(f"OK (skipped=1): {why}")
        return 0
    with tempfile.TemporaryDirectory(prefix="tutti-images.") as folder:
        built = subprocess.run([SOURCE / "deploy/images/build", "--bin", BIN, "--store", f"{folder}/store"], check=False)
        if built.returncode != 0:
            return 1
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return subprocess.run([*hosts.NAMESPACES, sys.executable, *sys.argv], check=False,
                              env={**kept, **hosts.ENVIRONMENT, FOLDER: folder}).returncode


if __name__ == "__main__":
    sys.exit(main())
