"""Pastes the README's command blocks, all of them, in order and as they stand, into fresh
shells in a copy of this checkout: the quickstart into one, the rest into another. Where
there is no grpcurl, buf curl stands in for it, with nothing but what a line says."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from suite import SOURCE

BUF = SOURCE / "build/tools/node_modules/.bin/buf"
# What grpcurl's words are in buf curl.
GRPCURL = f"""#!/usr/bin/env bash
set -euo pipefail
more=()
while [ $# -gt 2 ]; do
  case $1 in
    -cacert) more+=(--cacert "$2") ;;
    -H | -d) more+=("$1" "$2") ;;
    *) echo "grpcurl: $1 has no stand-in" >&2; exit 2 ;;
  esac
  shift 2
done
if [ "$2" = list ]; then
  exec '{BUF}' curl --protocol grpc "${{more[@]}}" --list-services "https://$1"
fi
exec '{BUF}' curl --protocol grpc "${{more[@]}}" "https://$1/$2"
"""


def blocks(text):
    """The fenced blocks that name no language: commands."""
    return re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def copy_checkout(to):
    """What a stranger gets: no build, nothing that was made."""
    shutil.copytree(SOURCE, to, symlinks=True, ignore=lambda folder, names: [
        name for name in names if name in ("build", ".git", "quickstart.state", "__pycache__")])


@unittest.skipUnless(shutil.which("grpcurl") or BUF.exists(), "neither grpcurl nor buf is installed")
class ReadmeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="tutti-readme.")))
        cls.checkout = cls.folder / "tutti"
        copy_checkout(cls.checkout)
        tools = cls.folder / "tools"
        tools.mkdir()
        if not shutil.which("grpcurl"):
            (tools / "grpcurl").write_text(GRPCURL)
            (tools / "grpcurl").chmod(0o755)
        # A shell that knows nothing of this test; what was compiled before is not compiled again.
        cls.environment = {
            **{name: value for name, value in os.environ.items() if name.startswith("CCACHE_")},
            "HOME": os.environ.get("HOME", "/root"), "LANG": "C.UTF-8",
            "PATH": f"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{tools}:{os.environ['PATH']}",
            "CCACHE_BASEDIR": str(cls.checkout), "CCACHE_NOHASHDIR": "1", "CCACHE_DEPEND": "1"}

    def start(self, block):
        process = subprocess.Popen(["bash", "--norc", "-c", block], cwd=self.checkout, env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, start_new_session=True)
        self.addCleanup(process.communicate)
        self.addCleanup(lambda: process.poll() is None and os.killpg(process.pid, signal.SIGINT))
        return process

    def test_every_block_runs_as_it_stands(self):
        first, *rest = blocks((self.checkout / "README.md").read_text())
        self.assertEqual(first.strip(), "deploy/quickstart")
        self.assertGreaterEqual(sum(block.count("\ngrpcurl ") + block.startswith("grpcurl ") for block in rest), 5)
        quickstart = self.start(first)
        for line in quickstart.stdout:
            print(line, end="")
            if line.startswith("Running."):
                break
        self.assertIsNone(quickstart.poll(), "the quickstart ended")
        # One shell for the rest, that stops where a command fails, and says which.
        script = "set -eE; trap 'echo \"failed: $BASH_COMMAND\"' ERR\n" + "\n".join(rest)
        done = subprocess.run(["bash", "--norc", "-c", script], cwd=self.checkout, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=300, check=False)
        print(done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("tutti.score.v1.ScoreService", done.stdout)
        self.assertIn("organizations/acme/scores/", done.stdout)
        self.assertTrue((self.checkout / "report.html").read_text().startswith("<!"))
        self.check_a_moved_checkout_is_built_anew()

    def check_a_moved_checkout_is_built_anew(self):
        moved = self.folder / "moved"
        shutil.copytree(self.checkout, moved, symlinks=True, ignore=shutil.ignore_patterns("quickstart.state"))

        def run(*words):
            return subprocess.run(words, cwd=moved, env=self.environment, capture_output=True, text=True,
                                  timeout=120, check=False)
        # The control: cmake alone refuses.
        self.assertNotEqual(run("cmake", "-S", ".", "-B", "build/release", "-G", "Ninja").returncode, 0)
        made = run("deploy/local/configure", "build/release", "-DTUTTI_TESTS=OFF")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn("was made for another checkout", made.stdout)
        again = run("deploy/local/configure", "build/release", "-DTUTTI_TESTS=OFF")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertNotIn("another checkout", again.stdout)
        self.assertNotIn(str(self.checkout), run("ninja", "-C", "build/release", "-t", "commands", "tutti").stdout)


class PagesTest(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        pages = [path for path in SOURCE.rglob("*.md") if "build" not in path.relative_to(SOURCE).parts]
        self.assertGreater(len(pages), 8)
        for page in pages:
            for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
                with self.subTest(f"{page.relative_to(SOURCE)}: {target}"):
                    self.assertTrue((page.parent / target).exists())


if __name__ == "__main__":
    unittest.main()
