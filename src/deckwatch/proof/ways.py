"""Every way in which one part of a condition decides it: what makes it true alone, and what alone makes it false.

In a way, every other part of the condition is such that the part's outcome is the condition's: the other conjuncts
are true, the other alternatives false. So a rule that lost or changed the part would judge the event differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deckwatch.eql.nodes import And, Expr, Literal, Match, Membership, Not, Or
from deckwatch.proof.difference import opposite


@dataclass(frozen=True, slots=True)
class Way:
    """A condition to be fulfilled, and the part it is about. `loose` is what does without the other alternatives."""

    about: Expr
    condition: Expr
    loose: Expr


def true_ways(expr: Expr) -> Iterator[Way]:
    """The ways for it to be true, one for each alternative and each member of a list."""
    match expr:
        case Not(operand=operand):
            yield from false_ways(operand)
        case And(terms=terms):
            yield from _with_others(terms, true=True)
        case Or(terms=terms):
            yield from _against_others(terms)
        case _:
            yield from _members(expr)


def false_ways(expr: Expr) -> Iterator[Way]:
    """The ways for it to be false by one of its parts."""
    match expr:
        case Not(operand=operand):
            yield from true_ways(operand)
        case And(terms=terms):
            yield from _with_others(terms, true=False)
        case Or(terms=terms):
            yield from _all_false(terms)
        case _:
            yield Way(expr, opposite(expr), opposite(expr))


def distinct(ways: Iterator[Way]) -> list[Way]:
    """Each condition once."""
    return list({way.condition: way for way in ways}.values())


def _with_others(terms: Sequence[Expr], *, true: bool) -> Iterator[Way]:
    for place, term in enumerate(terms):
        rest = (*terms[:place], *terms[place + 1 :])
        for way in true_ways(term) if true else false_ways(term):
            yield Way(way.about, And((way.condition, *rest)), And((way.loose, *rest)))


def _against_others(terms: Sequence[Expr]) -> Iterator[Way]:
    for place, term in enumerate(terms):
        others = tuple(opposite(other) for other in (*terms[:place], *terms[place + 1 :]))
        for way in true_ways(term):
            yield Way(way.about, And((way.condition, *others)), way.loose)


def _all_false(terms: Sequence[Expr]) -> Iterator[Way]:
    """One alternative nearly true, the others false. Where each is a single test, there is one such way only."""
    plain = frozenset(term for term in terms if not isinstance(term, And | Or | Not))
    if len(plain) == len(terms):
        condition = And(tuple(map(opposite, terms)))
        yield Way(Or(tuple(terms), span=terms[0].span), condition, condition)
        return
    for place, term in enumerate(terms):
        if term in plain and place:
            continue
        others = tuple(opposite(other) for other in (*terms[:place], *terms[place + 1 :]))
        for way in false_ways(term):
            yield Way(way.about, And((way.condition, *others)), And((way.loose, *others)))


def _members(test: Expr) -> Iterator[Way]:
    """A list as one test for each of its members, which no other member fits."""
    match test:
        case Membership(members=members) if len(members) > 1:
            singles: list[Expr] = [
                Membership(test.operand, (member,), test.insensitive, span=member.span) for member in members
            ]
        case Match(patterns=patterns) if len(patterns) > 1:
            singles = [Match(test.operand, test.operator, (pattern,), span=pattern.span) for pattern in patterns]
        case Literal():
            singles = []
            yield Way(test, test, test)
        case _:
            singles = [test]
    for place, single in enumerate(singles):
        others = _rest(test, place)
        alone = And((single, opposite(others))) if others is not None else single
        yield Way(single, alone, single)


def _rest(test: Expr, place: int) -> Expr | None:
    """The list without one of its members; None for what is no list."""
    match test:
        case Membership(members=members) if len(members) > 1:
            return Membership(test.operand, (*members[:place], *members[place + 1 :]), test.insensitive)
        case Match(patterns=patterns) if len(patterns) > 1:
            return Match(test.operand, test.operator, (*patterns[:place], *patterns[place + 1 :]))
        case _:
            return None
