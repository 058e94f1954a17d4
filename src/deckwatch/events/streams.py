"""Data streams and the index patterns that select them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

_BACKING_INDEX = re.compile(r"(?:[^:]+:)?(?:partial-|restored-)?\.ds-(.+?)(?:-\d{4}\.\d\d\.\d\d)?-\d{6,}", re.ASCII)


@lru_cache(maxsize=4096)
def stream_name(index: str) -> str:
    """The data stream a backing index belongs to; any other index is its own stream."""
    backing = _BACKING_INDEX.fullmatch(index)
    return backing[1] if backing else index


class IndexPatterns:
    """A rule's list of index patterns, read in order: each entry adds what fits it, `-entry` takes away again.

    `*` stands for any characters, and reaches names that begin with a dot only when the pattern does. Entries
    that cannot be served are left out; `warnings` tells which and why.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        entries = list(_entries(patterns))
        faults = {entry: fault for entry in entries if (fault := _fault(entry))}
        self.warnings: tuple[str, ...] = tuple(
            f"index pattern {entry!r} is ignored: {faults[entry]}" for entry in faults
        )
        self._steps: _Steps = tuple(_step(entry) for entry in entries if entry not in faults)

    def matches(self, stream: str) -> bool:
        """Whether a data stream, or an index under its own name or that of its stream, is among those selected."""
        return _selects(self._steps, stream)


_Steps: TypeAlias = tuple[tuple[bool, re.Pattern[str]], ...]
"""Of each entry, whether it includes or excludes, and what."""


@lru_cache(maxsize=65536)
def _selects(steps: _Steps, name: str) -> bool:
    names = (name, stream_name(name))
    selected = False
    for includes, pattern in steps:
        if selected != includes and any(map(pattern.fullmatch, names)):
            selected = includes
    return selected


def _entries(patterns: Sequence[str]) -> Iterator[str]:
    for pattern in patterns:
        yield from filter(None, (entry.strip() for entry in pattern.split(",")))


def _fault(entry: str) -> str | None:
    name = entry.removeprefix("-")
    if name.startswith("<"):
        return "date math in names is not computed; write * in place of the date"
    cluster, colon, local = name.rpartition(":")
    if colon:
        return f"{cluster!r} is a remote cluster; write {local!r} to select by the stream's own name"
    return None


def _step(entry: str) -> tuple[bool, re.Pattern[str]]:
    return not entry.startswith("-"), _compiled(entry.removeprefix("-"))


def _compiled(pattern: str) -> re.Pattern[str]:
    first, *rest = map(re.escape, pattern.split("*"))
    if not rest:
        return re.compile(first)
    *middle, last = rest
    visible = "" if pattern.startswith(".") else r"(?!\.)"
    # Taking the first place a part fits is always right, so nothing before it needs to be tried again.
    taken = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{visible}{first}{taken}.*{last}", re.DOTALL)
