"""What this host allows: each thing the sensor needs or could use, whether it is there, and how to mend what is not."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path

from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.libbpf import LibraryMissingError, library

OLDEST_KERNEL = (5, 10)
_CAPABILITIES = {"CAP_DAC_READ_SEARCH": 2, "CAP_SYS_PTRACE": 19, "CAP_SYS_ADMIN": 21, "CAP_PERFMON": 38, "CAP_BPF": 39}
_PID_NAMESPACE = "pid:[4026531836]"  # the initial one has this number on every kernel
_RUNTIMES = {
    "docker": ("run/docker.sock", "run/docker/runtime-runc"),
    "containerd": ("run/containerd/containerd.sock", "run/containerd/runc"),
    "CRI-O": ("run/crio/crio.sock",),
    "podman": ("run/podman/podman.sock", "run/libpod", "run/crun"),
    "runc": ("run/runc", "usr/bin/runc", "usr/sbin/runc", "usr/local/bin/runc"),
    "crun": ("usr/bin/crun", "usr/local/bin/crun"),
}


class State(Enum):
    """What a finding means for the sensor."""

    GOOD = "good"
    LESS = "less"  # it works, with something missing
    NONE = "none"  # it cannot start


@dataclass(frozen=True, slots=True)
class Finding:
    """`meaning` says what was found and what follows; `cure` how to mend it, empty when there is nothing to mend."""

    name: str
    state: State
    meaning: str
    cure: str = ""


@dataclass(frozen=True)
class Host:
    """Where to look: `root` holds `proc`, `sys` and `run`; the rest is what the system would answer."""

    root: Path = Path("/")
    release: str = field(default_factory=lambda: os.uname().release)
    libbpf: Callable[[], str] = lambda: library().version

    def read(self, path: str) -> str | None:
        """The text of a file below `root`; None when it cannot be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return None

    @cached_property
    def mounts(self) -> dict[str, list[str]]:
        """Mount points by type of file system."""
        points: dict[str, list[str]] = {}
        for line in (self.read("proc/self/mounts") or "").splitlines():
            _, point, kind, *_ = line.split(" ")
            points.setdefault(kind, []).append(point)
        return points

    @property
    def hierarchy(self) -> str:
        """How cgroups are mounted: `v2`, `hybrid` (both), `v1`, or `none`."""
        match "cgroup2" in self.mounts, "cgroup" in self.mounts:
            case True, False:
                return "v2"
            case True, True:
                return "hybrid"
            case False, True:
                return "v1"
        return "none"

    @property
    def mount_namespace(self) -> int:
        """The number of the host's own mount namespace, 0 when it cannot be told.

        Kernel threads live in it. The first process does too, but may be one that nobody can look into.
        """
        thread = "2" if self.read("proc/2/comm") == "kthreadd" else "1"
        try:
            return (self.root / "proc" / thread / "ns/mnt").stat().st_ino
        except OSError:
            return 0

    @property
    def capabilities(self) -> int:
        """The effective capabilities of this process, as bits."""
        text = re.search(r"^CapEff:\s*(\w+)", self.read("proc/self/status") or "", re.MULTILINE)
        return int(text[1], 16) if text else 0

    @property
    def security_modules(self) -> list[str] | None:
        """The active ones; None where securityfs is not mounted."""
        text = self.read("sys/kernel/security/lsm")
        return text.split(",") if text else None


def examine(host: Host) -> list[Finding]:
    """Everything about the host, what the sensor cannot do without first."""
    return [*(need(host) for need in _NEEDS), *(look(host) for look in _LOOKS)]


def require(host: Host) -> None:
    """Raise for the first thing that keeps the sensor from starting.

    Raises:
        SensorError: It tells what to do.
    """
    for need in _NEEDS:
        finding = need(host)
        if finding.state is State.NONE:
            raise SensorError(finding.meaning, finding.cure)


def _kernel(host: Host) -> Finding:
    oldest = ".".join(map(str, OLDEST_KERNEL))
    version = tuple(map(int, re.findall(r"\d+", host.release)[:2]))
    if version >= OLDEST_KERNEL:
        return Finding("kernel", State.GOOD, f"Linux {host.release}")
    return Finding(
        "kernel",
        State.NONE,
        f"Linux {host.release} is too old: the sensor needs {oldest} or newer",
        f"Boot a kernel of {oldest} or later. `deckwatch scan` works on recorded events with any kernel.",
    )


def _privileges(host: Host) -> Finding:
    held = {name for name, bit in _CAPABILITIES.items() if host.capabilities >> bit & 1}
    if "CAP_SYS_ADMIN" in held:
        held |= {"CAP_BPF", "CAP_PERFMON"}
    if not {"CAP_BPF", "CAP_PERFMON"} <= held:
        return Finding(
            "privileges",
            State.NONE,
            "loading programs into the kernel needs root, or the capabilities BPF and PERFMON",
            "Run it with sudo. In a container: `privileged: true`, or add the capabilities BPF, PERFMON, SYS_PTRACE "
            "and DAC_READ_SEARCH.",
        )
    if missing := sorted({"CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE"} - held):
        return Finding(
            "privileges",
            State.LESS,
            f"without {' and '.join(missing)} the processes that run already are known in part only",
            f"Add {' and '.join(missing)}.",
        )
    return Finding("privileges", State.GOOD, "root, or all capabilities that are needed")


