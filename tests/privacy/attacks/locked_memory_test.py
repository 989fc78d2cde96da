"""Keys stay out of swap, or there are none: ingest and the command line as processes
that may not lock enough memory, or may not lock any."""

import ctypes
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e/clients"))
from suite import Suite  # noqa: E402

SOURCE = pathlib.Path(os.environ["TUTTI_SOURCE_DIR"])
BIN = pathlib.Path(os.environ["TUTTI_BIN_DIR"])

PR_CAPBSET_DROP = 24
CAP_IPC_LOCK = 14


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


class LockedMemoryTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.keyring = pathlib.Path(self.folder.name) / "keyring"
        self.addCleanup(self.folder.cleanup)

    def init(self, **more):
        return subprocess.run([BIN / "tutti", "keyring", "init", "--keyring", self.keyring],
                              capture_output=True, text=True, timeout=60, **more)

    # Mutation: a block of memory that is used although it could not be locked.
    def test_ingest_does_not_start_where_keys_cannot_be_locked(self):
        self.assertEqual(self.init().returncode, 0)
        for locked_bytes in (0, 4096):
            done = subprocess.run(
                [BIN / "tutti-ingest", "--insecure_loopback", "--listen=127.0.0.1:0",
                 f"--catalog={SOURCE / 'deploy/catalog/adoption.textproto'}",
                 f"--keyring={self.keyring}", "--aggregate=127.0.0.1:1"],
                preexec_fn=limited(locked_bytes), capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("raise the limit on locked memory", done.stderr + done.stdout)

    # Mutation: locking the blocks that keys stay in alone, and not what they pass through.
    def test_ingest_locks_all_of_its_memory_where_it_has_no_limit(self):
        with Suite() as suite:
            facts = self.facts(suite.processes()["tutti-ingest"])
            logs = suite.logs()
        if not unlimited():
            self.assertIn("memory is not locked", logs)
            self.skipTest("whoever runs this has a limit on locked memory")
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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
