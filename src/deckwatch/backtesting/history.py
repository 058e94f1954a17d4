"""What of the world a history shows: how long, and which containers for how long."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from deckwatch.backtesting.counting import Timeline
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.dates import HOUR
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.plan.views import FieldView, Rows, Views

TIME = "@timestamp"
CONTAINER = "container.id"
NAME = "container.name"
IMAGE = "container.image.name"


@dataclass(slots=True)
class Seen:
    """A container: when it was first and last seen, in nanoseconds since 1970."""

    first: int
    last: int
    name: str
    image: str

    @property
    def lifetime(self) -> int:
        """For how long it was seen, in nanoseconds."""
        return self.last - self.first


class History:
    """Learns from the events of a scan, as its `Onlooker`. Its size grows with the number of containers only."""

    fields: Mapping[str, Kind] = {TIME: "date", CONTAINER: "keyword", NAME: "keyword", IMAGE: "keyword"}

    def __init__(self, within: TimeRange) -> None:
        self._within = within
        self.events = 0
        """How many events lie within the time asked for; those without a time do."""
        self.undated = 0
        self.first: int | None = None
        self.last: int | None = None
        self.timeline = Timeline()
        self.containers: dict[str, Seen] = {}

    def see(self, batch: EventBatch) -> None:
        """Look at a batch."""
        views = Views(batch.columns.read_as(self.fields), batch.height)
        times = _first(views[TIME], np.arange(batch.height))
        dated = times.is_not_null()
        inside = dated & self._inside(times)
        self.undated += batch.height - int(dated.sum())
        self.events += batch.height - int((dated & ~inside).sum())
        if inside.any():
            rows = np.flatnonzero(inside.to_numpy())
            self._count(times.filter(inside))
            self._learn(views, rows, times.filter(inside))

    @property
    def observed(self) -> int:
        """For how long events were recorded, in nanoseconds: a gap of more than an hour is none of it."""
        starts = sorted(self.timeline.by(self.timeline.unit))
        if self.first is None or self.last is None:
            return 0
        longest = max(HOUR, self.timeline.unit)
        gaps = sum(gap for a, b in itertools.pairwise(starts) if (gap := b - a) > longest)
        return self.last - self.first - gaps

    def _inside(self, times: pl.Series) -> pl.Series:
        since, until = self._within.since, self._within.until
        inside = times.is_not_null()
        if since is not None:
            inside &= (times >= since).fill_null(value=False)
        return inside if until is None else inside & (times < until).fill_null(value=False)

    def _count(self, times: pl.Series) -> None:
        first, last = int(times.min()), int(times.max())  # type: ignore[arg-type]
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)
        unit = self.timeline.unit
        counts = (times // unit).rename("unit").value_counts()
        self.timeline.add((number * unit, count) for number, count in counts.iter_rows())

    def _learn(self, views: Views, rows: Rows, times: pl.Series) -> None:
        view = views[CONTAINER]
        frame = pl.DataFrame({"code": view.codes[rows], "time": times, "row": rows})
        found = frame.group_by("code").agg(
            pl.col("time").min().alias("first"), pl.col("time").max().alias("last"), pl.col("row").first()
        )
        where = found["row"].to_numpy()
        names, images = (_texts(_first(views[field], where)) for field in (NAME, IMAGE))
        ids = _texts(_first(view, where))
        for identity, name, image, first, last in zip(ids, names, images, found["first"], found["last"], strict=True):
            if identity:
                self._meet(identity, Seen(first, last, name, image))

    def _meet(self, identity: str, seen: Seen) -> None:
        known = self.containers.setdefault(identity, seen)
        known.first, known.last = min(known.first, seen.first), max(known.last, seen.last)
        known.name, known.image = known.name or seen.name, known.image or seen.image


def _first(view: FieldView, rows: Rows) -> pl.Series:
    """The first value of a field in each row; of times, the earliest."""
    values = view.gathered(rows)
    if values.dtype != pl.List:
        return values
    return values.list.first() if values.dtype.inner == pl.String else values.list.min()  # type: ignore[attr-defined]


def _texts(values: pl.Series) -> Iterable[str]:
    return values.fill_null("").to_list()
