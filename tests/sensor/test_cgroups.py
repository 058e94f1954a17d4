"""Which container a cgroup belongs to: one row for each form a runtime gives the path."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from deckwatch.sensor.cgroups import ContainerPath, container_of, hierarchy, path_by_handle, path_by_process, walk

A, B = "ab" * 32, "cd" * 32
UID = "1f2e3d4c-1111-2222-3333-444455556666"
UNDERLINED = UID.replace("-", "_")
STATIC = "0123456789abcdef" * 2

CONTAINERS = [
    pytest.param(f"/system.slice/docker-{A}.scope", ContainerPath(A, "docker"), id="docker, systemd driver"),
    pytest.param(f"/docker/{A}", ContainerPath(A, "docker"), id="docker, cgroupfs driver"),
    pytest.param(
        f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UNDERLINED}.slice/cri-containerd-{A}.scope",
        ContainerPath(A, "containerd", UID, "burstable"),
        id="containerd CRI, systemd",
    ),
    pytest.param(
        f"/system.slice/containerd.service/kubepods-besteffort-pod{UNDERLINED}.slice:cri-containerd:{A}",
        ContainerPath(A, "containerd", UID, "besteffort"),
        id="containerd CRI, a slice without the systemd driver",
    ),
    pytest.param(
        f"/kubepods.slice/kubepods-pod{UNDERLINED}.slice/crio-{A}.scope",
        ContainerPath(A, "cri-o", UID, "guaranteed"),
        id="CRI-O, systemd",
    ),
    pytest.param(
        f"/kubepods/burstable/pod{UID}/crio-{A}", ContainerPath(A, "cri-o", UID, "burstable"), id="CRI-O, cgroupfs"
    ),
    pytest.param(
        f"/kubepods.slice/kubepods-pod{UNDERLINED}.slice/crio-{A}.scope/container",
        ContainerPath(A, "cri-o", UID, "guaranteed"),
        id="CRI-O with a cgroup below",
    ),
    pytest.param(f"/machine.slice/crio-conmon-{A}.scope", None, id="CRI-O's monitor"),
    pytest.param(f"/machine.slice/libpod-conmon-{A}.scope", None, id="podman's monitor"),
    pytest.param(f"/machine.slice/libpod-{A}.scope", ContainerPath(A, "podman"), id="podman"),
    pytest.param(f"/machine.slice/libpod-{A}.scope/container", ContainerPath(A, "podman"), id="podman, a cgroup below"),
    pytest.param(
        f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope",
        ContainerPath(A, "podman"),
        id="podman, rootless",
    ),
    pytest.param(f"/libpod_parent/libpod-{A}", ContainerPath(A, "podman"), id="podman, cgroupfs"),
    pytest.param(f"/user.slice/app.service/libpod-payload-{A}", ContainerPath(A, "podman"), id="podman, split cgroups"),
    pytest.param(f"/system.slice/nerdctl-{A}.scope", ContainerPath(A, "containerd"), id="nerdctl"),
    pytest.param(f"/default/{A}", ContainerPath(A, "containerd"), id="containerd without CRI"),
    pytest.param(
        f"/kubepods/besteffort/pod{UID}/{A}", ContainerPath(A, None, UID, "besteffort"), id="Kubernetes, cgroupfs"
    ),
    pytest.param(f"/kubepods/pod{UID}/{A}", ContainerPath(A, None, UID, "guaranteed"), id="Kubernetes, guaranteed"),
    pytest.param(
        f"/kubepods/burstable/pod{STATIC}/{A}", ContainerPath(A, None, STATIC, "burstable"), id="a static pod"
    ),
    pytest.param(
        f"/kubelet/kubepods/pod{UID}/{A}/system.slice/cron.service",
        ContainerPath(A, None, UID, "guaranteed"),
        id="systemd inside, a prefix outside",
    ),
    pytest.param(f"/ecs/{STATIC}/{STATIC}-4052238214", ContainerPath(f"{STATIC}-4052238214"), id="Amazon ECS"),
    pytest.param(f"/{A}", ContainerPath(A), id="runc by hand"),
    pytest.param(f"/tests/{A}", ContainerPath(A), id="runc by hand, somewhere"),
    pytest.param(
        f"/docker/{B}/kubelet/kubepods/burstable/pod{UID}/{A}",
        ContainerPath(A, None, UID, "burstable", (B,)),
        id="kind: the inner one, the outer one kept",
    ),
    pytest.param(
        f"/kubepods/pod{UID}/{B}/docker/{A}",
        ContainerPath(A, "docker", None, None, (B,)),
        id="docker in a pod: the pod is the outer one's",
    ),
    pytest.param(
        f"/docker/{B}/machine.slice/libpod-conmon-{A}.scope", ContainerPath(B, "docker"), id="a monitor in a container"
    ),
    pytest.param("/", None, id="the root"),
    pytest.param("/system.slice/ssh.service", None, id="a service"),
    pytest.param(f"/tests/{A[:-1]}", None, id="one digit less"),
    pytest.param(f"/tests/x{A}", None, id="something before the digits"),
]


@pytest.mark.parametrize(("path", "container"), CONTAINERS)
def test_the_container_in_a_path(path: str, container: ContainerPath | None) -> None:
    assert container_of(path) == container


MOUNTS = [
    pytest.param("30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", "/sys/fs/cgroup", id="version 2"),
    pytest.param(
        "30 25 0:26 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
        "31 25 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
        "/sys/fs/cgroup/unified",
        id="both",
    ),
    pytest.param(
        "29 25 0:25 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
        "30 25 0:26 / /sys/fs/cgroup/pids rw shared:9 - cgroup cgroup rw,pids",
        "/sys/fs/cgroup/pids",
        id="version 1",
    ),
    pytest.param(r"30 25 0:26 / /a\040b rw - cgroup2 cgroup2 rw", "/a b", id="a blank in the name"),
    pytest.param("30 25 0:26 / /proc rw - proc proc rw", None, id="none"),
]


@pytest.mark.parametrize(("mounts", "place"), MOUNTS)
def test_where_the_hierarchy_is_mounted(tmp_path: Path, mounts: str, place: str | None) -> None:
    (tmp_path / "mountinfo").write_text(mounts)
    assert hierarchy(tmp_path / "mountinfo") == (Path(place) if place else None)


PROCESSES = [
    pytest.param("0::/a\n", "/a", id="version 2"),
    pytest.param("4:cpu:/c\n3:pids:/a\n", "/a", id="version 1"),
    pytest.param("4:cpu:/c\n3:cpu,pids:/a\n0::/\n", "/a", id="both, but only version 1 is in use"),
    pytest.param("3:pids:/b\n0::/a\n", "/a", id="both in use"),
    pytest.param("3:name=systemd:/b:c\n0::/\n", "/", id="a colon in a path"),
]


@pytest.mark.parametrize(("lines", "path"), PROCESSES)
def test_the_cgroup_of_a_process(tmp_path: Path, lines: str, path: str) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7/cgroup").write_text(lines)
    assert path_by_process(7, tmp_path) == path
    assert path_by_process(8, tmp_path) is None


@pytest.fixture
def made() -> Iterator[tuple[Path, str]]:
    mount = hierarchy()
    if os.geteuid() != 0 or mount is None:
        pytest.skip("makes cgroups: needs root and a mounted hierarchy")
    name = f"/cgroups-test-{secrets.token_hex(4)}"
    (place := Path(f"{mount}{name}")).mkdir()
    (place / "inner").mkdir()
    yield mount, name
    for each in (place / "inner", place):
        if each.exists():
            each.rmdir()


def test_real_cgroups_are_found_by_walking_and_by_id(made: tuple[Path, str]) -> None:
    mount, name = made
    found = {path: cgroup for cgroup, path in walk(mount)}
    assert {"/", name, f"{name}/inner"} <= found.keys()
    for path in ("/", name, f"{name}/inner"):
        assert path_by_handle(mount, found[path]) == path


def test_a_cgroup_that_is_gone_has_no_path(made: tuple[Path, str]) -> None:
    mount, name = made
    inner = Path(f"{mount}{name}/inner")
    cgroup = inner.stat().st_ino
    inner.rmdir()
    assert path_by_handle(mount, cgroup) is None
