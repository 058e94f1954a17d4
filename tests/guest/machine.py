"""An emulated machine: boots a disk, runs the job that lies on it, hands back what its serial ports said."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_MACHINE = ("-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2G")
_NO_FRILLS = ("-nodefaults", "-display", "none", "-no-reboot")
_KERNEL_OPTIONS = (
    "console=ttyS0 root=/dev/nvme0n1 rw init=/sbin/init loglevel=4 panic=-1 mitigations=off "
    "lsm=lockdown,capability,yama,apparmor,bpf "  # not every kernel has bpf among them by itself
    "clearcpuid=141"  # cx16: QEMU 7.2 spoils the flags of cmpxchg16b when it emulates two processors, and kernels fall
)


@dataclass(frozen=True, slots=True)
class Run:
    """`console` is what the first port said, `report` the bytes of the second; `finished`: it switched itself off."""

    console: str
    report: bytes
    finished: bool


def boot(kernel: Path, disk: Path, *, seconds: float) -> Run:
    """Let it run until it switches itself off, or for so many seconds. What it writes to the disk is forgotten."""
    console, report = disk.with_suffix(".console"), disk.with_suffix(".report")
    command = [
        *("qemu-system-x86_64", *_MACHINE, *_NO_FRILLS),
        *("-kernel", str(kernel), "-append", _KERNEL_OPTIONS),
        *("-drive", f"file={disk},format=raw,if=none,id=disk,snapshot=on", "-device", "nvme,drive=disk,serial=disk"),
        *("-serial", f"file:{console}", "-serial", f"file:{report}"),
    ]
    try:
        subprocess.run(command, check=True, timeout=seconds, stdin=subprocess.DEVNULL)
        finished = True
    except subprocess.TimeoutExpired:
        finished = False
    return Run(console.read_text(errors="replace"), report.read_bytes(), finished)
