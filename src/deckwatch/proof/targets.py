"""One event that a filter has to take, or just not: conditions, solver and surroundings."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from deckwatch.eql.nodes import And, Comparison, EventFilter, Expr, Field, IsNull, Literal, Not, Scalar, fields
from deckwatch.events.document import index_name
from deckwatch.events.streams import IndexPatterns
from deckwatch.proof.documents import all_held, completed, document, indices_of, stream_of
from deckwatch.proof.profile import Values, defaults
from deckwatch.proof.scenario import Sketch
from deckwatch.proof.solver import Outcome, Solver
from deckwatch.rules.rule import Rule


class Target:
    """A filter of a rule, with the join keys of the events that it takes."""

    def __init__(self, rule: Rule, wanted: EventFilter, keys: Sequence[Field], solver: Solver, seed: int) -> None:
        self._rule = rule
        self._solver = solver
        self.keys = tuple(keys)
        self.condition = with_category(wanted, rule.checked.category_field)
        self.names = frozenset(each.name for each in fields(self.condition))
        self.defaults = {
            name: values
            for name, values in _defaults(rule, wanted.category, seed).items()
            if name not in rule.checked.fields or all_held(values, rule.checked.fields[name]) == values
        }

    def solve(
        self,
        condition: Expr | None = None,
        *,
        fixed: Values | None = None,
        prefer: Values | None = None,
        never: Iterable[Expr] = (),
        many: bool = False,
    ) -> Outcome:
        """Values for an event that fulfils this condition, by default the filter's own, joins, and is none of those."""
        asked = self.condition if condition is None else condition
        present = [Not(IsNull(Field(key.name))) for key in self.keys if not key.optional]
        whole = And((asked, *present, *(Not(each) for each in never)))
        return self._solver.solve(whole, fixed=fixed, prefer=prefer, defaults=self.defaults, many=many)

    def document(self, values: Values, time: int, identity: str) -> dict[str, Any]:
        """The event with these values and an ordinary one's for all else."""
        return _seen(self._rule, document(completed(values, self.defaults), self._rule.checked.fields, time, identity))

    def sketch(self, values: Values, time: int) -> Sketch:
        """The event as it was asked for."""
        return Sketch(
            values, time, frozenset(name for name, kind in self._rule.checked.fields.items() if kind == "date")
        )


def ordinary(rule: Rule, given: Mapping[str, Any], absent: Iterable[str], time: int, identity: str) -> dict[str, Any]:
    """An event with what is given of it and, for all else but what is absent, an ordinary one's values."""
    flat = dict(_flat(given))
    values: dict[str, tuple[Scalar, ...]] = {name: _scalars(value) for name, value in flat.items()}
    values |= dict.fromkeys(absent, ())
    category = next((value for value in values.get("event.category", ()) if isinstance(value, str)), None)
    made = document(completed(values, _defaults(rule, category, 0)), rule.checked.fields, time, identity)
    whole = {
        name: value for name, value in flat.items() if isinstance(value, list) and len(_scalars(value)) < len(value)
    }
    return _seen(rule, {**made, **whole})


def _flat(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _scalars(value: Any) -> tuple[Scalar, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str | bool | int | float))


def _defaults(rule: Rule, category: str | None, seed: int) -> dict[str, tuple[Scalar, ...]]:
    chance = random.Random(f"{seed}:{rule.rule_id}")  # noqa: S311  # no secret
    return defaults(category, stream_of(rule.index, category), chance)


def _seen(rule: Rule, made: dict[str, Any]) -> dict[str, Any]:
    """The event where the rule reads it, if its data stream is none of the rule's."""
    stream = index_name(made, None)
    if stream is not None and not IndexPatterns(rule.index).matches(stream):
        return {"_index": next(indices_of(rule.index), stream), **made}
    return made


def with_category(wanted: EventFilter, category_field: str) -> Expr:
    """A filter as one condition."""
    if wanted.category is None:
        return wanted.condition
    return And((Comparison("==", Field(category_field), Literal(wanted.category), span=wanted.span), wanted.condition))
