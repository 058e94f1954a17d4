"""Which events of a batch a detection may see: its data streams, within the time asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from deckwatch.engine.detections import INDEX_FIELD, STREAM_FIELDS, Detection
from deckwatch.events.document import index_name
from deckwatch.plan.views import Mask, Rows, Views, distinct


@dataclass(frozen=True, slots=True)
class TimeRange:
    """`since` <= time < `until`, in nanoseconds; None is an open end. An event without a time is always inside."""

    since: int | None = None
    until: int | None = None

    def holds(self, time: int | None) -> bool:
        """Whether a time is inside."""
        if time is None:
            return True
        return (self.since is None or self.since <= time) and (self.until is None or time < self.until)


class Visibility:
    """The rows of one batch, by what may see them."""

    def __init__(self, views: Views, within: TimeRange) -> None:
        self._views = views
        self._within = within
        self._known: dict[tuple[str, str | None, tuple[bool, ...]], Rows] = {}
        self._streams, self._which = streams(views)

    @property
    def streams(self) -> Iterable[str]:
        """The data streams that events of the batch name."""
        return (stream for stream in self._streams if stream is not None)

    def rows(self, detection: Detection) -> Rows:
        """The events a detection sees, ascending; an event that names no stream is seen by all."""
        patterns = detection.streams
        seen = tuple(patterns is None or stream is None or patterns.matches(stream) for stream in self._streams)
        key = detection.time_field, detection.dated_by, seen
        if key not in self._known:
            mask = np.asarray(seen, dtype=np.bool_)[self._which] & self._inside(detection.time_field)
            if detection.dated_by is not None:
                mask &= self._dated(detection.dated_by)
            self._known[key] = np.flatnonzero(mask)
        return self._known[key]

    def _dated(self, field: str) -> Mask:
        view = self._views[field]
        return np.asarray(view.lists.list.len() > 0, dtype=np.bool_)[view.codes]

    def _inside(self, time_field: str) -> Mask:
        if self._within == TimeRange():
            return np.ones(self._views.height, dtype=np.bool_)
        view = self._views[time_field]
        inside = [self._within.holds(min(times, default=None)) for times in view.lists.to_list()]
        return np.asarray(inside, dtype=np.bool_)[view.codes]


def streams(views: Views) -> tuple[list[str | None], Rows]:
    """The distinct streams of a batch, None for events that name none, and for each row the number of its own."""
    names = [name for name in (INDEX_FIELD, *STREAM_FIELDS) if name in views.columns]
    first, which = distinct([views[name].codes for name in names])
    contents = zip(*(views[name].python_lists(views[name].codes[first]) for name in names), strict=True)
    return [_stream(dict(zip(names, each, strict=True))) for each in contents], which


def _stream(document: dict[str, list[str]]) -> str | None:
    index = document.pop(INDEX_FIELD, [])
    return index_name(document, index[0] if index else None)
