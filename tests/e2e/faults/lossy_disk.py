"""A disk that forgets what was not synchronised: what lossy_disk.cc kept of it, put back after a loss of power."""

import collections
import os
import pathlib
import shutil

SHIM = pathlib.Path(os.environ["TUTTI_BIN_DIR"]) / "lossy_disk.so"


class LossyDisk:
    """A folder on it, for programs that are started with `environment`."""

    def __init__(self, root, kept, delay_us=0):
        """`delay_us`: microseconds that each synchronisation takes."""
        self.root, self.kept = pathlib.Path(root), pathlib.Path(kept)
        self.root.mkdir(parents=True, exist_ok=True)
        self.kept.mkdir(parents=True)
        delay = self.kept.with_suffix(".delay")
        delay.write_text(f"{delay_us}\n")
        self.environment = {"LD_PRELOAD": str(SHIM), "LOSSY_ROOT": str(self.root), "LOSSY_KEPT": str(self.kept),
                            "LOSSY_DELAY": str(delay)}
        self.torn = 0

    def _folders(self):
        """Of each folder the inode of each name, as it is on the disk."""
        folders = collections.defaultdict(dict)
        log, folder = self.kept / "log", None
        for line in log.read_text().splitlines() if log.exists() else []:
            what, *words = line.split("\t")
            if what == "file":
                folders[words[0]][words[1]] = words[2]
            elif what == "folder":
                folder = folders[words[0]] = {}
            else:
                folder[words[0]] = words[1]
        return folders

    def lose_power(self, draw):
        """No program may be running on it. Of what was added to a file and not synchronised, nothing, a part or
        everything may be there; `draw` says what."""
        contents = {}
        for folder, names in self._folders().items():
            for name, inode in names.items():
                image = self.kept / inode
                data = image.read_bytes() if image.exists() else b""
                written = pathlib.Path(folder) / name
                if draw.random() < 0.5 and written.exists() and str(written.stat().st_ino) == inode:
                    more = written.read_bytes()
                    if more.startswith(data) and len(more) > len(data):
                        data = more[:draw.randint(len(data), len(more))]
                        self.torn += 1
                contents[pathlib.Path(folder) / name] = data
        for path in self.root.rglob("*"):
            if path.is_file():
                path.unlink()
        shutil.rmtree(self.kept)
        self.kept.mkdir()
        with (self.kept / "log").open("w") as log:
            for path, data in contents.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o600)
                path.write_bytes(data)
                inode = path.stat().st_ino
                (self.kept / str(inode)).write_bytes(data)
                log.write(f"file\t{path.parent}\t{path.name}\t{inode}\n")
