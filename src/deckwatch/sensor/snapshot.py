"""The processes that were there before the sensor: from the kernel's task iterator, completed from `/proc`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from deckwatch.sensor.layout import ITERATOR_PREFIX, arguments, decode
from deckwatch.sensor.records import AnyRecord, Flag, ProcessRecord

PROC = Path("/proc")
_TICK = 10_000_000  # ns; /proc tells start times in hundredths of a second
_DELETED = " (deleted)"


def tasks(pieces: Iterable[bytes], proc: Path = PROC) -> list[ProcessRecord]:
    """The records in what the iterator wrote, completed."""
    records: list[AnyRecord] = []
    decode(b"".join(pieces), ITERATOR_PREFIX, records)
    return [complete(record, proc) for record in records if isinstance(record, ProcessRecord)]


def complete(record: ProcessRecord, proc: Path = PROC) -> ProcessRecord:
    """Add what the record lacks of executable, working directory and arguments; as it is when the process has gone."""
    home = proc / str(record.pid)
    try:
        area = (home / "cmdline").read_bytes()
        executable = record.executable or _link(home / "exe")
        directory = record.working_directory or _link(home / "cwd")
        same = _start_tick((home / "stat").read_bytes()) == record.start // _TICK
    except OSError:
        return record
    if not same:
        return record
    if record.flags & Flag.EXE_DELETED:
        executable = executable.removesuffix(_DELETED)
    return replace(
        record,
        executable=executable,
        working_directory=directory,
        args=arguments(area) if area else (),
        argument_count=record.argument_count or area.count(b"\0"),
    )


def _link(path: Path) -> str:
    """Where a link of /proc leads; empty for a kernel thread."""
    try:
        return bytes(path.readlink()).decode("utf-8", "backslashreplace")
    except FileNotFoundError:
        return ""


def _start_tick(stat: bytes) -> int:
    """The start time: the 22nd field, counted behind the name, which may hold anything."""
    return int(stat[stat.rindex(b")") + 2 :].split()[19])
