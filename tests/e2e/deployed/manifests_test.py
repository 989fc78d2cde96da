"""Builds every overlay of deploy/kubernetes, asks the API's schemas, and holds the manifests to what the programs
really take. Each check is shown to fail with a manifest that is wrong."""

import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
import authority  # noqa: E402
import manifests  # noqa: E402
from manifests import OVERLAYS, app, arguments, containers, named, of_kind, pods, volumes  # noqa: E402
from suite import BIN, SOURCE  # noqa: E402

TOOLS = pathlib.Path(os.environ.get("TUTTI_TOOLS", SOURCE / "build/tools"))
SERVICES = {"ingest": "7401", "aggregate": "7402", "score": "7403"}
# Of what nobody here makes pods: Prometheus and the cluster's DNS.
OTHERS = {"prometheus", "kube-dns"}


def schema_faults(objects):
    done = subprocess.run(["node", pathlib.Path(__file__).with_name("validate.js"), TOOLS], input=json.dumps(objects),
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the schemas are missing? tests/run installs them: {done.stderr[-400:]}")
    return json.loads(done.stdout)


def security_faults(objects):
    """What Kubernetes' own standard `restricted` asks for, and a read-only file system, no token, no secret in words."""
    for name, pod in pods(objects):
        spec = pod["spec"]
        if spec.get("automountServiceAccountToken") is not False or spec.get("enableServiceLinks") is not False:
            yield f"{name}: is told of the API or of other services"
        if any(spec.get(word) for word in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace")):
            yield f"{name}: shares namespaces"
        context = spec.get("securityContext", {})
        users = {context.get("runAsUser"), context.get("runAsGroup"), context.get("fsGroup")}
        if context.get("runAsNonRoot") is not True or len(users) != 1 or not users & set(manifests.IMAGES.values()):
            yield f"{name}: runs as {users}"
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{name}: no seccomp profile"
        for volume in spec.get("volumes", ()):
            kinds = set(volume) - {"name"}
            if not kinds <= {"secret", "persistentVolumeClaim", "emptyDir"}:
                yield f"{name}: a volume of {kinds}"
            if "secret" in volume and volume["secret"].get("defaultMode") != 0o440:
                yield f"{name}: others may read the Secret {volume['name']}"
    for name, pod, one in containers(objects):
        context = one.get("securityContext", {})
        if (context.get("allowPrivilegeEscalation") is not False or context.get("readOnlyRootFilesystem") is not True
                or context.get("capabilities") != {"drop": ["ALL"]}):
            yield f"{name}/{one['name']}: is not confined"
        if one["image"] not in manifests.IMAGES:
            yield f"{name}/{one['name']}: no image {one['image']} is made in deploy/images"
        elif one["image"] != "tutti-edge" and manifests.IMAGES[one["image"]] != pod["spec"]["securityContext"]["runAsUser"]:
            yield f"{name}/{one['name']}: is of another user than its image"
        for variable in one.get("env", ()):
            if "secretKeyRef" in variable.get("valueFrom", {}) or "PASSWORD" in variable["name"]:
                yield f"{name}/{one['name']}: a secret in its environment"
        for where, volume, read_only in volumes(pod, one):
            if "secret" in volume and not read_only:
                yield f"{name}/{one['name']}: {where} may be written"
    for one in of_kind(objects, "Secret"):
        yield f"{one['metadata']['name']}: a Secret's contents are here"


def number_of(container, port):
    """The number of a container's port by name or number, or None."""
    for one in container.get("ports", ()):
        if port in (one.get("name"), one["containerPort"]):
            return one["containerPort"]
    return None


def numbers_of(objects, name):
    """The ports on which pods of a name listen."""
    return {port["containerPort"] for _, pod, one in containers(objects) if app(pod) == name
            for port in one.get("ports", ())}


def listening(objects, container):
    """On which ports a container's program listens, by its own words and files."""
    words = arguments(objects, container)
    image = container["image"]
    if image in ("tutti-ingest", "tutti-aggregate", "tutti-score"):
        return {int(word.rsplit(":", 1)[1]) for word in words if word.startswith("--listen=")}
    if image == "tutti-redis":
        ports = {int(words[words.index("--tls-port") + 1])}
        return ports | {port + 10000 for port in ports if "--cluster-enabled" in words}
    if image == "tutti-edge" and words == ["/etc/tutti/metrics.conf"]:
        text = (SOURCE / "deploy/images/metrics.conf").read_text()
        return {int(port) for port in re.findall(r"^ +listen (\d+) ssl;", text, re.MULTILINE)}
    if image == "tutti-edge":
        text = (SOURCE / "deploy/images/build").read_text()
        return {int(port) for port in re.findall(r"@LISTEN_\w+@,(\d+),", text)}
    return set()


def port_faults(objects):
    """Ports of containers, Services, policies and of the words that name them are the same."""
    for name, _, one in containers(objects):
        said = {port["containerPort"] for port in one.get("ports", ())}
        if said != listening(objects, one):
            yield f"{name}/{one['name']}: says {said} and listens on {listening(objects, one)}"
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            socket = one.get(probe, {}).get("tcpSocket")
            if socket and number_of(one, socket["port"]) is None:
                yield f"{name}/{one['name']}: {probe} asks port {socket['port']}"
    reached = set()
    for service in of_kind(objects, "Service"):
        name = service["metadata"]["name"]
        labels = service["spec"]["selector"]
        behind = [one for _, pod, one in containers(objects)
                  if all(pod["metadata"]["labels"].get(key) == value for key, value in labels.items())]
        if not behind:
            yield f"Service {name}: nothing is behind it"
        for port in service["spec"]["ports"]:
            numbers = {number for one in behind if (number := number_of(one, port["targetPort"])) is not None}
            if numbers != {port["port"]}:
                yield f"Service {name}: {port['port']} goes to {numbers}"
            reached |= {(app(pod), number) for _, pod, _ in containers(objects) for number in numbers
                        if all(pod["metadata"]["labels"].get(key) == value for key, value in labels.items())}
    addresses = {f"{service['metadata']['name']}:{port['port']}": service for service in of_kind(objects, "Service")
                 for port in service["spec"]["ports"]}
    for name, _, one in containers(objects):
        words = [*arguments(objects, one), *manifests.environment(objects, one).values()]
        text = (SOURCE / "deploy/images/build").read_text() if words[:1] == ["/etc/tutti/front.conf"] else ""
        words += re.findall(r"@(?:INGEST|AGGREGATE|SCORE)@,([\w.:-]+),", text)
        for word in words:
            for pod, address in re.findall(r"(?:([\w-]+-\d+)\.)?(tutti-[\w-]+[: ]\d+)", word):
                service = addresses.get(address.replace(" ", ":"))
                if service is None:
                    yield f"{name}: nobody is at {address}"
                elif pod and not pod_exists(objects, pod, service):
                    yield f"{name}: there is no pod {pod} of {address}"
                elif text and service["spec"].get("clusterIP") == "None":
                    yield f"{name}: nginx would never see another address of {address}"
                elif "dns:///" in word and service["spec"].get("clusterIP") != "None":
                    yield f"{name}: {address} is one address, and nothing to balance over"
    for name, pod, one in containers(objects):
        for port in one.get("ports", ()):
            if (app(pod), port["containerPort"]) not in reached and port.get("name") != "metrics":
                yield f"{name}/{one['name']}: no Service leads to {port['containerPort']}"


def pod_exists(objects, pod, service):
    name, number = pod.rsplit("-", 1)
    return any(one["metadata"]["name"] == name and int(number) < one["spec"]["replicas"]
               and one["spec"]["serviceName"] == service["metadata"]["name"] for one in of_kind(objects, "StatefulSet"))


def peers(rule, word):
    """The pods that a rule of a policy names; None are all."""
    if word not in rule:
        return [None]
    return [one["podSelector"]["matchLabels"].get("app.kubernetes.io/name", "kube-dns") for one in rule[word]]


def permitted(objects, direction, word):
    """{(pods of the policy, peer, port)} of all policies; UDP is left out."""
    names = {app(pod) for _, pod in pods(objects)}
    found = set()
    for policy in of_kind(objects, "NetworkPolicy"):
        selected = {name for name in names
                    if manifests.matches(policy["spec"]["podSelector"], {"app.kubernetes.io/name": name})}
        for rule in policy["spec"].get(direction, ()):
            found |= {(name, peer, port["port"]) for name in selected for peer in peers(rule, word)
                      for port in rule["ports"] if port["protocol"] == "TCP"}
    return found


def needed(objects):
    """{(who calls, whom, port)}, as the words of the programs have it."""
    services = {service["metadata"]["name"]: service for service in of_kind(objects, "Service")}
    found = set()
    for _, pod, one in containers(objects):
        words = [*arguments(objects, one), *manifests.environment(objects, one).values()]
        if words[:1] == ["/etc/tutti/front.conf"]:
            words += re.findall(r"@(?:INGEST|AGGREGATE|SCORE)@,([\w.:-]+),", (SOURCE / "deploy/images/build").read_text())
        for word in words:
            for service, port in re.findall(r"(tutti-[\w-]+)[: ](\d+)", word):
                if service in services:
                    found.add((app(pod), services[service]["spec"]["selector"]["app.kubernetes.io/name"], int(port)))
        if "--cluster-enabled" in words:
            found |= {(app(pod), app(pod), port) for port in (6379, 16379)}
    return found


def policy_faults(objects):
    """Both ends permit what the programs need, and nothing else."""
    everything = [policy for policy in of_kind(objects, "NetworkPolicy") if policy["spec"]["podSelector"] == {}]
    if not any(set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"} and not policy["spec"].get("ingress")
               and not policy["spec"].get("egress") for policy in everything):
        yield "what nobody permits is not denied"
    outgoing = {one for one in permitted(objects, "egress", "to") if one[1] not in OTHERS}
    incoming = {(peer, name, port) for name, peer, port in permitted(objects, "ingress", "from")
                if peer is not None and peer not in OTHERS}
    wanted = needed(objects)
    for one in sorted(wanted - outgoing):
        yield f"{one[0]} may not reach {one[1]}:{one[2]}"
    for one in sorted(wanted - incoming):
        yield f"{one[1]}:{one[2]} does not let {one[0]} in"
    for one in sorted((outgoing | incoming) - wanted):
        yield f"nobody needs that {one[0]} reaches {one[1]}:{one[2]}"
    for name, peer, port in permitted(objects, "ingress", "from"):
        if port not in numbers_of(objects, name):
            yield f"{name}: nothing listens on {port}, which a policy opens"
        if peer is None and name != "tutti-edge":
            yield f"{name}: everybody may come in"
    scraped = {name for name, peer, port in permitted(objects, "ingress", "from") if peer == "prometheus" and port == 9464}
    if scraped != {f"tutti-{name}" for name in SERVICES}:
        yield f"Prometheus reaches {scraped}"
    dns = {name for name, peer, port in permitted(objects, "egress", "to") if peer == "kube-dns" and port == 53}
    callers = {caller for caller, callee, _ in wanted if caller != callee}
    if dns != callers:
        yield f"names are looked up by {callers}, and may be by {dns}"


def memory_faults(objects):
    for name, _, one in containers(objects):
        limit = one["resources"]["limits"].get("memory")
        if limit is None or "cpu" not in one["resources"]["requests"] or "memory" not in one["resources"]["requests"]:
            yield f"{name}/{one['name']}: no bounds"
            continue
        words = arguments(objects, one)
        for word in words:
            # The calls' memory, as much again for what is remembered and half for connections.
            if word.startswith("--memory_mib=") and manifests.mebibytes(limit) < 2.5 * int(word.split("=")[1]):
                yield f"{name}/{one['name']}: {word} does not fit into {limit}"
        if "--maxmemory" in words:
            most = int(re.fullmatch(r"(\d+)(mb|gb)", words[words.index("--maxmemory") + 1])[1])
            most *= 1024 if words[words.index("--maxmemory") + 1].endswith("gb") else 1
            if manifests.mebibytes(limit) < 2 * most:
                yield f"{name}/{one['name']}: maxmemory {most} MiB leaves no room for rewriting the file in {limit}"


def unit_memory(name):
    text = (SOURCE / f"deploy/systemd/tutti-{name}.service").read_text()
    return manifests.mebibytes(re.search(r"^MemoryMax=(\d+[MG])", text, re.MULTILINE)[1] + "i")


def time_faults(objects):
    """A pod is given the time that its program takes to end, and a probe more than its question does."""
    for name, pod, one in containers(objects):
        grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
        wait = one.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        drain = [int(word.split("=")[1]) for word in arguments(objects, one) if word.startswith("--drain_seconds=")]
        if drain and (wait == 0 or grace < wait + drain[0] + 10):
            yield f"{name}: {grace} s are not enough for {wait} s and {drain[0]} s"
        for probe in ("livenessProbe", "readinessProbe"):
            words = one.get(probe, {}).get("exec", {}).get("command", [])
            if "--timeout" in words and int(words[words.index("--timeout") + 1]) >= one[probe]["timeoutSeconds"]:
                yield f"{name}: {probe} is ended before it answers"


def probe_faults(objects):
    """Alive is asked for restarts, ready for calls, over TLS, by the name in the certificate and at its own port."""
    for service, port in SERVICES.items():
        deployment = named(objects, "Deployment", f"tutti-{service}")
        one = next(one for one in deployment["spec"]["template"]["spec"]["containers"] if one["name"] == service)
        for probe, ready in (("livenessProbe", False), ("readinessProbe", True)):
            words = one.get(probe, {}).get("exec", {}).get("command", [])
            if words[:1] != ["tutti"] or "health" not in words:
                yield f"{service}: {probe} does not ask health"
            elif ("--ready" in words) != ready or words[-1] != f"127.0.0.1:{port}" or "--ca" not in words:
                yield f"{service}: {probe} asks {words}"
            elif words[words.index("--server-name") + 1] != f"tutti-{service}":
                yield f"{service}: {probe} believes another's certificate"
    for name, _, one in containers(objects):
        if one["image"] == "tutti-redis":
            for probe in ("startupProbe", "readinessProbe"):
                words = one.get(probe, {}).get("exec", {}).get("command", [])
                users = (SOURCE / "deploy/redis/operation.acl").read_text()
                user = words[words.index("--user") + 1] if "--user" in words else "default"
                if f"user {user} on nopass" not in users or "-e" not in words or words[-1] != "ping":
                    yield f"{name}: {probe} asks {words}"


def scale_faults(objects):
    """Of everything that serves there are several in a cluster, one of which may go."""
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if scaler["spec"]["minReplicas"] < 2:
            yield f"{target['name']}: one replica is not enough"
        deployment = named(objects, target["kind"], target["name"])
        if "replicas" in deployment["spec"]:
            yield f"{target['name']}: two say how many there are"
        measured = {metric["containerResource"]["container"] for metric in scaler["spec"]["metrics"]}
        if not measured <= {one["name"] for one in deployment["spec"]["template"]["spec"]["containers"]}:
            yield f"{target['name']}: {measured} is measured, and not there"
    scaled = {scaler["spec"]["scaleTargetRef"]["name"] for scaler in of_kind(objects, "HorizontalPodAutoscaler")}
    wanted = {one["metadata"]["name"] for one in of_kind(objects, "Deployment")}
    if scaled != wanted:
        yield f"{wanted - scaled} do not scale"
    budgets = [budget["spec"] for budget in of_kind(objects, "PodDisruptionBudget")]
    for name, pod in pods(objects):
        covered = [one for one in budgets if manifests.matches(one["selector"], pod["metadata"]["labels"])]
        if name in wanted | {"tutti-redis"} and [one.get("maxUnavailable") for one in covered] != [1]:
            yield f"{name}: several may go at once"
        spread = pod["spec"].get("topologySpreadConstraints", ())
        if name in wanted | {"tutti-redis"} and not any(
                one["topologyKey"] == "kubernetes.io/hostname"
                and manifests.matches(one["labelSelector"], pod["metadata"]["labels"]) for one in spread):
            yield f"{name}: all may be on one machine"


def redis_settings(objects, name):
    words = arguments(objects, named(objects, "StatefulSet", name)["spec"]["template"]["spec"]["containers"][0])
    return {words[i][2:]: words[i + 1] for i in range(0, len(words), 2)}


def redis_faults(objects):
    """The settings that deploy/redis/README.md asks of every node."""
    for one in of_kind(objects, "StatefulSet"):
        name = one["metadata"]["name"]
        settings = redis_settings(objects, name)
        wanted = {"port": "0", "tls-port": "6379", "tls-auth-clients": "yes"}
        if "cluster-enabled" in settings:
            wanted |= {"tls-cluster": "yes", "tls-replication": "yes", "cluster-allow-replica-migration": "no",
                       "cluster-require-full-coverage": "no", "cluster-allow-reads-when-down": "no",
                       "min-replicas-to-write": "1", "cluster-preferred-endpoint-type": "hostname"}
            if int(settings.get("cluster-node-timeout", 0)) < 2000 or settings.get("cluster-replica-validity-factor") == "0":
                yield f"{name}: aggregate refuses its times"
            if not settings.get("cluster-announce-hostname", "").endswith(f".{one['spec']['serviceName']}"):
                yield f"{name}: announces a name that leads nowhere"
        if "replicaof" in settings:
            wanted |= {"tls-replication": "yes"}
        for setting, value in wanted.items():
            if settings.get(setting) != value:
                yield f"{name}: {setting} is {settings.get(setting)} and not {value}"
        overridden = set(settings) & {"appendonly", "appendfsync", "save", "maxmemory-policy", "slowlog-max-len"}
        if overridden:
            yield f"{name}: {overridden} is not what deploy/redis/redis.conf says"
        claims = [claim["metadata"]["name"] for claim in one["spec"]["volumeClaimTemplates"]]
        mounts = {mount["name"]: mount["mountPath"]
                  for mount in one["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]}
        if mounts.get(claims[0]) != settings.get("dir"):
            yield f"{name}: its files are on no volume"


def made_secrets(folder):
    """{secret: keys} of all that deploy/kubernetes/README.md has an operator make."""
    made = {one.name: {key.name for key in one.iterdir()} for one in folder.iterdir() if one.is_dir()}
    for name in ("ingest", "aggregate", "score", "redis", "journal", "edge", "operator"):
        made[f"tutti-{name}-tls"] = {"tls.crt", "tls.key", "ca.crt"}
    return made | {"tutti-token-keys": {"jwks.json"}}


def secret_faults(objects, made):
    """What is mounted is made, and read by somebody's words; what is made is used."""
    conf = {"/etc/tutti/metrics.conf": SOURCE / "deploy/images/metrics.conf", "/etc/tutti/front.conf": SOURCE / "deploy/images/build"}
    read = set()
    for name, pod, one in containers(objects):
        words = [*arguments(objects, one), *manifests.environment(objects, one).values()]
        words += [conf[word].read_text() for word in words if word in conf]
        found = manifests.secrets_read(pod, one, words)
        for _, volume, _ in volumes(pod, one):
            if "secret" in volume and not any(secret == volume["secret"]["secretName"] for secret, _ in found):
                yield f"{name}/{one['name']}: has the Secret {volume['secret']['secretName']} and reads nothing of it"
        read |= found
        for where in re.findall(r"=(/etc/tutti/\w+|/keyring)/", "\n".join(words)):
            if where not in {path for path, _, _ in volumes(pod, one)}:
                yield f"{name}/{one['name']}: nothing is mounted at {where}"
    for secret, key in sorted(read):
        if key not in made.get(secret, ()):
            yield f"nobody makes {secret}/{key}"
    for secret, keys in sorted(made.items()):
        mounted = any(volume.get("secret", {}).get("secretName") == secret for _, pod in pods(objects)
                      for volume in pod["spec"].get("volumes", ()))
        unread = {key for key in keys if (secret, key) not in read}
        # One server has no replica to say who it is.
        if not mounted or (unread and unread != {"replica.conf"}):
            yield f"nobody reads {unread or 'anything'} of {secret}"


def user_faults(objects):
    """The users that services say they are, are those of the ACL files."""
    for service, template, flag in (("aggregate", "users.acl", "redis_user"), ("score", "users.acl", "redis_user")):
        one = named(objects, "Deployment", f"tutti-{service}")["spec"]["template"]["spec"]["containers"][0]
        users = [word.split("=")[1] for word in arguments(objects, one) if word.startswith(f"--{flag}=")]
        text = (SOURCE / "deploy/redis" / template).read_text()
        if len(users) != 1 or f"user {users[0]} on " not in text:
            yield f"{service}: no user {users} in {template}"


CHECKS = {"security": security_faults, "ports": port_faults, "policies": policy_faults, "memory": memory_faults,
          "times": time_faults, "probes": probe_faults, "redis": redis_faults, "users": user_faults}


def container(objects, kind, name, number=0):
    return manifests.pod_template(named(objects, kind, name))["spec"]["containers"][number]


def replace_word(objects, kind, name, old, new):
    one = container(objects, kind, name)
    changed = [new if word == old else word for word in one["args"]]
    if changed == one["args"]:
        raise ValueError(f"{name} has no {old}")
    one["args"] = [word for word in changed if word is not None]


def drop(objects, kind, name):
    objects.remove(named(objects, kind, name))


# Of each check: what is done to the manifests, and what it must say then.
MUTATIONS = {
    "security": [
        (lambda o: container(o, "Deployment", "tutti-score")["securityContext"].pop("readOnlyRootFilesystem"), "not confined"),
        (lambda o: named(o, "Deployment", "tutti-edge")["spec"]["template"]["spec"]["securityContext"].update(runAsUser=0), "runs as"),
        (lambda o: container(o, "StatefulSet", "tutti-journal").update(image="redis:7"), "no image redis:7"),
        (lambda o: o.append({"kind": "Secret", "metadata": {"name": "x"}, "stringData": {"a": "b"}}), "contents are here"),
        (lambda o: container(o, "Deployment", "tutti-ingest")["volumeMounts"][0].pop("readOnly"), "may be written"),
    ],
    "ports": [
        (lambda o: replace_word(o, "Deployment", "tutti-ingest", "--listen=0.0.0.0:7401", "--listen=0.0.0.0:7400"), "listens on"),
        (lambda o: named(o, "Service", "tutti-score")["spec"]["ports"][0].update(port=7404), "goes to"),
        (lambda o: replace_word(o, "Deployment", "tutti-ingest", "--aggregate=dns:///tutti-aggregate:7402",
                                "--aggregate=dns:///tutti-agregate:7402"), "nobody is at"),
        (lambda o: replace_word(o, "Deployment", "tutti-ingest", "--aggregate=dns:///tutti-aggregate:7402",
                                "--aggregate=dns:///tutti-aggregate-front:7402"), "nothing to balance over"),
        (lambda o: named(o, "Service", "tutti-ingest-front")["spec"].update(clusterIP="None"), "nginx would never see"),
        (lambda o: named(o, "StatefulSet", "tutti-journal")["spec"].update(replicas=0), "there is no pod tutti-journal-0"),
        (lambda o: named(o, "Service", "tutti-edge")["spec"]["ports"].pop(), "no Service leads to 8403"),
    ],
    "policies": [
        (lambda o: drop(o, "NetworkPolicy", "tutti-default-deny"), "is not denied"),
        (lambda o: drop(o, "NetworkPolicy", "tutti-ingest"), "tutti-ingest may not reach tutti-aggregate:7402"),
        (lambda o: named(o, "NetworkPolicy", "tutti-redis")["spec"]["ingress"][0]["from"].pop(0),
         "tutti-redis:6379 does not let tutti-aggregate in"),
        (lambda o: named(o, "NetworkPolicy", "tutti-redis")["spec"]["ingress"][0]["from"].append(
            {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "tutti-ingest"}}}),
         "nobody needs that tutti-ingest reaches tutti-redis:6379"),
        (lambda o: named(o, "NetworkPolicy", "tutti-score")["spec"]["ingress"][0].pop("from"), "everybody may come in"),
        (lambda o: named(o, "NetworkPolicy", "tutti-score")["spec"]["ingress"].pop(), "Prometheus reaches"),
        (lambda o: named(o, "NetworkPolicy", "tutti-edge")["spec"]["ingress"][0]["ports"][0].update(port=8400),
         "nothing listens on 8400"),
        (lambda o: named(o, "NetworkPolicy", "tutti-dns")["spec"]["podSelector"]["matchExpressions"][0]["values"].remove(
            "tutti-score"), "names are looked up"),
    ],
    "memory": [
        (lambda o: replace_word(o, "Deployment", "tutti-score", "--memory_mib=512", "--memory_mib=4096"), "does not fit"),
        (lambda o: replace_word(o, "StatefulSet", "tutti-redis", "2gb", "4gb"), "leaves no room"),
        (lambda o: container(o, "Deployment", "tutti-edge")["resources"]["limits"].pop("memory"), "no bounds"),
    ],
    "times": [
        (lambda o: replace_word(o, "Deployment", "tutti-ingest", "--drain_seconds=20", "--drain_seconds=60"), "not enough"),
        (lambda o: container(o, "Deployment", "tutti-ingest").pop("lifecycle"), "not enough"),
        (lambda o: container(o, "Deployment", "tutti-score")["readinessProbe"].update(timeoutSeconds=1), "ended before"),
    ],
    "probes": [
        (lambda o: container(o, "Deployment", "tutti-score")["livenessProbe"]["exec"]["command"].insert(6, "--ready"), "asks"),
        (lambda o: container(o, "Deployment", "tutti-score")["readinessProbe"]["exec"]["command"].remove("--ready"), "asks"),
        (lambda o: container(o, "Deployment", "tutti-ingest").pop("readinessProbe"), "does not ask"),
        (lambda o: container(o, "StatefulSet", "tutti-redis")["readinessProbe"]["exec"]["command"].remove("-e"), "asks"),
    ],
    "redis": [
        (lambda o: container(o, "StatefulSet", "tutti-redis")["args"].extend(["--appendfsync", "everysec"]), "appendfsync"),
        (lambda o: container(o, "StatefulSet", "tutti-redis")["volumeMounts"].pop(0), "no volume"),
        (lambda o: replace_word(o, "StatefulSet", "tutti-journal", "--tls-auth-clients", "--tls-auth-client"), "tls-auth-clients"),
    ],
    "users": [
        (lambda o: replace_word(o, "Deployment", "tutti-score", "--redis_user=score", "--redis_user=scores"), "no user"),
    ],
}
# Of the cluster alone.
CLUSTER_MUTATIONS = {
    "redis": [
        (lambda o: replace_word(o, "StatefulSet", "tutti-redis", "5000", "500"), "refuses its times"),
        (lambda o: replace_word(o, "StatefulSet", "tutti-redis", "$(POD_NAME).tutti-redis", "$(POD_NAME)"), "leads nowhere"),
        (lambda o: replace_word(o, "StatefulSet", "tutti-redis", "--cluster-allow-replica-migration", "--cluster-migration-barrier"),
         "cluster-allow-replica-migration is None"),
    ],
    "scale": [
        (lambda o: named(o, "HorizontalPodAutoscaler", "tutti-score")["spec"].update(minReplicas=1), "one replica"),
        (lambda o: drop(o, "PodDisruptionBudget", "tutti-redis"), "several may go"),
        (lambda o: drop(o, "HorizontalPodAutoscaler", "tutti-edge"), "do not scale"),
        (lambda o: named(o, "Deployment", "tutti-ingest")["spec"]["template"]["spec"].pop("topologySpreadConstraints"),
         "one machine"),
    ],
}


class ManifestsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.built = {overlay: manifests.build(overlay) for overlay in OVERLAYS}
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        subprocess.run([SOURCE / "deploy/kubernetes/redis-secrets", cls.folder / "secrets"], check=True)

    def checks(self, overlay):
        return {**CHECKS, **({"scale": scale_faults} if overlay == "cluster" else {}),
                "secrets": lambda objects: secret_faults(objects, made_secrets(self.folder / "secrets"))}

    def test_the_schemas_of_the_api_take_every_object(self):
        everything = [one for objects in self.built.values() for one in objects]
        self.assertEqual(schema_faults(everything), [])

        def of(*words, **values):
            wrong = copy.deepcopy(named(self.built["cluster"], "Deployment", "tutti-score"))
            inner = wrong
            for word in words:
                inner = inner[word]
            inner.update(values)
            return wrong

        spec = ("spec", "template", "spec")
        wrong = [of("spec", replicas="two"), of(*spec, "containers", 0, reedinessProbe={}),
                 of(*spec, "containers", 0, "resources", "limits", memory="4Gb"), of(*spec, containers=None),
                 of("spec", selector=None)]
        self.assertEqual({fault["object"] for fault in schema_faults(wrong)}, set(range(len(wrong))))

    def test_the_manifests_hold_to_what_the_programs_take(self):
        for overlay, objects in self.built.items():
            for name, check in self.checks(overlay).items():
                with self.subTest(overlay, check=name):
                    self.assertEqual(list(check(objects)), [])

    def test_each_check_finds_a_wrong_manifest(self):
        for overlay, objects in self.built.items():
            mutations = [*MUTATIONS.items(), *(CLUSTER_MUTATIONS.items() if overlay == "cluster" else ())]
            checks = self.checks(overlay)
            for name, wrong in mutations:
                for number, (mutate, words) in enumerate(wrong):
                    with self.subTest(overlay, check=name, number=number):
                        changed = copy.deepcopy(objects)
                        mutate(changed)
                        self.assertIn(words, "\n".join(checks[name](changed)))
        objects = copy.deepcopy(self.built["cluster"])
        replace_word(objects, "Deployment", "tutti-score", "--redis_password_file=/etc/tutti/redis/password",
                     "--redis_password_file=/etc/tutti/redis/pasword")
        said = "\n".join(self.checks("cluster")["secrets"](objects))
        self.assertIn("nobody makes tutti-score-redis/pasword", said)
        self.assertIn("nobody reads {'password'} of tutti-score-redis", said)

    # A flag that a service does not know, a file that it cannot read, a host without TLS: check-config says so, and
    # reads the files that the Secrets would be. It reaches no Redis here.
    def test_the_services_take_their_flags(self):
        files = authority.make_secrets(self.folder / "files", self.folder / "secrets")
        for overlay, objects in self.built.items():
            for service in SERVICES:
                pod = manifests.pod_template(named(objects, "Deployment", f"tutti-{service}"))
                one = pod["spec"]["containers"][0]
                with self.subTest(overlay, service=service):
                    words = self.on_this_machine(arguments(objects, one), pod, one, files)
                    self.assertEqual(self.check_config(service, words), (0, ""))
                    for wrong in ("--max_connection_ages=1h", "--tls_key=/nowhere", "--trust_domain="):
                        self.assertNotEqual(self.check_config(service, [*words, wrong])[0], 0, wrong)

    def on_this_machine(self, words, pod, one, files):
        """The words, with the files that the Secrets and the keyring's volume hold."""
        places = {where: files / volume.get("secret", {}).get("secretName", "keyring") for where, volume, _ in volumes(pod, one)}
        places["/usr/share/tutti"] = SOURCE / "deploy/catalog"
        for where, folder in sorted(places.items(), reverse=True):
            words = [word.replace(f"={where}/", f"={folder}/") for word in words]
        return words

    def check_config(self, service, words):
        """How it ends, and what it says but for what does not answer."""
        done = subprocess.run([BIN / "tutti", "check-config", service, *words], capture_output=True, text=True, timeout=60,
                              check=False)
        said = [line for line in (done.stdout + done.stderr).splitlines()
                if "not checked" not in line and "the configuration is good" not in line]
        return done.returncode, "\n".join(said)

    def test_the_limits_are_those_of_the_units(self):
        for overlay, objects in self.built.items():
            for name in (*SERVICES, "edge"):
                limit = container(objects, "Deployment", f"tutti-{name}")["resources"]["limits"]["memory"]
                self.assertEqual(manifests.mebibytes(limit), unit_memory(name), f"{overlay}: {name}")

    # It reads one after the other, and ends at the first that it does not know: the last, which nobody does.
    def test_redis_takes_its_settings(self):
        for overlay, objects in self.built.items():
            for one in of_kind(objects, "StatefulSet"):
                unknown = subprocess.run(
                    ["redis-server", SOURCE / "deploy/redis/redis.conf", *self.redis_words(objects, one), "--no-such-setting", "1"],
                    capture_output=True, text=True, timeout=60, check=False)
                self.assertIn("no-such-setting", unknown.stdout + unknown.stderr, overlay)

    def redis_words(self, objects, one):
        pod = one["spec"]["template"]
        words = arguments(objects, pod["spec"]["containers"][0], {"status.podIP": "127.0.0.1", "metadata.name": "x-0"})
        words = [word.replace("/data", str(self.folder)) for word in words]
        for where, volume, _ in volumes(pod, pod["spec"]["containers"][0]):
            if "secret" in volume:
                words = [word.replace(where, str(self.folder / "secrets" / volume["secret"]["secretName"])) for word in words]
        return words


if __name__ == "__main__":
    if shutil.which("kubectl") is None:
        sys.exit("kubectl is missing: deploy/install-packages test")
    unittest.main()
