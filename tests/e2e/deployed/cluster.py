"""The pods of an overlay on one machine: each on a host of its own (see ../faults/hosts.py), its containers run from
the images with the arguments, variables, users and volumes of the manifests."""

import contextlib
import copy
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import manifests
from hosts import Host, Operator
from manifests import app, arguments, environment, of_kind, volumes

KUBECTL = pathlib.Path(__file__).with_name("kubectl")


class Store:
    """The images, and a container of each from which any number of processes is run."""

    def __init__(self, folder):
        self.folder = folder
        self.containers = {}

    def buildah(self, *words, check=True):
        return subprocess.run([*self.words(), *[str(word) for word in words]], capture_output=True, text=True, check=check)

    def words(self):
        return ["buildah", "--root", str(self.folder / "images"), "--runroot", str(self.folder / "run")]

    def configuration(self, image):
        return json.loads(self.buildah("inspect", "--type", "image", f"localhost/{image}:latest").stdout)["OCIv1"]

    def container(self, image):
        if image not in self.containers:
            self.containers[image] = self.buildah("from", "--pull-never", f"localhost/{image}:latest").stdout.strip()
        return self.containers[image]

    def files(self, image):
        """The image's own files."""
        return pathlib.Path(self.buildah("mount", self.container(image)).stdout.strip())


class Pod:
    """One pod, whose containers can be started, asked and ended."""

    def __init__(self, cluster, name, template, host):
        self.cluster, self.name, self.template, self.host = cluster, name, template, host
        self.running = {}

    def fields(self):
        return {"status.podIP": self.host.address, "metadata.name": self.name}

    def words(self, container, command):
        """What runs a command in a container of this pod."""
        context = self.template["spec"]["securityContext"]
        found = [*self.host.inside, *self.cluster.store.words(), "run", "--isolation", "chroot",
                 "--user", f"{context['runAsUser']}:{context['runAsGroup']}"]
        for where, volume, read_only in volumes(self.template, container):
            found += ["--volume", f"{self.cluster.place(self, volume)}:{where}{':ro' if read_only else ''}"]
        for name, value in environment(self.cluster.objects, container, self.fields()).items():
            found += ["--env", f"{name}={value}"]
        return [*found, self.cluster.store.container(container["image"]), "--", *command]

    def command(self, container):
        entrypoint = container.get("command") or self.cluster.store.configuration(container["image"])["config"]["Entrypoint"]
        return [*entrypoint, *arguments(self.cluster.objects, container, self.fields())]

    def start(self):
        """Starts its containers, those that have ended again, as kubelet does."""
        for container in self.template["spec"]["containers"]:
            running = self.running.get(container["name"])
            if running is None or running.poll() is not None:
                log = self.cluster.folder / f"{self.name}.{container['name']}.log"
                self.running[container["name"]] = self.host.start(self.words(container, self.command(container)), log)

    def run(self, command, container=0, **more):
        """Runs a command there, as `kubectl exec` does."""
        words = self.words(self.template["spec"]["containers"][container], command)
        return subprocess.run(words, capture_output=True, text=True, check=False, **more)

    def ready(self):
        self.start()
        return all(self.run(probe["exec"]["command"], number).returncode == 0
                   for number, one in enumerate(self.template["spec"]["containers"])
                   if "exec" in (probe := one.get("readinessProbe", {})))

    def end(self):
        """Ends its programs as a pod's are, and waits for them."""
        for process in subprocess.run(["ip", "netns", "pids", self.host.name], capture_output=True, text=True,
                                      check=True).stdout.split():
            # What has ended meanwhile is no fault.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if pathlib.Path(f"/proc/{process}/comm").read_text().strip() not in ("buildah", "nsenter"):
                    os.kill(int(process), signal.SIGTERM)
        for one in self.running.values():
            one.wait(timeout=60)
        self.running = {}


