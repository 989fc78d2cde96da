"""The faults: each begins, lasts, and ends; what it hits is drawn from the schedule's seed."""

import contextlib
import os
import signal
import subprocess

from fleet import PORT
from hosts import Cut, both_ways
from suite import wait_for

SLOT_KEYS = ("org-0", "org-1", "org-2", "org-3", "org-4", "org-5")


class Fault:
    """One kind of fault, at one place. begin() and end() are called once each; what it ends is well again by itself."""

    # Whether other faults may be under way at the same time.
    alone = False
    # Seconds that it lasts, at least and at most.
    lasts = (1.0, 3.0)
    what = ""
    # The share of calls to ingest that must be good while it lasts, where it leaves a replica of each service well.
    good = None

    def __init__(self, fleet, draw):
        self.fleet, self.draw = fleet, draw

    def begin(self):
        raise NotImplementedError

    def end(self):
        pass

    def node(self):
        return self.draw.choice([*self.fleet.nodes, self.fleet.journal])


class KillNode(Fault):
    """A redis-server ends, and its supervisor starts it again."""

    number = signal.SIGKILL

    def __init__(self, fleet, draw):
        super().__init__(fleet, draw)
        self.process = self.node()
        self.what = self.process.host.name

    def begin(self):
        self.process.end(self.number)

    def end(self):
        self.process.start()


class KillPrimary(KillNode):
    """The same of a node that is a primary, if one answers."""

    def node(self):
        return self.draw.choice(self.fleet.primaries() or self.fleet.nodes)


class TermNode(KillNode):
    number = signal.SIGTERM


class StopNode(Fault):
    """A redis-server does nothing for a while."""

    def __init__(self, fleet, draw):
        super().__init__(fleet, draw)
        self.process = self.node()
        self.what = self.process.host.name

    def begin(self):
        self.process.tell(signal.SIGSTOP)

    def end(self):
        self.process.tell(signal.SIGCONT)


class KillService(KillNode):
    def node(self):
        return self.draw.choice(self.fleet.services)


class TermService(TermNode):
    def node(self):
        return self.draw.choice(self.fleet.services)


class StopService(StopNode):
    def node(self):
        return self.draw.choice(self.fleet.services)


class FreezeAggregate(StopService):
    """One of the aggregates does nothing for so long that whatever went to it has failed, while the other is well."""

    alone = True
    lasts = (20.0, 20.0)
    good = 0.95

    def node(self):
        return self.draw.choice(self.fleet.named("aggregate"))


class FreezeAggregates(Fault):
    """Every aggregate does nothing; the control of the one before, and of no schedule."""

    good = FreezeAggregate.good
    lasts = (8.0, 8.0)
    what = "every aggregate"

    def begin(self):
        for service in self.fleet.named("aggregate"):
            service.tell(signal.SIGSTOP)

    def end(self):
        for service in self.fleet.named("aggregate"):
            service.tell(signal.SIGCONT)


class Restart(Fault):
    """Every service is stopped and started, one replica after the other."""

    alone = True
    lasts = (0.0, 0.0)
    what = "every service"

    def begin(self):
        for service in self.fleet.services:
            service.end(signal.SIGTERM)
            service.start()
            # An orchestrator goes on when the new one is ready.
            wait_for(lambda s=service: s.host.name not in self.fleet.unready(), f"{service.host.name} after its restart")


class Outage(Fault):
    """Every aggregate is away for half a minute: who tries to reach one waits longer and longer between tries."""

    alone = True
    lasts = (30.0, 30.0)
    what = "every aggregate"

    def begin(self):
        for service in self.fleet.named("aggregate"):
            service.end(signal.SIGTERM)

    def end(self):
        for service in self.fleet.named("aggregate"):
            service.start()


class Partition(Fault):
    """Hosts do not reach one another."""

    def __init__(self, fleet, draw):
        super().__init__(fleet, draw)
        self.cut = Cut(self.directions())

    def directions(self):
        raise NotImplementedError

    def begin(self):
        self.cut.begin()

    def end(self):
        self.cut.end()


class CutNode(Partition):
    """One redis-server is away from all the others and from the services."""

    def directions(self):
        one = self.node().host
        self.what = one.name
        return both_ways([one], self.fleet.hosts.values())


class CutService(CutNode):
    """One replica of a service is."""

    def node(self):
        return self.draw.choice(self.fleet.services)


class CutSide(Partition):
    """A primary with another's replica, an ingest, an aggregate and a score are away from all the others."""

    def directions(self):
        i = self.draw.randrange(3)
        side = [self.fleet.nodes[i].host, self.fleet.nodes[3 + (i + 1) % 3].host,
                *[self.draw.choice(self.fleet.named(name)).host for name in ("ingest", "aggregate", "score")]]
        self.what = ", ".join(host.name for host in side)
        return both_ways(side, [host for host in self.fleet.hosts.values() if host not in side])


class CutReplicas(Partition):
    """Primaries are away from replicas."""

    what = "primaries from replicas"

    def directions(self):
        shards = self.fleet.shards()
        return both_ways([primary.host for primary, _ in shards], [replica.host for _, replica in shards])


class OneWay(Partition):
    """What one host sends to others is lost; what they send arrives."""

    def directions(self):
        hosts = list(self.fleet.hosts.values())
        one = self.draw.choice(hosts)
        self.what = f"from {one.name}"
        return [(one, other) for other in hosts if other is not one]


