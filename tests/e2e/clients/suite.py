"""A throwaway suite, and stubs made from the protos alone, for tests that call the
services with a client that is not ours."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["TUTTI_SOURCE_DIR"])
BIN = pathlib.Path(os.environ["TUTTI_BIN_DIR"])
GOOGLEAPIS = pathlib.Path("/usr/share/gocode/src/github.com/gogo/googleapis")


class Suite:
    """Starts redis-server and the three services; stops them on exit."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tutti-e2e."))
        self.state = self.folder / "state"
        self.state.mkdir(mode=0o700)
        self.process = subprocess.Popen(
            [SOURCE / "deploy/local/run-suite", self.state, BIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "SUITE_AGGREGATE_FLAGS": "--policy_lease=1s"},
        )
        words = self.process.stdout.readline().split()
        if words[:1] != ["ready"]:
            raise RuntimeError("the suite did not start: " + self.logs())
        self.ingest, self.aggregate, self.score = words[1:]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        shutil.rmtree(self.folder)

    def logs(self):
        return "\n".join(p.read_text() for p in sorted((self.state / "log").glob("*")))

    def tutti(self, *arguments, check=True):
        """Runs the command line against this suite; returns its output."""
        done = subprocess.run(
            [BIN / "tutti", "--ingest", self.ingest, "--aggregate", self.aggregate,
             "--score", self.score, *arguments],
            capture_output=True, text=True, timeout=300)
        if check and done.returncode != 0:
            raise RuntimeError(f"tutti {arguments[0]} failed: {done.stderr}")
        return done if not check else done.stdout


def make_stubs(folder):
    """Generates Python stubs from the protos, as any user would."""
    protos = SOURCE / "protos"
    files = sorted(str(p.relative_to(protos)) for p in protos.rglob("*.proto"))
    subprocess.run(
        ["protoc", f"-I{protos}", f"-I{GOOGLEAPIS}", f"--python_out={folder}",
         f"--grpc_out={folder}", f"--plugin=protoc-gen-grpc={shutil.which('grpc_python_plugin')}",
         "google/rpc/status.proto", "google/rpc/error_details.proto", *files],
        check=True)
    sys.path.insert(0, str(folder))
