"""A rule as checks look at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from deckwatch.eql.nodes import EventFilter, EventQuery, Field, SampleQuery, SequenceQuery, Span, Stage, Statement
from deckwatch.eql.parser import parse
from deckwatch.eql.text import QueryText
from deckwatch.lint.written import Written, written
from deckwatch.rules.rule import Rule

Role: TypeAlias = Literal["event", "stage", "missing", "until"]


@dataclass(frozen=True, slots=True)
class Step:
    """One filter of a query: as it is written, and lowered. `number` counts the stages from 1.

    `keys` are all join keys of the stage, those of the whole sequence first.
    """

    role: Role
    number: int
    written: EventFilter
    lowered: EventFilter
    keys: tuple[Field, ...] = ()

    @property
    def called(self) -> str:
        """How messages speak of it."""
        match self.role:
            case "event":
                return "the query"
            case "until":
                return "`until`"
            case _:
                return f"stage {self.number}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule, its query as parsed, and its place in its file."""

    rule: Rule
    tree: Statement
    text: QueryText = field(repr=False)
    written: Written = field(repr=False)
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, rule: Rule, place: Written | None = None) -> Subject:
        tree = parse(rule.query)
        return cls(rule, tree, QueryText(rule.query), place or written(rule), tuple(_steps(tree, rule.checked.query)))

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.rule.parameters

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the file says beside the rule; only TOML has it."""
        return self.written.table("metadata")

    @property
    def sequence(self) -> SequenceQuery | None:
        return self.tree if isinstance(self.tree, SequenceQuery) else None

    @property
    def head(self) -> Span:
        """The first word of the query."""
        start = self.tree.span.start
        length = len(self.text.text[start:].split(None, 1)[0]) if self.text.text[start:].strip() else 1
        return Span(start, start + length)

    def excerpt(self, span: Span, most: int = 60) -> str:
        """What is written there, on one line, in quotes of code."""
        shown = " ".join(self.text.slice(span).split())
        return f"`{shown if len(shown) <= most else shown[: most - 1] + '…'}`"


def _steps(tree: Statement, lowered: Statement) -> Iterator[Step]:
    match tree, lowered:
        case EventQuery(), EventQuery():
            yield Step("event", 1, tree.filter, lowered.filter)
        case SequenceQuery() | SampleQuery(), SequenceQuery() | SampleQuery():
            for number, (stage, meant) in enumerate(zip(tree.stages, lowered.stages, strict=True), 1):
                yield _step("missing" if stage.missing else "stage", number, stage, meant, lowered.by)
            if isinstance(tree, SequenceQuery) and isinstance(lowered, SequenceQuery) and tree.until and lowered.until:
                yield _step("until", 0, tree.until, lowered.until, lowered.by)


def _step(role: Role, number: int, stage: Stage, meant: Stage, by: tuple[Field, ...]) -> Step:
    return Step(role, number, stage.filter, meant.filter, (*by, *meant.by))
