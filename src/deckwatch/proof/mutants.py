"""Rules with one thing changed: what tests of the rule should notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from deckwatch.eql.functions import find_function
from deckwatch.eql.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    ComparisonOperator,
    EventFilter,
    EventQuery,
    Expr,
    Field,
    Literal,
    Match,
    MatchOperator,
    MaxSpan,
    Membership,
    Not,
    Or,
    Query,
    SampleQuery,
    SequenceQuery,
    Sign,
    Span,
    Stage,
    stages_of,
)
from deckwatch.eql.unparse import unparse

Change: TypeAlias = "tuple[str, Span, Expr]"
"""What was done, where, and what comes of it."""

ORDERS: Mapping[ComparisonOperator, tuple[ComparisonOperator, ...]] = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
}
CASES: Mapping[MatchOperator, MatchOperator] = {"like": "like~", "like~": "like", "regex": "regex~", "regex~": "regex"}
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Mutant:
    """A query changed in one place. `span` is that place in the original's text."""

    change: str
    span: Span
    query: Query


def mutants(query: Query) -> Iterator[Mutant]:
    """Every change of one clause, list member, operator, key or span of a query, as it was parsed."""
    match query:
        case EventQuery():
            for what, span, wanted in _filters(query.filter):
                yield Mutant(what, span, replace(query, filter=wanted))
        case SampleQuery():
            for what, span, stages in _stages(query.stages):
                yield Mutant(what, span, replace(query, stages=stages))
            for what, span, by, stages in _keys(query.by, query.stages):
                yield Mutant(what, span, replace(query, by=by, stages=stages))
        case SequenceQuery():
            yield from _sequence(query)


def _sequence(query: SequenceQuery) -> Iterator[Mutant]:
    for what, span, stages in _stages(query.stages):
        yield Mutant(what, span, replace(query, stages=stages))
    for number, stage in enumerate(query.stages):
        for runs in (stage.runs - 1, stage.runs + 1):
            if stage.runs > 1 and not stage.missing:
                stages = _with(query.stages, number, replace(stage, runs=runs))
                yield Mutant(f"runs={runs} instead of {stage.runs}", stage.span, replace(query, stages=stages))
    for number in range(len(query.stages) - 1):
        one, other = query.stages[number : number + 2]
        stages = (*query.stages[:number], other, one, *query.stages[number + 2 :])
        yield Mutant(f"steps {number + 1} and {number + 2} swapped", other.span, replace(query, stages=stages))
    for what, span, by, stages in _keys(query.by, stages_of(query)):
        until = stages[-1] if query.until else None
        yield Mutant(what, span, replace(query, by=by, stages=stages[: len(query.stages)], until=until))
    if query.until is not None:
        yield Mutant("until dropped", query.until.span, replace(query, until=None))
        for what, span, wanted in _filters(query.until.filter):
            yield Mutant(what, span, replace(query, until=replace(query.until, filter=wanted)))
    if query.maxspan is not None:
        yield from _spans(query, query.maxspan)


