"""What a host allows, told from its files; what stops the sensor says what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.host import Finding, Host, State, examine, require, tier_finding
from deckwatch.sensor.libbpf import LibraryMissingError
from deckwatch.sensor.program import object_bytes
from tests.golden import assert_golden

GOLDEN = Path(__file__).parent / "golden"
ALL_CAPABILITIES = "000001ffffffffff"
V2 = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0"
V1 = "cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0"
HYBRID = f"{V1}\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0"
TRACEFS = "tracefs /sys/kernel/tracing tracefs rw 0 0"


def no_libbpf() -> str:
    raise LibraryMissingError("libbpf.so.1", "libbpf.so.1: cannot open shared object file: No such file or directory")


class Machine:
    """A host in a folder, in order until a test takes something away."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.release = "6.1.0-18-amd64"
        self.libbpf: Callable[[], str] = lambda: "v1.1"
        self.write("sys/kernel/btf/vmlinux", "")
        self.write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
        self.write("sys/kernel/security/lsm", "lockdown,capability,apparmor,bpf\n")
        self.write("run/containerd/containerd.sock", "")
        self.capabilities(ALL_CAPABILITIES)
        self.mounts(V2, TRACEFS)
        self.pid_namespace("pid:[4026531836]")

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def capabilities(self, bits: str) -> None:
        self.write("proc/self/status", f"Name:\tpython\nCapEff:\t{bits}\nCapBnd:\t{ALL_CAPABILITIES}\n")

    def mounts(self, *lines: str) -> None:
        self.write("proc/self/mounts", "".join(f"{line}\n" for line in lines))

    def pid_namespace(self, name: str) -> None:
        link = self.root / "proc/self/ns/pid"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(name)

    @property
    def host(self) -> Host:
        return Host(self.root, self.release, self.libbpf)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def finding(machine: Machine, name: str) -> Finding:
    return next(found for found in examine(machine.host) if found.name == name)


def test_a_host_in_order_lacks_nothing(machine: Machine):
    require(machine.host)
    assert {found.state for found in examine(machine.host)} == {State.GOOD}


def change(**attributes: object) -> Callable[[Machine], None]:
    def apply(machine: Machine) -> None:
        for name, value in attributes.items():
            setattr(machine, name, value)

    return apply


STOPS = [
    pytest.param("old-kernel", change(release="5.4.0-150-generic"), id="old kernel"),
    pytest.param("not-root", lambda machine: machine.capabilities("0" * 16), id="not root"),
    pytest.param("no-btf", lambda machine: machine.remove("sys/kernel/btf/vmlinux"), id="no BTF"),
    pytest.param("no-libbpf", change(libbpf=no_libbpf), id="no libbpf"),
    pytest.param(
        "lockdown",
        lambda machine: machine.write("sys/kernel/security/lockdown", "none integrity [confidentiality]\n"),
        id="lockdown",
    ),
]


@pytest.mark.parametrize(("name", "spoil"), STOPS)
def test_what_stops_the_sensor_says_what_to_do(machine: Machine, name: str, spoil: Callable[[Machine], None]):
    spoil(machine)
    with pytest.raises(SensorError) as caught:
        require(machine.host)
    assert_golden(GOLDEN / f"{name}.txt", f"{caught.value}\n")


LESS = [
    pytest.param("no-cgroups", "cgroups", lambda machine: machine.mounts(TRACEFS), id="no cgroup hierarchy"),
    pytest.param(
        "few-capabilities", "privileges", lambda machine: machine.capabilities("000000c000000000"), id="BPF and PERFMON"
    ),
    pytest.param(
        "pid-namespace", "pid namespace", lambda machine: machine.pid_namespace("pid:[4026532001]"), id="pid namespace"
    ),
    pytest.param(
        "no-bpf-module",
        "security modules",
        lambda machine: machine.write("sys/kernel/security/lsm", "lockdown,capability"),
        id="bpf is no active security module",
    ),
    pytest.param(
        "no-securityfs", "security modules", lambda machine: machine.remove("sys/kernel/security/lsm"), id="securityfs"
    ),
    pytest.param(
        "no-runtime",
        "container runtimes",
        lambda machine: machine.remove("run/containerd/containerd.sock"),
        id="no runtime",
    ),
]


@pytest.mark.parametrize(("golden", "name", "spoil"), LESS)
def test_what_is_missing_says_what_follows_and_what_to_do(
    machine: Machine, golden: str, name: str, spoil: Callable[[Machine], None]
):
    spoil(machine)
    require(machine.host)
    found = finding(machine, name)
    assert found.state is State.LESS
    assert_golden(GOLDEN / f"{golden}.txt", f"{found.meaning}\n{found.cure}\n")


@pytest.mark.parametrize(
    ("release", "state"),
    [
        pytest.param("5.9.16", State.NONE, id="5.9"),
        pytest.param("5.10.0", State.GOOD, id="5.10"),
        pytest.param("5.10.16-cip", State.GOOD, id="5.10 with a suffix"),
        pytest.param("6.18.44-fc-v669", State.GOOD, id="6.18"),
        pytest.param("10.0-rc1", State.GOOD, id="10.0"),
    ],
)
def test_versions_are_numbers(machine: Machine, release: str, state: State):
    machine.release = release
    assert finding(machine, "kernel").state is state


@pytest.mark.parametrize(
    ("mounts", "hierarchy"),
    [
        pytest.param((V2,), "v2", id="v2"),
        pytest.param((HYBRID,), "hybrid", id="hybrid"),
        pytest.param((V1,), "v1", id="v1"),
        pytest.param((TRACEFS,), "none", id="none"),
    ],
)
def test_the_hierarchy_follows_from_the_mounts(machine: Machine, mounts: tuple[str, ...], hierarchy: str):
    machine.mounts(*mounts)
    assert machine.host.hierarchy == hierarchy


@pytest.mark.parametrize(
    ("bits", "state"),
    [
        pytest.param(1 << 21 | 1 << 19 | 1 << 2, State.GOOD, id="SYS_ADMIN stands for BPF and PERFMON"),
        pytest.param(1 << 39 | 1 << 38 | 1 << 19 | 1 << 2, State.GOOD, id="all that are needed"),
        pytest.param(1 << 39, State.NONE, id="BPF without PERFMON"),
    ],
)
def test_capabilities(machine: Machine, bits: int, state: State):
    machine.capabilities(f"{bits:016x}")
    assert finding(machine, "privileges").state is state


def test_a_host_without_files_is_examined_all_the_same(tmp_path: Path):
    found = {each.name: each.state for each in examine(Host(tmp_path, "6.1", lambda: "v1.1"))}
    assert found["privileges"] is State.NONE
    assert found["BTF"] is State.NONE


def test_this_host_can_be_examined():
    assert all(found.meaning for found in examine(Host()))


@pytest.mark.parametrize(
    ("tier", "reasons", "expected"),
    [
        pytest.param("lsm", {}, Finding("hooks", State.GOOD, "tier lsm"), id="the best"),
        pytest.param(
            "tracepoint",
            {"lsm": "EPERM", "fentry": "EPERM"},
            Finding("hooks", State.LESS, "tier tracepoint; not lsm: EPERM; not fentry: EPERM"),
            id="the last",
        ),
    ],
)
def test_the_tier_says_why_it_is_not_a_better_one(tier: str, reasons: dict[str, str], expected: Finding):
    assert tier_finding(tier, reasons) == expected


def test_a_machine_without_programs_is_named():
    with pytest.raises(SensorError, match="there are no eBPF programs for riscv64"):
        object_bytes("riscv64")
