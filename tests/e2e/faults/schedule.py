"""A schedule of faults that follows from a seed, and the run of one."""

import random
import statistics
import time

import checks
from faults import KINDS, CutSide, FreezeAggregates, KillPrimary

READY_WITHIN = 10.0  # seconds from the end of a fault until everything works, of a machine that has a core for everybody
PATIENCE = 90  # seconds after which a run that is not ready is given up


def rounds_of(seed, faults, kinds=None):
    """Rounds of faults: names of kinds with a seed for what each hits; those of one round overlap. Every kind comes
    before one comes again."""
    draw = random.Random(seed)
    bag, rounds, left = [], [], faults
    while left > 0:
        together = []
        for _ in range(min(left, draw.choice((1, 2, 2, 3)))):
            if not bag:
                bag = sorted(kinds or KINDS)
                draw.shuffle(bag)
            if together and (KINDS[bag[-1]].alone or KINDS[together[0][0]].alone):
                break
            together.append((bag.pop(), draw.randrange(1 << 30)))
        rounds.append(together)
        left -= len(together)
    return rounds


class Run:
    """Runs rounds against a fleet with callers, and keeps what happened."""

    def __init__(self, fleet, callers, say=print):
        self.fleet, self.callers, self.say = fleet, callers, say
        self.findings = []
        self.faults = self.overlapping = 0
        self.slowest = 0.0  # seconds until everything worked, at most
        self.queued = 0.0  # seconds of one such time that half of the processes had no core for, at most
        self.begun = time.monotonic()

    def run(self, rounds):
        self._await(time.monotonic())
        for number, together in enumerate(rounds):
            self._round(number, together)

    def hammer(self, seconds, seed):
        """A side is cut off for 5 s and is back for 5 s, all the time; half a turn later a primary is killed, and started
        again after 5 s. Nobody waits until anything works again."""
        self._await(time.monotonic())
        draw = random.Random(seed)
        begun = time.monotonic()
        under_way = {CutSide: None, KillPrimary: None}
        turns = 0
        while time.monotonic() - begun < seconds:
            kind = (CutSide, KillPrimary)[turns % 2]
            if under_way[kind] is None:
                under_way[kind] = kind(self.fleet, draw)
                under_way[kind].begin()
                self.faults += 1
                self.overlapping += all(under_way.values())
                self.say(f"{time.monotonic() - begun:7.1f} s  {kind.__name__} ({under_way[kind].what})")
            else:
                under_way[kind].end()
                under_way[kind] = None
            turns += 1
            time.sleep(max(0.0, begun + turns * 2.5 - time.monotonic()))
        for fault in filter(None, under_way.values()):
            fault.end()
        ended = time.monotonic()
        self._await(ended)
        self.slowest = time.monotonic() - ended

    def unseen_silence(self):
        """The control of the share of calls that must be good: what is not found when no aggregate answers."""
        fault = FreezeAggregates(self.fleet, random.Random(0))
        fault.begin()
        probe = self.callers.probe()
        time.sleep(fault.lasts[0])
        seen = self._too_few_good(fault, probe, "the control")
        fault.end()
        self._await(time.monotonic())
        return [] if seen else ["that no aggregate answers"]

    def _too_few_good(self, fault, probe, words):
        """What is to be found of the calls of a probe."""
        share = probe.stop()
        self.say(f"         {words}: {100 * share:.1f}% of the calls were good, {dict(probe.codes)}")
        return [] if share >= fault.good else [f"{words}: {100 * share:.1f}% of the calls were good, "
                                               f"{100 * fault.good:.0f}% must be"]

    def _round(self, number, together):
        under_way = []
        probes = []
        for name, seed in together:
            draw = random.Random(seed)
            fault = KINDS[name](self.fleet, draw)
            fault.begin()
            if fault.good is not None:
                probes.append((fault, self.callers.probe(), f"round {number}, {name} ({fault.what})"))
            under_way.append((time.monotonic() + draw.uniform(*fault.lasts), fault, name))
            self.faults += 1
            if len(together) > 1:
                self.overlapping += 1
        for until, fault, _ in sorted(under_way, key=lambda one: one[0]):
            time.sleep(max(0.0, until - time.monotonic()))
            for probe in [one for one in probes if one[0] is fault]:
                self.findings += self._too_few_good(*probe)
            fault.end()
        before = self.fleet.queued()
        ended = time.monotonic()
        missing = self._await(ended)
        took = time.monotonic() - ended
        # A machine that is busy with other things is not the fleet's fault.
        queued = statistics.median(
            max((seconds - before.get(pid, {}).get(thread, 0.0) for thread, seconds in threads.items()), default=0.0)
            for pid, threads in self.fleet.queued().items())
        self.slowest = max(self.slowest, took)
        self.queued = max(self.queued, queued)
        words = "; ".join(f"{name} ({fault.what})" for _, fault, name in under_way)
        self.say(f"{ended - self.begun:7.1f} s  {number:3d}  {words}: works again after {took:.1f} s"
                 f" ({queued:.1f} s of it without a core)")
        if took - queued > READY_WITHIN:
            self.findings.append(f"round {number}, {words}: {missing or 'everything'} worked after {took:.1f} s only, "
                                 f"{queued:.1f} s of it without a core")

    def _missing(self, before):
        """What does not work yet: services that are not ready, pairs of producer and replica without a good answer
        since `before`, a cluster that is not whole."""
        after = self.callers.progress()
        silent = [pair for pair in self.callers.pairs() if after.get(pair, 0) == before.get(pair, 0)]
        unready = self.fleet.unready()
        whole = [] if self.fleet.whole() else ["the cluster"]
        return whole + unready + silent

    def _await(self, ended):
        before = self.callers.progress()
        late = []
        while missing := self._missing(before):
            waited = time.monotonic() - ended
            self.fleet.supervise()
            # What Redis cannot mend is an operator's, as the page says; everything else mends itself.
            if "the cluster" in missing and waited > 3 and self.fleet.mend_epochs():
                self.say("         an epoch was bumped, as deploy/redis/README.md says")
            if waited > READY_WITHIN:
                late = missing
            if waited > PATIENCE:
                raise TimeoutError(f"not ready {PATIENCE} s after the faults: {missing}")
            time.sleep(0.05)
        return late

    def _look(self):
        """(how the bits compare, what is wrong), by what is in Redis now."""
        values = self.fleet.every_key()
        acknowledged, attempted = self.expected
        compared = checks.Comparison(acknowledged, checks.bitmaps_of(values, self.callers.organizations), attempted)
        return compared, [*compared.faults(), *checks.publications(values, self.callers),
                          *checks.replicas_agree(self.fleet)]

    def unseen_damage(self):
        """The control: damages what is in Redis in every way that the checks look for; what none of them sees."""
        acknowledged, attempted = self.expected
        key = next(key for key, bits in sorted(acknowledged.items()) if any(bits))
        full = int.from_bytes(attempted[key], "big")
        size = 8 * len(attempted[key])
        set_bit = size - int.from_bytes(acknowledged[key], "big").bit_length()
        free_bit = next(i for i in range(size) if not full >> (size - 1 - i) & 1)
        peer = next(iter(self.callers.published), None)
        damages = [("a bit that is lost", "are lost", ("SETBIT", key, set_bit, 0), ("SETBIT", key, set_bit, 1)),
                   ("a bit that nobody sent", "nobody sent", ("SETBIT", key, free_bit, 1), ("SETBIT", key, free_bit, 0))]
        if peer:
            ledger = f"{{{peer}}}:ledger"
            damages.append(("a cost that is not in the ledger", "the records cost",
                            ("HINCRBY", ledger, "person:2020-01-05", 1), ("HDEL", ledger, "person:2020-01-05")))
        unseen = []
        if self.callers.publish and not peer:
            unseen.append("a cost that is not in the ledger: nothing was published to add it to")
        for what, words, damage, repair in damages:
            self._tell_owner(*damage)
            if not any(words in finding for finding in self._look()[1]):
                unseen.append(what)
            self._tell_owner(*repair)
        return unseen

    def _tell_owner(self, command, key, *more):
        for node in self.fleet.primaries():
            if node.ask("EXISTS", key) == 1:
                node.ask(command, key, *more)
                return
        raise RuntimeError("no primary has the key")

    def finish(self):
        """Stops the callers and checks everything that must hold; the findings."""
        self.callers.stop()
        self.expected = checks.reference_bitmaps(
            self.fleet.keyring, self.callers.organizations, self.callers.batches)
        compared, found = self._look()
        self.findings += found
        self.findings += self.callers.violations
        self.findings += [f"a caller was told {error}" for error in self.callers.errors.wrong]
        sent = sum(batch.size for batch in self.callers.batches)
        good = sum(batch.size for batch in self.callers.batches if batch.acknowledged)
        self.say(f"{self.faults} faults, {self.overlapping} of them with others at the same time, in "
                 f"{time.monotonic() - self.begun:.0f} s; works again after {self.slowest:.1f} s at most, "
                 f"half of the processes without a core for {self.queued:.1f} s of it at most")
        self.say(f"{sent} people, {good} acknowledged; {self.callers.repeated} batches sent again")
        self.say(str(compared))
        self.say(f"{len(self.callers.published)} organisations published {len(self.callers.closed)} windows, "
                 f"read {self.callers.reads} times; errors: {dict(self.callers.errors.counts)}; "
                 f"epochs bumped: {self.fleet.bumped}")
        for finding in self.findings:
            self.say(f"FOUND: {finding}")
        return self.findings
