"""Which events came nearest to a stage that a sequence did not reach, and to completing it.

An event is a candidate when it misses few tests of the stage and shares all components of the join key but one. Of
several, the one for which the fewest things would have to be otherwise is nearest (tests, obstacles, a component of the
key, the time); among equals one that shares the whole key, then one that came in time, then the one closest in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import polars as pl

from deckwatch.engine.keys import key_columns
from deckwatch.eql.dates import MILLISECOND, SECOND
from deckwatch.eql.nodes import Scalar
from deckwatch.explanation.evidence import MOST_UNMET, Evidence, stages
from deckwatch.explanation.journal import Course
from deckwatch.sequences.steps import SequenceProgram

PER_STAGE = 2
"""Candidates for each stage."""

NONE_NEAR = MOST_UNMET + 1
"""The distance of a stage without a candidate."""

_AT_FAULT = frozenset({"overwritten", "until", "missing event"})
"""Endings that count as one thing that would have to be otherwise; the others show in the candidates."""


@dataclass(frozen=True, slots=True)
class Near:
    """A candidate: its position, which components of the key differ, its timing in words (empty: in time)."""

    stage: int
    position: int
    differing: tuple[int, ...]
    timing: str
    distance: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A course with the candidates for every stage it did not reach, and its distance from completing."""

    course: Course
    near: tuple[Near, ...]
    distance: int
    last: int

    @property
    def positions(self) -> Iterator[int]:
        """Every event it names."""
        yield from (cast("int", token) for token in self.course.tokens if token is not None)
        yield from (each.position for each in self.near)
        if self.course.by is not None:
            yield cast("int", self.course.by[0])


@dataclass(frozen=True, slots=True)
class _Place:
    time: int
    rank: int


@dataclass(frozen=True, slots=True)
class Search:
    """Looks for candidates among what one pass has found."""

    program: SequenceProgram
    near: Mapping[int, pl.DataFrame]
    places: Mapping[int, _Place]

    @classmethod
    def among(cls, evidence: Evidence, program: SequenceProgram, courses: Iterable[Course]) -> Search:
        """For some courses of a program."""
        near = {number: frame.drop_nulls("time") for number, frame in evidence.near.items()}
        tokens = {cast("int", token) for each in courses for token in each.tokens if token is not None}
        wanted = pl.col("position").is_in(pl.Series(sorted(tokens), dtype=pl.Int64).implode())
        places = {
            position: _Place(time, rank)
            for frame in near.values()
            for position, time, rank in frame.filter(wanted).select("position", "time", "rank").iter_rows()
        }
        return cls(program, near, places)

    def draft(self, course: Course) -> Draft:
        """A course with what came nearest to completing it."""
        reached = [None if token is None else self.places[cast("int", token)] for token in course.tokens]
        taken = [cast("int", token) for token in course.tokens if token is not None]
        found: list[tuple[Near, ...]] = []
        for stage, predicate in enumerate(stages(self.program)):
            if course.tokens[stage] is None:
                gap = _Gap.at(stage, reached, self.program.maxspan)
                found.append(self._nearest(course, gap, self.near[predicate], taken))
                taken += (each.position for each in found[-1][:1])
        missed = sum(each[0].distance if each else NONE_NEAR for each in found)
        near = tuple(candidate for each in found for candidate in each)
        last = max(place.time for place in reached if place is not None)
        return Draft(course, near, missed + (course.how in _AT_FAULT), last)

    def _nearest(self, course: Course, gap: _Gap, frame: pl.DataFrame, taken: Sequence[int]) -> tuple[Near, ...]:
        names = key_columns(len(course.key))
        differs = [_differs(name, value).alias(f"differs{name}") for name, value in zip(names, course.key, strict=True)]
        ordered = (
            frame.filter(gap.within & ~pl.col("position").is_in(taken))
            .with_columns(*differs, early=gap.early, late=gap.late, away=(pl.col("time") - gap.anchor).abs())
            .with_columns(
                differing=pl.sum_horizontal(pl.lit(0), *(f"differs{name}" for name in names)),
                untimely=(pl.col("early") | pl.col("late")).cast(pl.Int64),
            )
            .with_columns(total=pl.sum_horizontal("unmet", "differing", "untimely"))
            .filter((pl.col("differing") <= 1) & (pl.col("total") <= MOST_UNMET))
            .sort("total", "differing", "untimely", "away", "rank")
            .unique("position", keep="first", maintain_order=True)
            .head(PER_STAGE)
        )
        if ordered.height and not ordered["total"][0]:
            ordered = ordered.head(1)  # it fits, so no other one is of interest
        return tuple(
            Near(
                gap.stage + 1,
                row["position"],
                tuple(place for place, name in enumerate(names) if row[f"differs{name}"]),
                gap.timing(row["time"], early=row["early"], late=row["late"]),
                row["total"],
            )
            for row in ordered.iter_rows(named=True)
        )


@dataclass(frozen=True, slots=True)
class _Gap:
    """A stage without an event, between the events before and after it that there are, all of them within the span."""

    stage: int
    before: _Place | None
    after: _Place | None
    first: int
    last: int
    span: int | None

    @classmethod
    def at(cls, stage: int, reached: Sequence[_Place | None], span: int | None) -> _Gap:
        before = next((place for place in reversed(reached[:stage]) if place), None)
        after = next((place for place in reached[stage + 1 :] if place), None)
        times = [place.time for place in reached if place]
        return cls(stage, before, after, min(times), max(times), span)

    @property
    def anchor(self) -> int:
        """The time that an event should be close to."""
        return self.first if self.before is None else self.before.time

    @property
    def within(self) -> pl.Expr:
        """How far from the span an event may be to be worth a look: as long again as the span."""
        if self.span is None:
            return pl.lit(value=True)
        return pl.col("time").is_between(self.last - 2 * self.span, self.first + 2 * self.span)

    @property
    def early(self) -> pl.Expr:
        """Whether an event comes too early for the gap."""
        early = pl.lit(value=False) if self.before is None else pl.col("rank") < self.before.rank
        return early if self.span is None else early | (pl.col("time") < self.last - self.span)

    @property
    def late(self) -> pl.Expr:
        """Whether an event comes too late for the gap."""
        late = pl.lit(value=False) if self.after is None else pl.col("rank") > self.after.rank
        return late if self.span is None else late | (pl.col("time") > self.first + self.span)

    def timing(self, time: int, *, early: bool, late: bool) -> str:
        """What is wrong with the time of an event, in words; empty when nothing is."""
        if late and self.span is not None and time > self.first + self.span:
            return f"{seconds(time - self.first - self.span)} past maxspan"
        if late and self.after is not None:
            return f"{seconds(time - self.after.time)} after the next stage's event, which it should precede"
        if early and self.before is not None:
            return f"{seconds(self.before.time - time)} before the previous stage's event, which it should follow"
        if early and self.span is not None:
            return f"{seconds(self.last - self.span - time)} too early for maxspan"
        return ""


def seconds(nanoseconds: int) -> str:
    """A duration in words."""
    if nanoseconds < SECOND:
        return f"{nanoseconds / MILLISECOND:g} ms"
    return f"{nanoseconds / SECOND:.3f} s"


def _differs(name: str, value: Scalar) -> pl.Expr:
    """Whether a component of an event's key is another one, or missing."""
    column = pl.col(name)
    return column.is_not_null() if value is None else (column != pl.lit(value)).fill_null(value=True)
