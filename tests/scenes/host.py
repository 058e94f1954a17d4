"""What these tests need of the machine, and the word about it when something is missing."""

import ctypes
import errno
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

IN_CI = bool(os.environ.get("CI"))
DEADLINE = float(os.environ.get("DECKWATCH_SCENES_DEADLINE", "60"))
"""Seconds until what has not happened counts as failed; far more than anything takes, but in an emulated machine."""

PAYLOAD = os.environ.get("DECKWATCH_SCENES_PAYLOAD")
"""A payload compiled elsewhere, for a machine without a compiler."""

TIER = os.environ.get("DECKWATCH_SCENES_TIER")
"""The sensor's tier that has to be played before; the best that the kernel takes when it is not given."""

_IO_URING_SETUP = 425
_INTERPRETER = 3  # the segment that names the loader
_INSTALL = "tools/ci-setup installs it"


@cache
def missing() -> str:
    """What is missing for containers to be played and watched; empty when nothing is."""
    return "; ".join(_faults())


def _faults() -> Iterator[str]:
    if os.geteuid() != 0:
        yield "not root"
    if not Path("/sys/kernel/btf/vmlinux").exists():
        yield "the kernel has no BTF"
    needed = {"runc": "runc", "busybox": "busybox-static", **({} if PAYLOAD else {"gcc": "gcc"})}
    for program, package in needed.items():
        if shutil.which(program) is None:
            yield f"no {program} (Debian's package {package}; {_INSTALL})"
    if (busybox := shutil.which("busybox")) and not _is_static(busybox):
        yield f"{busybox} is linked dynamically (Debian's package busybox-static; {_INSTALL})"
    try:
        ctypes.CDLL("libbpf.so.1")
    except OSError:
        yield f"no libbpf.so.1 (Debian's package libbpf1; {_INSTALL})"


def _is_static(program: str) -> bool:
    """Whether an ELF file of 64 bits asks for no dynamic loader."""
    elf = Path(program).read_bytes()
    (table,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    return all(struct.unpack_from("<I", elf, table + i * size) != (_INTERPRETER,) for i in range(count))


def kernel_version() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int(minor)


def has_io_uring() -> bool:
    """Whether rings can be made; the kernel's complaint about impossible arguments comes after its refusal."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(_IO_URING_SETUP, 0, None)
    return ctypes.get_errno() not in {errno.ENOSYS, errno.EPERM}


def require(what_is_missing: str) -> None:
    """Skip the test when something is missing; in CI, where everything has to be there, fail it."""
    if what_is_missing and IN_CI:
        pytest.fail(f"the scenes must run in CI, but: {what_is_missing}", pytrace=False)
    if what_is_missing:
        pytest.skip(f"cannot play and watch containers here: {what_is_missing}")


def compile_payload(target: Path) -> None:
    if PAYLOAD:
        shutil.copy(PAYLOAD, target)
        return
    source = Path(__file__).with_name("payload.c")
    flags = ("-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-no-pie")
    subprocess.run(["gcc", *flags, "-o", target, source], check=True)
