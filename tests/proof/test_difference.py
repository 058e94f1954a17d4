"""Where two conditions differ."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.evaluate import holds
from deckwatch.eql.nodes import And, Comparison, Expr, Field, Literal, Membership, Not, Or
from deckwatch.proof.difference import only

TESTS = st.one_of(
    st.builds(
        lambda name, value: Comparison("==", Field(name), Literal(value)), st.sampled_from("ab"), st.sampled_from("xy")
    ),
    st.builds(
        lambda name, values: Membership(Field(name), tuple(map(Literal, values))),
        st.sampled_from("ab"),
        st.lists(st.sampled_from("xyz"), min_size=1, max_size=3, unique=True),
    ),
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: And(tuple(terms))),
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: Or(tuple(terms))),
    ),
    max_leaves=6,
)
EVENTS = list(itertools.product(["x", "y", "z", None], repeat=2))


def _true(condition: Expr, event: tuple[str | None, ...]) -> bool:
    values = {name: [] if value is None else [value] for name, value in zip("ab", event, strict=True)}
    return holds(condition, values.__getitem__)


@given(CONDITIONS, CONDITIONS)
def test_it_is_one_and_not_the_other(one: Expr, other: Expr) -> None:
    for event in EVENTS:
        assert _true(only(one, other), event) == (_true(one, event) and not _true(other, event))


@given(st.lists(CONDITIONS, min_size=3, max_size=4), st.data())
def test_also_where_they_are_nearly_the_same(terms: list[Expr], data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([And, Or]))
    place = data.draw(st.integers(0, len(terms) - 1))
    fewer = tuple(terms[:place] + terms[place + 1 :])
    changed = (*terms[:place], data.draw(CONDITIONS), *terms[place + 1 :])
    whole = kind(tuple(terms))
    for other in (kind(fewer), kind(changed)):
        for one, two in ((whole, other), (other, whole)):
            for event in EVENTS:
                assert _true(only(one, two), event) == (_true(one, event) and not _true(two, event))
