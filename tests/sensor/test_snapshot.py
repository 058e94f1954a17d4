"""Processes from before: the iterator's records, completed from `/proc` if it still is the same process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deckwatch.sensor.records import Flag, ProcessRecord, What
from deckwatch.sensor.snapshot import tasks
from tests.sensor import wire

START = 12_345_678_901  # ns: hundredth of a second number 1234


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    home = tmp_path / "42"
    home.mkdir()
    (home / "cmdline").write_bytes(b"nginx: worker\0-g\0")
    (home / "exe").symlink_to("/usr/sbin/nginx (deleted)")
    (home / "cwd").symlink_to("/srv")
    stat = f"42 (ng) (x) S 1 42 42 0 -1 4194560 {' '.join('0' * 12)} 1234 0 0"
    (home / "stat").write_text(stat, encoding="ascii")
    return tmp_path


def task(proc: Path, *texts: bytes, **values: int) -> ProcessRecord:
    packed = wire.padded(wire.process(What.TASK, *texts, **{"pid": 42, "start": START, **values}))
    (record,) = tasks([packed[:100], packed[100:]], proc)
    return record


def test_a_task_is_completed(proc: Path):
    record = task(proc, flags=Flag.EXE_DELETED)
    assert record.executable == "/usr/sbin/nginx"
    assert record.working_directory == "/srv"
    assert record.args == ("nginx: worker", "-g")
    assert record.argument_count == 2


def test_what_the_kernel_knows_stands(proc: Path):
    record = task(proc, b"/in/container", b"/there")
    assert (record.executable, record.working_directory) == ("/in/container", "/there")


def gone(home: Path) -> None:
    (home / "stat").unlink()


def stays(home: Path) -> None: ...


def kernel_thread(home: Path) -> None:
    (home / "cmdline").write_bytes(b"")
    (home / "exe").unlink()


@pytest.mark.parametrize(
    ("spoil", "values"),
    [
        pytest.param(gone, {}, id="it has gone"),
        pytest.param(stays, {"start": START + 10_000_000}, id="the pid is another process's by now"),
        pytest.param(stays, {"pid": 43}, id="it was never seen in /proc"),
        pytest.param(kernel_thread, {}, id="a kernel thread"),
    ],
)
def test_what_cannot_be_known_stays_empty(proc: Path, spoil: Callable[[Path], None], values: dict[str, int]):
    spoil(proc / "42")
    record = task(proc, **values)
    assert (record.executable, record.args) == ("", ())
