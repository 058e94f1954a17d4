"""Paths as a caller wrote them, made into the paths that are meant.

Tracepoints see no directory entry, only the caller's text and the directory it is relative to. Symbolic links in it
are followed here, a moment later, in the mount namespace of the caller.
"""

from __future__ import annotations

import ctypes
import os
import posixpath
import struct
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

_OPENAT2 = 437  # the same on all architectures
_RESOLVE_IN_ROOT = 0x10
_HOW = struct.Struct("=QQQ")
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.syscall.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]

_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC

_FRESH_SECONDS = 5.0
"""How long a directory is taken to be where it was: mounts, and links changed from outside, are not reported."""

_MOST = 4096
_MOST_NAMES, _MOST_BYTES = 64, 3840
_ITSELF = ("/proc/self/", "/proc/thread-self/")
"""Means another place for whoever asks."""


@dataclass(slots=True)
class _Directories:
    """What is known of the directories of a mount namespace.

    A text is `plain` when it leads where it says: no symbolic link is in it. Then `above` holds what is above it, and
    itself. Other texts are `linked` to where they lead.
    """

    since: float
    plain: set[str] = field(default_factory=set)
    above: set[str] = field(default_factory=set)
    linked: dict[str, str] = field(default_factory=dict)

    def add(self, text: str, place: str) -> None:
        if text != place:
            self.linked[text] = place
            return
        self.plain.add(text)
        while text and text not in self.above:
            self.above.add(text)
            text = text.rpartition("/")[0]


class Root:
    """The root directory of a mount namespace, within reach also when the last process in it has ended.

    It holds the namespace with all its mounts, so it is to be closed as soon as nothing of it is to come.
    """

    def __init__(self, pid: int) -> None:
        """That of a process.

        Raises:
            OSError: the process is gone, or its files are none of our business.
        """
        self._namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._directory = os.open(f"/proc/{pid}/root", _DIRECTORY)
        except OSError:
            os.close(self._namespace)
            raise
        self.name = f"/proc/self/fd/{self._directory}"

    def close(self) -> None:
        os.close(self._directory)
        os.close(self._namespace)


class Resolver:
    """Finds out which directories are meant, and remembers it as long as nothing tells of a change."""

    def __init__(self) -> None:
        self._known: dict[int, _Directories] = {}

    def resolve(
        self, namespace: int, roots: Sequence[str], base: str, path: str, *, follow: bool = False, root: str = ""
    ) -> tuple[str, bool]:
        """The path meant by `path` under the directory `base`, and whether that could be checked.

        `roots` are names by which the root of the mount namespace may be reached: the first that works is taken.
        `follow`: a symbolic link at the end is followed too. `root`: the caller can see nothing above it. What cannot
        be checked is put together as text.
        """
        whole = f"/{base}/{path}".replace("//", "/").replace("//", "/").rstrip("/")
        inside = whole.removeprefix(root)
        parent, _, name = inside.rpartition("/")
        place = None
        if name not in ("", ".", "..") and not whole.startswith(_ITSELF):
            place = _look(roots, parent or "/", root) if root else self._place(namespace, roots, parent or "/")
        if place is None:
            return f"{root}{posixpath.normpath(inside or '/')}", False
        found = f"{place.rstrip('/')}/{name}"
        if follow and _is_link(roots, found):
            return _look(roots, found.removeprefix(root), root) or found, True
        return found, True

    def relinked(self, namespace: int) -> None:
        """A name that may have been a symbolic link has gone."""
        if known := self._known.get(namespace):
            known.linked.clear()

    def moved(self, namespace: int, *paths: str) -> None:
        """These names may stand for other directories now."""
        if known := self._known.get(namespace):
            known.linked.clear()
            if not known.above.isdisjoint(paths):
                del self._known[namespace]

    def _place(self, namespace: int, roots: Sequence[str], path: str) -> str | None:
        known = self._known.get(namespace)
        now = time.monotonic()
        if known is None or now - known.since > _FRESH_SECONDS or len(known.plain) + len(known.linked) >= _MOST:
            known = self._known[namespace] = _Directories(now)
        if path in known.plain:
            return path
        place = known.linked.get(path) or _look(roots, path)
        if place is not None:
            known.add(path, place)
        return place


def marked(path: str) -> str:
    """A path, of a record in which one was cut, marked if it is the one: the kernel's walk was as long as they get."""
    return f"…{path}" if path.count("/") >= _MOST_NAMES or len(path.encode()) >= _MOST_BYTES else path


def _is_link(roots: Sequence[str], path: str) -> bool:
    """Whether there is a symbolic link of that name, in a directory that is reached without any."""
    return any(Path(f"{root}{path}").is_symlink() for root in roots)


def _look(roots: Sequence[str], path: str, inside: str = "") -> str | None:
    """Where a path leads in a directory that is its root, all links followed; None when that cannot be told."""
    return next(filter(None, (_look_from(root, path, inside) for root in roots)), None)


def _look_from(root: str, path: str, inside: str) -> str | None:
    with ExitStack() as stack:
        try:
            at = os.open(root, _DIRECTORY)
            stack.callback(os.close, at)
            for step in filter(None, (inside, path)):
                at = _open_in(at, step)
                stack.callback(os.close, at)
            return bytes(Path(f"/proc/self/fd/{at}").readlink()).decode("utf-8", "backslashreplace")
        except OSError:
            return None


def _open_in(root: int, path: str) -> int:
    """A descriptor of what a path names, `root` being the root directory."""
    how = _HOW.pack(os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT)
    opened = int(_libc.syscall(_OPENAT2, root, path.encode(), how, len(how)))
    if opened < 0:
        raise OSError(ctypes.get_errno(), path)
    return opened
