"""Tests that relate several fields: values changed until they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from deckwatch.eql.nodes import Literal, Scalar, walk
from deckwatch.eql.scalars import string_form
from deckwatch.eql.types import Kind
from deckwatch.proof.cubes import Test
from deckwatch.proof.documents import held
from deckwatch.proof.profile import ANY_OF_KIND, OTHERS, Values
from deckwatch.proof.single import Wanted


def repaired(
    values: Values,
    joint: Sequence[tuple[Test, bool]],
    groups: Mapping[str, Wanted],
    fixed: Collection[str],
    kinds: Mapping[str, Kind],
) -> dict[str, tuple[Scalar, ...]] | None:
    """The values, changed where the related tests need it; None when no change helps."""
    found = dict(values)
    for _ in range(2 * len(joint) + 1):
        wrong = _wrong(found, joint)
        if not wrong:
            return found
        better = next(_improvements(found, wrong[0], joint, groups, fixed, kinds), None)
        if better is None:
            return None
        found = better
    return None


def _wrong(values: Values, joint: Sequence[tuple[Test, bool]]) -> list[tuple[Test, bool]]:
    return [(test, truth) for test, truth in joint if test.holds(values) != truth]


def _improvements(
    values: Mapping[str, tuple[Scalar, ...]],
    wrong: tuple[Test, bool],
    joint: Sequence[tuple[Test, bool]],
    groups: Mapping[str, Wanted],
    fixed: Collection[str],
    kinds: Mapping[str, Kind],
) -> Iterator[dict[str, tuple[Scalar, ...]]]:
    """Changes of one field, or of two, after which fewer related tests are wrong."""
    before = len(_wrong(values, joint))
    names = [name for name in wrong[0].names if name not in fixed]
    singles = [(name, option) for name in names for option in _options(wrong[0], name, values, kinds)]
    changes = [{name: option} for name, option in singles]
    pairs = [{name: option, other: second} for name, option in singles for other, second in singles if name < other]
    for change in (*changes, *pairs):
        if all(_allowed(name, option, groups) for name, option in change.items()):
            trial = {**values, **change}
            if len(_wrong(trial, joint)) < before:
                yield trial


def _allowed(name: str, option: tuple[Scalar, ...], groups: Mapping[str, Wanted]) -> bool:
    return all(test.holds({name: option}) == truth for test, truth in groups.get(name, ()))


def _options(test: Test, name: str, values: Values, kinds: Mapping[str, Kind]) -> Iterator[tuple[Scalar, ...]]:
    kind = kinds.get(name, "keyword")
    others = [value for other in test.names if other != name for value in values.get(other, ())]
    known = [node.value for node in walk(test.expr) if isinstance(node, Literal) and node.value is not None]
    made = _numbers(others, known) if kind in {"long", "double"} else _texts(others, known)
    for each in (*made, *OTHERS.get(name, ()), *ANY_OF_KIND[kind]):
        if (value := held(each, kind)) is not None:
            yield (value,)
    yield ()


def _texts(others: Sequence[Scalar], known: Sequence[Scalar]) -> Iterator[Scalar]:
    texts = [string_form(value) for value in (*others, *known)]
    for text in texts:
        yield from (text, f"{text} x", f"x{text}", f"x {text} x", text[: len(text) // 2], text[1:], text[:-1])
        for part in texts:
            if part and part != text:
                yield from (text.removeprefix(part), text.removesuffix(part), *text.split(part))


def _numbers(others: Sequence[Scalar], known: Sequence[Scalar]) -> Iterator[int | float]:
    numbers = [value for value in (*others, *known) if isinstance(value, int | float) and not isinstance(value, bool)]
    for one in numbers:
        yield from (one, one + 1, one - 1, -one)
        for other in numbers:
            yield from (one + other, one - other, one - other + 1, one - other - 1, one * other)
            if other:
                yield one // other
