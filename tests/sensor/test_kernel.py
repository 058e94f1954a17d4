"""The loaded sensor: what a cgroup does comes out, once and in order, or is counted as lost."""

import os
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.host import Host
from deckwatch.sensor.kernel import Kernel
from deckwatch.sensor.records import AnyRecord, CgroupRecord, FileRecord, ProcessRecord, What
from tests.sensor.machine import Cgroup, fresh_cgroup, needs_kernel

pytestmark = needs_kernel

DEADLINE = 10.0
TINY_RING = os.sysconf("SC_PAGE_SIZE")
PAIRS = 3000
CHURN = f"""
import os
for number in range({PAIRS}):
    os.close(os.open("deckwatch-churn", os.O_CREAT | os.O_WRONLY))
    os.unlink("deckwatch-churn")
"""
DONE = {
    What.CGROUP_MADE: 1,
    What.EXEC: 1,
    What.CREATE: PAIRS,
    What.DELETE: PAIRS,
    What.EXIT: 1,
    What.CGROUP_REMOVED: 1,
}


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with Kernel.open() as kernel:
        yield kernel


@pytest.fixture
def cgroup(kernel: Kernel) -> Iterator[Cgroup]:
    with watched(kernel) as cgroup:
        yield cgroup


class watched:  # noqa: N801
    """A fresh cgroup that the kernel tracks."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._fresh = fresh_cgroup()

    def __enter__(self) -> Cgroup:
        self._cgroup = self._fresh.__enter__()
        self._kernel.track(self._cgroup.id)
        return self._cgroup

    def __exit__(self, *error: object) -> None:
        self._kernel.untrack(self._cgroup.id)
        self._fresh.__exit__(None, None, None)


def until(kernel: Kernel, end: Callable[[AnyRecord], bool]) -> list[AnyRecord]:
    """All records up to the poll that brings the one looked for."""
    records: list[AnyRecord] = []
    limit = time.monotonic() + DEADLINE
    while time.monotonic() < limit:
        new = kernel.poll(0.1)
        records += new
        if any(map(end, new)):
            return records
    raise AssertionError(f"not among {len(records)} records")


def seen(kernel: Kernel, cgroup: Cgroup, *argv: str | Path) -> list[AnyRecord]:
    """What the kernel tells of a command in the cgroup, which it made itself."""
    cgroup.run(*argv)
    records = until(kernel, lambda record: record.what == What.EXIT and record.cgroup == cgroup.id)
    return [each for each in records if each.cgroup == cgroup.id and not isinstance(each, CgroupRecord)]


def test_the_tier_in_force_and_the_reasons_against_better_ones(kernel: Kernel):
    order = ["lsm", "fentry", "tracepoint"]
    assert list(kernel.reasons) == order[: order.index(kernel.tier)]
    assert all(kernel.reasons.values())


def test_a_command_is_an_exec_and_an_exit(kernel: Kernel, cgroup: Cgroup):
    start, end = seen(kernel, cgroup, "/bin/true", "a b", "")
    assert isinstance(start, ProcessRecord)
    assert (start.what, end.what) == (What.EXEC, What.EXIT)
    assert start.args == ("/bin/true", "a b", "")
    assert start.executable == str(Path("/bin/true").resolve())
    assert start.working_directory == str(Path.cwd())
    assert start.parent_pid == os.getpid()
    assert (start.pid, start.start) == (end.pid, end.start)
    assert (start.uid, start.argument_count) == (os.getuid(), 3)


@pytest.mark.parametrize(
    ("script", "status"),
    [
        pytest.param("exit 0", 0, id="success"),
        pytest.param("exit 7", 7 << 8, id="failure"),
        pytest.param("kill -9 $$", 9, id="killed"),
    ],
)
def test_an_exit_has_the_raw_status(kernel: Kernel, cgroup: Cgroup, script: str, status: int):
    *_, end = seen(kernel, cgroup, "/bin/sh", "-c", script)
    assert isinstance(end, ProcessRecord)
    assert end.exit_code == status


def test_a_name_that_is_no_text_is_shown_by_its_bytes(kernel: Kernel, cgroup: Cgroup, tmp_path: Path):
    name = os.fsencode(tmp_path) + b"/\xff\xfe\n"
    cgroup.run(sys.executable, "-ISc", "import os, sys; os.close(os.open(os.fsencode(sys.argv[1]), 65))", name)
    created = lambda record: record.what == What.CREATE and record.cgroup == cgroup.id  # noqa: E731
    paths = [record.path for record in until(kernel, created) if isinstance(record, FileRecord) and created(record)]
    assert paths == [f"{tmp_path}/\\xff\\xfe\n"]


def test_records_keep_their_order(kernel: Kernel, cgroup: Cgroup, tmp_path: Path):
    script = f"""
