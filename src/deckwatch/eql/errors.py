"""Faults of a query, and the error that shows them all.

DeckwatchError
└── QueryError    a query that cannot be read or does not fit the schema; carries every fault found
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

from deckwatch.eql.nodes import Span
from deckwatch.errors import DeckwatchError

FaultKind: TypeAlias = Literal["syntax", "verification"]

WIDTH = 120
"""How many characters of a source line an error shows at most."""

LEAD = 40
"""How many characters before the fault stay visible when a line has to be cut."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a query. Line and column count from 1; `hint` says how to mend it, or is empty."""

    message: str
    line: int
    column: int
    hint: str
    span: Span
    kind: FaultKind = "syntax"

    @property
    def sort_key(self) -> tuple[int, int]:
        return self.span.start, self.span.end


class QueryError(DeckwatchError):
    """A query with faults, in the order of the text. Its text shows each with its source line and a caret."""

    def __init__(self, text: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(text, faults)
        self.text = text
        self.faults = tuple(sorted(faults, key=lambda fault: fault.sort_key))

    def __str__(self) -> str:
        return "\n\n".join(render(fault, self.text) for fault in self.faults)


def render(fault: Fault, text: str) -> str:
    """The fault as people read it: message, place, source line, carets, hint."""
    source, carets = _excerpt(fault, text)
    gutter = " " * len(str(fault.line))
    lines = [
        visible(fault.message),
        f"{gutter}--> line {fault.line}, column {fault.column}",
        f"{gutter} |",
        f"{fault.line} | {source}".rstrip(),
        f"{gutter} | {carets}",
    ]
    if fault.hint:
        lines.append(f"hint: {visible(fault.hint)}")
    return "\n".join(lines)


def _excerpt(fault: Fault, text: str) -> tuple[str, str]:
    """The part of the source line around the fault, and the line of carets that goes below it."""
    line_start = fault.span.start - (fault.column - 1)
    line = re.split(r"[\r\n]", text[line_start : fault.span.end + 2 * WIDTH], maxsplit=1)[0]
    start = fault.column - 1
    end = max(start + 1, min(fault.span.end - line_start, len(line)))
    first = 0 if len(line) <= WIDTH else max(0, min(start - LEAD, len(line) - WIDTH))
    last = first + WIDTH
    before = "…" * (first > 0) + line[first:start]
    marked = line[start : min(end, last)] or " "
    after = line[end:last] + "…" * (len(line) > last)
    pad = "".join("\t" if char == "\t" else " " * _columns(char) for char in before)
    carets = pad + "^" * max(1, sum(map(_columns, marked)))
    return visible(before + marked + after), carets


def visible(text: str) -> str:
    """The text with every character that would upset a terminal replaced; tabs stay."""
    return "".join(char if char == "\t" or char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _columns(char: str) -> int:
    """How many terminal columns a character takes."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
