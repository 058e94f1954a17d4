"""From what an engine found to alert documents, counted by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from deckwatch.engine.alerts import Run, SourceEvent, event_alert, made_by, sequence_alerts
from deckwatch.engine.detections import DEFAULT_TIEBREAKER, Detection, Found
from deckwatch.eql.types import Kind
from deckwatch.events.document import document_id, index_name
from deckwatch.events.fields import field_table
from deckwatch.rules.rule import Rule

Alert: TypeAlias = dict[str, Any]


class Reporter:
    """Makes the alerts of some rules. `hits` counts them by rule_id: a sequence once, whatever its building blocks."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.hits: Counter[str] = Counter({rule.rule_id: 0 for rule in self.rules})
        self.documents = 0
        """Alert documents made, building blocks included."""
        self.withheld = 0
        """Alerts not made, because the same rule had already made one of the events."""

    def detections(self) -> list[Detection]:
        """One for each rule, in their order."""
        return [Detection.of_rule(rule, _kind(rule.tiebreaker_field or DEFAULT_TIEBREAKER)) for rule in self.rules]

    def event(self, detection: int, document: dict[str, Any], run: Run) -> Iterator[Alert]:
        """The alert on an event that a rule matches, by the number of its detection."""
        rule = self.rules[detection]
        if made_by(rule, document):
            self.withheld += 1
            return
        yield from self._counted(rule, [event_alert(rule, _source_event(document), run)])

    def sequence(self, found: Found, documents: Mapping[int, dict[str, Any]], run: Run) -> Iterator[Alert]:
        """The alerts on events found together, whose documents are given by position."""
        rule = self.rules[found.detection]
        events = [None if position is None else documents[position] for position in found.positions]
        if any(event is not None and made_by(rule, event) for event in events):
            self.withheld += 1
            return
        sources = [None if event is None else _source_event(event) for event in events]
        yield from self._counted(rule, sequence_alerts(rule, sources, run))

    def _counted(self, rule: Rule, alerts: Sequence[Alert]) -> Iterator[Alert]:
        self.hits[rule.rule_id] += 1
        self.documents += len(alerts)
        yield from alerts


def _kind(name: str) -> Kind:
    field = field_table().resolve(name)
    return "keyword" if field is None or field.kind is None else field.kind


def _source_event(document: dict[str, Any]) -> SourceEvent:
    index = document.get("_index")
    return SourceEvent(
        document=document,
        id=document_id(document, document.get("_id")),
        index=index or index_name(document, None) or "",
    )
