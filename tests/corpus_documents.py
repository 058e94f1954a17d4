"""Documents made of what rules ask for: for every condition of a rule, some that come close to it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

from deckwatch.eql.nodes import (
    And,
    Call,
    Comparison,
    EventFilter,
    EventQuery,
    Expr,
    Field,
    InRange,
    IsNull,
    Literal,
    Match,
    Membership,
    Not,
    Or,
    Scalar,
)
from deckwatch.rules.rule import Rule

START = 1_700_000_000_000


def made_for(rule: Rule, chance: random.Random, copies: int = 4) -> Iterator[dict[str, Any]]:
    """Documents of the rule's stages in order, a millisecond apart, with the same join keys; several rounds of them."""
    query = rule.checked.query
    stages = [query.filter] if isinstance(query, EventQuery) else [stage.filter for stage in query.stages]
    for number, wanted in enumerate(itertools.chain.from_iterable(itertools.repeat(stages, copies))):
        document: dict[str, Any] = {"@timestamp": START + number}
        if not isinstance(query, EventQuery):
            for key in (key for stage in query.stages for key in (*query.by, *stage.by)):
                document[key.name] = "10.0.0.1" if rule.checked.fields[key.name] == "ip" else "1"
        document |= _fulfilling(wanted, rule.checked.category_field, chance)
        for name in chance.sample(sorted(document), chance.choice([0, 0, 1])):  # some come as arrays, some not at all
            document[name] = chance.choice([[document[name], "zzz"], None])
        yield {**document, "event.id": f"{rule.rule_id}:{number}"}


def _fulfilling(wanted: EventFilter, category_field: str, chance: random.Random) -> dict[str, Any]:
    document: dict[str, Any] = {} if wanted.category is None else {category_field: wanted.category}
    _fulfil(wanted.condition, document, chance)
    return document


def _fulfil(node: Expr, document: dict[str, Any], chance: random.Random) -> None:
    """Write into the document what may make the condition true; `not` is taken lightly."""
    match node:
        case And(terms=terms):
            for term in terms:
                _fulfil(term, document, chance)
        case Or(terms=terms):
            _fulfil(chance.choice(terms), document, chance)
        case Not(operand=IsNull(operand=Field(name=name))):
            document.setdefault(name, "1")
        case Not(operand=operand):
            if chance.random() < 0.1:
                _fulfil(operand, document, chance)
        case _:
            _fulfil_test(node, document, chance)


def _fulfil_test(node: Expr, document: dict[str, Any], chance: random.Random) -> None:
    match node:
        case Comparison(operator=operator, left=Field(name=name), right=Literal(value=value)):
            _put(document, name, value + (operator == ">") - (operator == "<") if type(value) is int else value)
        case Membership(operand=Field(name=name), members=members):
            _put(document, name, _value(chance.choice(members)))
        case Match(operand=Field(name=name), patterns=patterns):
            _put(document, name, _example(str(chance.choice(patterns).value), chance))
        case InRange(operand=Field(name=name), low=low, high=high):
            document[name] = ((low if low is not None else high) or 0) // 1_000_000
        case Call(arguments=(Field(name=name), *others)):
            _put(document, name, next((_value(each) for each in others if isinstance(each, Literal)), "10.0.0.1"))
        case _:
            pass


def _put(document: dict[str, Any], name: str, value: Scalar) -> None:
    """Conditions on the same field are each fulfilled by one of its values."""
    document[name] = value if name not in document else [*_listed(document[name]), value]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _value(node: Expr) -> Scalar:
    return node.value if isinstance(node, Literal) else None


def _example(pattern: str, chance: random.Random) -> str:
    """A text that a wildcard fits; a regular expression is left to luck."""
    return "".join(
        {"*": chance.choice(["", "x", "/a/b"]), "?": chance.choice("yé")}.get(char, char) for char in pattern
    )
