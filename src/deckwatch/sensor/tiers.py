"""Which hooks see the files: the best tier that this kernel loads, attaches and calls, found by trying."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deckwatch.sensor.btf import Btf
from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.libbpf import LibbpfError
from deckwatch.sensor.program import BpfObject

GROUPS = {
    "lsm": ("common", "iter", "lsm", "setsid"),
    "fentry": ("common", "iter", "fexit", "setsid"),
    "tracepoint": ("common", "iter", "tp", "uring"),
}
TIERS = tuple(GROUPS)  # the best first
_OPTIONAL_GROUPS = ("uring",)
_OPTIONAL = ("lsm_file_truncate", "fexit_file_truncate", "setsid_fexit")  # the hook came with 6.2; has a substitute
_SUBSTITUTES = {  # the first is loaded only where the second cannot be
    "setsid_sysexit": "setsid_fexit",
    "uring_complete_result": "uring_complete_entry",
    "uring_submit_sqe": "uring_submit_req",
}
_ITERATOR = "iter_task"
_CALLED_ALWAYS = {"lsm": "lsm_file_open"}  # a program that runs whenever a file is opened


@dataclass(frozen=True, slots=True)
class Request:
    """What to load, the same for every tier."""

    data: bytes
    ring_bytes: int
    options: Mapping[str, int]
    kernel: Btf
    security_modules: Sequence[str] | None = None  # the active ones, if known


@dataclass(frozen=True, slots=True)
class Loaded:
    """Attached programs. `off` says why some of the tier are not among them, `reasons` why better tiers are not."""

    tier: str
    object: BpfObject
    iterator: int
    off: Mapping[str, str]
    reasons: Mapping[str, str]


_REPORT = "Please report it, with what `deckwatch sensor doctor` prints."
_CURES = {
    errno.EPERM: "A container needs the capabilities BPF and PERFMON and a seccomp profile that permits bpf(); "
    "a host may have switched eBPF off. `deckwatch sensor doctor` shows what it allows.",
    errno.ENOMEM: "Take a smaller ring.",
}


class _RefusedError(Exception):
    """The tier cannot be had; the text says why, the number is the errno if there was one."""

    def __init__(self, text: str, number: int = 0) -> None:
        super().__init__(text)
        self.number = number


def load(request: Request, tiers: Sequence[str] = TIERS) -> Loaded:
    """Load and attach the first of these tiers that the kernel takes.

    Raises:
        SensorError: It takes none.
    """
    reasons: dict[str, str] = {}
    cure = _REPORT
    for tier in tiers:
        try:
            return _load(request, tier, reasons)
        except _RefusedError as error:
            reasons[tier] = str(error)
            cure = _CURES.get(error.number, _REPORT)
    told = "".join(f"\n  {tier}: {reason}" for tier, reason in reasons.items())
    raise SensorError(f"the kernel refuses the sensor's programs{told}", cure)


def _load(request: Request, tier: str, reasons: Mapping[str, str]) -> Loaded:
    off: dict[str, str] = {}
    while True:
        bpf = BpfObject(request.data)
        try:
            names = _selection(bpf, tier, request.kernel, off)
            links = _start(bpf, names, request)
            _prove_called(bpf, tier, request)
        except LibbpfError as error:
            bpf.close()
            if error.program is None:
                raise _RefusedError(error.summary, error.number) from error
            _switch_off(error.program, error.summary, off, error.number)
        except BaseException:
            bpf.close()
            raise
        else:
            return Loaded(tier, bpf, links[_ITERATOR], off, dict(reasons))


def _selection(bpf: BpfObject, tier: str, kernel: Btf, off: dict[str, str]) -> list[str]:
    """The programs of the tier, without those switched off; those without a target are switched off here."""
    of_tier = [program for name, program in bpf.programs.items() if name.partition("_")[0] in GROUPS[tier]]
    for program in of_tier:
        if program.name not in off and not program.has_target(kernel):
            _switch_off(program.name, f"this kernel has no {' '.join(program.hook)}", off)
    replaced = {name for name, better in _SUBSTITUTES.items() if better not in off}
    chosen = [program.name for program in of_tier if program.name not in off and program.name not in replaced]
    for group in GROUPS[tier]:
        if group not in _OPTIONAL_GROUPS and not any(name.startswith(f"{group}_") for name in chosen):
            raise _RefusedError(f"the object has no {group} programs")
    return chosen


def _start(bpf: BpfObject, names: Sequence[str], request: Request) -> dict[str, int]:
    """Load and attach; the links by program."""
    bpf.select(names)
    bpf.set_options(request.options)
    bpf.resize("ring", request.ring_bytes)
    bpf.load()
    return {name: bpf.attach(name) for name in names}


def _prove_called(bpf: BpfObject, tier: str, request: Request) -> None:
    """Attaching to a security module that is not active succeeds, and nothing ever happens."""
    name = _CALLED_ALWAYS.get(tier)
    if name is None:
        return
    try:
        with bpf.statistics():
            before = bpf.runs(name)
            Path("/proc/self/comm").read_bytes()
            called = bpf.runs(name) > before
    except LibbpfError:  # counting is for CAP_SYS_ADMIN
        called = request.security_modules is None or "bpf" in request.security_modules
    if not called:
        raise _RefusedError("the programs attach but are not called: add `bpf` to the kernel's boot option `lsm=`")


def _switch_off(name: str, reason: str, off: dict[str, str], number: int = 0) -> None:
    """Note a program that cannot be had, so that the next attempt does without; refuse the tier if that must not be."""
    if name in off or not (name in _OPTIONAL or name.partition("_")[0] in _OPTIONAL_GROUPS):
        raise _RefusedError(f"{name}: {reason}", number)
    off[name] = reason
