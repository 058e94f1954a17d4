"""Where in its query the fault of a rule is that does not load."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deckwatch.eql.errors import QueryError
from deckwatch.eql.nodes import Span
from deckwatch.rules.draft import Draft
from deckwatch.rules.load import READERS, compiled
from deckwatch.rules.rule import RuleError, RuleFault


@dataclass(frozen=True, slots=True)
class InQuery:
    """The place of a fault: which characters of which query, and the name of the rule."""

    span: Span
    query: str
    name: str


def in_queries(faults: Collection[RuleFault]) -> Mapping[RuleFault, InQuery]:
    """The places of those faults that are about queries. Their files are read again."""
    found: dict[RuleFault, InQuery] = {}
    for file in dict.fromkeys(fault.file for fault in faults):
        try:
            for draft in _drafts(Path(file)):
                found.update(_of(draft))
        except (OSError, RuleError):
            continue
    return found


def _drafts(path: Path) -> Iterator[Draft]:
    reader = READERS.get(path.suffix.lower())
    if reader is not None and path.is_file():
        yield from (reading for reading in reader(path) if isinstance(reading, Draft))


def _of(draft: Draft) -> Iterator[tuple[RuleFault, InQuery]]:
    try:
        compiled(draft)
    except RuleError as error:
        if isinstance(cause := error.__cause__, QueryError):
            for fault, place in zip(error.faults, cause.faults, strict=True):
                yield fault, InQuery(place.span, cause.text, draft.name)
