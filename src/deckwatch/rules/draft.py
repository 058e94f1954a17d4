"""What the readers of the file formats hand on: rules as written, with their place in the file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from deckwatch.eql.errors import QueryError
from deckwatch.rules.exceptions.lists import ExceptionItem, ExceptionList
from deckwatch.rules.rule import RuleError, RuleFault, Skipped, Source

MAX_BYTES = 8 << 20
"""Of one rule, as a file, a member of a package or a line of an export."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as its file has it, in the vocabulary of the rules API, not yet validated.

    `lines` maps parameters to lines of the file, as far as they are known; `required` are the
    parameters that this file format demands beyond those that every rule has. `text` is given where
    the query stands in the file line by line.
    """

    parameters: Mapping[str, Any]
    source: Source
    lines: Mapping[str, int] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    text: str = ""

    @property
    def name(self) -> str:
        return str(self.parameters.get("name", ""))

    def fault(self, key: str, message: str, hint: str = "") -> RuleFault:
        """A fault at the line of a parameter, or at the rule's first line when the parameter has none."""
        return RuleFault(self.source.file, self.lines.get(key, self.source.line), None, message, hint)

    def query_faults(self, error: QueryError) -> Iterable[RuleFault]:
        """The faults of the query, placed in the file where that is possible."""
        for fault in error.faults:
            place = self._place(fault.line, fault.column)
            if place:
                yield RuleFault(self.source.file, *place, fault.message, fault.hint)
            else:
                where = f"line {fault.line}, column {fault.column} of the query"
                yield self.fault("query", f"{fault.message} ({where})", fault.hint)

    def _place(self, line: int, column: int) -> tuple[int, int] | None:
        if "query" not in self.lines or not self.text:
            return None
        start = self.lines["query"]
        written = self.text.split("\n")
        opens_only = written[start - 1].rstrip().endswith(('"""', "'''"))
        row = start + line - 1 + opens_only
        asked = self.parameters["query"].split("\n")[line - 1]
        if row > len(written) or asked not in written[row - 1]:
            return None
        return row, written[row - 1].index(asked) + column

    def skipped(self, reason: str) -> Skipped:
        rule_id = str(self.parameters.get("rule_id", ""))
        return Skipped(self.name, rule_id, self.source.file, self.source.line, reason)


Reading: TypeAlias = "Draft | Skipped | RuleFault | ExceptionList | ExceptionItem"
"""One thing found in a file."""


def decoded(data: bytes, file: str, line: int | None = None) -> str:
    """The text of a file or of a line of it, lines ended by LF alone; raises `RuleError` when it is not text."""
    if len(data) > MAX_BYTES:
        hint = f"a rule may have {MAX_BYTES >> 20} MiB; is this the right file?"
        raise RuleError(RuleFault(file, line, None, "too large to be a rule", hint))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + (line or 1)
        hint = "rules are text in UTF-8; is this the right file?"
        raise RuleError(RuleFault(file, row, None, "not UTF-8 text", hint)) from error
    if not text.strip():
        raise RuleError(RuleFault(file, line, None, "empty", "write a rule into it or remove it"))
    return text.replace("\r\n", "\n")


def unfit(value: Any) -> str:
    """What in a value could not be written to JSON, or nothing."""
    match value:
        case str():
            return "" if value.isascii() or _encodable(value) else "half of a surrogate pair"
        case None | bool() | int():
            return ""
        case float():
            return "" if math.isfinite(value) else "a number that is not finite"
        case list():
            return next(filter(None, map(unfit, value)), "")
        case dict():
            return next(filter(None, map(unfit, (*value.keys(), *value.values()))), "")
        case _:
            return "a date or time without quotes"


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
