"""What is claimed of tests and conditions holds in every event."""

import random
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deckwatch.eql.evaluate import holds
from deckwatch.eql.lower import lower_condition
from deckwatch.eql.nodes import And, Expr, Literal, Not, Or, Scalar
from deckwatch.eql.parser import parse_expression
from deckwatch.eql.scope import Scope
from deckwatch.eql.text import QueryText
from deckwatch.events.fields import field_table
from deckwatch.lint.logic import dead_alternatives, implies, judged
from deckwatch.lint.values import Glob, apart, covers, excluded, follows, values_of

Event = Mapping[str, Sequence[Scalar]]

TEXT = ("process.name", "file.path")
NUMBER = "process.pid"
ADDRESS = "source.ip"
WORDS = ("", "a", "A", "b", "ab", "aB", "ba", "abb", "bab", "*", "a*", "a?b")
PATTERNS = ("a", "A", "ab", "a*", "*b", "*a*", "?", "??", "a?", "?*", "*?b", "a*b", "*A*b*", "**", "b*a")
REGEXES = ("a", "a.*", "(a|b)+", ".*", "a?b")
BLOCKS = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.168.0.0/16", "::ffff:10.0.0.0/104", "fe80::/10", "0.0.0.0/0")
ADDRESSES = ("10.1.2.3", "10.9.9.9", "192.168.1.1", "fe80::1", "2001:db8::1")


def lowered(text: str) -> Expr:
    scope = Scope(field_table(), QueryText(text))
    condition = lower_condition(parse_expression(text), scope)
    assert not scope.faults
    return condition


def _quoted(values: Sequence[str]) -> str:
    return ", ".join(f'"{value}"' for value in values)


@st.composite
def single_tests(draw: st.DrawFn) -> str:
    few = st.integers(1, 3)
    name = draw(st.sampled_from(TEXT))
    words = _quoted(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)))
    patterns = _quoted(draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3)))
    regexes = _quoted(draw(st.lists(st.sampled_from(REGEXES), min_size=1, max_size=2)))
    blocks = _quoted(draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=2)))
    return draw(
        st.sampled_from(
            [
                f"{name} in ({words})",
                f"{name} in~ ({words})",
                f"{name} : ({patterns})",
                f"{name} like ({patterns})",
                f"{name} like~ ({patterns})",
                f"{name} regex ({regexes})",
                f"{name} regex~ ({regexes})",
                f"{name} == null",
                f"{name} != null",
                f'startsWith({name}, "a")',
                f'endsWith({name}, "b")',
                f'stringContains({name}, "b")',
                f"{NUMBER} {draw(st.sampled_from(['==', '!=', '<', '<=', '>', '>=']))} {draw(few)}",
                f"{NUMBER} in ({draw(few)}, {draw(few)})",
                f"cidrMatch({ADDRESS}, {blocks})",
            ]
        )
    )


conditions = st.recursive(
    single_tests(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: "(" + " and ".join(terms) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: "(" + " or ".join(terms) + ")"),
        inner.map(lambda term: f"(not ({term}))"),
    ),
    max_leaves=6,
)


def events(seed: int, *, most: int) -> Iterator[Event]:
    """Events with at most so many values in a field."""
    chance = random.Random(seed)
    for _ in range(30):
        yield {
            **{name: chance.sample(WORDS, chance.randint(0, most)) for name in TEXT},
            NUMBER: chance.sample((0, 1, 2, 3, 4), chance.randint(0, most)),
            ADDRESS: chance.sample(ADDRESSES, chance.randint(0, most)),
        }


def _holds(condition: Expr, event: Event) -> bool:
    return holds(condition, lambda name: event.get(name, ()))


@given(single_tests(), single_tests(), st.integers())
def test_what_follows_holds(one: str, other: str, seed: int) -> None:
    left, right = lowered(one), lowered(other)
    narrow, wide = values_of(left), values_of(right)
    if narrow is None or wide is None:
        return
    if follows(wide, narrow):
        assert all(_holds(right, event) for event in events(seed, most=3) if _holds(left, event))
    if narrow.field == wide.field and excluded(narrow, wide):
        assert not any(_holds(left, event) and _holds(right, event) for event in events(seed, most=1))