class LoseAnswers(Partition):
    """Answers of an aggregate or of a redis-server do not arrive, although what was asked is done."""

    def directions(self):
        if self.draw.random() < 0.5:
            one, callers = self.draw.choice(self.fleet.named("aggregate")), self.fleet.named("ingest")
        else:
            one, callers = self.draw.choice(self.fleet.nodes), self.fleet.named("aggregate")
        self.what = f"of {one.host.name}"
        return [(one.host, caller.host) for caller in callers]


class Failover(Fault):
    """A replica takes its primary's role at an operator's word; every other time without asking the primary.
    Redis 7.0 counts the votes of the first failover again when the next comes soon: the schedule waits."""

    alone = True
    lasts = (1.0, 2.0)

    def begin(self):
        primary, replica = self.draw.choice(sorted(self.fleet.shards(), key=lambda one: one[0].host.name))
        how = self.draw.choice([[], ["FORCE"]])
        self.what = f"{replica.host.name} after {primary.host.name} {' '.join(how)}"
        replica.ask("CLUSTER", "FAILOVER", *how)
        wait_for(lambda: (replica.ask("ROLE") or [b""])[0] == b"master", "the failover")


class Election(Fault):
    """A primary dies for so long that its replica is chosen."""

    alone = True
    lasts = (0.0, 0.0)

    def begin(self):
        self.primary, replica = self.draw.choice(sorted(self.fleet.shards(), key=lambda one: one[0].host.name))
        self.what = f"{replica.host.name} after {self.primary.host.name}"
        self.primary.end(signal.SIGKILL)
        wait_for(lambda: (replica.ask("ROLE") or [b""])[0] == b"master", "the election")

    def end(self):
        self.primary.start()


class Reshard(Fault):
    """The slot of an organisation goes to another primary, key by key, as redis-cli does it, while activity comes in."""

    alone = True
    lasts = (0.0, 0.0)

    def begin(self):
        name = self.draw.choice(SLOT_KEYS)
        primaries = sorted(self.fleet.primaries(), key=lambda one: one.host.name)
        slot = primaries[0].ask("CLUSTER", "KEYSLOT", f"{{{name}}}:profile")
        owner = next(node for node in primaries if node.ask("CLUSTER", "COUNTKEYSINSLOT", slot))
        to = self.draw.choice([node for node in primaries if node is not owner])
        self.what = f"{name}, slot {slot}, from {owner.host.name} to {to.host.name}"
        to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", owner.id())
        owner.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id())
        while keys := owner.ask("CLUSTER", "GETKEYSINSLOT", slot, 2):
            owner.ask("MIGRATE", to.host.address, PORT, "", 0, 5000, "AUTH2", "inspector", "any", "KEYS", *keys,
                      timeout=10)
        for node in (to, owner, *[one for one in primaries if one not in (to, owner)]):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", to.id())
        wait_for(self.fleet.whole, "that all nodes agree after a slot has moved")


class Replace(Fault):
    """A replica's machine is lost with its disk; an empty one is put in its place."""

    alone = True
    lasts = (0.5, 1.5)

    def begin(self):
        self.primary, self.replica = self.draw.choice(sorted(self.fleet.shards(), key=lambda one: one[0].host.name))
        self.what = self.replica.host.name
        gone = self.replica.id()
        self.replica.end(signal.SIGKILL)
        for path in self.replica.folder.iterdir():
            subprocess.run(["rm", "-rf", path], check=True)
        for node in self.fleet.nodes:
            if node is not self.replica:
                node.ask("CLUSTER", "FORGET", gone)

    def end(self):
        self.replica.start()
        wait_for(lambda: self.replica.ask("PING"), "the new node")
        self.replica.ask("CLUSTER", "MEET", self.primary.host.address, PORT)
        wait_for(lambda: self.replica.ask("CLUSTER", "REPLICATE", self.primary.id()) == b"OK", "the new replica")


class FullDisk(Fault):
    """A redis-server's disk is full: it exits at the next write, and its supervisor starts it again until it stays."""

    def __init__(self, fleet, draw):
        super().__init__(fleet, draw)
        self.process = self.node()
        self.what = self.process.host.name

    def begin(self):
        filler = os.open(self.process.folder / "filler", os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while True:
                os.write(filler, bytes(1 << 20))
        with contextlib.suppress(OSError):
            while True:
                os.write(filler, bytes(1))
        os.close(filler)

    def end(self):
        (self.process.folder / "filler").unlink()
        if not self.process.alive():
            self.process.start()


class SlowDisk(Fault):
    """Each synchronisation of a redis-server's disk takes a quarter of a second."""

    def __init__(self, fleet, draw):
        super().__init__(fleet, draw)
        self.disk = self.node()
        self.what = self.disk.host.name

    def begin(self):
        self.disk.slow_down(250)

    def end(self):
        self.disk.slow_down(0)


class ClockStep(Fault):
    """An aggregate's clock is set: a quarter of an hour ahead, or two hours behind."""

    lasts = (2.0, 3.0)

    def __init__(self, fleet, draw):
        super().__init__(fleet, draw)
        service = draw.choice(fleet.named("aggregate"))
        self.step = draw.choice(["+900", "-7200"])
        self.clock = fleet.folder / f"{service.host.name}.clock"
        self.what = f"{service.host.name} {self.step} s"

    def begin(self):
        self.clock.write_text(f"{self.step}\n")

    def end(self):
        self.clock.write_text("+0\n")


KINDS = {kind.__name__: kind for kind in (
    KillNode, TermNode, StopNode, KillService, TermService, StopService, FreezeAggregate, Restart, Outage, CutNode, CutService, CutSide,
    CutReplicas, OneWay, LoseAnswers, Failover, Election, Reshard, Replace, FullDisk, SlowDisk, ClockStep)}
