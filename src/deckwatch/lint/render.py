"""Findings as people read them."""

from __future__ import annotations

from deckwatch.eql.errors import render as excerpt
from deckwatch.eql.errors import visible
from deckwatch.eql.text import QueryText
from deckwatch.lint.finding import Finding
from deckwatch.lint.fix import FIXABLE


def render(finding: Finding) -> str:
    """Severity, code, message and place, the line with carets where it is about the query, why it matters, the cure."""
    place = ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part is not None)
    title = visible(f"{finding.severity}[{finding.code}]: {finding.message}")
    gutter = " " * len(str(finding.line or ""))
    where = visible(f"{gutter}--> {place}" + (f" ({finding.name})" if finding.name else ""))
    cure = [visible(f" cure: {finding.cure}")] if finding.cure else []
    fixable = ["       `--fix` does that"] if finding.fix and finding.code in FIXABLE else []
    return "\n".join([title, where, *_source(finding), visible(f"  why: {finding.why}"), *cure, *fixable])


def _source(finding: Finding) -> list[str]:
    """The line of the query and the carets below it, beside the number of the line in the file."""
    if finding.span is None or finding.line is None:
        return []
    fault = QueryText(finding.query).fault("", finding.span)
    numbered = type(fault)("", finding.line, fault.column, "", fault.span)
    return excerpt(numbered, finding.query).split("\n")[2:]
