"""Which programs are tried, in which order, and what becomes of those that the kernel refuses."""

import errno
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deckwatch.sensor import tiers
from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.libbpf import LibbpfError, Log
from deckwatch.sensor.program import Program
from tests.golden import assert_golden

SECTIONS = {
    "common_exec": "tp_btf/sched_process_exec",
    "iter_task": "iter/task",
    "lsm_file_open": "lsm/file_open",
    "lsm_path_unlink": "lsm/path_unlink",
    "lsm_file_truncate": "lsm/file_truncate",
    "fexit_path_unlink": "fexit/security_path_unlink",
    "fexit_file_truncate": "fexit/security_file_truncate",
    "setsid_sysexit": "tp_btf/sys_exit",
    "setsid_fexit": "fexit/ksys_setsid",
    "tp_sys_exit": "tp_btf/sys_exit",
    "uring_submit_sqe": "tp_btf/io_uring_submit_sqe",
    "uring_submit_req": "tp_btf/io_uring_submit_req",
}


@dataclass
class FakeKernel:
    """Stands for libbpf and the kernel: what is absent from its types, refused on load, and never called."""

    absent: frozenset[str] = frozenset()
    refused: dict[str, int] = field(default_factory=dict)
    unattachable: dict[str, int] = field(default_factory=dict)
    inactive: bool = False
    uncounted: bool = False
    tries: list[list[str]] = field(default_factory=list)
    opened: int = 0
    closed: int = 0

    def has_function(self, name: str) -> bool:
        return name not in self.absent

    has_typedef = has_function


class FakeObject:
    def __init__(self, kernel: FakeKernel) -> None:
        self.kernel = kernel
        kernel.opened += 1
        self.programs = {name: Program(name, section, 0) for name, section in SECTIONS.items()}
        self.calls = 0

    def select(self, names: Iterable[str]) -> None:
        self.names = list(names)
        self.kernel.tries.append(self.names)

    def set_options(self, values: object) -> None: ...

    def resize(self, name: str, entries: int) -> None: ...

    def load(self) -> None:
        for name in self.names:
            if number := self.kernel.refused.get(name):
                raise failure("bpf_object__load", number, name)

    def attach(self, name: str) -> int:
        if number := self.kernel.unattachable.get(name):
            raise failure("bpf_program__attach", number, name)
        return len(name)

    def statistics(self) -> Any:
        if self.kernel.uncounted:
            raise LibbpfError("bpf_enable_stats", errno.EPERM, Log())
        return nullcontext()

    def runs(self, *_: object) -> int:
        self.calls += not self.kernel.inactive
        return self.calls

    def close(self) -> None:
        self.kernel.closed += 1


def failure(function: str, number: int, program: str) -> LibbpfError:
    log = Log()
    log.add(f"libbpf: prog '{program}': failed to load: -{number}\n")
    return LibbpfError(function, number, log)


def loaded(monkeypatch: pytest.MonkeyPatch, kernel: FakeKernel, wanted: tuple[str, ...] = tiers.TIERS) -> tiers.Loaded:
    monkeypatch.setattr(tiers, "BpfObject", lambda _: FakeObject(kernel))
    return tiers.load(tiers.Request(b"", 4096, {}, kernel), wanted)  # type: ignore[arg-type]


ALWAYS = {"common_exec", "iter_task"}
ALL_LSM = {"lsm_file_open": errno.EPERM, "lsm_path_unlink": errno.EPERM}
NO_LSM = "lsm_file_open: EPERM (Operation not permitted)"


