"""Processes of the host, and the host itself, as `/proc` and `/etc` show them."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from deckwatch.sensor.capabilities import names_of
from deckwatch.sensor.node import Node
from deckwatch.sensor.outside import look_up
from tests.sensor.happening import SECOND


def start_of(pid: int) -> int:
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return int(ticks) * SECOND // os.sysconf("SC_CLK_TCK")


def test_a_process_of_the_host() -> None:
    state = look_up(os.getpid(), start_of(os.getpid()) + 1234)
    assert state is not None
    assert state.program is not None
    assert state.program.executable == str(Path(sys.executable).resolve())
    assert state.program.working_directory == str(Path.cwd())
    assert state.program.args_count == len(state.program.args) > 1
    assert (state.user, state.group) == (os.geteuid(), os.getegid())


def test_a_pid_of_another_process_is_not_taken_for_it() -> None:
    assert look_up(os.getpid(), start_of(os.getpid()) + SECOND) is None
    assert look_up(2**22 + 1, 0) is None


def test_a_terminal_is_told_as_the_kernel_numbers_it(tmp_path: Path) -> None:
    home = tmp_path / "7"
    home.mkdir()
    numbers = ["S", "1", "7", "7", str(136 << 8 | 3 | 1 << 20), *["0"] * 14, "500", "0"]
    (home / "stat").write_text(f"7 (a ) b) {' '.join(numbers)}")
    (home / "exe").symlink_to("/bin/sh (deleted)")
    (home / "cwd").symlink_to("/work")
    (home / "cmdline").write_bytes(b"sh\0-c\0\0")
    (home / "status").write_text("Uid:\t1\t2\t1\t1\nGid:\t3\t4\t3\t3\n")
    state = look_up(7, 5 * SECOND, tmp_path)
    assert state is not None
    assert state.program is not None
    assert (state.tty, state.user, state.group) == (136 << 20 | 3 | 1 << 8, 2, 4)
    assert (state.program.executable, state.program.args) == ("/bin/sh", ("sh", "-c", ""))


def test_this_machine() -> None:
    node = Node.this()
    assert node.host["os"]["type"] == "linux"
    assert node.host["name"] == os.uname().nodename
    assert node.host["boot"] == {"id": Path("/proc/sys/kernel/random/boot_id").read_text().strip()}
    assert abs(node.boot_epoch + time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.time_ns()) < 60 * SECOND
    assert node.agent["type"] == "cloud-defend"
    assert Node.this() is node


def test_capabilities_have_names() -> None:
    assert names_of(0) == ()
    assert names_of(1 | 1 << 21 | 1 << 50) == ("CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_50")
