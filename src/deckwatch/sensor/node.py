"""Facts of the machine that watches: the same on every document."""

from __future__ import annotations

import fcntl
import ipaddress
import os
import platform
import socket
import struct
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

_ARCHITECTURES: Mapping[str, str] = {"x86_64": "amd64", "aarch64": "arm64"}
_SIOCGIFADDR = 0x8915


@dataclass(frozen=True, slots=True)
class Node:
    """`boot_epoch` is when the machine started, in nanoseconds since 1970: it makes times since boot into dates.

    It is taken once, so that a step of the clock moves no process that is known already.
    """

    host: Mapping[str, Any]
    """The object `host` of the documents."""
    agent: Mapping[str, Any]
    """The object `agent`."""
    boot_id: str
    pid_namespace: str
    boot_epoch: int

    @classmethod
    @cache
    def this(cls, root: Path = Path("/")) -> Node:
        """The machine this runs on. `root` is the host's root directory, when that is mounted elsewhere."""
        boot_id = _text(Path("/proc/sys/kernel/random/boot_id")) or "unknown"
        pid_namespace = _inode_of(Path("/proc/1/ns/pid")) or "4026531836"
        name = os.uname().nodename
        machine = _text(root / "etc/machine-id") or str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        host = {
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "boot": {"id": boot_id},
            "hostname": name,
            "id": machine,
            "ip": sorted(_addresses()),
            "mac": sorted(_hardware_addresses()),
            "name": name,
            "os": _system(root),
            "pid_ns_ino": pid_namespace,
        }
        agent = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"deckwatch {machine}")),
            "name": name,
            "type": "cloud-defend",
            "version": version("deckwatch"),
        }
        return cls({key: value for key, value in host.items() if value}, agent, boot_id, pid_namespace, _boot_epoch())


def _boot_epoch() -> int:
    """The difference of the two clocks, from the reading that was least interrupted."""

    def reading() -> tuple[int, int]:
        before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        now = time.clock_gettime_ns(time.CLOCK_REALTIME)
        after = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return after - before, now - (before + after) // 2

    return min(reading() for _ in range(16))[1]


def _system(root: Path) -> dict[str, str]:
    release = _release(root / "etc/os-release")
    uname = os.uname()
    platform_name = release.get("ID", "")
    known = {
        "family": release.get("ID_LIKE", platform_name).split(" ")[0],
        "full": f"{release.get('NAME', '').split(' ')[0]} {release.get('VERSION_ID', '')}".strip(),
        "kernel": f"{uname.release} {uname.version}",
        "name": "Linux",
        "platform": platform_name,
        "type": "linux",
        "version": release.get("VERSION_ID", ""),
    }
    return {key: value for key, value in known.items() if value}


def _release(path: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in _text(path).splitlines())
    return {key: value.strip("\"'") for key, equals, value in pairs if equals}


def _addresses() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, interface in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(asking, _SIOCGIFADDR, struct.pack("256s", interface.encode()))
            except OSError:  # it has no such address
                continue
            yield from _public(socket.inet_ntoa(answer[20:24]))
    for line in _text(Path("/proc/net/if_inet6")).splitlines():
        yield from _public(str(ipaddress.IPv6Address(bytes.fromhex(line[:32]))))


def _public(address: str) -> Iterator[str]:
    if not ipaddress.ip_address(address).is_loopback:
        yield address


def _hardware_addresses() -> set[str]:
    found = {_text(path) for path in Path("/sys/class/net").glob("*/address")}
    return found - {"", "00:00:00:00:00:00"}


def _inode_of(namespace: Path) -> str | None:
    try:
        return namespace.readlink().name.removesuffix("]").rpartition("[")[2]
    except OSError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