def _types(host: Host) -> Finding:
    path = "sys/kernel/btf/vmlinux"
    if (host.root / path).exists():
        return Finding("BTF", State.GOOD, "the kernel describes its types")
    return Finding(
        "BTF",
        State.NONE,
        f"the kernel does not describe its types: there is no /{path}",
        "Use a kernel built with CONFIG_DEBUG_INFO_BTF=y (those of Debian 11, Ubuntu 22.04, RHEL 9 and later are). "
        "In a container: mount the host's /sys/kernel/btf.",
    )


def _library(host: Host) -> Finding:
    try:
        return Finding("libbpf", State.GOOD, f"libbpf {host.libbpf()}")
    except LibraryMissingError as error:
        return Finding("libbpf", State.NONE, error.message, error.cure)


def _lockdown(host: Host) -> Finding:
    mode = re.search(r"\[(\w+)\]", host.read("sys/kernel/security/lockdown") or "[none]")
    if mode is None or mode[1] != "confidentiality":
        return Finding("lockdown", State.GOOD, f"lockdown: {mode[1] if mode else 'none'}")
    return Finding(
        "lockdown",
        State.NONE,
        "the kernel is locked down for confidentiality: no program may read its memory",
        "Boot with `lockdown=integrity`, or without `lockdown=`; with secure boot on, integrity is the usual mode.",
    )


def _cgroups(host: Host) -> Finding:
    match host.hierarchy:
        case "v2":
            return Finding("cgroups", State.GOOD, "version 2")
        case "hybrid":
            return Finding("cgroups", State.GOOD, "hybrid: containers are told apart by the version 2 hierarchy")
        case "v1":
            return Finding("cgroups", State.GOOD, "version 1: containers are told apart by the pids hierarchy")
    return Finding(
        "cgroups",
        State.LESS,
        "no cgroup hierarchy is mounted here: containers that run already cannot be found",
        "Mount it: `mount -t cgroup2 none /sys/fs/cgroup`. In a container: mount the host's /sys/fs/cgroup.",
    )


def _pid_namespace(host: Host) -> Finding:
    try:
        namespace = str((host.root / "proc/self/ns/pid").readlink())
    except OSError:
        namespace = _PID_NAMESPACE
    if namespace == _PID_NAMESPACE:
        return Finding("pid namespace", State.GOOD, "the host's")
    return Finding(
        "pid namespace",
        State.LESS,
        "this is a container's pid namespace: /proc does not show the processes that are watched",
        "Run in the host's: `hostPID: true` in Kubernetes, `--pid=host` with docker and podman.",
    )


def _modules(host: Host) -> Finding:
    modules = host.security_modules
    if modules is None:
        return Finding(
            "security modules",
            State.LESS,
            "not known, for securityfs is not mounted; whether the LSM tier can be had shows when it is tried",
            "Mount it: `mount -t securityfs none /sys/kernel/security`.",
        )
    if "bpf" in modules:
        return Finding("security modules", State.GOOD, f"active: {', '.join(modules)}")
    return Finding(
        "security modules",
        State.LESS,
        f"bpf is not among the active ones ({', '.join(modules)}): the LSM tier cannot be had",
        f"Boot with `lsm={','.join([*modules, 'bpf'])}`.",
    )


def _tracefs(host: Host) -> Finding:
    if points := host.mounts.get("tracefs"):
        return Finding("tracefs", State.GOOD, f"mounted at {points[0]}; not needed")
    return Finding("tracefs", State.GOOD, "not mounted; not needed")


def _runtimes(host: Host) -> Finding:
    found = [name for name, paths in _RUNTIMES.items() if any((host.root / path).exists() for path in paths)]
    if found:
        return Finding("container runtimes", State.GOOD, ", ".join(found))
    return Finding(
        "container runtimes",
        State.LESS,
        "none found: containers would be known by their ids alone",
        "In a container: mount the host's /run.",
    )


def tier_finding(tier: str, reasons: Mapping[str, str]) -> Finding:
    """What was found by trying (see `Kernel.open`)."""
    told = "".join(f"; not {name}: {reason}" for name, reason in reasons.items())
    return Finding("hooks", State.LESS if reasons else State.GOOD, f"tier {tier}{told}")


_Look = Callable[[Host], Finding]
_NEEDS: tuple[_Look, ...] = (_kernel, _privileges, _types, _library, _lockdown)
_LOOKS: tuple[_Look, ...] = (_cgroups, _pid_namespace, _modules, _tracefs, _runtimes)
