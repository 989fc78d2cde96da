"""Attack 16: every command that redis-server knows, with every subcommand, is tried as each
user of the ACL file; what is allowed is what deploy/redis/users.acl is meant to allow."""

import json
import subprocess
import unittest

from suite import Suite

# What every user may do that has said who it is, whatever its rules: they touch no data.
ALWAYS = {"auth", "hello", "quit", "reset"}
EXPECTED = {
    "aggregate": {
        "ping", "get", "set", "del", "unlink", "exists", "type", "strlen", "rename", "renamenx", "expire",
        "bitfield", "setbit", "bitop", "mget", "hset", "hgetall", "hdel", "hexists", "hkeys", "rpush", "zadd",
        "zrange", "zrangebyscore", "scan", "eval", "multi", "exec", "publish", "bgrewriteaof", "wait", "role", "info",
        "time", "asking", "cluster|slots", "cluster|nodes", "config|get"},
    "score": {"ping", "get", "mget", "zrange", "asking", "cluster|slots"},
}


class AclTableTest(unittest.TestCase):
    def test_each_user_may_do_what_is_listed_and_nothing_else(self):
        with Suite(redis_users="user inspector on nopass resetchannels &* allkeys +@all") as suite:
            def ask(*words, lines=None):
                done = subprocess.run(
                    ["redis-cli", "-s", suite.state / "redis/redis.sock", "--user", "inspector", "--pass", "any",
                     "--no-auth-warning", *words], input=lines, capture_output=True, text=True, check=True, timeout=60)
                return done.stdout

            commands = {}
            for command in json.loads(ask("--json", "COMMAND")):
                name, arity, subcommands = command[0], command[1], command[9]
                for one, count in ([(sub[0], sub[1]) for sub in subcommands] or [(name, arity)]):
                    commands[one] = abs(count)
            self.assertGreater(len(commands), 300)

            refused = 0
            for user, expected in EXPECTED.items():
                lines = [f"ACL DRYRUN {user} {name.replace('|', ' ')} " + "1 " * (words - 1 - name.count("|"))
                         for name, words in commands.items()]
                said = ask(lines="\n".join(lines)).splitlines()
                answers = [line for line in said if line]
                self.assertEqual(len(answers), len(commands))
                # A key or channel that is another's is refused for itself.
                allowed = {name for name, answer in zip(commands, answers) if "permissions to run" not in answer}
                refused += len(commands) - len(allowed)
                self.assertEqual(allowed - ALWAYS, expected, user)
            # redis-server itself loads its files as this one; nobody logs in as it.
            self.assertIn('"off"', ask("--json", "ACL", "GETUSER", "default"))
            print(f"attack 16: {len(commands)} commands and subcommands tried by each of two users: {refused} refused")


if __name__ == "__main__":
    unittest.main()
