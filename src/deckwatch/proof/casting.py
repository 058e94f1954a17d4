"""Events for all stages of a sequence or sample that join."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeAlias

from deckwatch.eql.dates import MILLISECOND, SECOND
from deckwatch.eql.nodes import (
    And,
    Call,
    Comparison,
    Expr,
    Field,
    InRange,
    IsNull,
    Literal,
    Not,
    SampleQuery,
    Scalar,
    SequenceQuery,
    fields,
)
from deckwatch.eql.types import Kind
from deckwatch.events.fields import field_table
from deckwatch.plan.rename import renamed
from deckwatch.proof.documents import held
from deckwatch.proof.profile import Values, fresh
from deckwatch.proof.solver import Outcome, Solution, Solver, Unsolved
from deckwatch.proof.targets import Target
from deckwatch.rules.rule import Rule

_ALSO_ANOTHER = "such an event is also one of another stage"

Joined: TypeAlias = Mapping[int, Scalar]
"""The join key of a scenario: a value by the place of its field among the key's."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The values of an event for every positive stage, by the stage's number, and what joins them."""

    events: Mapping[int, Values]
    key: Joined


class Casting:
    """Casts for one rule. `until` is the number after those of the stages."""

    def __init__(self, rule: Rule, query: SequenceQuery | SampleQuery, seed: int) -> None:
        solver = Solver(rule.checked.fields)
        self.kinds = rule.checked.fields
        self.targets = [Target(rule, stage.filter, query.by + stage.by, solver, seed) for stage in query.stages]
        self.positive = [number for number, stage in enumerate(query.stages) if not stage.missing]
        self.until: int | None = None
        self.maxspan: int | None = None
        if isinstance(query, SequenceQuery):
            self.maxspan = None if query.maxspan is None else query.maxspan.nanoseconds
            several = sum(query.stages[number].runs for number in self.positive) > 1
            if query.until is not None and several:  # what is complete with one event cannot be ended
                self.until = len(self.targets)
                self.targets.append(
                    Target(rule, query.until.filter, _optional(query.by + query.until.by), solver, seed)
                )
        self.others = [number for number in range(len(self.targets)) if number not in self.positive]
        """The stages that must be missing, and `until`."""
        self._chance = random.Random(f"{seed}:{rule.rule_id}")  # noqa: S311  # no secret
        self._same = _same_places([target.keys for target in self.targets])
        self.free = [
            place
            for place in range(len(self.targets[0].keys))
            if all(target.keys[at].name not in target.names for target in self.targets for at in self._same[place])
        ]
        """The places in the join key that no condition says anything about."""
        self.unique = any(self._is_unique(place) for place in self.free)
        """Whether every cast has a join key of its own, and nothing else."""

    def _is_unique(self, place: int) -> bool:
        """Whether each event has one value there, its own: not where stages differ in it, nor of but two booleans."""
        names = {target.keys[place].name for target in self.targets}
        return len(names) == 1 and all(self.kinds[name] != "boolean" for name in names)

    def cast(
        self,
        stage: int | None = None,
        condition: Expr | None = None,
        like: Cast | None = None,
        *,
        many: bool = False,
    ) -> Cast | Unsolved:
        """Events that join, the one of a stage by this condition instead of its own; otherwise like another cast."""
        known: dict[int, Scalar] = {}
        for place in self.free:
            if place not in known:
                known |= dict.fromkeys(self._same[place], self.fresh(0, place))
        first = self.positive[0] if stage is None else stage
        events: dict[int, Values] = {}
        for number in (first, *(each for each in self.positive if each != first)):
            asked = condition if number == stage else None
            if number == first:
                asked = And((asked or self.targets[first].condition, *self._asked_of_key(first)))
            prefer = None if like is None else like.events[number]
            outcome = self.event(number, known, condition=asked, like=prefer, many=many)
            if isinstance(outcome, Unsolved):
                return outcome
            known |= self._settled(number, outcome.values, known)
            events[number] = {**self._joined(number, known), **outcome.values}
        return Cast(events, known)

    def event(
        self,
        number: int,
        key: Joined,
        *,
        condition: Expr | None = None,
        like: Values | None = None,
        many: bool = False,
    ) -> Outcome:
        """One event of a stage with this join key, or as much of it as is given."""
        target = self.targets[number]
        fixed: dict[str, tuple[Scalar, ...]] = {}
        for place, value in key.items():
            name = target.keys[place].name
            values = () if value is None else (held(value, self.kinds[name]),)
            if values and values[0] != value:
                return Unsolved(proven=False, reason=f"{name} cannot be {value!r}")
            if fixed.setdefault(name, values) != values:
                return Unsolved(proven=True, reason=f"{name} stands in the join key twice")
        others = (each for each in range(len(self.targets)) if self._disturbs(each, number))
        never = [self.targets[each].condition for each in others]
        outcome = target.solve(condition, fixed=fixed, prefer=like, never=never, many=many)
        if isinstance(outcome, Solution) or not outcome.proven or not never:
            return outcome
        alone = target.solve(condition, fixed=fixed, many=many)
        return Unsolved(proven=False, reason=_ALSO_ANOTHER) if isinstance(alone, Solution) else alone

    def _disturbs(self, other: int, number: int) -> bool:
        """Whether an event of a stage must not also be one of the other: what ends or forbids stays apart."""
        if other == number or (other in self.positive and number in self.positive):
            return False
        if other in self.positive or number in self.positive:
            return True
        return (
            self._side(other) == self._side(number) and self.targets[other].condition != self.targets[number].condition
        )

    def _side(self, number: int) -> int | None:
        """How many positive stages come before one that must be missing; None for `until`."""
        return None if number == self.until else sum(each < number for each in self.positive)

    def _settled(self, number: int, values: Values, known: Joined) -> dict[int, Scalar]:
        """The values of join keys that an event decides; one that it leaves open is made up."""
        found: dict[int, Scalar] = {}
        for place, key in enumerate(self.targets[number].keys):
            if place not in known and place not in found:
                held = values.get(key.name)
                value = self.fresh(number, place) if held is None else held[0] if held else None
                found |= dict.fromkeys(self._same[place], value)
        return found

    def _joined(self, number: int, key: Joined) -> Values:
        """The join key as values of a stage's fields."""
        names = (each.name for each in self.targets[number].keys)
        return {name: () if key[place] is None else (key[place],) for place, name in enumerate(names)}

    def _asked_of_key(self, number: int) -> Iterator[Expr]:
        """What the other stages demand of the join key, as conditions on the fields of this one.

        Nothing of fields with several values: what one of them joins another may satisfy.
        """
        own = self.targets[number].keys
        for other in self.positive:
            if other != number:
                names = {
                    key.name: own[place].name
                    for place, key in enumerate(self.targets[other].keys)
                    if self.kinds[key.name] == self.kinds[own[place].name]
                    and not (field_table().is_array(key.name) or field_table().is_array(own[place].name))
                }
                for term in _conjuncts(self.targets[other].condition):
                    used = {each.name for each in fields(term)}
                    if used and used <= names.keys():
                        yield renamed(term, names.__getitem__)

    def fresh(self, number: int, place: int) -> Scalar:
        """A value for a join key that no event has had."""
        name = self.targets[number].keys[place].name
        return fresh(name, self.kinds[name], self._chance)

    def stranger(self, number: int, place: int, cast: Cast) -> Outcome:
        """An event of a stage that joins with a cast in all components of the key but one."""
        target = self.targets[number]
        key = target.keys[place]
        if key.name not in target.names:
            value = self.fresh(number, place)
            other = not value if value == cast.key[place] else value  # there are but two booleans
            return self.event(number, {**cast.key, place: other}, like=cast.events.get(number))
        rest = {at: value for at, value in cast.key.items() if at != place}
        return self.event(
            number, rest, condition=differing(target.condition, key, cast.key[place], self.kinds[key.name])
        )

    def pace(self, count: int) -> int:
        """Nanoseconds from event to event, for so many of them."""
        if self.maxspan is None:
            return SECOND
        step = max(1, min(SECOND, self.maxspan // (2 * count)))
        return step - step % MILLISECOND if step > MILLISECOND else step


def _same_places(keys: Sequence[Sequence[Field]]) -> list[set[int]]:
    """For each place of the join key those that always have its value, since some stage has one field at both."""
    same = [{place} for place in range(len(keys[0]))]
    for of_stage in keys:
        for one, other in combinations(range(len(same)), 2):
            if of_stage[one].name == of_stage[other].name:
                together = same[one] | same[other]
                for place in together:
                    same[place] = together
    return same


def _optional(keys: Sequence[Field]) -> tuple[Field, ...]:
    """Join keys as `until` has them: an event without them is one whose keys are null."""
    return tuple(replace(key, optional=True) for key in keys)


def _conjuncts(condition: Expr) -> Iterator[Expr]:
    if isinstance(condition, And):
        for term in condition.terms:
            yield from _conjuncts(term)
    else:
        yield condition


def differing(condition: Expr, key: Field, value: Scalar, kind: Kind) -> Expr:
    """The condition, for events in which a field does not have this value."""
    field, literal = Field(key.name), Literal(value)
    match kind:
        case _ if value is None:
            same: Expr = IsNull(field)
        case "ip":
            same = Call("cidrMatch", (field, literal))
        case "date" if isinstance(value, int):
            same = InRange(field, value, value)
        case _:
            same = Comparison("==", field, literal)
    return And((condition, Not(same)))
