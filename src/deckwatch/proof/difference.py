"""What an event must be like for one condition to hold and another, that is nearly the same, not to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deckwatch.eql.nodes import And, Expr, Literal, Match, Membership, Not, Or

NEVER = Literal(value=False)


def only(one: Expr, other: Expr) -> Expr:
    """The condition that `one` holds and `other` does not.

    It is `one and not other`, but where the two agree it is written so that nobody has to find that out.
    """
    match one, other:
        case _ if one == other:
            return NEVER
        case Not(operand=ours), Not(operand=theirs):
            return only(theirs, ours)
        case And(terms=ours), And(terms=theirs):
            found = _of_junctions(ours, theirs, every=True)
        case Or(terms=ours), Or(terms=theirs):
            found = _of_junctions(ours, theirs, every=False)
        case Membership(members=ours), Membership(members=theirs) if _alike(one, other):
            return _listed(one, other, ours, theirs)
        case Match(patterns=ours), Match(patterns=theirs) if _alike(one, other):
            return _listed(one, other, ours, theirs)
        case _:
            found = None
    return found or And((one, opposite(other)))


def _of_junctions(ours: Sequence[Expr], theirs: Sequence[Expr], *, every: bool) -> Expr | None:
    """Of junctions that differ in one term, or of which one lacks a term; None for others. `every`: of `and`."""
    if (place := _changed(ours, theirs)) >= 0:
        rest = _but(ours, place)
        return And((*(rest if every else map(opposite, rest)), only(ours[place], theirs[place])))
    if (place := _dropped(theirs, ours)) >= 0:
        return And((*ours, opposite(theirs[place]))) if every else NEVER
    if (place := _dropped(ours, theirs)) >= 0:
        return NEVER if every else And((ours[place], *map(opposite, theirs)))
    return None


def _listed(one: Membership | Match, other: Membership | Match, ours: Sequence[Expr], theirs: Sequence[Expr]) -> Expr:
    """Lists of which one may lack a member of the other."""
    if set(ours) <= set(theirs):
        return NEVER
    extra = tuple(each for each in ours if each not in set(theirs))
    return And((_with_members(one, extra), Not(other)))


def _with_members(test: Membership | Match, members: tuple[Expr, ...]) -> Expr:
    if isinstance(test, Membership):
        return replace(test, members=members)
    return replace(test, patterns=tuple(each for each in members if isinstance(each, Literal)))


def _alike(one: Membership | Match, other: Membership | Match) -> bool:
    """Whether two lists are asked of the same thing in the same way."""
    match one, other:
        case Membership(), Membership():
            return one.operand == other.operand and one.insensitive == other.insensitive
        case Match(), Match():
            return one.operand == other.operand and one.operator == other.operator
        case _:
            return False


def _changed(ours: Sequence[Expr], theirs: Sequence[Expr]) -> int:
    """The only place at which two sequences differ; -1 if there is none, or more than one."""
    places = [place for place, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other]
    return places[0] if len(places) == 1 and len(ours) == len(theirs) else -1


def _dropped(longer: Sequence[Expr], shorter: Sequence[Expr]) -> int:
    """The only place of the longer sequence that the other lacks; -1 if they differ otherwise."""
    if len(longer) != len(shorter) + 1:
        return -1
    place = next((place for place, (one, other) in enumerate(zip(longer, shorter, strict=False)) if one != other), -1)
    place = len(shorter) if place < 0 else place
    return place if list(_but(longer, place)) == list(shorter) else -1


def _but(terms: Sequence[Expr], place: int) -> tuple[Expr, ...]:
    return (*terms[:place], *terms[place + 1 :])


def opposite(expr: Expr) -> Expr:
    """True where the expression is false, without two negations in a row."""
    return expr.operand if isinstance(expr, Not) else Not(expr)
