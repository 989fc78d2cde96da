"""The manifests of deploy/kubernetes as kubectl builds them, and what there is to ask of them."""

import re
import subprocess

import yaml
from suite import SOURCE

FOLDER = SOURCE / "deploy/kubernetes"
OVERLAYS = ("single", "cluster")
DESKS = ("keyring/desk.yaml", "desk/operator.yaml")
# Where the settings of the images come from: /etc/tutti/NAME of each is made of one of these.
IMAGES = {"tutti": 10001, "tutti-ingest": 10001, "tutti-aggregate": 10002, "tutti-score": 10003, "tutti-redis": 10004,
          "tutti-edge": 10005}


def build(overlay):
    """Every object of an overlay, and the desks, which an operator starts by hand."""
    built = subprocess.run(["kubectl", "kustomize", FOLDER / overlay], capture_output=True, text=True, check=False)
    if built.returncode != 0:
        raise RuntimeError(f"kubectl kustomize {overlay}: {built.stderr}")
    return [*yaml.safe_load_all(built.stdout), *[yaml.safe_load((FOLDER / desk).read_text()) for desk in DESKS]]


def named(objects, kind, name):
    return next(one for one in objects if one["kind"] == kind and one["metadata"]["name"] == name)


def of_kind(objects, kind):
    return [one for one in objects if one["kind"] == kind]


def pod_template(one):
    """The pod that an object makes, as {metadata, spec}, or None."""
    if one["kind"] == "Pod":
        return one
    spec = one.get("spec", {})
    if one["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template")


def pods(objects):
    """(name of the object, pod) of everything that makes pods."""
    return [(one["metadata"]["name"], pod) for one in objects if (pod := pod_template(one)) is not None]


def app(pod):
    return pod["metadata"]["labels"]["app.kubernetes.io/name"]


def containers(objects):
    return [(name, pod, one) for name, pod in pods(objects) for one in pod["spec"]["containers"]]


def environment(objects, container, fields=()):
    """The variables of a container, as {name: value}; `fields` has what only the pod itself can tell."""
    values = {}
    for one in container.get("env", ()):
        source = one.get("valueFrom", {})
        if "configMapKeyRef" in source:
            key = source["configMapKeyRef"]
            values[one["name"]] = named(objects, "ConfigMap", key["name"])["data"][key["key"]]
        elif "fieldRef" in source:
            values[one["name"]] = dict(fields).get(source["fieldRef"]["fieldPath"], "unknown")
        else:
            values[one["name"]] = one["value"]
    return values


def arguments(objects, container, fields=()):
    """What the container's program is given, with $(NAME) replaced as Kubernetes does."""
    values = environment(objects, container, fields)
    return [re.sub(r"\$\((\w+)\)", lambda found: values[found[1]], word) for word in container.get("args", ())]


def volumes(pod, container):
    """(where it is mounted, the volume, whether it may only be read)."""
    known = {one["name"]: one for one in pod["spec"].get("volumes", ())}
    return [(mount["mountPath"], known.get(mount["name"], {"name": mount["name"], "claim": True}),
             mount.get("readOnly", False)) for mount in container.get("volumeMounts", ())]


def secrets_read(pod, container, words):
    """{(secret, key)} of all files under a Secret's mount that the words name."""
    found = set()
    for where, volume, _ in volumes(pod, container):
        if "secret" in volume:
            for word in words:
                for path in re.findall(rf"{re.escape(where)}/([\w.-]+)", word):
                    found.add((volume["secret"]["secretName"], path))
    return found


def mebibytes(quantity):
    number, unit = re.fullmatch(r"(\d+)([KMG]i)", quantity).groups()
    return int(number) * {"Ki": 1 / 1024, "Mi": 1, "Gi": 1024}[unit]


def matches(selector, labels):
    """Whether a LabelSelector selects these labels."""
    wanted = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    for one in selector.get("matchExpressions", ()):
        if one["operator"] != "In":
            raise ValueError(f"{one['operator']} is not understood here")
        wanted = wanted and labels.get(one["key"]) in one["values"]
    return wanted
