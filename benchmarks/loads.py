"""What containers do while the sensor watches them, or does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measure import HERE

sys.path.insert(0, str(HERE.parent))  # a script's path has its folder alone
from tests.scenes import host, image
from tests.scenes.bundle import Bundle
from tests.scenes.containers import Yard

_TOOLCHAIN = ("/usr", "/lib", "/lib64")
_SOURCES, _SMALL_FILES = 40, 1500
_SOURCE = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
int part_NUMBER(int count, char **words)
{
    qsort(words, count, sizeof *words, compare);
    for (int i = 0; i < count; i++)
        printf("%d %s\\n", NUMBER, words[i]);
    return count;
}
"""
COMPILE = "cd /tmp && for f in /srv/*.c; do gcc -O1 -c $f || exit; done && gcc -shared -o /tmp/all.so *.o"
UNTAR = (
    "cd /dev/shm && for i in 1 2 3 4 5 6; do mkdir tree && tar -xf /srv/tree.tar -C tree && rm -r tree || exit; done"
)


class Workplace(Bundle):
    """A container that has the machine's compiler, to read."""

    def config(self, rootfs: str, cgroup: str) -> dict[str, Any]:
        config = super().config(rootfs, cgroup)
        for mount in config["mounts"]:
            if mount["type"] == "bind":
                mount["options"] = ["rbind", "ro"]
        return config


@dataclass(frozen=True, slots=True)
class Done:
    """When a load ended (nanoseconds since 1970), and the processor seconds that it took."""

    ended: int
    processor: float


@dataclass(frozen=True, slots=True)
class Loads:
    """Runs loads, each in a container of its own."""

    folder: Path
    rootfs: Path

    def paced(self, kind: str, rate: int, seconds: float) -> Done:
        """So many turns a second, as many as possible for 0, of `files` or `mixed` (see `load.c`)."""
        return self._run(Bundle(("load", kind, str(rate), str(seconds))))

    def timed(self, script: str) -> Done:
        """A shell script, with the machine's own compiler in `PATH`."""
        binds = tuple((path, path) for path in _TOOLCHAIN if Path(path).exists())
        return self._run(Workplace(("/bin/load", "time", "/bin/sh", "-c", script), binds=binds))

    def _run(self, bundle: Bundle) -> Done:
        with TemporaryDirectory(dir=self.folder) as folder, closing(Yard(Path(folder), self.rootfs)) as yard:
            ended, processor = yard.container(bundle).run().split()
        return Done(int(ended), float(processor))


def missing() -> str:
    """Why nothing can be run here; empty when it can."""
    return host.missing()


@contextmanager
def loads() -> Iterator[Loads]:
    """An image with all that the loads need."""
    with TemporaryDirectory(prefix="deckwatch-bench-") as folder:
        rootfs = image.build(Path(folder) / "image")
        flags = ("-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-static")
        subprocess.run(["gcc", *flags, "-o", rootfs / "bin/load", HERE / "load.c"], check=True)
        sources = rootfs / "srv"
        sources.mkdir()
        for number in range(_SOURCES):
            (sources / f"part{number}.c").write_text(_SOURCE.replace("NUMBER", str(number)))
        _pack(Path(folder) / "tree", sources / "tree.tar")
        yield Loads(Path(folder), rootfs)


def _pack(tree: Path, to: Path) -> None:
    """A tree of small files, packed."""
    for number in range(_SMALL_FILES):
        path = tree / f"folder-{number // 50}" / f"file-{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n" * 50)
    with tarfile.open(to, "w") as archive:
        archive.add(tree, ".")
    shutil.rmtree(tree)
