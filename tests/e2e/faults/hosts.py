"""Hosts of a network of the test's own, in one machine.

Each host is a network namespace with an address of 127.1.0.0/24 on a bridge: for the programs
it is the loopback, on which they speak plain text with Redis; for the kernel it is another
machine, reached through a cable that can be cut for one direction. Namespaces of mounts and of
processes go with it: when the test ends, however it ends, nothing of it is left."""

import collections
import os
import pathlib
import subprocess
import sys

NOWHERE = "02:00:00:00:00:fe"  # a network card that nobody has
INSIDE = "TUTTI_FAULTS_INSIDE"
# Python's gRPC goes on connecting every 5 s, while no call is under way: too late to see who is well again.
ENVIRONMENT = {INSIDE: "1", "GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS": "50"}
NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]


def why_not():
    """What keeps this machine from making hosts, or None."""
    try:
        done = subprocess.run(
            [*NAMESPACES, "sh", "-c", "mount -t tmpfs tmpfs /run && ip netns add one && ip link add bridge type bridge && "
             "ip link add cable type veth peer name eth0 netns one && ip addr add 127.1.0.1/24 dev bridge"],
            capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        return f"there is no {missing.filename}"
    return done.stderr.strip() or "namespaces are not permitted" if done.returncode else None


def inside():
    # The variable alone could come from anywhere, and what follows mounts over /run.
    return os.environ.get(INSIDE) == "1" and os.getpid() == 1


def enter():
    """Goes on in namespaces of its own: runs this program again there, unless it is there."""
    if not inside():
        # There is nobody out there: what goes by a proxy goes nowhere.
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        os.execvpe(NAMESPACES[0], [*NAMESPACES, sys.executable, *sys.argv], {**kept, **ENVIRONMENT})


def run(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)


def make_loopback(*inside):
    """127.0.0.1 stays the namespace's own; the rest of 127.0.0.0/8 is cables."""
    run(*inside, "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1")
    run(*inside, "ip", "link", "set", "lo", "up")
    run(*inside, "ip", "addr", "del", "127.0.0.1/8", "dev", "lo")
    run(*inside, "ip", "addr", "add", "127.0.0.1/32", "dev", "lo")


class Host:
    """One machine of the network."""

    def __init__(self, name, number):
        self.name = name
        self.address = f"127.1.0.{number}"
        self.inside = ["nsenter", f"--net=/run/netns/{name}"]
        self.cuts = collections.Counter()  # how many cuts are between this host and another, in this direction
        run("ip", "netns", "add", name)
        run("ip", "link", "add", f"cable{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", f"cable{number}", "master", "bridge", "up")
        make_loopback(*self.inside)
        run(*self.inside, "ip", "link", "set", "eth0", "up")
        run(*self.inside, "ip", "addr", "add", f"{self.address}/24", "dev", "eth0")

    def start(self, words, log, env=None):
        """Starts a program there; its output is added to a file."""
        with open(log, "ab") as output:
            return subprocess.Popen([*self.inside, *[str(word) for word in words]], stdin=subprocess.DEVNULL,
                                    stdout=output, stderr=output, env={**os.environ, **(env or {})})

    def deafen(self, other):
        """What this host sends to the other is lost from now on; what comes from there is not."""
        self.cuts[other.address] += 1
        run(*self.inside, "ip", "neigh", "replace", other.address, "lladdr", NOWHERE, "dev", "eth0", "nud", "permanent")

    def reach(self, other):
        self.cuts[other.address] -= 1
        if not self.cuts[other.address]:
            run(*self.inside, "ip", "neigh", "del", other.address, "dev", "eth0")


class Operator:
    """The host that the test itself is: it sees all others, and no cut is between it and what it inspects,
    unless a fault says so."""

    address = "127.1.0.254"

    def __init__(self, names):
        """`names`: names with addresses, what /etc/hosts says, here and on every host."""
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        hosts = pathlib.Path("/run/hosts")
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in names))
        run("mount", "--bind", hosts, "/etc/hosts")
        make_loopback()
        run("ip", "link", "add", "bridge", "type", "bridge")
        run("ip", "link", "set", "bridge", "up")
        run("ip", "addr", "add", f"{self.address}/24", "dev", "bridge")


class Cut:
    """Takes pairs of hosts apart, in the directions that are named; healed as a whole."""

    def __init__(self, directions):
        self.directions = list(directions)

    def begin(self):
        for sender, receiver in self.directions:
            sender.deafen(receiver)

    def end(self):
        for sender, receiver in self.directions:
            sender.reach(receiver)


def both_ways(ones, others):
    return [pair for one in ones for other in others if one is not other for pair in ((one, other), (other, one))]
