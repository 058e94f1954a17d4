"""Events that exceptions take away from a rule before it sees them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from deckwatch.engine.detections import Detection
from deckwatch.events.batch import EventBatch
from deckwatch.plan.bundle import Evaluation
from deckwatch.plan.views import Rows
from deckwatch.rules.exceptions.lower import Exclusion
from deckwatch.rules.rule import Rule

_NOTHING: Rows = np.empty(0, dtype=np.intp)

Clock = Callable[[], int]
"""The time in nanoseconds since 1970; when it has passed an item's `expire_time`, the item is ignored."""


class Removal:
    """Removes the events that one detection's exceptions name, whole columns at a time.

    `counts`: by item, how many events satisfied a filter of the rule and were removed. An event that several items
    name counts for each. `by_filter`: the same for each filter; an event may satisfy several.
    """

    def __init__(self, detection: Detection, exclusions: Mapping[int, Exclusion], now: Clock = time.time_ns) -> None:
        self.counts = Counter({each.item_id: 0 for each in exclusions.values()})
        self.by_filter = {each.item_id: [0] * len(detection.predicates) for each in exclusions.values()}
        self._exclusions = exclusions
        self._now = now

    def apply(self, evaluation: Evaluation, found: Sequence[Rows], batch: EventBatch) -> list[Rows]:
        """What is left of the events that satisfy each filter; the exclusions are numbered as their conditions are."""
        if not any(map(len, found)):
            return list(found)
        now = self._now()
        removed: list[list[Rows]] = [[] for _ in found]
        for number, exclusion in self._exclusions.items():
            if exclusion.is_active(now):
                concerned = [i for i in range(len(found)) if exclusion.applies_to(i)]
                rows = self._named(evaluation, number, [found[i] for i in concerned], batch)
                for i in concerned:
                    removed[i].append(np.intersect1d(found[i], rows, assume_unique=True))
                    self.by_filter[exclusion.item_id][i] += len(removed[i][-1])
        return [_without(rows, taken) for rows, taken in zip(found, removed, strict=True)]

    def _named(self, evaluation: Evaluation, number: int, among: Sequence[Rows], batch: EventBatch) -> Rows:
        exclusion = self._exclusions[number]
        rows = evaluation.rows(number, np.unique(np.concatenate([_NOTHING, *among])))
        if exclusion.nested and len(rows):
            documents = batch.documents.documents(rows.tolist())
            kept = [all(each.holds(document) for each in exclusion.nested) for document in documents]
            rows = rows[np.asarray(kept, dtype=np.bool_)]
        self.counts[exclusion.item_id] += len(rows)
        return rows


def _without(rows: Rows, taken: Sequence[Rows]) -> Rows:
    gone = [each for each in taken if len(each)]
    return np.setdiff1d(rows, np.unique(np.concatenate(gone)), assume_unique=True) if gone else rows


class DocumentRemoval:
    """The same one document at a time, for the engine that the columnar one is tested against."""

    def __init__(self, detection: Detection, now: Clock = time.time_ns) -> None:
        self.counts = Counter({each.item_id: 0 for each in detection.exclusions})
        self.by_filter = {each.item_id: [0] * len(detection.predicates) for each in detection.exclusions}
        self._exclusions = detection.exclusions
        self._now = now

    def apply(self, document: Mapping[str, Any], satisfied: Sequence[int]) -> list[int]:
        """Of the filters that a document satisfies, by number, those that it is not kept from."""
        if not self._exclusions or not satisfied:
            return list(satisfied)
        now = self._now()
        left = list(satisfied)
        for each in self._exclusions:
            concerned = [number for number in satisfied if each.applies_to(number)]
            if concerned and each.is_active(now) and each.names(document):
                self.counts[each.item_id] += 1
                for number in concerned:
                    self.by_filter[each.item_id][number] += 1
                left = [number for number in left if number not in concerned]
        return left


Counts = TypeVar("Counts")


def by_rule(rules: Sequence[Rule], removed: Mapping[int, Mapping[str, Counts]]) -> dict[str, dict[str, Counts]]:
    """What an engine counts by number of the detection, by `rule_id`."""
    return {rules[number].rule_id: dict(counts) for number, counts in removed.items()}
