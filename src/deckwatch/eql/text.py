"""The text of a query, and where in it something stands."""

from __future__ import annotations

import re
from bisect import bisect_right

from deckwatch.eql.errors import Fault, FaultKind
from deckwatch.eql.nodes import Span

_LINE_END = re.compile(r"\r\n|\r|\n")


class QueryText:
    """A query's text; turns offsets into lines and columns, and faults into values."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """A source line without its end, counted from 1."""
        start = self._starts[number - 1]
        end = _LINE_END.search(self.text, start)
        return self.text[start : end.start() if end else len(self.text)]

    def slice(self, span: Span) -> str:
        """The characters of a span."""
        return self.text[span.start : span.end]

    def fault(self, message: str, span: Span, hint: str = "", kind: FaultKind = "syntax") -> Fault:
        """A fault at that span."""
        line, column = self.position(span.start)
        return Fault(message, line, column, hint, span, kind)
