"""What follows from what in a lowered condition, above the values of single fields.

Claims are certain. Some hold only while a field has one value in an event; those are made for fields that documents
hold one value of, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from typing import Literal as OneOf
from typing import TypeAlias

from deckwatch.eql.nodes import And, Expr, IsNull, Literal, Match, Membership, Not, Or
from deckwatch.events.fields import field_table
from deckwatch.lint.values import Values, covers, excluded, follows, values_of

MERGED = frozenset({"event.action"})
"""Fields that ECS has one value of, but sensors that merge events several."""

MOST_STEPS = 20_000
"""How many comparisons a proof may take before it is given up."""

MOST_ALTERNATIVES = 200
"""How many alternatives are compared with each other."""

Verdict: TypeAlias = OneOf["never", "always"]


@lru_cache(maxsize=65536)
def _values(test: Expr) -> Values | None:
    return values_of(test)


@dataclass(frozen=True, slots=True)
class Fact:
    """A test or a whole condition, and whether it holds."""

    test: Expr
    holds: bool = True

    @property
    def negated(self) -> Fact:
        return Fact(self.test, not self.holds)

    @property
    def values(self) -> Values | None:
        return _values(self.test)

    @property
    def parts(self) -> tuple[Fact, ...]:
        """What it is put together from; nothing when it is a single test."""
        terms = self.test.terms if isinstance(self.test, And | Or) else ()
        return tuple(Fact(term, self.holds) for term in terms)

    @property
    def members(self) -> tuple[Fact, ...]:
        """A test against a list as tests against each member, of which one has to hold; nothing for other tests."""
        match self.test:
            case Membership(members=members) if len(members) > 1:
                return tuple(Fact(replace(self.test, members=(member,)), self.holds) for member in members)
            case Match(patterns=patterns) if len(patterns) > 1:
                return tuple(Fact(replace(self.test, patterns=(pattern,)), self.holds) for pattern in patterns)
            case _:
                return ()

    @property
    def is_conjunction(self) -> bool:
        """Whether all its parts are certain; else at least one of them is."""
        return isinstance(self.test, And if self.holds else Or)


@dataclass(frozen=True, slots=True)
class Judged:
    """A part of a condition that can be decided from others: from a fact, or from itself when there is none."""

    part: Expr
    holds: bool
    """Whether the condition asks for the part, or for its contrary: the verdict is on what it asks for."""
    verdict: Verdict
    because: Expr | None
    single: str = ""
    """The field that has to have one value for this to be so."""
    whole: bool = False
    """Whether the verdict on the part is one on the whole condition."""


def single_valued(name: str) -> bool:
    """Whether documents hold one value of a field."""
    table = field_table()
    return name not in MERGED and table.resolve(name) is not None and not table.is_array(name)


@dataclass(frozen=True, slots=True)
class Claim:
    """A proof; `single` names the field that has to have one value for it, if one has to."""

    single: str = ""


def entails(known: Fact, goal: Fact) -> Claim | None:
    """Why a fact makes another certain; None when it is not known to."""
    if known.test == goal.test:
        return Claim() if known.holds == goal.holds else None
    left, right = known.values, goal.values
    if left is None or right is None or left.field != right.field:
        return None
    match known.holds, goal.holds:
        case True, True:
            return Claim() if follows(right, left) else None
        case False, False:
            return Claim() if follows(left, right) else None
        case True, False if excluded(left, right):
            if isinstance(known.test, IsNull) or isinstance(goal.test, IsNull):
                return Claim()
            return Claim(left.field) if single_valued(left.field) else None
        case _:
            return None


def facts(condition: Expr, holds: bool = True) -> Iterator[Fact]:  # noqa: FBT001, FBT002
    """The tests that are decided wherever a condition holds, or does not."""
    match condition:
        case Not(operand=operand):
            yield from facts(operand, not holds)
        case And(terms=terms) | Or(terms=terms) if isinstance(condition, And) == holds:
            for term in terms:
                yield from facts(term, holds)
        case And() | Or() | Literal():
            return
        case _:
            yield Fact(condition, holds)


@dataclass(slots=True)
class _Budget:
    left: int = MOST_STEPS

    def spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


def implies(narrow: Expr, wide: Expr) -> bool:
    """Whether one condition certainly holds in every event in which another does, whatever its fields hold."""
    return _implies(Fact(narrow), Fact(wide), _Budget())


def _implies(given: Fact, goal: Fact, budget: _Budget) -> bool:
    """Whether one makes the other certain; both may be conditions of many tests."""
    if not budget.spend():
        return False
    match given, goal:
        case Fact(Not(operand=operand), holds), _:
            return _implies(Fact(operand, not holds), goal, budget)
        case _, Fact(Not(operand=operand), holds):
            return _implies(given, Fact(operand, not holds), budget)
        case Fact(Literal(value=value), holds), _ if (value is True) != holds:
            return True
        case _, Fact(Literal(value=value), holds):
            return (value is True) == holds
    if not given.parts and not goal.parts:
        claim = entails(given, goal)
        return claim is not None and not claim.single
    return _implied_by_parts(given, goal, budget)


def _implied_by_parts(given: Fact, goal: Fact, budget: _Budget) -> bool:
    """The same where one of them, at least, is put together from others."""
    if goal.is_conjunction:
        return all(_implies(given, part, budget) for part in goal.parts)
    if given.parts and not given.is_conjunction:
        return all(_implies(part, goal, budget) for part in given.parts)
    if any(_implies(part, goal, budget) for part in given.parts):
        return True
    if any(_implies(given, part, budget) for part in goal.parts):
        return True
    if given.holds and (members := given.members):
        return all(_implies(member, goal, budget) for member in members)
    if not goal.holds and (members := goal.members):
        return all(_implies(given, member, budget) for member in members)
    return False


def judged(condition: Expr) -> Iterator[Judged]:
    """Every part of a lowered condition that is decided by the others, outermost parts first and no part in them."""
    yield from _judge(condition, holds=True, known=(), whole=True)


def _judge(part: Expr, *, holds: bool, known: Sequence[Fact], whole: bool) -> Iterator[Judged]:
    match part:
        case Literal():
            return
        case Not(operand=operand):
            yield from _judge(operand, holds=not holds, known=known, whole=whole)
        case And(terms=terms) | Or(terms=terms) if isinstance(part, And) == holds:
            yield from _conjunction(terms, holds=holds, known=known, whole=whole)
        case And(terms=terms) | Or(terms=terms):
            yield from _alternatives(part, terms, holds=holds, known=known)
        case _:
            yield from _decided(part, holds=holds, known=known, whole=whole)


def _decided(test: Expr, *, holds: bool, known: Sequence[Fact], whole: bool) -> Iterator[Judged]:
    goal = Fact(test, holds)
    for fact in known:
        if claim := entails(fact, goal.negated):
            yield Judged(test, holds, "never", fact.test, claim.single, whole)
            return
    for fact in known:
        if claim := entails(fact, goal):
            yield Judged(test, holds, "always", fact.test, claim.single)
            return


def _conjunction(terms: Sequence[Expr], *, holds: bool, known: Sequence[Fact], whole: bool) -> Iterator[Judged]:
    """Each term in the light of the others. Of two that say the same, the later one is told."""
    given = [tuple(facts(term, holds)) for term in terms]
    for place, term in enumerate(terms):
        others = [
            fact
            for other, some in enumerate(given)
            for fact in some
            if other != place and (other < place or not _same(given[place], fact))
        ]
        yield from _judge(term, holds=holds, known=(*known, *others), whole=whole)


def _same(given: Sequence[Fact], fact: Fact) -> bool:
    """Whether a term is one test that decides, or excludes, as much as a later one does: then the later one is told."""
    if len(given) != 1:
        return False
    goal = given[0]
    return entails(goal, fact) is not None or entails(goal, fact.negated) is not None


def _alternatives(part: Expr, terms: Sequence[Expr], *, holds: bool, known: Sequence[Fact]) -> Iterator[Judged]:
    compared = terms[:MOST_ALTERNATIVES]
    for one, other in combinations(compared, 2):
        if claim := _complementary(one, other, holds=holds):
            yield Judged(part, holds, "always", None, claim.single)
            return
    for term in terms:
        if because := _certain(Fact(term, holds), known):
            yield Judged(part, holds, "always", *because)
            return
    for place, term in enumerate(terms):
        wider = (
            other
            for at, other in enumerate(compared)
            if at != place and _wider(other, term, holds=holds, first=at < place)
        )
        if found := next(wider, None):
            yield Judged(term, holds, "always", found)
        else:
            yield from _judge(term, holds=holds, known=known, whole=False)


def _certain(goal: Fact, known: Sequence[Fact]) -> tuple[Expr, str] | None:
    """The fact that makes an alternative certain, and the field that needs to have one value for it."""
    match goal:
        case Fact(Not(operand=operand), holds):
            return _certain(Fact(operand, not holds), known)
        case Fact(Literal()):
            return None
    if goal.parts:
        found = [_certain(part, known) for part in goal.parts]
        return (
            found[0] if goal.is_conjunction and all(found) and len({each[1] for each in found if each}) == 1 else None
        )
    claims = ((fact.test, claim.single) for fact in known if (claim := entails(fact, goal)))
    return next(claims, None)


def _wider(other: Expr, term: Expr, *, holds: bool, first: bool) -> bool:
    """Whether an alternative is of no use beside another one; of equal ones, the later is not."""
    narrow, wide = Fact(term, holds), Fact(other, holds)
    return _implies(narrow, wide, _Budget()) and (first or not _implies(wide, narrow, _Budget()))


def _complementary(term: Expr, other: Expr, *, holds: bool) -> Claim | None:
    """Why one of two alternatives always holds."""
    match _literal(term, holds=holds), _literal(other, holds=holds):
        case Fact() as one, Fact() as two:
            return entails(one.negated, two)
        case _:
            return None


def _literal(term: Expr, *, holds: bool) -> Fact | None:
    match term:
        case Not(operand=operand):
            return _literal(operand, holds=not holds)
        case And() | Or() | Literal():
            return None
        case _:
            return Fact(term, holds)


def dead_alternatives(condition: Expr) -> Iterator[tuple[Expr, int, Expr]]:
    """Members of positive lists that a list of exceptions beside them takes away again, each with that exception."""
    known = list(facts(condition))
    for fact in known:
        values = fact.values
        if not fact.holds or values is None or len(values.alternatives) < 2:
            continue
        for other in known:
            against = other.values
            if other.holds or against is None or against.field != values.field:
                continue
            dead = [
                place
                for place, part in enumerate(values.alternatives)
                if any(covers(whole, part) for whole in against.alternatives)
            ]
            if len(dead) < len(values.alternatives):
                yield from ((fact.test, place, other.test) for place in dead)