def _spans(query: SequenceQuery, maxspan: MaxSpan) -> Iterator[Mutant]:
    yield Mutant("maxspan dropped", maxspan.span, replace(query, maxspan=None))
    doubled = replace(maxspan, value=maxspan.value * 2)
    yield Mutant("maxspan doubled", maxspan.span, replace(query, maxspan=doubled))
    if maxspan.value > 1:
        halved = replace(maxspan, value=maxspan.value // 2)
        yield Mutant("maxspan halved", maxspan.span, replace(query, maxspan=halved))


def _stages(stages: tuple[Stage, ...]) -> Iterator[tuple[str, Span, tuple[Stage, ...]]]:
    for number, stage in enumerate(stages):
        yield f"step {number + 1} dropped", stage.span, (*stages[:number], *stages[number + 1 :])
        for what, span, wanted in _filters(stage.filter):
            yield what, span, _with(stages, number, replace(stage, filter=wanted))


def _keys(
    by: tuple[Field, ...], stages: tuple[Stage, ...]
) -> Iterator[tuple[str, Span, tuple[Field, ...], tuple[Stage, ...]]]:
    for place, key in enumerate(by):
        yield f"join key {key.name} dropped", key.span, (*by[:place], *by[place + 1 :]), stages
    for place in range(len(stages[0].by)):
        fewer = tuple(replace(stage, by=(*stage.by[:place], *stage.by[place + 1 :])) for stage in stages)
        yield f"join key {stages[0].by[place].name} dropped", stages[0].by[place].span, by, fewer


def _filters(wanted: EventFilter) -> Iterator[tuple[str, Span, EventFilter]]:
    if wanted.category is not None:
        span = Span(wanted.span.start, wanted.span.start + len(wanted.category))
        yield f"any instead of {wanted.category}", span, replace(wanted, category=None)
    if not isinstance(wanted.condition, Literal):
        always = Literal(value=True)
        if not isinstance(wanted.condition, And | Or):
            yield f"{_text(wanted.condition)} deleted", wanted.condition.span, replace(wanted, condition=always)
        yield (
            _negated(wanted.condition)[0],
            wanted.condition.span,
            replace(wanted, condition=_negated(wanted.condition)[1]),
        )
        for what, span, condition in _changes(wanted.condition):
            yield what, span, replace(wanted, condition=condition)


def _changes(expr: Expr) -> Iterator[Change]:
    """Every change of one thing in a condition."""
    yield from _own(expr)
    match expr:
        case And(terms=terms) | Or(terms=terms):
            yield from _below(terms, lambda changed: replace(expr, terms=changed))
        case Not(operand=operand) | Sign(operand=operand):
            yield from _below((operand,), lambda changed: replace(expr, operand=changed[0]))
        case Comparison(left=left, right=right) | Arithmetic(left=left, right=right):
            yield from _below((left, right), lambda changed: replace(expr, left=changed[0], right=changed[1]))
        case Membership(operand=operand) | Match(operand=operand):
            yield from _below((operand,), lambda changed: replace(expr, operand=changed[0]))
        case Call(arguments=arguments):
            yield from _below(arguments, lambda changed: replace(expr, arguments=changed))
        case _:
            pass


def _below(parts: tuple[Expr, ...], whole: Callable[[tuple[Expr, ...]], Expr]) -> Iterator[Change]:
    for place, part in enumerate(parts):
        for what, span, changed in _changes(part):
            yield what, span, whole(_with(parts, place, changed))


def _own(expr: Expr) -> Iterator[Change]:
    """The changes of an expression itself."""
    match expr:
        case And(terms=terms) | Or(terms=terms):
            yield from _junction(expr, terms)
        case Comparison():
            yield from _comparison(expr)
        case Membership(members=members, insensitive=insensitive):
            word, other = ("in~", "in") if insensitive else ("in", "in~")
            yield f"{other} instead of {word}", expr.span, replace(expr, insensitive=not insensitive)
            if len(members) > 1:
                for place, member in enumerate(members):
                    fewer = (*members[:place], *members[place + 1 :])
                    yield f"{_text(member)} dropped from the list", member.span, replace(expr, members=fewer)
        case Match():
            yield from _match(expr)
        case Call(name=name, insensitive=insensitive):
            signature = find_function(name)
            if signature is not None and signature.insensitive:
                word, other = (f"{name}~", name) if insensitive else (name, f"{name}~")
                yield f"{other} instead of {word}", expr.span, replace(expr, insensitive=not insensitive)
        case _:
            pass


def _junction(expr: And | Or, terms: Sequence[Expr]) -> Iterator[Change]:
    swapped: Expr = Or(tuple(terms), span=expr.span) if isinstance(expr, And) else And(tuple(terms), span=expr.span)
    yield ("or instead of and" if isinstance(expr, And) else "and instead of or"), expr.span, swapped
    for place, term in enumerate(terms):
        rest = (*terms[:place], *terms[place + 1 :])
        yield f"{_text(term)} deleted", term.span, rest[0] if len(rest) == 1 else replace(expr, terms=rest)
        what, negated = _negated(term)
        yield what, term.span, replace(expr, terms=_with(tuple(terms), place, negated))


def _negated(term: Expr) -> tuple[str, Expr]:
    if isinstance(term, Not):
        return f"{_text(term.operand)} without not", term.operand
    return _text(Not(term)), Not(term, span=term.span)


def _comparison(expr: Comparison) -> Iterator[Change]:
    for operator in ORDERS.get(expr.operator, ()):
        yield f"{operator} instead of {expr.operator}", expr.span, replace(expr, operator=operator)
    match expr:
        case Comparison(operator="==", right=Literal(value=str()) as text):
            yield ": instead of ==", expr.span, Match(expr.left, ":", (text,), span=expr.span)
        case Comparison(operator="!=", right=Literal(value=str()) as text):
            like = Match(expr.left, ":", (text,), span=expr.span)
            yield "not … : instead of !=", expr.span, Not(like, span=expr.span)
        case Comparison(right=Literal(value=bool(value))):
            yield (
                f"{_text(Literal(not value))} instead of {_text(expr.right)}",
                expr.span,
                replace(expr, right=Literal(not value)),
            )
        case Comparison(right=Literal(value=int(number))):
            for other in (number - 1, number + 1):
                if other >= 0:
                    yield f"{other} instead of {number}", expr.right.span, replace(expr, right=Literal(other))
        case _:
            pass


def _match(expr: Match) -> Iterator[Change]:
    patterns = expr.patterns
    if expr.operator == ":":
        yield "in instead of :", expr.span, Membership(expr.operand, patterns, span=expr.span)
    else:
        other = CASES[expr.operator]
        yield f"{other} instead of {expr.operator}", expr.span, replace(expr, operator=other)
    for place, pattern in enumerate(patterns):
        if len(patterns) > 1:
            fewer = (*patterns[:place], *patterns[place + 1 :])
            yield f"{_text(pattern)} dropped from the list", pattern.span, replace(expr, patterns=fewer)
        if not expr.operator.startswith("regex"):
            for text in _wider_and_narrower(str(pattern.value)):
                changed = replace(expr, patterns=_with(patterns, place, replace(pattern, value=text)))
                yield f"{_text(Literal(text))} instead of {_text(pattern)}", pattern.span, changed


def _wider_and_narrower(pattern: str) -> Iterator[str]:
    """A star more or less at either end."""
    if len(pattern) > 1 and set(pattern) != {"*"}:
        yield pattern[1:] if pattern.startswith("*") else f"*{pattern}"
        yield pattern[:-1] if pattern.endswith("*") else f"{pattern}*"


Item = TypeVar("Item")


def _with(items: tuple[Item, ...], place: int, item: Item) -> tuple[Item, ...]:
    return (*items[:place], item, *items[place + 1 :])


def _text(expr: Expr) -> str:
    text = " ".join(unparse(expr).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
