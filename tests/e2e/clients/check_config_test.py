"""Starts services with configurations that can never work, one fault each: every service ends, says
what to mend, and `tutti check-config` says the same without starting anything."""

import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

from suite import BIN, SOURCE, Suite, free_port, wait_for

SECONDS = 60
ACL = (SOURCE / "deploy/redis/users.acl").read_text()
JOURNAL_ACL = (SOURCE / "deploy/redis/journal.acl").read_text()
# What no check asks for: every user may say who it is; of a cluster alone.
NOT_ASKED = {"aggregate": {"+auth", "+asking", "+cluster|slots", "+cluster|nodes"},
             "score": {"+auth", "+asking", "+cluster|slots"}}
GOOD = "the configuration is good\n"
GOOD_AS_FAR = ("the configuration is good, but 1 not checked: --aggregate: whether it answers, lets this ingest in, knows its "
               "keyring and counts by the same catalogue\n")
NOT_ASKED_OF_THE_JOURNAL = {"+auth"}


def acl_words(user, acl=ACL):
    return next(line.split() for line in acl.splitlines() if line.startswith(f"user {user} "))


def rights_of(user, acl=ACL):
    """What opens something: a command, keys, a channel."""
    return [word for word in acl_words(user, acl) if word[0] in "+~%&"]


def without(user, word, acl=ACL):
    """What follows the name in the ACL line of a user who lacks one word."""
    return [">secret" if one.startswith("#") else one for one in acl_words(user, acl)[2:] if one != word]


def lacking(user, word):
    """The ACL line of a user who lacks one word of another's, and its name."""
    name = f"{user}-without-{hashlib.sha1(word.encode()).hexdigest()[:8]}"
    return name, " ".join(["user", name, *without(user, word)])


class CheckConfigTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        users = [lacking(user, right) for user in NOT_ASKED for right in rights_of(user)]
        lines = [line for _, line in users] + ["user off off " + " ".join(without("score", "on"))]
        cls.suite = cls.enterClassContext(Suite(redis_users="\n".join(lines)))
        cls.good = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.make_files()

    @classmethod
    def certificate(cls, name, *more, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        subprocess.run(["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        *more, "-keyout", cls.good / f"{name}.key", "-out", cls.good / f"{name}.pem"],
                       check=True, capture_output=True)

    @classmethod
    def leaf(cls, name, *times):
        """A certificate of one's key that one signed, and that is no authority's."""
        good = cls.good
        (good / "leaf.ext").write_text("basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\n")
        subprocess.run(["openssl", "req", "-new", "-key", good / "two.key", "-subj", "/CN=leaf", "-out",
                        good / "leaf.csr"], check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", *times, "-in", good / "leaf.csr", "-CA", good / "one.pem", "-CAkey",
                        good / "one.key", "-CAcreateserial", "-extfile", good / "leaf.ext", "-out", good / f"{name}.pem"],
                       check=True, capture_output=True)

    @classmethod
    def make_files(cls):
        good = cls.good
        named = ("-addext", "subjectAltName=DNS:localhost")
        cls.certificate("one", *named)
        cls.certificate("two", *named)
        cls.certificate("ingest", "-addext", "subjectAltName=DNS:localhost,URI:spiffe://example.org/ingest")
        cls.certificate("elsewhere", "-addext", "subjectAltName=DNS:localhost,URI:spiffe://example.net/ingest")
        cls.certificate("weak", *named, key=("rsa:1024",))
        cls.certificate("client", *named, "-addext", "extendedKeyUsage=clientAuth")
        cls.certificate("server", *named, "-addext", "extendedKeyUsage=serverAuth")
        cls.certificate("nameless")
        cls.leaf("leaf", "-days", "2")
        subprocess.run(["openssl", "req", "-new", "-key", good / "one.key", "-subj", "/CN=old", "-out",
                        good / "old.csr"], check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-days", "-1", "-in", good / "old.csr", "-signkey",
                        good / "one.key", "-out", good / "old.pem"], check=True, capture_output=True)
        subprocess.run(["openssl", "ec", "-in", good / "one.key", "-aes128", "-passout", "pass:secret", "-out",
                        good / "locked.key"], check=True, capture_output=True)
        subprocess.run([BIN / "tutti-sample", "dev-token", "--keys", good / "tokens", "--organization", "acme", "--scope",
                        "scores.read"], check=True, capture_output=True)
        subprocess.run([BIN / "tutti", "keyring", "init", "--keyring", good / "keyring"], check=True,
                       capture_output=True)
        (good / "both.pem").write_text((good / "one.pem").read_text() + (good / "ingest.pem").read_text())
        (good / "reversed.pem").write_text((good / "one.pem").read_text() + (good / "leaf.pem").read_text())
        (good / "garbage").write_text("no such thing\n")
        (good / "empty").write_text("")
        (good / "port.new").mkdir()
        (good / "hard.pem").hardlink_to(good / "one.pem")
        (good / "secret").write_text("secret\n")
        catalog = (SOURCE / "deploy/catalog/adoption.textproto").read_text()
        (good / "catalog").write_text(catalog)
        (good / "senseless").write_text(catalog + "kinds {}\n")
        os.mkfifo(good / "pipe")
        (good / "link").symlink_to(good / "made-through-a-link")
        shutil.copy(good / "keyring", good / "open-keyring")
        (good / "open-keyring").chmod(0o644)
        shutil.copy(good / "keyring.optout", good / "open-keyring.optout")
        shutil.copy(good / "keyring", good / "lonely-keyring")
        (good / "lonely-keyring").chmod(0o600)
        for name, folder in (("locked", ".lock"), ("replaced", ".new")):
            shutil.copy(good / "lonely-keyring", good / f"{name}-keyring")
            shutil.copy(good / "keyring.optout", good / f"{name}-keyring.optout")
            (good / f"{name}-keyring{folder}").mkdir()
        damaged = bytearray((good / "keyring").read_bytes())
        damaged[10] ^= 1  # of the key that people are known by
        (good / "damaged-keyring").touch(0o600)
        (good / "damaged-keyring").write_bytes(damaged)
        shutil.copy(good / "empty", good / "empty-keyring")
        (good / "empty-keyring").chmod(0o600)
        shutil.copy(good / "garbage", good / "garbage-keyring")
        (good / "garbage-keyring").chmod(0o600)

    def flags(self, service):
        """Flags with which it would serve: as the suite's own, with TLS."""
        state, good = self.suite.state, self.good
        flags = {"listen": "127.0.0.1:0", "tls_certificate": good / "one.pem", "tls_key": good / "one.key",
                 "tls_authorities": good / "one.pem", "trust_domain": "example.org",
                 "token_keys": good / "tokens/jwks.json", "token_issuer": "tutti-dev", "token_audience": "tutti",
                 "catalog": self.suite.catalog}
        if service == "ingest":
            return flags | {"tls_certificate": good / "ingest.pem", "tls_key": good / "ingest.key",
                            "tls_authorities": good / "both.pem",
                            "aggregate": "localhost:1", "keyring": good / "keyring", "allow_swap": "true"}
        flags |= {"redis_socket": state / "redis/redis.sock", "redis_password_file": state / f"secrets/{service}"}
        return flags | ({"journal": state / "journal"} if service == "aggregate" else {})

    PLAIN = dict.fromkeys(("tls_certificate", "tls_key", "tls_authorities", "trust_domain", "token_keys",
                           "token_issuer", "token_audience"))

    def broken(self):
        """(what is wrong, service, flags instead, what is said)."""
        good, state = self.good, self.suite.state
        plain = self.PLAIN | {"insecure_loopback": "true"}
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            nobody = f"127.0.0.1:{taken.getsockname()[1]}"
        user = {"redis_password_file": good / "secret"}
        return [
            ("another's key", "score", {"tls_key": good / "two.key"}, "is not the key of the certificate in"),
            ("another's key", "ingest", {"tls_key": good / "two.key"}, "is not the key of the certificate in"),
            ("another's key", "aggregate", {"tls_key": good / "two.key"}, "is not the key of the certificate in"),
            ("no certificate there", "score", {"tls_certificate": good / "absent"}, "--tls_certificate: {}"),
            ("a folder", "score", {"tls_certificate": good}, "is a folder; give the file of the certificate"),
            ("no certificate in it", "score", {"tls_certificate": good / "garbage"}, "has no certificate"),
            ("an empty certificate", "score", {"tls_certificate": good / "empty"}, "has no certificate"),
            ("an expired certificate", "score", {"tls_certificate": good / "old.pem"}, "expired at "),
            ("a key with a passphrase", "score", {"tls_key": good / "locked.key"}, "without passphrase"),
            ("no key in it", "score", {"tls_key": good / "garbage"}, "has no private key that can be read"),
            ("a weak key", "score", {"tls_certificate": good / "weak.pem", "tls_key": good / "weak.key"}, "too weak"),
            ("a client's certificate", "score", {"tls_certificate": good / "client.pem", "tls_key": good / "client.key"},
             "not made out for a TLS server"),
            ("a server's certificate for a client", "ingest",
             {"tls_certificate": good / "server.pem", "tls_key": good / "server.key"}, "not made out for a TLS client"),
            ("a leaf for an authority", "score", {"tls_authorities": good / "leaf.pem"}, "has no authority that is valid"),
            ("an expired authority", "score", {"tls_authorities": good / "old.pem"}, "has no authority that is valid"),
            ("a trust domain with a scheme", "score", {"trust_domain": "spiffe://tutti.local"},
             "--trust_domain must be a name alone"),
            ("no authorities in it", "score", {"tls_authorities": good / "garbage"}, "--tls_authorities: "),
            ("no authorities given", "score", {"tls_authorities": None}, "give --tls_authorities"),
            ("TLS and plain text", "score", {"insecure_loopback": "true"}, "not both"),
            ("neither", "score", self.PLAIN, "give --tls_certificate, --tls_key and --tls_authorities"),
            ("plain text for strangers", "score", plain | {"listen": "0.0.0.0:0"}, "a --listen address of this machine"),
            ("no trust domain", "score", {"trust_domain": None}, "give --trust_domain"),
            ("tokens of nobody", "score", {"token_issuer": None}, "--token_issuer and --token_audience, or none"),
            ("no token keys there", "score", {"token_keys": good / "absent"}, "--token_keys: "),
            ("no token keys in it", "score", {"token_keys": good / "garbage"}, "--token_keys: "),
            ("believed for long", "score", {"token_keys_grace": "25h"}, "--token_keys_grace must be 0 to 24h"),
            ("tokens in plain text", "score", plain | {"token_keys": good / "tokens/jwks.json"}, "tokens need TLS"),
            ("an address without port", "score", {"listen": "localhost"}, "--listen must be HOST:PORT"),
            ("a port too far", "score", {"listen": "localhost:99999"}, "--listen must be HOST:PORT"),
            ("a socket too long", "score", {"listen": "unix:/" + "x" * 200}, "the path of a Unix socket has 1 to"),
            ("an address elsewhere", "score", {"listen": "192.0.2.1:4000"},
             "--listen: 192.0.2.1:4000 cannot be served on: Cannot assign requested address"),
            ("a file for a socket", "score", {"listen": f"unix:{good / 'garbage'}"}, "what is there is no socket"),
            ("a socket nowhere", "score", {"listen": f"unix:{good / 'absent/socket'}"}, "No such file or directory"),
            ("one address for two", "score", {"listen": nobody, "metrics_listen": nobody}, f"{nobody} is taken by --listen"),
            ("one port for two", "score", {"listen": nobody.replace("127.0.0.1", "0.0.0.0"), "metrics_listen": nobody},
             f"{nobody} is taken by --listen"),
            ("metrics for strangers", "score", {"metrics_listen": "0.0.0.0:0"}, "--metrics_listen must be"),
            ("metrics nowhere", "score", {"metrics_listen": "127.0.0.1:70000"}, "--metrics_listen must be"),
            ("a port file nowhere", "score", {"port_file": good / "absent/port"}, "--port_file: "),
            ("a folder as port file", "score", {"port_file": good}, "--port_file: "),
            ("a pipe as port file", "score", {"port_file": good / "pipe"}, "{} is a pipe or a device"),
            ("a link as port file", "score", {"port_file": good / "link"}, "{} is a link"),
            ("a folder where the port file is made", "score", {"port_file": good / "port"}, "{}.new is a folder"),
            ("the key as port file", "score", {"port_file": good / "one.key"},
             "--port_file and --tls_key are the same file, {}, and --port_file is written to"),
            ("the certificate as audit log", "score", {"audit_log": good / "hard.pem"},
             "--audit_log and --tls_authorities are the same file"),
            ("two that are written", "ingest", {"audit_log": good / "absent", "port_file": f"{good}/./absent"}, "are the same file"),
            ("the journal as audit log", "aggregate", {"audit_log": state / "journal"},
             "--audit_log and --journal are the same file"),
            ("the catalogue as port file", "ingest", {"catalog": good / "catalog", "port_file": good / "catalog"},
             "--catalog and --port_file are the same file"),
            ("the opt-outs as port file", "ingest", {"port_file": good / "keyring.optout"},
             "--port_file and --optout are the same file"),
            ("an audit log that is a pipe", "score", {"audit_log": good / "pipe"}, "is a pipe or a device"),
            ("an audit log that is a link", "score", {"audit_log": good / "link"}, "is a link"),
            ("an audit log nowhere", "score", {"audit_log": good / "absent/log"}, "--audit_log: "),
            ("no memory", "score", {"memory_mib": "0"}, "--memory_mib must be 1 to"),
            ("fewer calls than none", "score", {"calls_per_second": "-1"}, "--calls_per_second must be"),
            ("calls that are no number", "score", {"calls_per_second": "nan"}, "--calls_per_second must be"),
            ("a drain before the end", "score", {"drain_seconds": "-1"}, "--drain_seconds must be 0 to 3600"),
            ("no idle connection", "score", {"idle_timeout": "0"}, "--idle_timeout must be more than 0"),
            ("no connection", "score", {"max_connection_age": "-1s"}, "--max_connection_age must be more than 0"),
            ("a level that is none", "score", {"log_level": "loud"}, "--log_level must be debug, info"),
            ("an unknown flag", "score", {"audit": "yes"}, "Unknown command line flag 'audit'"),
            ("a number that is none", "score", {"memory_mib": "much"}, "memory_mib"),
            ("no file of flags", "score", {"flagfile": good / "absent"}, "--flagfile: "),
            ("two stores", "score", {"redis_address": nobody}, "--redis_socket, --redis_address or --redis_cluster"),
            ("no store", "score", {"redis_socket": None}, "--redis_socket, --redis_address or --redis_cluster"),
            ("a store far away", "score", {"redis_socket": None, "redis_address": "192.0.2.1:6379"}, "plain text may only"),
            ("a store without port", "score", {"redis_socket": None, "redis_address": "localhost"}, "must be host:port"),
            ("no cluster", "score", {"redis_socket": None, "redis_cluster": "localhost"}, "must be host:port"),
            ("no authority of the store in it", "score",
             {"redis_socket": None, "redis_address": nobody, "redis_tls_authorities": good / "garbage"},
             "--redis_tls_authorities: {}"),
            ("another's key to the store", "aggregate",
             {"redis_socket": None, "redis_address": nobody, "redis_tls_authorities": good / "one.pem",
              "redis_tls_certificate": good / "one.pem", "redis_tls_key": good / "two.key"}, "do not belong together"),
            ("no password there", "score", {"redis_password_file": good / "absent"}, "--redis_password_file: "),
            ("an empty password", "score", {"redis_password_file": good / "empty"}, "is empty"),
            ("another password", "score", user, "does not let user score in"),
            ("another password", "aggregate", user, "does not let user aggregate in"),
            ("an unknown user", "score", user | {"redis_user": "nobody"}, "does not let user nobody in"),
            ("another's user", "aggregate", {"redis_user": "score", "redis_password_file": state / "secrets/score"},
             "redis-server denies INFO to user score"),
            ("keys denied", "aggregate", user | {"redis_user": lacking("aggregate", "~orgs:*")[0]}, "of keys as orgs:"),
            ("keys denied", "score", user | {"redis_user": lacking("score", "%R~cohort:*")[0]}, "of keys as cohort:"),
            ("fewer replicas than none", "score", {"redis_wait_replicas": "-1"}, "--redis_wait_replicas must not be"),
            ("no catalogue there", "score", {"catalog": good / "absent"}, "--catalog: "),
            ("no catalogue given", "score", {"catalog": None}, "give --catalog"),
            ("no catalogue in it", "aggregate", {"catalog": good / "garbage"}, "--catalog: "),
            ("a catalogue with a slip", "ingest", {"catalog": good / "senseless"}, "--catalog: "),
            ("no past catalogue", "score", {"past_catalogs": good / "garbage"}, "--past_catalogs: "),
            ("no journal", "aggregate", {"journal": None}, "give --journal or --journal_redis"),
            ("two journals", "aggregate", {"journal_redis": nobody}, "give --journal or --journal_redis"),
            ("a journal that is a link", "aggregate", {"journal": good / "link"}, "is a link"),
            ("a journal that is a pipe", "aggregate", {"journal": good / "pipe"}, "is a pipe or a device"),
            ("a journal nowhere", "aggregate", {"journal": good / "absent/journal"}, "--journal: "),
            ("a journal of the kernel's", "aggregate", {"journal": pathlib.Path("/proc/journal")}, "/proc/journal cannot be written"),
            ("no journal in it", "aggregate", {"journal": good / "garbage"}, "does not begin as a journal does"),
            ("a journal that is adopted for nothing", "aggregate", {"adopt_journal": "yes"}, "--adopt_journal must be"),
            ("a grace of months", "aggregate", {"grace": "337h"}, "--grace must be 0 to 336h"),
            ("no lease", "aggregate", {"policy_lease": "0"}, "--policy_lease must be"),
            ("no pause between sweeps", "aggregate", {"sweep_interval": "0"}, "--sweep_interval must be"),
            ("no memory of bits", "aggregate", {"mirror_idle": "0"}, "--mirror_idle must be"),
            ("no aggregate", "ingest", {"aggregate": None}, "give --aggregate"),
            ("an aggregate far away", "ingest", plain | {"aggregate": "192.0.2.1:1"}, "--aggregate: a plain-text"),
            ("no keyring", "ingest", {"keyring": None}, "give --keyring"),
            ("a keyring for all", "ingest", {"keyring": good / "open-keyring"}, "chmod 600"),
            ("an empty keyring", "ingest", {"keyring": good / "empty-keyring"}, "the file is empty"),
            ("an empty list of who opted out", "ingest", {"optout": good / "empty-keyring"}, "the file is empty"),
            ("no keyring in it", "ingest", {"keyring": good / "garbage-keyring"}, "--keyring: "),
            ("a keyring with a flipped bit", "ingest", {"keyring": good / "damaged-keyring"}, "the file is damaged or cut off"),
            ("a lock that is a folder", "ingest", {"keyring": good / "locked-keyring", "rotate_keyring": "true"},
             "locked-keyring.lock is a folder"),
            ("a new keyring that is a folder", "ingest", {"keyring": good / "replaced-keyring", "rotate_keyring": "true"},
             "replaced-keyring.new is a folder"),
            ("a certificate without a role", "ingest", {"tls_certificate": good / "one.pem", "tls_key": good / "one.key"},
             "does not have spiffe://example.org/ingest for its one URI"),
            ("a role in another domain", "ingest",
             {"tls_certificate": good / "elsewhere.pem", "tls_key": good / "elsewhere.key"},
             "does not have spiffe://example.org/ingest for its one URI"),
            ("an authority before its own", "score", {"tls_certificate": good / "reversed.pem", "tls_key": good / "two.key"},
             "does not begin with this service's own certificate"),
            ("a time without its unit", "score", {"idle_timeout": "300"}, '--idle_timeout must be a time with its unit'),
            ("a user who is off", "score", user | {"redis_user": "off"}, "or is switched off"),
            ("no id of a keyring", "aggregate", {"adopt_keyring": "mine"}, "--adopt_keyring must be the 32"),
            ("no list of who opted out", "ingest", {"keyring": good / "lonely-keyring"}, "--optout: "),
            ("flushes that are rare", "ingest", {"flush_interval": "2s"}, "--flush_interval must be"),
            ("no time to merge", "ingest", {"merge_timeout": "0"}, "--merge_timeout must be"),
            ("a long memory", "ingest", {"cache_generation": "1h"}, "--cache_generation must be"),
            ("nothing may wait", "ingest", {"max_pending_batches": "0"}, "--max_pending_batches"),
            *self.huge(),
        ]

    @staticmethod
    def huge():
        """A number, and a time, beyond every limit in each flag that has one."""
        number, longest = str(10**18), "inf"
        return [("a huge number", service, {flag: value}, expected or f"--{flag} must be ") for service, flag, value, expected in (
            ("ingest", "cache_entries", number, "--cache_entries must be at most 67108864"), ("ingest", "max_pending_batches", number, None),
            ("ingest", "max_pending_activities", number, None), ("ingest", "max_flushes_in_flight", "2147483647", None),
            ("ingest", "flush_interval", longest, None), ("ingest", "merge_timeout", longest, None),
            ("ingest", "cache_generation", longest, None), ("score", "memory_mib", "2147483647", None),
            ("score", "calls_per_second", number, None), ("score", "calls_per_second", "inf", None),
            ("score", "drain_seconds", "2147483647", None), ("score", "token_keys_grace", longest, None),
            ("aggregate", "grace", longest, None), ("aggregate", "policy_lease", longest, None),
            ("aggregate", "sweep_interval", longest, None), ("aggregate", "mirror_idle", longest, None),
            ("aggregate", "redis_wait_replicas", number, "redis_wait_replicas"))]

    @staticmethod
    def words(flags):
        return [f"--{name}={value}" for name, value in flags.items() if value is not None]

    def run_both(self, service, words):
        """What the service and the check of it say: (exit status, standard error without the log) of each."""
        said = []
        for command in ([BIN / f"tutti-{service}"], [BIN / "tutti", "check-config", service]):
            done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=SECONDS)
            errors = [line for line in done.stderr.splitlines() if not line.startswith("{")]
            said.append((done.returncode, "\n".join(errors)))
        return said

    def tree(self):
        """Everything that a check might change."""
        return {path: path.read_bytes() if path.is_file() and not path.is_symlink() else None
                for folder in (self.good, self.suite.state) for path in folder.rglob("*")
                if "log" not in path.parts and "redis" not in path.parts}

    # Mutations: a check that reads flags alone; one that stops before the store; a service that waits for what
    # never comes.
    def test_what_can_never_work_ends_and_says_what_to_mend(self):
        before = self.tree()
        broken = self.broken()
        for what, service, instead, expected in broken:
            with self.subTest(what=what, service=service):
                words = self.words(self.flags(service) | instead)
                itself, check = self.run_both(service, words)
                paths = [str(value) for value in instead.values() if isinstance(value, pathlib.Path)]
                self.assertEqual(itself[0], 1, itself[1])
                self.assertIn(expected.format(*paths), itself[1])
                self.assertEqual(check, itself)
                print(f"| {service} | {what} | {itself[1].replace(str(self.good), '').replace(str(self.suite.state), '')} |")
        self.assertGreaterEqual(len(broken), 50)
        self.assertEqual(self.tree(), before)
        print(f"{len(broken)} broken configurations: each found by the service and by the check, in the same words")

    def check_user(self, service, flags, right, is_asked):
        done = subprocess.run([BIN / "tutti", "check-config", service, *self.words(flags)], capture_output=True, text=True,
                              timeout=SECONDS)
        with self.subTest(service=service, right=right):
            self.assertEqual(done.returncode, 1 if is_asked else 0, done.stderr)
            if is_asked:
                denied = right[1:].replace("|", " ").upper() if right[0] == "+" else ""
                self.assertIn(f"denies {denied}", done.stderr)

    # Mutation: one command less is asked for.
    def test_every_right_of_the_acl_files_is_missed(self):
        tried = 0
        for user, not_asked in NOT_ASKED.items():
            flags = self.flags(user) | {"redis_password_file": self.good / "secret"}
            for right in rights_of(user):
                self.check_user(user, flags | {"redis_user": lacking(user, right)[0]}, right, right not in not_asked)
                tried += 1
        self.assertGreater(tried, 40)
        # The users of operation.acl are nobody's whom a check asks.
        files = {name: (SOURCE / "deploy/redis" / name).read_text() for name in ("users.acl", "journal.acl")}
        self.assertEqual({(name, line.split()[1]) for name, text in files.items() for line in text.splitlines()},
                         {("users.acl", "default"), ("users.acl", "aggregate"), ("users.acl", "score"),
                          ("journal.acl", "default"), ("journal.acl", "aggregate")}, "the control: these are all")

    # Mutation: HSET is not asked for.
    def test_every_right_of_the_journal_is_missed(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        port = free_port()
        server = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--save", "",
             "--appendfsync", "always", "--repl-diskless-load", "swapdb", "--unixsocket", folder / "sock"], stdout=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)

        def ask(*words):
            return subprocess.run(["redis-cli", "-s", folder / "sock", *words], capture_output=True, text=True,
                                  timeout=SECONDS).stdout.strip()
        wait_for(lambda: ask("PING") == "PONG", "redis-server")
        flags = self.flags("aggregate") | {"journal": None, "journal_redis": f"127.0.0.1:{port}",
                                           "journal_redis_password_file": self.good / "secret",
                                           "adopt_journal": self.bound_journal()}
        rights = rights_of("aggregate", JOURNAL_ACL)
        for right in [*rights, "nothing"]:
            self.assertEqual(ask("ACL", "SETUSER", "aggregate", "reset", *without("aggregate", right, JOURNAL_ACL)), "OK")
            self.check_user("aggregate", flags, right, right in rights and right not in NOT_ASKED_OF_THE_JOURNAL)
        self.assertEqual(ask("DBSIZE"), "0", "a check changes nothing")

    def bound_journal(self):
        return (self.suite.state / "journal").read_text().split()[1]

    # The service would make or take it, and find it out then. Mutations: good, for it is not begun; good, for it can be read.
    def test_another_journal_than_the_stores_is_found(self):
        absent, anothers = self.good / "absent-journal", self.good / "anothers-journal"
        anothers.write_text(f"tutti-journal {'0' * 32}\nbound\n")
        self.addCleanup(anothers.unlink)
        before = self.tree()
        for journal, name in ((absent, "not begun"), (anothers, "0" * 32)):
            for adopted, expected in ((None, 1), (self.bound_journal(), 0)):
                flags = self.flags("aggregate") | {"journal": journal, "adopt_journal": adopted}
                done = subprocess.run([BIN / "tutti", "check-config", "aggregate", *self.words(flags)], capture_output=True,
                                      text=True, timeout=SECONDS)
                self.assertEqual(done.returncode, expected, done.stderr)
                if adopted is None:
                    self.assertIn(f"this journal ({name}) is not the store's ({self.bound_journal()})", done.stderr)
        self.assertEqual(self.tree(), before)

    # Mutation: a check that makes a journal, an audit log or a port file, or takes the port.
    def test_what_is_good_is_left_as_it_is(self):
        new = self.good / "new"
        new.mkdir()
        before = self.tree()
        for service in ("ingest", "aggregate", "score"):
            # The suite serves there meanwhile.
            flags = self.flags(service) | {"listen": getattr(self.suite, service), "audit_log": new / "audit",
                                           "port_file": new / "port", "metrics_listen": "127.0.0.1:0"}
            other = {"journal": new / "journal", "adopt_journal": self.bound_journal()}
            for more in ({}, other if service == "aggregate" else {}):
                done = subprocess.run([BIN / "tutti", "check-config", service, *self.words(flags | more)],
                                      capture_output=True, text=True, timeout=SECONDS)
                said = (f"warning: in use now (by a running service?): --listen: {flags['listen']} cannot be served on: "
                        "Address already in use\n" + (GOOD_AS_FAR if service == "ingest" else GOOD))
                self.assertEqual((done.returncode, done.stdout), (0, said), done.stderr)
        self.assertEqual(self.tree(), before)

    # Mutations: a check that does not try the addresses; one for which an address in use is a fault.
    def test_an_address_in_use_ends_the_service_and_is_a_warning_of_the_check(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for flag in ("listen", "metrics_listen"):
                itself, check = self.run_both("ingest", self.words(self.flags("ingest") | {flag: address}))
                said = f"--{flag}: {address} cannot be served on: Address already in use"
                self.assertEqual(itself, (75, f"tutti-ingest: {said}"))
                self.assertEqual(check, (0, ""))

    # Mutation: who rotates finds out when it rotates.
    def test_a_keyring_in_a_folder_that_cannot_be_written_is_found_by_who_rotates_alone(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("keyring", "keyring.optout"):
            shutil.copy(self.good / name, folder / name)
        # root writes wherever it likes.
        user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        for path in (folder / "keyring", folder / "keyring.optout", folder):
            if user:
                os.chown(path, 65534, 65534)
        folder.chmod(0o500)
        self.addCleanup(folder.chmod, 0o700)
        flags = self.flags("ingest") | self.PLAIN | {"insecure_loopback": "true", "aggregate": "127.0.0.1:1",
                                                     "keyring": folder / "keyring"}
        for rotates, status in (("false", 0), ("true", 1)):
            done = subprocess.run([*user, BIN / "tutti-ingest", *self.words(flags | {"rotate_keyring": rotates}),
                                   "--check_config"], capture_output=True, text=True, timeout=SECONDS)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertEqual("cannot be written" in done.stderr, status == 1, done.stderr)

    # Mutation: the change that it does not take ends the connection.
    def test_a_replica_is_said_to_be_one(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "users.acl").write_text("user default on nopass ~* &* +@all\nuser " + " ".join(
            ["aggregate", *without("aggregate", "nothing")]) + "\n")
        port = free_port()
        server = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--aclfile",
                                   folder / "users.acl", "--replicaof", "127.0.0.1", "1"], stdout=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        wait_for(lambda: subprocess.run(["redis-cli", "-p", str(port), "PING"], capture_output=True).stdout == b"PONG\n", "a replica")
        flags = self.flags("aggregate") | {"redis_socket": None, "redis_address": f"127.0.0.1:{port}",
                                           "redis_password_file": self.good / "secret"}
        done = subprocess.run([BIN / "tutti", "check-config", "aggregate", *self.words(flags)], capture_output=True, text=True,
                              timeout=SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("but 1 not checked: redis-server is a replica", done.stdout)

    # What a check does not ask is said while it is waited for. Mutation: that it does not answer in time, and no more.
    def test_why_a_handshake_fails_is_said(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", self.good / "one.pem", "-key",
             self.good / "one.key", "-alpn", "h2", "-quiet"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.addCleanup(server.stdin.close)

        def answers():
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", port)) == 0
        wait_for(answers, "a server")
        plain = self.PLAIN | {"insecure_loopback": "true"}
        for what, instead, expected in (
                ("a certificate for another name", {"aggregate": f"127.0.0.1:{port}"}, "is for another name than the address has"),
                ("an authority that is not believed", {"aggregate": f"localhost:{port}", "tls_authorities": self.good / "two.pem"},
                 "no authority that is believed here vouches for its certificate"),
                ("TLS to plain text", {"aggregate": self.suite.aggregate}, "what listens there speaks no TLS"),
                ("plain text to TLS", plain | {"aggregate": f"127.0.0.1:{port}"}, "as what speaks TLS does with plain text")):
            flags = self.flags("ingest") | {"tls_authorities": self.good / "one.pem"} | instead
            with self.subTest(what=what), subprocess.Popen([BIN / "tutti-ingest", *self.words(flags)], stderr=subprocess.PIPE,
                                                           text=True) as process:
                said = []
                for line in process.stderr:
                    said.append(line)
                    if expected in line or len(said) > 50:
                        break
                process.terminate()
                self.assertIn(expected, said[-1], said)

    # Mutation: no doubt is said.
    def test_a_certificate_that_peers_may_refuse_is_a_warning(self):
        one = {"tls_certificate": self.good / "two.pem", "tls_key": self.good / "two.key"}
        nameless = {"tls_certificate": self.good / "nameless.pem", "tls_key": self.good / "nameless.key",
                    "tls_authorities": self.good / "nameless.pem"}
        for instead, expected in ((one, "warning: the authorities of this service do not vouch for its own certificate"),
                                  (nameless, "warning: the certificate names no host"), ({}, "")):
            done = subprocess.run([BIN / "tutti", "check-config", "score", *self.words(self.flags("score") | instead)],
                                  capture_output=True, text=True, timeout=SECONDS)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout.startswith(expected), done.stdout)
            self.assertEqual(done.stdout.count("warning"), 1 if expected else 0, done.stdout)

    def test_a_store_that_does_not_answer_is_said_and_waited_for(self):
        for service in ("aggregate", "score"):
            flags = self.flags(service) | {"redis_socket": "/nope"}
            done = subprocess.run([BIN / "tutti", "check-config", service, *self.words(flags)], capture_output=True,
                                  text=True, timeout=SECONDS)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("the configuration is good, but 1 not checked: redis-server cannot be reached", done.stdout)

    # Mutation: --check_config stands where a flag of the user's undoes it.
    def test_no_flag_makes_a_check_serve(self):
        words = [*self.words(self.flags("ingest")), "--nocheck_config"]
        done = subprocess.run([BIN / "tutti", "check-config", "ingest", *words], capture_output=True, text=True,
                              timeout=SECONDS)
        self.assertEqual((done.returncode, done.stdout), (0, GOOD_AS_FAR), done.stderr)
        unknown = subprocess.run([BIN / "tutti", "check-config", "nothing"], capture_output=True, text=True,
                                 timeout=SECONDS)
        self.assertEqual(unknown.returncode, 2, unknown.stderr)


if __name__ == "__main__":
    unittest.main()
