"""Processes outside of containers, as `/proc` shows them: the runtime that is the parent of a container's first one."""

from __future__ import annotations

from pathlib import Path

from deckwatch.sensor.actors import Program, State

_TICK = 10_000_000
"""`/proc` counts start times in hundredths of a second."""

PROC = Path("/proc")


def look_up(pid: int, start: int, proc: Path = PROC) -> State | None:
    """The state of a process; None when it is gone, or its pid belongs to another now."""
    home = proc / str(pid)
    try:
        # The name may hold anything, also parentheses and blanks.
        numbers = (home / "stat").read_bytes().rpartition(b")")[2].split()
        if int(numbers[19]) != start // _TICK:
            return None
        executable = _text(bytes((home / "exe").readlink())).removesuffix(" (deleted)")
        directory = _text(bytes((home / "cwd").readlink()))
        args = (home / "cmdline").read_bytes().removesuffix(b"\0")
        ids = dict(line.split(":\t", 1) for line in (home / "status").read_text(errors="replace").splitlines())
    except (OSError, IndexError, ValueError):
        return None
    words = tuple(map(_text, args.split(b"\0"))) if args else ()
    program = Program(executable, words, directory, len(words))
    user, group = (int(ids[name].split()[1]) for name in ("Uid", "Gid"))
    return State(pid, start, program, user, group, _tty(int(numbers[4])))


def _tty(device: int) -> int:
    """The kernel's own form of a device number, from the one it shows to user space."""
    major, minor = device >> 8 & 0xFFF, device & 0xFF | device >> 12 & 0xFFF00
    return major << 20 | minor


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
