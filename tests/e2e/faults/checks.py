"""What must hold whatever happened, read from Redis itself."""

import collections
import contextlib
import datetime
import pathlib
import shutil
import tempfile

import grpc
from callers import HEADCOUNT, INGEST, today
from fleet import bitmap_kind
from redis_client import RedisClient
from suite import Suite

YEARLY_NANO_RHO = 2_600_000_000  # what any 392 consecutive end days may cost, for each kind


def as_number(bits):
    return int.from_bytes(bits or b"", "little")


class Comparison:
    """Bits of the open windows: those of what was acknowledged, those that are there, those of what was sent."""

    def __init__(self, acknowledged, present, attempted):
        keys = {key for bitmaps in (acknowledged, present, attempted) for key in bitmaps}
        self.lost, self.invented = collections.Counter(), collections.Counter()
        self.acknowledged = self.present = self.attempted = 0
        for key in keys:
            a, p, t = (as_number(bitmaps.get(key)) for bitmaps in (acknowledged, present, attempted))
            self.acknowledged += a.bit_count()
            self.present += p.bit_count()
            self.attempted += t.bit_count()
            self.lost[key] = (a & ~p).bit_count()
            self.invented[key] = (p & ~t).bit_count()

    def faults(self):
        found = []
        for what, bits in (("acknowledged bits are lost", self.lost), ("bits are there that nobody sent", self.invented)):
            total = sum(bits.values())
            if total:
                worst = ", ".join(f"{key.decode()}: {count}" for key, count in bits.most_common(3))
                found.append(f"{total} {what} ({worst})")
        if not self.acknowledged:
            found.append("nothing was acknowledged: the run shows nothing")
        return found

    def __str__(self):
        return (f"{self.acknowledged} acknowledged bits, {self.present} present, {self.attempted} attempted; "
                f"{sum(self.lost.values())} lost, {sum(self.invented.values())} made up")


def bitmaps_of(values, organizations):
    prefixes = tuple(f"{{{name}}}:".encode() for name in organizations)
    return {key: value for key, value in values.items() if bitmap_kind(key) and key.startswith(prefixes)}


@contextlib.contextmanager
def quiet_suite(keyring, organizations, headcount, first):
    """A suite of one machine with the same keyring, and what it makes of activities (see bitmaps_in): the product's own
    hashing says which bits there should be, and no fault does."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "keyring"
        for ending in ("", ".optout"):
            shutil.copy(f"{keyring}{ending}", f"{copy}{ending}")
        with Suite(keyring=copy, redis_users="user inspector on nopass ~* &* +@all") as suite:
            for name in organizations:
                suite.tutti("organizations", "create", name, "--headcount", str(headcount), "--backfill",
                            "--first-day", first, "--source", "activities")
            yield suite


def bitmaps_in(suite):
    with RedisClient(unix=suite.state / "redis/redis.sock") as redis:
        return {key: redis("GET", key) for key in redis("KEYS", "*") if bitmap_kind(key)}


def reference_bitmaps(keyring, organizations, batches):
    """(bitmaps of what was acknowledged, of all that was sent), by a quiet suite."""
    first = today() - datetime.timedelta(days=8 * 7)
    with quiet_suite(keyring, organizations, HEADCOUNT, first.isoformat()) as suite:
        found = []
        for acknowledged in (True, False):
            _send(suite, [one for one in batches if one.acknowledged == acknowledged])
            found.append(bitmaps_in(suite))
        return found


def _send(suite, batches):
    from tutti.ingest.v1 import ingest_pb2
    by_organization = collections.defaultdict(list)
    for batch in batches:
        by_organization[batch.organization].append(batch)
    with grpc.insecure_channel(suite.ingest) as channel:
        for name, own in by_organization.items():
            for start in range(0, len(own), 500):
                request = ingest_pb2.IngestActivitiesRequest(organization=f"organizations/{name}")
                for batch in own[start:start + 500]:
                    batch.add_to(request)
                answer = ingest_pb2.IngestActivitiesResponse.FromString(
                    channel.unary_unary(INGEST)(request.SerializeToString(), timeout=60))
                if answer.accepted_count != len(request.activities):
                    raise RuntimeError(f"the reference did not take everything: {answer}")


def publications(values, callers):
    """One record for each window that was said to be published, and a ledger that is their sum and within the budget."""
    from tutti.publication.v1 import publication_pb2
    found = []
    for window, times in callers.closed.items():
        if times != 1:
            found.append(f"{window} was said to be published {times} times")
    for name in callers.published:
        tag = f"{{{name}}}:".encode()
        records = {key: publication_pb2.Publication.FromString(value) for key, value in values.items()
                   if key.startswith(tag + b"pub:") and key != tag + b"pub:index"}
        index = values.get(tag + b"pub:index", [])
        if len(index) != len(records) or not records:
            found.append(f"{name}: {len(records)} records, {len(index)} in the index")
        spent, paid = collections.Counter(), collections.Counter()
        for record in records.values():
            for kind in record.kinds:
                spent[kind.kind] += kind.nano_rho
        for field, cost in values.get(tag + b"ledger", {}).items():
            paid[field.decode().split(":", 1)[0]] += int(cost)
        if +spent != +paid:
            found.append(f"{name}: the ledger has {dict(paid)}, the records cost {dict(spent)}")
        for kind, cost in paid.items():
            if cost > YEARLY_NANO_RHO:
                found.append(f"{name}: {kind} cost {cost} billionths, above the budget")
        left = [key for key in values if key.startswith(tag) and b":staged:" in key]
        if left:
            found.append(f"{name}: {len(left)} staged records are left of windows that are published")
    return found


def replicas_agree(fleet):
    """Every replica has what its primary has, now that nothing comes in."""
    found = []
    for primary, replica in fleet.shards():
        with primary.connection() as one, replica.connection() as other:
            other("READONLY")
            for key in one("KEYS", "*"):
                # A closed window's name is kept by a marker that is no string.
                if bitmap_kind(key) and one("TYPE", key) == b"string" and one("GET", key) != other("GET", key):
                    found.append(f"{replica.host.name} has other bits than {primary.host.name} in {key.decode()}")
    return found
