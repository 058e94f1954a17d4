"""What is remembered of a rule's alerts while they come: counts, never the alerts themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deckwatch.backtesting.counting import Timeline, Top
from deckwatch.backtesting.sighting import Document, Sighting, texts
from deckwatch.eql.nodes import EventQuery, Field, fields
from deckwatch.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Stage:
    """What a rule reads of one event of its alerts; `number` counts from 1, None for a rule about single events."""

    number: int | None
    category: str
    fields: tuple[str, ...]


def stages(rule: Rule) -> list[Stage]:
    """One for each event of an alert, in their order."""
    query = rule.checked.query
    if isinstance(query, EventQuery):
        return [Stage(None, query.filter.category or "any", _names(fields(query.filter.condition)))]
    return [
        Stage(
            number,
            each.filter.category or "any",
            _names((*(query.by if number == 1 else ()), *each.by, *fields(each.filter.condition))),
        )
        for number, each in enumerate(query.stages, 1)
        if not each.missing
        for _ in range(each.runs)
    ]


class Profile:
    """Counts the alerts of one rule."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.alerts = 0
        self.undated = 0
        self.in_containers = 0
        self.timeline = Timeline()
        self.containers = Top(most=20_000)
        self.images = Top()
        self.commands = Top()
        self.stages = stages(rule)
        self.values = {(stage.number, field): Top() for stage in self.stages for field in stage.fields}

    def add(self, found: Sighting, documents: Sequence[Document]) -> None:
        """Count an alert: what it tells, and the documents of its events."""
        self.alerts += 1
        self.in_containers += bool(found.container)
        if found.time is None:
            self.undated += 1
        else:
            self.timeline.add([(found.time, 1)])
        tops = ((self.containers, found.container), (self.images, found.image), (self.commands, found.command))
        for top, value in tops:
            if value:
                top.add(value)
        held = {
            (stage.number, field, value)
            for stage, document in zip(self.stages, documents, strict=False)
            for field in stage.fields
            for value in texts(document, field)
        }
        for number, field, value in held:
            self.values[number, field].add(value)


def _names(found: Iterable[Field]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(field.name for field in found))
