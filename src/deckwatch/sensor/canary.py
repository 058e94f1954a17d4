"""A known program run in a cgroup that looks like a container's: how long until a rule has seen it."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deckwatch.engine.ports import Source
from deckwatch.engine.stream import Stream
from deckwatch.eql.dates import SECOND
from deckwatch.events.document import field_values
from deckwatch.rules.draft import Draft
from deckwatch.rules.load import compiled
from deckwatch.rules.rule import Rule
from deckwatch.rules.rule import Source as Place
from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.host import Host

PATIENCE = 5.0
"""Seconds to wait for a canary."""

_ENTER = 'echo $$ > "$1" && shift && exec unshare -m "$@"'
"""Nothing of a container is reported before it runs a program in a mount namespace of its own."""


@dataclass(frozen=True, slots=True)
class Canary:
    """Seconds since the system call: until the event was decoded, and until a rule had been evaluated on it."""

    decoded: float
    evaluated: float


def canary(source: Source, host: Host, *, runs: int = 3) -> Canary:
    """The median of some runs. Opens and closes the source, which must be the kernel's.

    Raises:
        SensorError: none can be run, or the rule never saw one.
    """
    word = f"canary-{secrets.token_hex(8)}"
    with perch(host) as cgroup, Stream(source, [_rule(word)]) as stream:
        flights = [_flight(stream, cgroup, word) for _ in range(runs)]
    return sorted(flights, key=lambda flight: flight.evaluated)[runs // 2]


def inside(cgroup: Path, *command: str) -> list[str]:
    """The command that runs a command as a container's."""
    return ["sh", "-c", _ENTER, "sh", str(cgroup / "cgroup.procs"), *command]


def _flight(stream: Stream, cgroup: Path, word: str) -> Canary:
    command = inside(cgroup, shutil.which("true") or "true", word)
    process = subprocess.Popen(  # noqa: S603  # every word of it is ours
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < deadline:
            for alert in next(stream).alerts:
                now = time.time_ns()
                happened, read = (_time(alert, f"kibana.alert.original_{name}") for name in ("time", "event.created"))
                return Canary((read - happened) / SECOND, (now - happened) / SECOND)
    finally:
        _, complaint = process.communicate(timeout=PATIENCE)
    why = complaint.decode(errors="replace").strip() or f"no event of it came within {PATIENCE:g} s"
    raise SensorError(f"the canary was not seen: {why}", "Try again; `deckwatch watch` shows whether events come.")


def _time(alert: dict[str, object], name: str) -> int:
    times = field_values(alert, name, "date")
    return int(str(times[0]))


def _rule(word: str) -> Rule:
    parameters = {
        "type": "eql",
        "language": "eql",
        "rule_id": "canary",
        "name": "Canary",
        "description": "The sensor tries itself.",
        "severity": "low",
        "risk_score": 1,
        "index": ["logs-*"],
        "query": f'process where event.action == "exec" and process.name == "true" and process.args == "{word}"',
    }
    return compiled(Draft(parameters, Place("canary", 1)))


@contextmanager
def perch(host: Host) -> Iterator[Path]:
    """A cgroup with a container's name, gone in the end.

    Raises:
        SensorError: none can be made.
    """
    points = host.mounts.get("cgroup2") or [each for each in host.mounts.get("cgroup", ()) if each.endswith("pids")]
    if not points:
        raise SensorError("no cgroup hierarchy is mounted", "Mount it: `mount -t cgroup2 none /sys/fs/cgroup`.")
    folder = Path(points[0]) / secrets.token_hex(32)
    try:
        folder.mkdir()
    except OSError as error:
        raise SensorError(
            f"{folder.parent}: no cgroup can be made: {error.strerror}", "In a container: mount it writable."
        ) from error
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """The last process of a cgroup leaves it a moment after its parent has heard of its end."""
    for _ in range(100):
        try:
            folder.rmdir()
        except OSError:
            time.sleep(0.01)
        else:
            return
