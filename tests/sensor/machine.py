"""Whether the sensor can be loaded on this machine, and a cgroup to watch."""

import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.host import Host, require

UNIFIED = next((Path(point) for point in Host().mounts.get("cgroup2", ())), None)


def _missing() -> str:
    try:
        require(Host())
    except SensorError as error:
        return error.message
    return "" if UNIFIED else "no version 2 cgroup hierarchy is mounted"


_MISSING = _missing()
needs_kernel = pytest.mark.skipif(bool(_MISSING), reason=f"the sensor cannot be loaded here: {_MISSING}")


class Cgroup:
    """A cgroup of one test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.stat().st_ino

    def run(self, *argv: str | Path) -> subprocess.CompletedProcess[bytes]:
        """Run a command in it, from its first instruction on."""

        def enter() -> None:
            (self.path / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")

        return subprocess.run(argv, preexec_fn=enter, capture_output=True, timeout=60, check=False)


@contextmanager
def fresh_cgroup() -> Iterator[Cgroup]:
    assert UNIFIED is not None
    path = UNIFIED / f"deckwatch-test-{uuid.uuid4().hex[:8]}"
    path.mkdir()
    try:
        yield Cgroup(path)
    finally:
        path.rmdir()
