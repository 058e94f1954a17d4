"""From a cgroup to the container it belongs to."""

from __future__ import annotations

import ctypes
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ID = r"(?P<id>[0-9a-f]{64})"
_CONTAINERS: tuple[tuple[str, str | None], ...] = (
    (rf"(?:.*/)?docker-{_ID}\.scope", "docker"),
    (rf"(?:.*/)?docker/{_ID}", "docker"),
    (rf"(?:.*/)?(?:[^/]*:)?cri-containerd[-:]{_ID}(?:\.scope)?", "containerd"),
    (rf"(?:.*/)?crio-{_ID}(?:\.scope)?", "cri-o"),
    (rf"(?:.*/)?libpod-(?:payload-)?{_ID}(?:\.scope)?", "podman"),
    (rf"(?:.*/)?nerdctl-{_ID}\.scope", "containerd"),
    (rf"/default/{_ID}", "containerd"),
    (r"(?:.*/)?ecs/[^/]+/(?P<id>[0-9a-f]{32}-[0-9]+)", None),
    (rf"(?:.*/)?{_ID}", None),
)
_SEGMENTS = [(re.compile(pattern, re.DOTALL), runtime) for pattern, runtime in _CONTAINERS]
"""How a cgroup's path ends that is a container's own, and which runtime makes such paths (None: several do)."""

_POD = re.compile(r"(?:^|[/-])pod(?P<uid>[0-9a-f]{8}(?:[-_]?[0-9a-f]{4}){3}[-_]?[0-9a-f]{12})(?=\.slice|[/:]|$)")
_QUALITY = re.compile(r"(?:^|[/-])(?P<quality>burstable|besteffort)(?=[/.-])")


@dataclass(frozen=True, slots=True)
class ContainerPath:
    """What a cgroup's path says of the container. `outer` are the containers around it, the nearest first."""

    id: str
    runtime: str | None = None
    pod_uid: str | None = None
    quality: str | None = None
    outer: tuple[str, ...] = ()


def container_of(path: str) -> ContainerPath | None:
    """The innermost container a cgroup is in; None when it is in none, or is that of a container's monitor."""
    found: list[tuple[str, str | None, str]] = []
    while path not in ("", "/"):
        for pattern, runtime in _SEGMENTS:
            if match := pattern.fullmatch(path):
                found.append((match["id"], runtime, path))
                break
        path = path.rpartition("/")[0]
    if not found:
        return None
    (identity, runtime, own), *outer = found
    # What is around an outer container says nothing of the inner one.
    between = own[len(outer[0][2]) :] if outer else own
    uid, quality = _pod(between)
    return ContainerPath(identity, runtime, uid, quality, tuple(each[0] for each in outer))


def _pod(path: str) -> tuple[str | None, str | None]:
    pod = _POD.search(path)
    if pod is None:
        return None, None
    uid = pod["uid"].replace("_", "-")
    quality = _QUALITY.search(path[: pod.end()])
    return uid, quality["quality"] if quality else "guaranteed"


def hierarchy(mounts: Path = Path("/proc/self/mountinfo")) -> Path | None:
    """Where the hierarchy is mounted that cgroup ids are of: v2 if there is any, else v1's of `pids`."""
    first: Path | None = None
    for line in mounts.read_text(errors="surrogateescape").splitlines():
        left, _, right = line.partition(" - ")
        fields, (kind, _, options) = left.split(" "), right.split(" ", 2)
        place = Path(fields[4].encode().decode("unicode_escape"))
        if kind == "cgroup2":
            return place
        if kind == "cgroup" and "pids" in options.split(","):
            first = first or place
    return first


def walk(mount: Path) -> Iterator[tuple[int, str]]:
    """The id and path of every cgroup there is, parents first."""
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            yield Path(f"{mount}{inside}").stat().st_ino, inside or "/"
            with os.scandir(f"{mount}{inside}") as entries:
                waiting += [f"{inside}/{entry.name}" for entry in entries if entry.is_dir(follow_symlinks=False)]
        except FileNotFoundError:  # gone meanwhile
            continue


_FILEID_KERNFS = 0xFE
_HANDLE = struct.Struct("=IiQ")
_libc = ctypes.CDLL(None, use_errno=True)
_libc.open_by_handle_at.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
_libc.open_by_handle_at.restype = ctypes.c_int


def path_by_handle(mount: Path, cgroup: int) -> str | None:
    """The path of a cgroup from its id; None when it is gone, or CAP_DAC_READ_SEARCH is missing."""
    try:
        descriptor = os.open(mount, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        handle = _HANDLE.pack(8, _FILEID_KERNFS, cgroup)
        opened = _libc.open_by_handle_at(descriptor, handle, os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(descriptor)
    if opened < 0:
        return None
    try:
        whole = str(Path(f"/proc/self/fd/{opened}").readlink())
    finally:
        os.close(opened)
    return whole.removeprefix(str(mount)).removesuffix(" (deleted)") or "/"


def path_by_process(pid: int, proc: Path = Path("/proc")) -> str | None:
    """The path of the cgroup a process is in now, as its own `/proc` entry tells."""
    try:
        lines = (proc / str(pid) / "cgroup").read_text(errors="backslashreplace").splitlines()
    except OSError:
        return None
    paths = {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}
    unified = paths.get("")
    if unified not in (None, "/"):
        return unified
    of_pids = next((path for names, path in paths.items() if "pids" in names.split(",")), None)
    return of_pids or unified
