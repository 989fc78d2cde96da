"""Redis Cluster of three primaries, and services that use it, beside a suite."""

import contextlib
import subprocess

from suite import BIN, SOURCE, free_port, wait_for

# Whom the suite's ACL file must name besides.
INSPECTOR = "user inspector on nopass resetchannels &* allkeys +@all"


def cli(port, *words):
    return subprocess.run(
        ["redis-cli", "-p", str(port), "--user", "inspector", "--pass", "any", "--no-auth-warning", *words],
        capture_output=True, text=True, check=True, timeout=60).stdout


@contextlib.contextmanager
def cluster(acl, folder):
    """Three primaries; their processes by their ports."""
    nodes = {}
    with contextlib.ExitStack() as stack:
        for port in [free_port() for _ in range(3)]:
            own = folder / str(port)
            own.mkdir()
            log = stack.enter_context((own / "log").open("w"))
            process = subprocess.Popen(
                ["redis-server", SOURCE / "deploy/redis/redis.conf", "--dir", own, "--aclfile", acl,
                 "--bind", "127.0.0.1", "--port", str(port), "--cluster-port", str(free_port()),
                 "--cluster-enabled", "yes", "--cluster-allow-replica-migration", "no",
                 "--cluster-require-full-coverage", "no"], stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            nodes[port] = process
            wait_for(lambda p=port: subprocess.run(
                ["redis-cli", "-p", str(p), "PING"], capture_output=True, check=False).returncode == 0, "a node answers")
        cli(next(iter(nodes)), "--cluster", "create", *[f"127.0.0.1:{port}" for port in nodes], "--cluster-yes")
        yield nodes


@contextlib.contextmanager
def service(suite, name, *flags):
    """A further service of the suite's keyring and secrets; its address and process."""
    address = suite.state / f"clustered-{name}.address"
    with (suite.state / f"log/clustered-{name}").open("w") as log, subprocess.Popen(
            [BIN / f"tutti-{name}", "--listen=127.0.0.1:0", "--insecure_loopback", f"--port_file={address}",
             f"--catalog={suite.catalog}", *flags], stderr=log) as process:
        try:
            wait_for(lambda: address.exists() or process.poll() is not None, f"{name} starts")
            if not address.exists():
                raise RuntimeError(f"{name} ended: " + suite.logs())
            yield address.read_text().strip(), process.pid
        finally:
            process.terminate()
