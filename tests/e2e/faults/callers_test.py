"""Callers are not hurt: an import, and a client of nobody's own making with the service config of protos/README.md,
go on while everything is restarted, one process after the other."""

import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

import hosts  # noqa: E402

INGEST = "/tutti.ingest.v1.IngestService/IngestActivities"
HEALTH = "/grpc.health.v1.Health/Check"
SECONDS = 60


class Client:
    """Calls again and again by a name that stands for two replicas, until it is stopped; what it was told."""

    def __init__(self, fleet, name, method, request, options=()):
        import grpc
        config = (HERE.parent / "clients/guide/service_config.json").read_text()
        self.channel = grpc.secure_channel(f"dns:///{name}.tutti:7400", fleet.credentials(), [
            ("grpc.service_config", config), ("grpc.use_local_subchannel_pool", 1), *options])
        self.call = self.channel.unary_unary(method)
        self.request = request
        self.good, self.errors = 0, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        import grpc
        while not self.stopping.is_set():
            try:
                self.call(self.request, timeout=10)  # what protos/README.md says
                self.good += 1
            except grpc.RpcError as error:
                self.errors.append(f"{error.code().name}: {error.details()}")
            time.sleep(0.005)

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.channel.close()


class CallersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not hosts.inside():
            raise unittest.SkipTest(f"this machine makes no hosts: {hosts.why_not()}")
        from fleet import Fleet
        from suite import make_stubs
        cls.fleet = cls.enterClassContext(Fleet(ingest_flags=["--max_connection_age=2s"]))
        stubs = cls.fleet.folder / "stubs"
        stubs.mkdir()
        make_stubs(stubs)

    def create(self, name, first, headcount=400):
        self.fleet.tutti("organizations", "create", name, "--headcount", headcount, "--backfill", "--first-day", first,
                         "--source", "activities")
        self.fleet.tutti("keyring", "extend", "--keyring", self.fleet.keyring, "--organization", name, "--from", first)

    def batch(self, name):
        from callers import Batch
        return Batch(name, 0, 10).request().SerializeToString()

    def client(self, *arguments, **options):
        client = Client(self.fleet, *arguments, **options)
        self.addCleanup(client.stop)
        return client

    def restart(self, process, ready):
        from suite import wait_for
        process.end(signal.SIGTERM)
        process.start()
        wait_for(ready, f"{process.host.name} after its restart")

    def reference(self, name, first, path):
        """The bits that a quiet suite makes of a file."""
        from checks import bitmaps_in, quiet_suite
        with quiet_suite(self.fleet.keyring, [name], 400, first) as suite:
            suite.tutti("import", "--format", "activities", "--organization", name, str(path))
            return bitmaps_in(suite)

    # Mutations: an import that ends at UNAVAILABLE; a server that stops without a farewell.
    def test_nobody_is_hurt_while_everything_is_restarted(self):
        from checks import bitmaps_of
        from made_up import write_activities
        path = self.fleet.folder / "activities.jsonl"
        first = write_activities(path, people=300, days=50)
        for name in ("imported", "sent"):
            self.create(name, first)
        command = self.fleet.tutti_words("import", "--format", "activities", "--organization", "imported", "-")
        output = self.fleet.folder / "import.out"
        log = self.enterContext(output.open("w"))
        process = self.enterContext(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log))
        lines = path.read_bytes().splitlines(keepends=True)
        steps = len(self.fleet.services) + len(self.fleet.nodes)
        given = 0

        def give():
            """The import's next part; it is under way at every restart."""
            nonlocal given
            given += 1
            self.assertIsNone(process.poll(), output.read_text())
            process.stdin.write(b"".join(lines[(given - 1) * len(lines) // steps:given * len(lines) // steps]))
            process.stdin.flush()

        clients = [self.client("ingest", INGEST, self.batch("sent")),
                   self.client("score", HEALTH, b""),
                   self.client("aggregate", HEALTH, b"")]
        for service in self.fleet.services:
            give()
            self.restart(service, lambda s=service: s.host.name not in self.fleet.unready())
        for client in clients:
            client.stop()
            self.assertEqual(client.errors, [])
            self.assertGreater(client.good, len(self.fleet.services), "the control")
        # Redis does not say beforehand that it ends: what is under way is refused, and sent again.
        for node in self.fleet.nodes:
            give()
            self.restart(node, self.fleet.whole)
        process.stdin.close()
        self.assertEqual(process.wait(timeout=SECONDS), 0, output.read_text())
        present = bitmaps_of(self.fleet.every_key(), ["imported"])
        expected = self.reference("imported", first, path)
        self.assertTrue(expected)
        self.assertEqual(present.keys(), expected.keys())
        self.assertEqual(present, expected)
        print(f"{len(lines)} activities imported through {steps} restarts; "
              f"{sum(client.good for client in clients)} calls of others, none failed")

    def test_a_new_replica_gets_calls_once_connections_are_old(self):
        from callers import today
        from suite import wait_for
        self.create("resolved", (today().replace(day=1)).isoformat())
        names = pathlib.Path("/etc/hosts")
        everybody = names.read_text()
        first, second = self.fleet.named("ingest")

        def calls(service):
            return service.metric("tutti_request_duration_seconds_count", "IngestActivities")

        self.addCleanup(names.write_text, everybody)
        names.write_text("".join(line for line in everybody.splitlines(keepends=True)
                                 if line.split()[0] != second.host.address))
        before = calls(second)
        # gRPC looks a name up no more often than every 30 s, unless it is told otherwise.
        client = self.client("ingest", INGEST, self.batch("resolved"),
                             options=[("grpc.dns_min_time_between_resolutions_ms", 500)])
        wait_for(lambda: client.good > 50, "calls")
        self.assertEqual(calls(second), before, "the control")
        names.write_text(everybody)
        wait_for(lambda: calls(second) > before + 20, "calls of the new replica")
        self.assertGreater(calls(first), 50)
        client.stop()
        self.assertEqual(client.errors, [])


if __name__ == "__main__":
    if hosts.inside() or hosts.why_not() is None:
        hosts.enter()
    unittest.main()
