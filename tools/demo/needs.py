"""What a live demonstration needs of the machine, and how to get what is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from deckwatch.sensor.host import Host, State, examine

_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/bin"
_INTERPRETER = 3  # the kind of program header that dynamic programs have


def missing() -> Iterator[str]:
    """What is not there, each with its cure."""
    for finding in examine(Host()):
        if finding.state is State.NONE:
            yield f"{finding.name}: {finding.meaning}. {finding.cure}"
    if runc() is None:
        yield "runc: it is not installed. Debian and Ubuntu: apt-get install runc"
    if busybox() is None:
        yield "busybox: no static one is installed. Debian and Ubuntu: apt-get install busybox-static"


def runc() -> str | None:
    return shutil.which("runc", path=_PATH)


def busybox() -> Path | None:
    """A busybox that needs no libraries."""
    found = shutil.which("busybox", path=_PATH)
    return Path(found).resolve() if found and _is_static(Path(found)) else None


def _is_static(program: Path) -> bool:
    """Whether an ELF program of 64 bits names no interpreter."""
    head = program.read_bytes()[:4096]
    start, size, count = (int.from_bytes(head[at : at + width], "little") for at, width in ((32, 8), (54, 2), (56, 2)))
    kinds = (int.from_bytes(head[at : at + 4], "little") for at in range(start, start + size * count, size or 1))
    return head[:4] == b"\x7fELF" and _INTERPRETER not in kinds