import os
os.chdir({str(tmp_path)!r})
for number in range(500):
    os.close(os.open(str(number), os.O_CREAT | os.O_WRONLY))
    os.unlink(str(number))
"""
    files = [each for each in seen(kernel, cgroup, sys.executable, "-ISc", script) if isinstance(each, FileRecord)]
    assert [(each.what, int(each.path.rpartition("/")[2])) for each in files] == [
        (what, number) for number in range(500) for what in (What.CREATE, What.DELETE)
    ]
    assert [each.time for each in files] == sorted(each.time for each in files)


def test_what_lies_below_a_watched_cgroup_is_watched(kernel: Kernel, cgroup: Cgroup):
    below = cgroup.path / "below"
    below.mkdir()
    try:
        child = Cgroup(below)
        records = until(kernel, lambda record: record.what == What.CGROUP_MADE and record.cgroup == child.id)
        made = records[-1]
        assert isinstance(made, CgroupRecord)
        assert (made.parent, made.path.rpartition("/")[2]) == (cgroup.id, "below")
        assert [record.what for record in seen(kernel, child, "/bin/true")] == [What.EXEC, What.EXIT]
    finally:
        below.rmdir()


def test_what_is_not_watched_is_not_told(kernel: Kernel, cgroup: Cgroup):
    with fresh_cgroup() as other:
        other.run("/bin/true")
        kernel.track(other.id)
        kernel.untrack(other.id)
        other.run("/bin/true")
        cgroup.run("/bin/true")
        records = until(kernel, lambda record: record.what == What.EXIT and record.cgroup == cgroup.id)
    told = {record.what for record in records if record.cgroup == other.id}
    assert told <= {What.CGROUP_MADE}


def test_wants_choose_between_processes_and_files(kernel: Kernel, cgroup: Cgroup, tmp_path: Path):
    kernel.track(cgroup.id, wants=1)
    records = seen(kernel, cgroup, "/bin/sh", "-c", f"echo > {tmp_path}/x")
    assert [record.what for record in records] == [What.EXEC, What.EXIT]


def test_what_the_ignored_process_does_is_not_told(tmp_path: Path):
    shell = subprocess.Popen(["/bin/sh"], stdin=subprocess.PIPE)
    with Kernel.open(ignore_pid=shell.pid) as kernel, watched(kernel) as cgroup:
        (cgroup.path / "cgroup.procs").write_text(str(shell.pid), encoding="ascii")
        shell.communicate(f"echo > {tmp_path}/ignored\n".encode(), timeout=DEADLINE)
        cgroup.run("/bin/sh", "-c", f"echo > {tmp_path}/told")
        records = until(kernel, lambda record: record.what == What.EXIT and record.cgroup == cgroup.id)
        assert [each.path for each in records if isinstance(each, FileRecord) and each.cgroup == cgroup.id] == [
            f"{tmp_path}/told"
        ]


def test_a_cgroup_wakes_the_reader_at_once(kernel: Kernel):
    while kernel.poll(0):
        pass
    with fresh_cgroup() as made:
        ready, *_ = select.select([kernel], [], [], DEADLINE)
        assert ready == [kernel]
        assert made.id in {record.cgroup for record in kernel.poll(0)}


def test_waiting_ends_when_nothing_comes(kernel: Kernel):
    begin = time.monotonic()
    while kernel.poll(0.05):  # others may be at work on this machine
        begin = time.monotonic()
    assert 0.05 <= time.monotonic() - begin < DEADLINE


def churn(ring_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Kernel, int, list[AnyRecord]]:
    """A flood that nobody reads until it is over; the closed kernel's last words."""
    monkeypatch.chdir(tmp_path)
    kernel = Kernel.open(ring_bytes=ring_bytes)
    with watched(kernel) as cgroup:
        assert cgroup.run(sys.executable, "-ISc", CHURN).returncode == 0
    records: list[AnyRecord] = []
    while len(records) < (sent := kernel.sent):
        records += kernel.poll(0.1)
    assert sent <= len(records) <= kernel.sent
    return kernel, cgroup.id, records


