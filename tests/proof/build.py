"""Rules for tests of proofs."""

from collections.abc import Sequence

from deckwatch.eql.check import check
from deckwatch.eql.nodes import Expr
from deckwatch.eql.parser import parse
from deckwatch.events.fields import field_table
from deckwatch.rules.rule import Rule, Source


def rule_of(query: str, index: Sequence[str] = ("*",)) -> Rule:
    """A rule of that query; fields that no schema knows are what the query takes them for."""
    checked = check(parse(query), field_table(), text=query, on_unknown="infer")
    parameters = {
        "rule_id": "tested",
        "name": "tested",
        "description": "d",
        "query": query,
        "severity": "low",
        "risk_score": 1,
        "index": list(index),
    }
    return Rule.of(parameters, checked, Source("tested.toml", 1))


def condition_of(condition: str) -> Expr:
    """A condition in lowered form."""
    return rule_of(f"any where {condition}").checked.query.filter.condition  # type: ignore[union-attr]