@given(conditions, conditions, st.integers())
@settings(max_examples=100, deadline=None)
def test_what_is_implied_holds(one: str, other: str, seed: int) -> None:
    narrow, wide = lowered(one), lowered(other)
    for left, right in ((narrow, wide), (narrow, Or((narrow, wide))), (And((wide, narrow)), narrow)):
        if implies(left, right):
            assert all(_holds(right, event) for event in events(seed, most=3) if _holds(left, event))


@given(conditions, st.integers())
@settings(max_examples=150, deadline=None)
def test_what_is_judged_decides_nothing(text: str, seed: int) -> None:
    condition = lowered(text)
    for each in judged(condition):
        if each.verdict == "always" and each.because is not None:
            changed = _without(condition, each.part)
        else:
            changed = _with(condition, each.part, (each.verdict == "always") == each.holds)
        for event in events(seed, most=1 if each.single else 3):
            assert _holds(condition, event) == _holds(changed, event)
            if each.whole and each.verdict == "never":
                assert not _holds(condition, event)


@given(st.lists(st.sampled_from(WORDS), min_size=2, max_size=4, unique=True), single_tests(), st.integers())
def test_a_dead_member_never_counts(words: list[str], other: str, seed: int) -> None:
    condition = lowered(f"process.name in ({_quoted(words)}) and not ({other})")
    for _, place, _ in dead_alternatives(condition):
        others = [word for at, word in enumerate(words) if at != place]
        changed = lowered(f"process.name in ({_quoted(others)}) and not ({other})")
        assert all(_holds(condition, event) == _holds(changed, event) for event in events(seed, most=3))


def _without(condition: Expr, part: Expr) -> Expr:
    """The condition with a part taken out of what joins it."""
    match condition:
        case And(terms=terms) | Or(terms=terms):
            kept = tuple(_without(term, part) for term in terms if not _is(term, part))
            if not kept:
                return Literal(value=isinstance(condition, And))
            return type(condition)(kept) if len(kept) > 1 else kept[0]
        case Not(operand=operand):
            return Not(_without(operand, part))
        case _:
            return condition


def _is(term: Expr, part: Expr) -> bool:
    """Whether a term is the part, or its contrary."""
    return term is part or (isinstance(term, Not) and _is(term.operand, part))


def _with(condition: Expr, part: Expr, value: bool) -> Expr:
    if condition is part:
        return Literal(value=value)
    match condition:
        case And(terms=terms) | Or(terms=terms):
            return type(condition)(tuple(_with(term, part, value) for term in terms))
        case Not(operand=operand):
            return Not(_with(operand, part, value))
        case _:
            return condition


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        pytest.param("/opt/*", "/opt/a", True, id="a text below"),
        pytest.param("*/opt/*", "/opt/*", True, id="a pattern below"),
        pytest.param("/opt/*", "*/opt/*", False, id="not the other way round"),
        pytest.param("a?c*", "abcd", True, id="one character"),
        pytest.param("a?", "a*", False, id="a run may be of any length"),
        pytest.param("a*?", "a?*", True, id="order of wildcards"),
        pytest.param("*", "", True, id="nothing is a run"),
        pytest.param("?*", "*", False, id="at least one character"),
    ],
)
def test_covers(wide: str, narrow: str, expected: bool) -> None:
    assert covers(Glob.wildcard(wide), Glob.wildcard(narrow)) == expected


def test_a_sensitive_pattern_covers_no_insensitive_letters() -> None:
    assert not covers(Glob.wildcard("a*"), Glob.wildcard("ab", insensitive=True))
    assert covers(Glob.wildcard("*1*"), Glob.wildcard("a1b", insensitive=True))
    assert not apart(Glob.literal("A"), Glob.literal("a", insensitive=True))