def test_what_a_full_ring_lost_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    kernel, cgroup, records = churn(TINY_RING, tmp_path, monkeypatch)
    with kernel:
        lost = kernel.losses()
        assert {each.reason for each in lost} == {"ring full"}
        told = Counter(record.what for record in records if record.cgroup == cgroup)
        missing = kernel.lost_by_cgroup()[cgroup]
        assert missing > PAIRS
        assert told.total() + missing == sum(DONE.values())
        assert sum(each.count for each in lost) + len(records) >= sum(DONE.values())
        assert kernel.losses() == []


def test_a_ring_that_is_large_enough_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    kernel, cgroup, records = churn(8 << 20, tmp_path, monkeypatch)
    with kernel:
        assert kernel.losses() == []
        told = Counter(record.what for record in records if record.cgroup == cgroup)
        assert told == DONE


def processes() -> set[int]:
    """Those that may be looked into: some hosts hide their first process, also from eBPF."""
    pids = {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()}
    return {pid for pid in pids if os.access(f"/proc/{pid}/ns/mnt", os.F_OK)}


def test_a_snapshot_has_every_process(kernel: Kernel):
    before = processes()
    tasks = {task.pid: task for task in kernel.tasks()}
    assert before & processes() <= set(tasks)
    assert {task.what for task in tasks.values()} == {What.TASK}
    own, parent = tasks[os.getpid()], tasks[os.getppid()]
    assert own.args == tuple(Path("/proc/self/cmdline").read_bytes().decode().split("\0")[:-1])
    assert own.executable == os.readlink("/proc/self/exe")  # noqa: PTH115
    assert own.working_directory == str(Path.cwd())
    assert (own.parent_pid, own.parent_start) == (parent.pid, parent.start)
    assert (own.group, own.session) == (os.getpgrp(), os.getsid(0))
    assert own.mount_namespace == Path("/proc/self/ns/mnt").stat().st_ino


def test_a_snapshot_agrees_with_the_records(kernel: Kernel, cgroup: Cgroup):
    kernel.poll(0)
    sleeper = subprocess.Popen(["/bin/sleep", "60"])
    try:
        (cgroup.path / "cgroup.procs").write_text(str(sleeper.pid), encoding="ascii")
        (task,) = (task for task in kernel.tasks() if task.pid == sleeper.pid)
        sleeper.terminate()
        sleeper.wait(DEADLINE)
        end = until(kernel, lambda record: record.pid == sleeper.pid)[-1]
        assert (task.start, task.cgroup) == (end.start, cgroup.id)
        assert task.time < end.time
    finally:
        sleeper.kill()
        sleeper.wait()


def test_closing_lets_go_of_everything():
    Kernel.open().close()  # the first one also loads libraries
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208
    kernel = Kernel.open()
    assert len(os.listdir("/proc/self/fd")) > len(before)  # noqa: PTH208
    kernel.close()
    kernel.close()
    assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize(
    "size", [0, 1000, 12288, 1 << 32], ids=["none", "less than a page", "no power of two", "4 GiB"]
)
def test_a_ring_has_a_size_that_the_kernel_can_map(size: int):
    with pytest.raises(SensorError, match="Take a power of two"):
        Kernel.open(ring_bytes=size)


def test_the_host_is_asked_first(tmp_path: Path):
    with pytest.raises(SensorError, match="is too old"):
        Kernel.open(host=Host(tmp_path, "4.19.0"))
