"""Which data streams and fields rules need, and which of them events have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from deckwatch.engine.detections import STREAM_FIELDS
from deckwatch.engine.visibility import streams
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.events.streams import IndexPatterns
from deckwatch.plan.views import FieldView, Mask, Views
from deckwatch.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class OfPattern:
    """An index pattern, how many rules read it, and how many events it selects; None: no events were looked at."""

    pattern: str
    rules: int
    events: int | None


@dataclass(frozen=True, slots=True)
class OfField:
    """A field that some rules read and that no event has which they see."""

    field: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Streams:
    """What rules need of the data. `blind` are the rules that see no event at all; names, in order.

    `seen`: how many events each data stream has; those that name none are under the empty name.
    """

    patterns: tuple[OfPattern, ...]
    seen: Mapping[str, int]
    absent: tuple[OfField, ...]
    blind: tuple[str, ...]


class Presence:
    """Counts events and fields by data stream, as the `Onlooker` of a scan."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._wanted: dict[str, Kind] = {name: kind for rule in rules for name, kind in rule.checked.fields.items()}
        self.fields: Mapping[str, Kind] = {**self._wanted, **STREAM_FIELDS, "_index": "keyword"}
        self.events: Counter[str] = Counter()
        self._has: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def see(self, batch: EventBatch) -> None:
        """Look at a batch."""
        views = Views(batch.columns.read_as(self.fields), batch.height)
        named, which = streams(views)
        names = [name or "" for name in named]
        self.events.update(_counted(names, np.bincount(which, minlength=len(names)).tolist()))
        for field in self._wanted:
            rows = which[present(views[field])]
            self._has[field].update(_counted(names, np.bincount(rows, minlength=len(names)).tolist()))

    def has(self, field: str, patterns: IndexPatterns) -> bool:
        """Whether an event that these patterns select has the field."""
        return any(count and _selects(patterns, stream) for stream, count in self._has[field].items())

    def visible(self, patterns: IndexPatterns) -> int:
        """How many events these patterns select."""
        return sum(count for stream, count in self.events.items() if _selects(patterns, stream))


def needs(rules: Iterable[Rule], presence: Presence | None) -> Streams:
    """What the rules need, and what of it is there if events were looked at."""
    rules = tuple(rules)
    patterns = Counter(entry for rule in rules for entry in dict.fromkeys(_entries(rule)))
    if presence is None:
        return Streams(tuple(OfPattern(entry, count, None) for entry, count in _most(patterns)), {}, (), ())
    absent: defaultdict[str, list[str]] = defaultdict(list)
    blind = []
    for rule in rules:
        selected = IndexPatterns(rule.index)
        if not presence.visible(selected):
            blind.append(rule.name)
            continue
        for field in rule.checked.fields:
            if not presence.has(field, selected):
                absent[field].append(rule.name)
    return Streams(
        patterns=tuple(
            OfPattern(entry, count, presence.visible(IndexPatterns([entry]))) for entry, count in _most(patterns)
        ),
        seen=dict(_most(presence.events)),
        absent=tuple(OfField(field, tuple(absent[field])) for field in sorted(absent)),
        blind=tuple(blind),
    )


def _entries(rule: Rule) -> Iterator[str]:
    """The patterns that add streams; those that take away again are no need."""
    for pattern in rule.index:
        for entry in pattern.split(","):
            if (bare := entry.strip()) and not bare.startswith("-"):
                yield bare


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _selects(patterns: IndexPatterns, stream: str) -> bool:
    return not stream or patterns.matches(stream)


def _counted(names: Iterable[str], counts: Iterable[int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for name, count in zip(names, counts, strict=True):
        found[name] += count
    return found


def present(view: FieldView) -> Mask:
    """Which events have a value of a field."""
    lengths = view.lists.list.len().to_numpy()
    there: Mask = (lengths > 0)[view.codes]
    return there
