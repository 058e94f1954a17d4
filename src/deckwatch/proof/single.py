"""One field: values for which tests on it have given outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeAlias

from deckwatch.eql.nodes import Call, Comparison, Field, InRange, IsNull, Match, Membership, Scalar
from deckwatch.eql.types import Kind
from deckwatch.proof.cubes import Test
from deckwatch.proof.documents import held
from deckwatch.proof.languages import find, language
from deckwatch.proof.profile import ANY_OF_KIND, OTHERS
from deckwatch.proof.samples import constants, lengthened, midpoints, passing
from deckwatch.proof.wildcards import covers, joined, patterns, witnesses

Wanted: TypeAlias = frozenset[tuple[Test, bool]]
"""Tests on one field, each with the outcome it must have."""

Tests: TypeAlias = "Sequence[tuple[Test, bool]]"

MOST_CANDIDATES = 2000
_FILLERS = ("payload", "", "x1")


@dataclass(frozen=True, slots=True)
class Found:
    """The values of a field, none when it must be missing. None: there are none, which is `proven` or not known."""

    values: tuple[Scalar, ...] | None
    proven: bool = True
    reason: str = ""


def fitting(name: str, kind: Kind, wanted: Wanted, *, many: bool, texts: Sequence[str] = _FILLERS) -> Found:
    """Values of a field for which all tests have the outcome they must have."""
    tests = sorted(wanted, key=lambda each: each[0].number)
    if any(isinstance(test.expr, IsNull) and isinstance(test.expr.operand, Field) and truth for test, truth in tests):
        return Found(() if _fits((), name, tests) else None)
    demanding = [(test, truth) for test, truth in tests if test.holds({}) != truth]
    for value in islice(_candidates(name, kind, tests, demanding, texts), MOST_CANDIDATES):
        if _fits((value,), name, tests):
            return Found((value,))
    if not demanding:
        return Found(())
    if many and len(demanding) > 1:
        return _several(name, kind, tests, demanding, texts)
    return _searched(name, kind, tests)


def _searched(name: str, kind: Kind, tests: Tests) -> Found:
    """One value, looked for where guessing found none."""
    about = [(test, truth) for test, truth in tests if not _asks_for_value(test)]
    if kind == "keyword":
        return _regular(name, about, tests)
    proven = kind != "version" and all(_is_simple(test) for test, _ in about)
    return Found(None, proven, "" if proven else "only some values were tried")


def _several(
    name: str,
    kind: Kind,
    tests: Tests,
    demanding: Tests,
    texts: Sequence[str],
) -> Found:
    """A value for each test that needs one; none of them may fit a test that must be false."""
    harmless = [(test, truth) for test, truth in tests if (test, truth) not in demanding]
    values: list[Scalar] = []
    for one in demanding:
        if any(_fits((value,), name, [one]) for value in values):
            continue
        found = fitting(name, kind, frozenset([one, *harmless]), many=False, texts=texts)
        if found.values is None:
            certain = found.proven and one[0].occurrences == 1 and not any(truth for _, truth in harmless)
            return found if certain else Found(None, proven=False, reason="not all sets of values were tried")
        values += found.values
    if _fits(tuple(values), name, tests):
        return Found(tuple(values))
    return Found(None, proven=False, reason="values that fit alone do not fit together")


def _candidates(
    name: str,
    kind: Kind,
    tests: Tests,
    demanding: Tests,
    texts: Sequence[str],
) -> Iterator[Scalar]:
    """Values that may fit, each as the field holds it."""
    suggested = chain(
        chain.from_iterable(passing(test.expr, kind, texts) for test, truth in demanding if truth),
        OTHERS.get(name, ()),
        ANY_OF_KIND[kind],
        lengthened([test.expr for test, _ in tests]) if kind == "keyword" else (),
        midpoints([test.expr for test, _ in tests]) if kind == "double" else (),
        chain.from_iterable(constants(test.expr, kind) for test, _ in tests),
        chain.from_iterable(passing(test.expr, kind, texts) for test, truth in tests if not truth),
    )
    return (value for each in suggested if (value := held(each, kind)) is not None)


def _regular(name: str, about: Tests, tests: Tests) -> Found:
    """A text that the tests allow, where all of them are wildcards or regular languages."""
    wild = [(patterns(test.expr), truth) for test, truth in about]
    required = [some for some, truth in wild if truth and some is not None]
    refused = [each for some, truth in wild if not truth and some is not None for each in some]
    for text in chain(witnesses(required[0], refused) if len(required) == 1 else (), joined(required, refused)):
        if _fits((text,), name, tests):
            return Found((text,))
    if any(truth and _covered(test, about) for test, truth in about):
        return Found(None)
    return _walked(name, about, tests)


def _covered(test: Test, about: Tests) -> bool:
    """Whether everything that passes a test is refused by another one."""
    own = patterns(test.expr)
    if own is None or (isinstance(test.expr, Call) and test.expr.insensitive):
        return False
    others = [(other, _ignores_case(other)) for other, truth in about if not truth]
    refusing = [
        (each, insensitive)
        for other, insensitive in others
        if insensitive or not _ignores_case(test)
        for each in patterns(other.expr) or ()
    ]
    return all(any(covers(other, each, insensitive=insensitive) for other, insensitive in refusing) for each in own)


def _ignores_case(test: Test) -> bool:
    match test.expr:
        case Match(operator=operator):
            return operator != "like"
        case Membership(insensitive=insensitive) | Call(insensitive=insensitive):
            return insensitive
        case _:
            return False


def _walked(name: str, about: Tests, tests: Tests) -> Found:
    """The shortest text that the tests allow, when all of them are regular languages."""
    trees = [(language(test.expr), truth) for test, truth in about]
    required = [tree for tree, truth in trees if tree is not None and truth]
    refused = [tree for tree, truth in trees if tree is not None and not truth]
    searched = find(required, refused)
    if searched.value is not None and _fits((searched.value,), name, tests):
        return Found((searched.value,))
    if searched.value is None and searched.proven:
        return Found(None)
    irregular = any(tree is None for tree, _ in trees)
    return Found(None, proven=False, reason="only some values were tried" if irregular else "the search was cut off")


def _fits(values: tuple[Scalar, ...], name: str, tests: Tests) -> bool:
    found = {name: values}
    return all(test.holds(found) == truth for test, truth in tests)


def _asks_for_value(test: Test) -> bool:
    return isinstance(test.expr, IsNull) and isinstance(test.expr.operand, Field)


def _is_simple(test: Test) -> bool:
    """Whether the values around the constants of the tests show every outcome."""
    match test.expr:
        case Comparison(left=Field()) | Membership(operand=Field()) | InRange(operand=Field()):
            return True
        case Call(name="cidrMatch", arguments=(Field(), *_)):
            return True
        case _:
            return False
