"""Before and after a change of a rule: which alerts stay, appear, vanish or consist of other events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Literal, TypeAlias

from deckwatch.backtesting.sighting import Sighting, digest
from deckwatch.backtesting.values import Change, Moved, OfRule

Version: TypeAlias = Literal["before", "after"]

_OTHER: Mapping[Version, Version] = {"before": "after", "after": "before"}


class Comparison:
    """Pairs the alerts of two versions of a rule as they come; holds those that have no partner yet."""

    def __init__(self) -> None:
        self._open: dict[Version, defaultdict[bytes, list[Sighting]]] = {
            "before": defaultdict(list),
            "after": defaultdict(list),
        }
        self._stay = 0

    def add(self, version: Version, found: Sighting) -> None:
        """Take an alert of one version."""
        others, key = self._open[_OTHER[version]], found.key
        if key not in others:
            self._open[version][key].append(found)
            return
        self._stay += 1
        others[key].pop()
        if not others[key]:
            del others[key]

    def result(self, before: OfRule) -> Change:
        """The comparison of all alerts; `before` is what the old version did."""
        old, new = self._rest("before"), self._rest("after")
        moved = tuple(_moved(old, new))
        paired = {id(each) for pair in moved for each in (pair.before, pair.after)}
        appear, vanish = (tuple(each for each in some if id(each) not in paired) for some in (new, old))
        return Change(before, self._stay, appear, vanish, moved)

    def _rest(self, version: Version) -> list[Sighting]:
        return sorted(chain.from_iterable(self._open[version].values()), key=lambda each: (each.time or 0, each.key))


def _moved(old: list[Sighting], new: list[Sighting]) -> Iterator[Moved]:
    """Pairs of alerts that share an event, each alert in one pair at most."""
    with_event: defaultdict[bytes, list[Sighting]] = defaultdict(list)
    for found in old:
        for step in found.steps:
            with_event[digest(step.id)].append(found)
    taken: set[int] = set()
    for found in new:
        partners = chain.from_iterable(with_event.get(digest(step.id), ()) for step in found.steps)
        partner = next((each for each in partners if id(each) not in taken), None)
        if partner is not None:
            taken.add(id(partner))
            yield Moved(partner, found)
