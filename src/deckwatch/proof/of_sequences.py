"""Scenarios of sequences and samples: several events each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from deckwatch.engine.detections import Detection
from deckwatch.eql.dates import MILLISECOND, SECOND
from deckwatch.eql.nodes import Expr, SampleQuery, SequenceQuery, Span
from deckwatch.proof.casting import Cast, Casting
from deckwatch.proof.of_events import START, bounded, shown
from deckwatch.proof.profile import Values
from deckwatch.proof.run import as_claimed
from deckwatch.proof.scenario import Gap, Places, Scenario, Sort, Suite
from deckwatch.proof.solver import Unsolved
from deckwatch.proof.ways import distinct, false_ways, true_ways
from deckwatch.rules.rule import Rule

_STAND_IN = "other events of the sequence can take the place of the changed one"
_DISTURBED = "the events found for it are taken otherwise than they were meant"
_ENDS_NOTHING = "what is complete with one event cannot be ended"


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of a scenario: the number of the stage it is made for, its values, its time after the first."""

    stage: int
    values: Values
    time: int


class SequenceScenarios:
    """Makes the scenarios of a sequence or sample."""

    def __init__(self, rule: Rule, query: SequenceQuery | SampleQuery, seed: int) -> None:
        self.casting = Casting(rule, query, seed)
        self.base: Cast | None = None
        self._rule = rule
        self._query = query
        self._detection = Detection.of_rule(rule)
        self._suite = Suite(apart=self.casting.maxspan is None and not self.casting.unique)
        self._clock = START
        self._made = 0

    def suite(self, most: int) -> Suite:
        """Casts for every way in which a stage decides, and for all that must keep the rule from firing."""
        base = self.casting.cast()
        if isinstance(base, Unsolved):
            self._gap("positive", "the whole rule", None, base)
            return self._suite
        self.base = base
        self._add("positive", "the whole rule", None, self.moments(base))
        for number in range(len(self.casting.targets)):
            self._stage(number, base, most)
        self._absent()
        self._strangers(base)
        if isinstance(self._query, SequenceQuery):
            self._swapped()
            self._spans()
        for number in self.casting.others:
            self._forbidden(number, base)
        return self._suite

    def telling(
        self, number: int, about: str, place: Span | None, condition: Expr, *, holds: bool, many: bool
    ) -> Scenario | Unsolved:
        """A scenario whose event for a stage fulfils a condition, under which the stage's own holds or does not."""
        if number == len(self.casting.targets):
            return Unsolved(proven=True, reason=_ENDS_NOTHING)
        base = self.base or Cast({}, {})
        moments: list[Moment] | Unsolved
        if number in self.casting.positive:
            cast = self.casting.cast(number, condition, base, many=many)
            moments = cast if isinstance(cast, Unsolved) else self.moments(cast)
        else:
            moments = self._crowd(self._recast(base), number, condition, many=many)
        if isinstance(moments, Unsolved):
            return moments
        fires = holds == (number in self.casting.positive)
        return self.scenario("boundary", about, place, moments, fires=fires)

    def moments(self, cast: Cast) -> list[Moment]:
        """The events of a cast in their order, runs written out."""
        stages = [number for number in self.casting.positive for _ in range(self._query.stages[number].runs)]
        step = self.casting.pace(len(stages))
        return [Moment(number, cast.events[number], step * place) for place, number in enumerate(stages)]

    def scenario(
        self, sort: Sort, about: str, place: Span | None, moments: Sequence[Moment], *, fires: bool
    ) -> Scenario | Unsolved:
        """The scenario of these events, unless evaluation says that the rule does otherwise with them."""
        self._made += 1
        early, late = min(each.time for each in moments), max(each.time for each in moments)
        start = self._clock - early
        self._clock += late - early + 3 * (self.casting.maxspan or 0) + 60 * SECOND
        documents = tuple(
            self.casting.targets[each.stage].document(
                each.values, start + each.time, f"{self._rule.rule_id}:{self._made}:{number}"
            )
            for number, each in enumerate(moments)
        )
        sketches = tuple(self.casting.targets[each.stage].sketch(each.values, start + each.time) for each in moments)
        made = Scenario(sort, about, place, sketches, documents, self._match(moments) if fires else None)
        if as_claimed(self._detection, made):
            return made
        return Unsolved(proven=False, reason=_DISTURBED if fires else _STAND_IN)

    def _match(self, moments: Sequence[Moment]) -> Places:
        """The events to be found together, in the order of the stages."""
        found: list[int | None] = []
        for number, stage in enumerate(self._query.stages):
            places = [place for place, each in enumerate(moments) if each.stage == number]
            found += [None] * stage.runs if stage.missing else places
        return tuple(found)

    def _stage(self, number: int, base: Cast, most: int) -> None:
        """Every way in which the filter of a stage decides."""
        condition = self.casting.targets[number].condition
        wanted = number in self.casting.positive
        for ways, holds in ((true_ways(condition), True), (false_ways(condition), False)):
            some, more = bounded(distinct(ways), most)
            self._suite.left_out += more
            for way in some:
                sort: Sort = (
                    ("positive" if holds else "near miss") if wanted else ("near miss" if holds else "boundary")
                )
                moments = self._of_way(number, base, way.condition)
                if isinstance(moments, Unsolved) and holds:
                    moments = self._of_way(number, base, way.loose)
                self._try(sort, shown(way.about), way.about.span, moments)

    def _of_way(self, number: int, base: Cast, condition: Expr) -> list[Moment] | Unsolved:
        if number not in self.casting.positive:
            return self._crowd(self._recast(base), number, condition)
        cast = self.casting.cast(number, condition, base)
        return cast if isinstance(cast, Unsolved) else self.moments(cast)

    def _absent(self) -> None:
        """One event fewer."""
        for number in self.casting.positive:
            moments = self._again()
            gone = max(place for place, each in enumerate(moments) if each.stage == number)
            if len(moments) > 1:
                rest = [*moments[:gone], *moments[gone + 1 :]]
                self._add("near miss", f"step {number + 1} is absent", self._query.stages[number].span, rest)

    def _strangers(self, base: Cast) -> None:
        """The last step joins in all components of the key but one."""
        last = self.casting.positive[-1]
        if len(self.moments(base)) < 2:
            return
        for place, key in enumerate(self.casting.targets[last].keys):
            cast = self._recast(base)
            outcome = self.casting.stranger(last, place, cast)
            if isinstance(outcome, Unsolved):
                self._gap("near miss", f"the join key {key.name} differs", key.span, outcome)
            else:
                *others, final = self.moments(cast)
                moments = [*others, replace(final, values=outcome.values)]
                self._add("near miss", f"the join key {key.name} differs", key.span, moments)

    def _swapped(self) -> None:
        for one, other in pairwise(self.casting.positive):
            moments = self._again()
            pair = [each for each in moments if each.stage in {one, other}]
            moved = sorted(pair, key=lambda each: -each.stage)
            times = {id(each): earlier.time for each, earlier in zip(moved, pair, strict=True)}
            order = [replace(each, time=times.get(id(each), each.time)) for each in moments]
            about = f"steps {one + 1} and {other + 1} in the wrong order"
            self._add("near miss", about, self._query.stages[other].span, sorted(order, key=lambda each: each.time))

    def _spans(self) -> None:
        """The last event exactly at the end of the span, and just after it."""
        span = self.casting.maxspan
        if span is None:
            return
        for late in (0, MILLISECOND):
            *others, last = self._again()
            if others:
                moments = [*others, replace(last, time=span + late)]
                about = "beyond maxspan" if late else "exactly maxspan"
                self._add("near miss" if late else "boundary", about, self._span_place(), moments)

    def _span_place(self) -> Span | None:
        return self._query.maxspan.span if isinstance(self._query, SequenceQuery) and self._query.maxspan else None

    def _forbidden(self, number: int, base: Cast) -> None:
        """What ends the sequence or must be missing is there; with another join key, it does not matter."""
        about = "until comes in between" if number == self.casting.until else f"step {number + 1} is there"
        place = self.casting.targets[number].condition.span
        self._try("near miss", about, place, self._crowd(self._recast(base), number))
        for at in range(len(self.casting.targets[number].keys)):
            moments = self._crowd(self._recast(base), number, stranger=at)
            self._try("boundary", f"{about}, of another key", place, moments)
        for late in (0, MILLISECOND):
            moments = self._at_the_end(self._crowd(self._recast(base), number), number, late)
            if moments:
                when = "beyond maxspan" if late else "exactly maxspan away"
                self._try("boundary" if late else "near miss", f"{about}, {when}", place, moments)

    def _at_the_end(self, moments: list[Moment] | Unsolved, number: int, late: int) -> list[Moment]:
        """With the event that must be missing before or after moved to the end of the span, or so much beyond it."""
        span, first, last = self.casting.maxspan, self.casting.positive[0], self.casting.positive[-1]
        both = len(self._together(number)) > 1
        if isinstance(moments, Unsolved) or span is None or number == self.casting.until or first < number < last:
            return []
        others = [each for each in moments if each.stage != number]
        if number > last:
            time = min(each.time for each in others) + span + late
        elif not both:
            time = max(each.time for each in others) - span - late
        else:
            return []
        moved = [replace(each, time=time) for each in moments if each.stage == number]
        return sorted([*others, *moved], key=lambda each: each.time)

    def _crowd(
        self,
        cast: Cast,
        number: int,
        condition: Expr | None = None,
        *,
        stranger: int | None = None,
        many: bool = False,
    ) -> list[Moment] | Unsolved:
        """A cast and, where it matters, an event that ends the sequence or must be missing."""
        moments = self.moments(cast)
        for each in self._together(number):
            if each != number:
                outcome = self.casting.event(each, cast.key)
            elif stranger is None:
                outcome = self.casting.event(each, cast.key, condition=condition, many=many)
            else:
                outcome = self.casting.stranger(each, stranger, cast)
            if isinstance(outcome, Unsolved):
                return outcome
            moments.append(Moment(each, outcome.values, self._time_of(each, moments)))
            moments.sort(key=lambda moment: moment.time)
        return moments

    def _together(self, number: int) -> list[int]:
        """The stages that must be missing: a rule that begins and ends with such is refused only if both are there."""
        first, last = self.casting.positive[0], self.casting.positive[-1]
        stages = [other for other in self.casting.others if other != self.casting.until]
        ends = [other for other in stages if not first < other < last]
        both = any(other < first for other in ends) and any(other > last for other in ends)
        return ends if both and number in ends else [number]

    def _time_of(self, number: int, moments: Sequence[Moment]) -> int:
        """When something forbidden matters: `until` before the last event, a missing stage at its place."""
        step = max(1, self.casting.pace(len(moments)) // 2)
        if number == self.casting.until:
            return moments[-1].time - step
        before = [each.time for each in moments if each.stage < number]
        return before[-1] + step if before else moments[0].time - step

    def _again(self) -> list[Moment]:
        """The events of the base, with a join key of their own."""
        return [] if self.base is None else self.moments(self._recast(self.base))

    def _recast(self, base: Cast) -> Cast:
        cast = self.casting.cast(like=base)
        return base if isinstance(cast, Unsolved) else cast

    def _try(self, sort: Sort, about: str, place: Span | None, moments: list[Moment] | Unsolved) -> None:
        if isinstance(moments, Unsolved):
            self._gap(sort, about, place, moments)
        else:
            self._add(sort, about, place, moments)

    def _add(self, sort: Sort, about: str, place: Span | None, moments: Sequence[Moment]) -> None:
        made = self.scenario(sort, about, place, moments, fires=sort != "near miss")
        if isinstance(made, Unsolved):
            self._gap(sort, about, place, made)
        else:
            self._suite.scenarios.append(made)

    def _gap(self, sort: Sort, about: str, place: Span | None, unsolved: Unsolved) -> None:
        self._suite.gaps.append(Gap(sort, about, place, unsolved.reason, unsolved.proven))
