"""What became of the input: counts that add up, and a letter for everything that could not be evaluated."""

from __future__ import annotations

from dataclasses import dataclass

EXCERPT_BYTES = 200


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A line, row or item that is no event, or (`line` is None) an input that ends early or cannot be read at all.

    `line` counts from 1; rows and items count as lines. `offset` is where the line starts, in bytes of the
    decompressed input, where there are lines. `excerpt` is the beginning of what was found.
    """

    source: str
    line: int | None
    offset: int | None
    reason: str
    excerpt: str


@dataclass(slots=True)
class Counts:
    """How much was read. `lines == events + blank + malformed` holds at any time.

    `damaged` counts inputs that could not be read to their end. `bytes` are decompressed; only lines have any.
    """

    lines: int = 0
    events: int = 0
    blank: int = 0
    malformed: int = 0
    damaged: int = 0
    bytes: int = 0

    def add(self, other: Counts) -> None:
        self.lines += other.lines
        self.events += other.events
        self.blank += other.blank
        self.malformed += other.malformed
        self.damaged += other.damaged
        self.bytes += other.bytes


def excerpt(data: bytes) -> str:
    """The beginning of what was found, as text fit for a log."""
    return data[:EXCERPT_BYTES].decode("utf-8", errors="backslashreplace").rstrip("\r\n")
