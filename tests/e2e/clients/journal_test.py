"""Attack 2: an aggregate with another journal than that of its Redis, as somebody starts it who
mistypes --journal or sets up a second machine: it says so and does not start."""

import subprocess
import unittest

from suite import BIN, SOURCE, Suite


class JournalTest(unittest.TestCase):
    def test_another_aggregate_starts_with_the_journal_of_its_redis_alone(self):
        with Suite() as suite:
            def start(*flags):
                """Starts one more; ends it once it serves. What it said, and whether it did serve."""
                port_file = suite.state / "another.address"
                port_file.unlink(missing_ok=True)
                process = subprocess.Popen(
                    [BIN / "tutti-aggregate", "--listen=127.0.0.1:0", "--insecure_loopback", f"--port_file={port_file}",
                     f"--catalog={SOURCE}/deploy/catalog/adoption.textproto",
                     f"--redis_socket={suite.state}/redis/redis.sock",
                     f"--redis_password_file={suite.state}/secrets/aggregate", *flags],
                    stderr=subprocess.PIPE, text=True)
                said = ""
                for line in process.stderr:
                    said += line
                    if '"serving"' in line:
                        process.terminate()
                process.stderr.close()
                return said, process.wait(timeout=60) == 0

            bound = (suite.state / "journal").read_text().split()[1]
            self.assertEqual(suite.redis("GET", "journal").decode().strip(), bound)
            said, served = start(f"--journal={suite.state}/journal")
            self.assertTrue(served, said)

            for flags in ([], ["--adopt_journal=none"], ["--adopt_journal=" + "0" * 32]):
                said, served = start(f"--journal={suite.state}/jurnal", *flags)
                self.assertFalse(served)
                self.assertIn("--journal", said)
                self.assertIn(f"--adopt_journal={bound}", said)
            self.assertEqual(suite.redis("GET", "journal").decode().strip(), bound)

            said, served = start(f"--journal={suite.state}/jurnal", f"--adopt_journal={bound}")
            self.assertTrue(served, said)
            said, served = start(f"--journal={suite.state}/journal", f"--adopt_journal={bound}")
            self.assertFalse(served, "the lost journal came back")
            print("attack 2: 4 starts with another journal than that of Redis: 0 served")

    def test_the_flags_say_what_they_want(self):
        with Suite() as suite:
            for flags, wanted in (
                    ([], "give --journal or --journal_redis, one of them"),
                    (["--journal=x", "--journal_redis=127.0.0.1:1"], "give --journal or --journal_redis, one of them"),
                    (["--journal_redis=127.0.0.1"], "--journal_redis must be host:port"),
                    (["--journal_redis=127.0.0.1:1"], "give --journal_redis_password_file"),
                    (["--journal=x", "--adopt_journal=x"], "--adopt_journal must be the 32 hexadecimal digits")):
                done = subprocess.run(
                    [BIN / "tutti-aggregate", "--insecure_loopback", f"--catalog={SOURCE}/deploy/catalog/adoption.textproto",
                     f"--redis_socket={suite.state}/redis/redis.sock",
                     f"--redis_password_file={suite.state}/secrets/aggregate", *flags],
                    capture_output=True, text=True, timeout=60)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(wanted, done.stderr)


if __name__ == "__main__":
    unittest.main()
