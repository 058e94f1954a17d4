"""Which files a record speaks of, and what it means for the paths of later ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from deckwatch.sensor.containers import Container
from deckwatch.sensor.processes import Process
from deckwatch.sensor.records import FileRecord, Flag, What
from deckwatch.sensor.resolve import Resolver, marked

DIRECTORY_RENAMED = 3
_DIRECTORY_SYMLINK = 4
_LINK_FOLLOWS = 0x400
_REGULAR, _TYPE = 0o100000, 0o170000
_FOLLOWED = frozenset({What.CHMOD, What.TRUNCATE})
_PATH_CUT = int(Flag.PATH_CUT)
_BY_DESCRIPTOR = int(Flag.BY_DESCRIPTOR)
_CHROOTED = int(Flag.CHROOTED)


class Names(NamedTuple):
    """The paths of an event, as `Event` has them."""

    path: str
    original: str = ""
    lexical: bool = False
    cut: bool = False


class Namer:
    """Makes paths canonical where the kernel could not."""

    def __init__(self) -> None:
        self._resolver = Resolver()

    def names(self, record: FileRecord, process: Process, container: Container) -> Names:
        """The names in a record."""
        what, two = record.what, bool(record.path2 or record.base2)
        if record.flags & _BY_DESCRIPTOR:
            names = Names(record.path2, record.path) if two else Names(record.path)
        else:
            names = self._resolved(record, process, container, two=two)
        if record.flags & _PATH_CUT:
            names = Names(marked(names.path), marked(names.original), names.lexical, cut=True)
        if what == What.DELETE and record.mode & _TYPE != _REGULAR:
            self._resolver.relinked(_namespace(process, container))
        elif what in (What.RENAME, What.DIRECTORY) and _moves(record):
            self._resolver.moved(_namespace(process, container), names.path, names.original)
        return names

    def _resolved(self, record: FileRecord, process: Process, container: Container, *, two: bool) -> Names:
        namespace, root = _namespace(process, container), ""
        chrooted = bool(record.flags & _CHROOTED)
        if chrooted:
            root = _root_of(record, process) or ""
        is_cut = bool(record.flags & _PATH_CUT)
        roots = [] if is_cut else list(_roots(process, container, namespace, chrooted=chrooted))

        def meant(base: str, path: str, *, follow: bool) -> tuple[str, bool]:
            return self._resolver.resolve(namespace, roots, base, path, follow=follow, root=root)

        unsure = chrooted and not root
        if not two:
            path, checked = meant(record.base, record.path, follow=record.what in _FOLLOWED)
            return Names(path, "", unsure or not checked)
        follow = record.what == What.LINK and bool(record.operation_flags & _LINK_FOLLOWS)
        original, original_checked = meant(record.base, record.path, follow=follow)
        path, checked = meant(record.base2, record.path2, follow=False)
        return Names(path, original, unsure or not (checked and original_checked))


def _namespace(process: Process, container: Container) -> int:
    return process.mount_namespace or (container.init.mount_namespace if container.init else 0)


def _roots(process: Process, container: Container, namespace: int, *, chrooted: bool) -> Iterator[str]:
    if container.root and container.init and container.init.mount_namespace == namespace:
        yield container.root.name
    if not chrooted:
        yield f"/proc/{process.state.pid}/root"


def _moves(record: FileRecord) -> bool:
    """Whether what was known of directories may be wrong now."""
    if record.what == What.DIRECTORY:
        return record.argument in (DIRECTORY_RENAMED, _DIRECTORY_SYMLINK)
    return record.mode & _TYPE != _REGULAR


def _root_of(record: FileRecord, process: Process) -> str | None:
    """Where the root directory of a process is that has called chroot; None when nothing tells.

    An absolute path is relative to it. Otherwise the process itself can be asked, if it is still there.
    """
    for base, path in ((record.base, record.path), (record.base2, record.path2)):
        if path.startswith("/"):
            process.root = base
    if process.root is None:
        try:
            process.root = str(Path(f"/proc/{process.state.pid}/root").readlink())
        except OSError:
            return None
    return process.root
