"""Keys stay out of swap, or there are none: ingest and the command line as processes
that may not lock enough memory, or may not lock any, on machines with swap and without."""

import contextlib
import ctypes
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e/clients"))
from suite import Suite  # noqa: E402

SOURCE = pathlib.Path(os.environ["TUTTI_SOURCE_DIR"])
BIN = pathlib.Path(os.environ["TUTTI_BIN_DIR"])

PR_CAPBSET_DROP = 24
CAP_IPC_LOCK = 14

# What /proc/swaps says without swap, and with some.
NO_SWAP = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
SWAP = NO_SWAP + "/swapfile                               file\t\t2097148\t\t0\t\t-2\n"


def limited(locked_bytes):
    """Makes what is started subject to the limit, whoever starts it."""
    def prepare():
        if os.geteuid() == 0:
            # Whoever has this capability has no limit.
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (locked_bytes, locked_bytes))
    return prepare


def unlimited():
    """Whether this process, and what it starts, may lock all of its memory."""
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
        return True
    status = pathlib.Path("/proc/self/status").read_text()
    capabilities = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(capabilities, 16) >> CAP_IPC_LOCK & 1)


def seeing(swaps):
    """The words before a command that has it see a file as /proc/swaps."""
    names = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])
    return [*names, "sh", "-c", 'mount --bind "$0" /proc/swaps && exec "$@"', str(swaps)]


class LockedMemoryTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.keyring = pathlib.Path(self.folder.name) / "keyring"
        self.swaps = pathlib.Path(self.folder.name) / "swaps"
        self.log = pathlib.Path(self.folder.name) / "log"
        self.addCleanup(self.folder.cleanup)

    def init(self, **more):
        return subprocess.run([BIN / "tutti", "keyring", "init", "--keyring", self.keyring],
                              capture_output=True, text=True, timeout=60, **more)

    @property
    def ingest(self):
        return [BIN / "tutti-ingest", "--insecure_loopback", "--listen=127.0.0.1:0",
                f"--catalog={SOURCE / 'deploy/catalog/adoption.textproto'}",
                f"--keyring={self.keyring}", "--aggregate=127.0.0.1:1"]

    # Mutation: a block of memory that is used although it could not be locked.
    def test_ingest_does_not_start_where_keys_cannot_be_locked(self):
        self.assertEqual(self.init().returncode, 0)
        for locked_bytes in (0, 4096):
            # What is allowed is swap for what keys pass through, never for keys.
            done = subprocess.run([*self.ingest, "--allow_swap"], preexec_fn=limited(locked_bytes),
                                  capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("memory for keys cannot be locked: raise the limit on locked memory", done.stderr)

    # Mutation: locking the blocks that keys stay in alone, and not what they pass through.
    def test_ingest_locks_all_of_its_memory_where_it_has_no_limit(self):
        if not unlimited():
            self.skipTest("whoever runs this has a limit on locked memory")
        with Suite() as suite:
            facts = self.facts(suite.processes()["tutti-ingest"])
            logs = suite.logs()
        self.assertNotIn("memory is not locked", logs)
        self.assertGreater(facts["VmLck"], 0.5 * facts["VmSize"])
        self.assertEqual(facts["VmSwap"], 0)

    def facts(self, process):
        """What the system says of a process, in kB."""
        lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
        return {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith(" kB")}

    def test_no_keyring_is_made_where_keys_cannot_be_locked(self):
        done = self.init(preexec_fn=limited(0))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("raise the limit on locked memory", done.stderr)
        self.assertFalse(self.keyring.exists())

    @contextlib.contextmanager
    def running(self, swaps, *flags):
        """Ingest as a process that may lock its keys and no more, on a machine whose
        /proc/swaps says this; when it has begun to serve or ended."""
        self.swaps.write_text(swaps)
        tried = subprocess.run([*seeing(self.swaps), "cat", "/proc/swaps"], capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            self.skipTest("whoever runs this may not mount: " + tried.stderr)
        self.assertEqual(tried.stdout, swaps, "the control")
        if not self.keyring.exists():
            self.assertEqual(self.init().returncode, 0)
        address = pathlib.Path(self.folder.name) / "address"
        address.unlink(missing_ok=True)
        with self.log.open("w") as log, subprocess.Popen(
                [*seeing(self.swaps), *self.ingest, f"--port_file={address}", *flags],
                preexec_fn=limited(8 << 20), stderr=log) as process:
            try:
                self.wait_until(lambda: address.exists() or process.poll() is not None)
                yield process
            finally:
                process.kill()

    def wait_until(self, come):
        deadline = time.monotonic() + 60
        while not come():
            self.assertLess(time.monotonic(), deadline, self.log.read_text())
            time.sleep(0.01)

    # Mutation: a warning alone; what cannot be read taken for no swap.
    def test_ingest_does_not_start_where_its_memory_may_be_swapped_out(self):
        for swaps in (SWAP, ""):
            with self.running(swaps) as process:
                self.assertNotIn(process.poll(), (None, 0))
            said = self.log.read_text()
            for way_out in ("RLIMIT_MEMLOCK", "LimitMEMLOCK=infinity", "swapoff", "--allow_swap"):
                self.assertIn(way_out, said)

    # Mutation: a flag that is not looked at, or keeps the warning back.
    def test_ingest_warns_of_swap_that_it_was_told_to_allow(self):
        with self.running(SWAP, "--allow_swap") as process:
            self.assertIsNone(process.poll())
        self.assertIn("memory is not locked", self.log.read_text())

    # Mutation: swap looked for at the start alone.
    def test_ingest_says_when_swap_is_switched_on_later(self):
        with self.running(NO_SWAP) as process:
            self.assertIsNone(process.poll())
            self.assertNotIn("swap", self.log.read_text())
            self.swaps.write_text(SWAP)
            self.wait_until(lambda: "this machine has swap" in self.log.read_text())
            self.assertIsNone(process.poll())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
