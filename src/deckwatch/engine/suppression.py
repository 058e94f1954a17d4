"""Alerts that stand for others like them: the windows of time in which a rule reports a group once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from deckwatch.engine.instance import instance_id
from deckwatch.engine.paths import leaves
from deckwatch.engine.rule_fields import Run
from deckwatch.eql.dates import format_timestamp
from deckwatch.eql.nodes import Scalar
from deckwatch.eql.types import Kind
from deckwatch.events.document import field_values
from deckwatch.events.fields import field_table
from deckwatch.rules.rule import Rule
from deckwatch.rules.suppression import Suppression, interval

Alert: TypeAlias = dict[str, Any]
Terms: TypeAlias = "list[dict[str, Any]]"
"""For each field of the group its name and its value: text, a number, a list of these in order, or None."""

MOST_WINDOWS = 10_000
"""Of one rule at a time. With more, the window that was opened first ends early."""


@dataclass(slots=True)
class _Window:
    """A group from its first alert on. Times in nanoseconds; it holds what happens at `until`, too."""

    alerts: Sequence[Alert]
    """What is yet to be given out; the last of them is the one that stands for the others."""
    until: int
    end: int
    detected: str
    count: int = 0


class Suppressor:
    """Groups the alerts of one rule, which come in the order of their times.

    The first of a group opens a window: it is reported, and what follows in the window is only counted. In a `live`
    stream it is reported at once and, if others followed, once more when the window has ended. Otherwise it is reported
    when the window has ended. `evicted` counts windows that ended early, to bound what is held.
    """

    def __init__(self, rule: Rule, suppression: Suppression, *, live: bool) -> None:
        self.evicted = 0
        self._rule = rule
        self._suppression = suppression
        self._interval = interval(rule.parameters)
        self._live = live
        self._kinds = [(each.name, _kind(rule, each.name)) for each in suppression.group_by]
        self._windows: dict[str, _Window] = {}  # by instance id, in the order in which they were opened

    def event_terms(self, document: Mapping[str, Any]) -> Terms:
        """The group of an event."""
        return [
            _term(name, [_shown(value, kind) for value in field_values(document, name, kind)] or None)
            for name, kind in self._kinds
        ]

    def sequence_terms(self, alerts: Sequence[Alert]) -> Terms:
        """The group of a sequence, by its building blocks and its shell."""
        *blocks, shell = alerts
        fields = self._suppression.group_by
        places = {each.place for each in fields}
        documents = {place: leaves(shell if place is None else blocks[place]) for place in places}
        return [_term(each.name, documents[each.place].get(each.name, (None, None))[1]) for each in fields]

    def applies(self, terms: Terms) -> bool:
        """Whether alerts of this group are suppressed at all."""
        return self._suppression.missing or all(term["value"] is not None for term in terms)

    def instance(self, terms: Terms, run: Run) -> str:
        """The id of a group."""
        return instance_id(terms, self._rule.id, run.space)

    def counted(self, instance: str, time: int, run: Run) -> bool:
        """Whether an alert at this time belongs to a window that is open; then it is counted there."""
        window = self._windows.get(instance)
        if window is None or window.until < time:
            return False
        window.count += 1
        window.end = max(window.end, time)
        window.detected = run.timestamp
        return True

    def open(self, instance: str, terms: Terms, time: int, alerts: Sequence[Alert], run: Run) -> Iterator[Alert]:
        """Begin a window with an alert; what is to be reported by now."""
        if instance in self._windows:
            yield from self._closed(instance)
        *blocks, last = alerts
        moment = format_timestamp(time)
        first = {
            **last,
            "kibana.alert.instance.id": instance,
            "kibana.alert.suppression.terms": terms,
            "kibana.alert.suppression.start": moment,
            "kibana.alert.suppression.end": moment,
            "kibana.alert.suppression.docs_count": 0,
        }
        if self._live:
            yield from (*blocks, first)
            blocks = []
        self._windows[instance] = _Window((*blocks, first), self._until(time), time, run.timestamp)
        if len(self._windows) > MOST_WINDOWS:
            self.evicted += 1
            yield from self._closed(next(iter(self._windows)))

    def advance(self, time: int | None) -> Iterator[Alert]:
        """Nothing will happen before this time any more (None: nothing at all): what the windows that end report."""
        while self._windows:
            instance, window = next(iter(self._windows.items()))
            if time is not None and window.until >= time:
                return
            yield from self._closed(instance)

    def __len__(self) -> int:
        """How many windows are open."""
        return len(self._windows)

    def _until(self, time: int) -> int:
        if self._suppression.duration is None:
            return (time // self._interval + 1) * self._interval - 1
        return time + self._suppression.duration

    def _closed(self, instance: str) -> Iterator[Alert]:
        window = self._windows.pop(instance)
        *blocks, first = window.alerts
        if self._live and not window.count:
            return
        yield from blocks
        yield {
            **first,
            "kibana.alert.last_detected": window.detected,
            "kibana.alert.suppression.end": format_timestamp(window.end),
            "kibana.alert.suppression.docs_count": window.count,
        }


def _kind(rule: Rule, name: str) -> Kind:
    known = field_table().resolve(name)
    return rule.checked.fields.get(name) or (known and known.kind) or "keyword"


def _shown(value: Scalar, kind: Kind) -> Scalar:
    return format_timestamp(value) if kind == "date" and isinstance(value, int) else value


def _term(name: str, value: Any) -> dict[str, Any]:
    """The field and its value. Arrays of a sequence that have no member in common are no value that it has."""
    if isinstance(value, list):
        value = sorted((each for each in value if not isinstance(each, dict | list)), key=_order) or None
    return {"field": name, "value": value}


def _order(value: Scalar) -> tuple[int, Any]:
    """Numbers, then text as JavaScript compares it."""
    match value:
        case str():
            return 1, value.encode("utf-16-be", errors="surrogatepass")
        case None:
            return 2, 0
        case _:
            return 0, value
