"""Whether and how well this machine can be watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deckwatch.sensor.canary import Canary, canary
from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.host import Finding, Host, State, examine, tier_finding
from deckwatch.sensor.kernel import Kernel
from deckwatch.sensor.source import KernelSource

_ALWAYS = (
    "what happened before the sensor started; only which processes there are is looked up",
    "opening a file to read it, and what is done with a file once it is open",
    "directories made or removed, symbolic links, devices and sockets made, changes of owner and of attributes",
    "arguments beyond 14,336 bytes and the beginning of a path of more than 80 steps: such events are marked",
)
_PERMITTED = (
    "whether the file system itself refuses in the end (no space): what is permitted is reported before it is done",
    "that a change of mode fails, since the process does not own the file: it is reported all the same",
)

BLIND_SPOTS: Mapping[str, tuple[str, ...]] = {
    "lsm": (
        *_PERMITTED,
        "that a security module refuses that is asked after bpf: it is reported all the same",
        *_ALWAYS,
    ),
    "fentry": (*_PERMITTED, *_ALWAYS),
    "tracepoint": (
        "where a symbolic link in the path of a deletion, rename, link or mode change led, if it is gone when we look",
        "a path that another thread changes during the system call",
        "file operations through io_uring before Linux 6.0: only that a ring was made",
        "since then, whether deletions, renames and links through io_uring succeed: what is asked for is reported",
        "what io_uring truncates, or opens without a descriptor",
        *_ALWAYS,
    ),
}
"""What is not seen, by tier."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`tier` and `flight` are None when the sensor cannot run; `blind_spots` are those of the tier."""

    findings: tuple[Finding, ...]
    tier: str | None = None
    blind_spots: tuple[str, ...] = ()
    flight: Canary | None = None

    @property
    def runs(self) -> bool:
        return all(finding.state is not State.NONE for finding in self.findings)


def diagnose(host: Host | None = None) -> Diagnosis:
    """Look at everything that matters, load the sensor and let a canary fly."""
    host = host or Host()
    findings = tuple(examine(host))
    if not Diagnosis(findings).runs:
        return Diagnosis(findings)
    try:
        kernel = Kernel.open(host=host)
    except SensorError as error:
        return Diagnosis((*findings, Finding("hooks", State.NONE, error.message, error.cure)))
    findings = (*findings, tier_finding(kernel.tier, kernel.reasons))
    blind = BLIND_SPOTS[kernel.tier]
    try:
        return Diagnosis(findings, kernel.tier, blind, canary(KernelSource(kernel), host))
    except SensorError as error:
        return Diagnosis((*findings, Finding("canary", State.NONE, error.message, error.cure)), kernel.tier, blind)
    finally:
        kernel.close()