@pytest.mark.parametrize(
    ("kernel", "tier", "programs", "reasons", "off"),
    [
        pytest.param(
            FakeKernel(),
            "lsm",
            {"lsm_file_open", "lsm_path_unlink", "lsm_file_truncate", "setsid_fexit"},
            {},
            set(),
            id="the best tier",
        ),
        pytest.param(
            FakeKernel(absent=frozenset({"bpf_lsm_file_truncate"})),
            "lsm",
            {"lsm_file_open", "lsm_path_unlink", "setsid_fexit"},
            {},
            {"lsm_file_truncate"},
            id="an optional hook is absent",
        ),
        pytest.param(
            FakeKernel(refused={"setsid_fexit": errno.EPERM}),
            "lsm",
            {"lsm_file_open", "lsm_path_unlink", "lsm_file_truncate", "setsid_sysexit"},
            {},
            {"setsid_fexit"},
            id="a program with a substitute is refused",
        ),
        pytest.param(
            FakeKernel(refused=ALL_LSM),
            "fentry",
            {"fexit_path_unlink", "fexit_file_truncate", "setsid_fexit"},
            {"lsm": NO_LSM},
            set(),
            id="LSM is refused",
        ),
        pytest.param(
            FakeKernel(inactive=True),
            "fentry",
            {"fexit_path_unlink", "fexit_file_truncate", "setsid_fexit"},
            {"lsm": "the programs attach but are not called: add `bpf` to the kernel's boot option `lsm=`"},
            set(),
            id="LSM is inactive",
        ),
        pytest.param(
            FakeKernel(absent=frozenset({"bpf_lsm_path_unlink", "security_file_truncate", "ksys_setsid"})),
            "fentry",
            {"fexit_path_unlink", "setsid_sysexit"},
            {"lsm": "lsm_path_unlink: this kernel has no lsm path_unlink"},
            {"fexit_file_truncate", "setsid_fexit"},
            id="a kernel without some functions",
        ),
        pytest.param(
            FakeKernel(refused=ALL_LSM, absent=frozenset({"security_path_unlink"})),
            "tracepoint",
            {"tp_sys_exit", "uring_submit_req"},
            {"lsm": NO_LSM, "fentry": "fexit_path_unlink: this kernel has no fexit security_path_unlink"},
            set(),
            id="a kernel without a function that is needed",
        ),
        pytest.param(
            FakeKernel(refused={**ALL_LSM, "fexit_path_unlink": errno.EPERM}, unattachable={"uring_submit_req": 22}),
            "tracepoint",
            {"tp_sys_exit", "uring_submit_sqe"},
            {"lsm": NO_LSM, "fentry": "fexit_path_unlink: EPERM (Operation not permitted)"},
            {"uring_submit_req"},
            id="an optional program does not attach",
        ),
    ],
)
def test_the_best_tier_that_the_kernel_takes(
    monkeypatch: pytest.MonkeyPatch,
    kernel: FakeKernel,
    tier: str,
    programs: set[str],
    reasons: dict[str, str],
    off: set[str],
):
    result = loaded(monkeypatch, kernel)
    assert result.tier == tier
    assert set(kernel.tries[-1]) == ALWAYS | programs
    assert result.reasons == reasons
    assert set(result.off) == off
    assert kernel.opened - kernel.closed == 1


@pytest.mark.parametrize(
    ("golden", "number"),
    [
        pytest.param("not-permitted", errno.EPERM, id="not permitted"),
        pytest.param("no-memory", errno.ENOMEM, id="no memory"),
        pytest.param("does-not-verify", errno.EACCES, id="does not verify"),
    ],
)
def test_every_refusal_is_named_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch, golden: str, number: int):
    kernel = FakeKernel(refused={"common_exec": number})
    with pytest.raises(SensorError) as caught:
        loaded(monkeypatch, kernel)
    assert_golden(Path(__file__).parent / "golden" / f"{golden}.txt", f"{caught.value}\n")


@pytest.mark.parametrize(
    ("modules", "tier"),
    [
        pytest.param(["landlock", "bpf"], "lsm", id="it is active"),
        pytest.param(["landlock"], "fentry", id="it is not"),
        pytest.param(None, "lsm", id="not known"),
    ],
)
def test_without_the_right_to_count_the_list_of_security_modules_decides(
    monkeypatch: pytest.MonkeyPatch, modules: list[str] | None, tier: str
):
    kernel = FakeKernel(uncounted=True)
    monkeypatch.setattr(tiers, "BpfObject", lambda _: FakeObject(kernel))
    request = tiers.Request(b"", 4096, {}, kernel, modules)  # type: ignore[arg-type]
    assert tiers.load(request).tier == tier


def test_a_build_without_programs_of_a_tier_goes_on_to_the_next(monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in SECTIONS if name.startswith("lsm_")]:
        monkeypatch.delitem(SECTIONS, name)
    result = loaded(monkeypatch, FakeKernel())
    assert (result.tier, result.reasons) == ("fentry", {"lsm": "the object has no lsm programs"})


def test_only_what_was_asked_for_is_tried(monkeypatch: pytest.MonkeyPatch):
    kernel = FakeKernel()
    assert loaded(monkeypatch, kernel, ("tracepoint",)).tier == "tracepoint"
    assert len(kernel.tries) == 1