class Cluster:
    """An overlay's pods. To be made in namespaces of its own."""

    def __init__(self, store, objects, secrets, replicas=None):
        """`secrets`: a folder with one for each Secret. `replicas`: how many of a Deployment, when not one."""
        self.store, self.objects = store, objects
        Operator([])
        self.folder = pathlib.Path("/run/cluster")
        self.folder.mkdir()
        self.volumes = self.folder / "volumes"
        self.volumes.mkdir()
        self.secrets = secrets
        self.numbers = iter(range(1, 250))
        self.pods = {}
        for one in objects:
            name, template = one["metadata"]["name"], manifests.pod_template(one)
            if one["kind"] == "StatefulSet":
                for number in range(one["spec"]["replicas"]):
                    self.add(f"{name}-{number}", template)
            elif one["kind"] == "Deployment":
                for number in range((replicas or {}).get(name, 1)):
                    self.add(f"{name}-{number}", template)
            elif template is not None:
                self.add(name, template)
        self.write_names()

    def add(self, name, template):
        number = next(self.numbers)
        self.pods[name] = Pod(self, name, copy.deepcopy(template), Host(f"h{number}", number))
        return self.pods[name]

    def move(self, pod):
        """Gives a pod that has ended another address, as its next start does."""
        number = next(self.numbers)
        pod.host = Host(f"h{number}", number)

    def write_names(self, more=()):
        """What the cluster's DNS would say, with more names of the world's, and the addresses for the operator's
        kubectl."""
        lines = ["127.0.0.1 localhost", *[f"{address} {name}" for name, address in dict(more).items()]]
        for service in of_kind(self.objects, "Service"):
            name = service["metadata"]["name"]
            behind = [pod for pod in self.pods.values() if app(pod.template) == service["spec"]["selector"]["app.kubernetes.io/name"]]
            headless = service["spec"].get("clusterIP") == "None"
            lines += [f"{pod.host.address} {name}" for pod in (behind if headless else behind[:1])]
            lines += [f"{pod.host.address} {pod.name}.{name}" for pod in behind if headless]
        # buildah gives each container this machine's own.
        pathlib.Path("/etc/hosts").write_text("\n".join(lines) + "\n")
        pods = {name: {"app": app(pod.template), "address": pod.host.address,
                       "containers": {one["name"]: pod.words(one, []) for one in pod.template["spec"]["containers"]}}
                for name, pod in self.pods.items() if app(pod.template) == "tutti-redis"}
        (self.folder / "pods.json").write_text(json.dumps(pods))

    def place(self, pod, volume):
        """The folder of a volume, owned as Kubernetes does with an fsGroup."""
        group = pod.template["spec"]["securityContext"]["fsGroup"]
        if "secret" in volume:
            folder = self.volumes / f"{volume['secret']['secretName']}.{group}"
            if not folder.exists():
                shutil.copytree(self.secrets / volume["secret"]["secretName"], folder)
                for path in (folder, *folder.iterdir()):
                    os.chown(path, 0, group)
                    path.chmod(0o750 if path.is_dir() else volume["secret"]["defaultMode"])
            return folder
        if "persistentVolumeClaim" in volume:
            folder = self.volumes / volume["persistentVolumeClaim"]["claimName"]
        else:
            folder = self.volumes / f"{pod.name}.{volume['name']}"
        if not folder.exists():
            folder.mkdir()
            os.chown(folder, 0, group)
            folder.chmod(0o2770)
        return folder

    def script(self, name, *words, password):
        """Runs a script of deploy/kubernetes, with a kubectl that knows these pods."""
        tools = self.folder / "tools"
        if not tools.exists():
            tools.mkdir()
            shutil.copy(KUBECTL, tools / "kubectl")
        return subprocess.run([manifests.FOLDER / name, *words], input=password, capture_output=True, text=True, timeout=120,
                              env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}",
                                   "TUTTI_PODS": str(self.folder / "pods.json")}, check=False)

    def wait(self, condition, what, seconds=90):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                for path in sorted(self.folder.glob("*.log")):
                    print(f"---- {path.name}", *path.read_text(errors="replace").splitlines()[-8:], sep="\n")
                raise TimeoutError(f"{what}: not within {seconds} s")
            time.sleep(0.1)

    def of(self, name):
        return [pod for pod in self.pods.values() if app(pod.template) == name]
