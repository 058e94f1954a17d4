"""The guest's disk: what the tests need of this machine, each file at the path it has here."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[2]
_TOOLS = ("busybox", "runc")
_LIBBPF = Path("/usr/lib/x86_64-linux-gnu/libbpf.so.1")
_PACKAGES = ("deckwatch", "pytest", "hypothesis")
_UNUSED = {
    "standard library": ("test", "tests", "idlelib", "tkinter", "lib2to3", "ensurepip", "config-*", "site-packages"),
    "checkout": (".git", ".venv*", ".hypothesis", ".*_cache", ".data"),
}
_LINKS_INTO_USR = ("bin", "sbin", "lib", "lib64")
_MOUNT_POINTS = ("proc", "sys", "dev", "run", "tmp", "root")
_SIZE = "2G"  # of which what is empty takes no room


class Tree:
    """Files gathered under a folder, which will be the guest's root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in _LINKS_INTO_USR:
            root.joinpath("usr", name).mkdir(parents=True)
            root.joinpath(name).symlink_to(f"usr/{name}")
        for name in _MOUNT_POINTS:
            root.joinpath(name).mkdir()

    def add(self, path: Path, *, without: Iterable[str] = ()) -> None:
        """A file, a folder with all that is in it, or a link and what it leads to; twice is no harm."""
        target = self.root / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            if not target.is_symlink():
                target.symlink_to(path.readlink())
            self.add(path.parent / path.readlink(), without=without)
        elif path.is_dir():
            shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*without))
        else:
            shutil.copy2(path, target)

    def put(self, path: str, content: bytes) -> None:
        """A program with this content."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o755)

    def write(self, disk: Path) -> Path:
        """Make an ext4 file system of it, in a file."""
        options = ["-q", "-t", "ext4", "-O", "^has_journal", "-d", str(self.root)]
        subprocess.run(["mke2fs", *options, str(disk), _SIZE], check=True, stdout=subprocess.DEVNULL)
        return disk


def gather(root: Path) -> Tree:
    """Python with its standard library and the packages, the tools, their libraries, this checkout."""
    tree = Tree(root)
    programs = [*_python(tree), *_packages(tree), _LIBBPF, *(Path(shutil.which(tool) or tool) for tool in _TOOLS)]
    for path in [*programs, *_libraries(programs)]:
        tree.add(path)
    tree.add(CHECKOUT, without=_UNUSED["checkout"])
    return tree


def _python(tree: Tree) -> list[Path]:
    standard = Path(sysconfig.get_path("stdlib"))
    tree.add(standard, without=_UNUSED["standard library"])
    if sys.prefix != sys.base_prefix:
        tree.add(Path(sys.prefix, "pyvenv.cfg"))
    return [Path(sys.executable), *standard.glob("lib-dynload/*.so")]


def _packages(tree: Tree) -> list[Path]:
    """Add the packages; what they have of shared objects."""
    files = [
        Path(os.path.normpath(str(package.locate_file(file)))) for package in _needed() for file in package.files or ()
    ]
    there = [path for path in files if path.is_file()]
    for path in there:
        tree.add(path)
    return [path for path in there if ".so" in path.suffixes]


def _needed() -> Iterator[Distribution]:
    """The packages and what they require, and so on."""
    queue, seen = list(_PACKAGES), set[str]()
    while queue:
        name = canonicalize_name(queue.pop())
        if name not in seen:
            seen.add(name)
            package = distribution(name)
            yield package
            wanted = map(Requirement, package.requires or ())
            queue += [want.name for want in wanted if want.marker is None or want.marker.evaluate({"extra": ""})]


def _libraries(programs: Iterable[Path]) -> set[Path]:
    """The shared libraries that the programs load, and the one that loads them."""
    told = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False).stdout
    return {Path(path) for path in re.findall(r"(?:=> |^\t)(/\S+) \(0x", told, re.MULTILINE)}
