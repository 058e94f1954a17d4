"""Tests on text as regular languages: which values pass several of them, and whether any does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deckwatch.eql.lucene_automaton import END, Alphabet, Automaton, Bits, Budget
from deckwatch.eql.lucene_nodes import (
    ANY,
    LAST,
    NEVER,
    Chars,
    Complement,
    Concat,
    Intersection,
    Regex,
    Repeat,
    Union,
    folded,
    repeat,
)
from deckwatch.eql.lucene_parser import PatternError, parse
from deckwatch.eql.nodes import Call, Comparison, Expr, Field, Literal, Match, Membership

MAX_STEPS = 10_000
"""How many steps a search makes before it gives up."""

_ANYTHING = repeat(ANY, 0, None)
_PLEASANT = "abcdefghijklmnopqrstuvwxyz0123456789/._-ABCDEFGHIJKLMNOPQRSTUVWXYZ :=,+@%"
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True)
class Searched:
    """A value that fits, or none; `proven` when it is certain that none exists."""

    value: str | None
    proven: bool = False


def language(test: Expr) -> Regex | None:
    """The texts of its only field for which a lowered test is true; None where that is no regular language."""
    match test:
        case Comparison(operator="==", left=Field(), right=Literal(value=str(text))):
            return _text(text)
        case Membership(operand=Field(), members=members, insensitive=insensitive):
            texts = [str(member.value) for member in members if isinstance(member, Literal)]
            return Union(tuple(_text(text, insensitive=insensitive) for text in texts))
        case Match(operand=Field(), operator=operator, patterns=patterns):
            insensitive = operator not in {"like", "regex"}
            read = _regex if operator in {"regex", "regex~"} else _wildcard
            return Union(tuple(read(str(pattern.value), insensitive=insensitive) for pattern in patterns))
        case Call(name=name, arguments=(Field(), Literal(value=str(text))), insensitive=False):
            return _part(name, text)
        case _:
            return None


def _part(name: str, text: str) -> Regex | None:
    match name:
        case "startsWith":
            return Concat((_text(text), _ANYTHING))
        case "endsWith":
            return Concat((_ANYTHING, _text(text)))
        case "stringContains":
            return Concat((_ANYTHING, _text(text), _ANYTHING)) if text else NEVER
        case _:
            return None


def _text(text: str, *, insensitive: bool = False) -> Regex:
    return Concat(tuple(_char(char, insensitive=insensitive) for char in text))


def _wildcard(pattern: str, *, insensitive: bool) -> Regex:
    wild: dict[str, Regex] = {"*": _ANYTHING, "?": ANY}
    return Concat(tuple(wild.get(char) or _char(char, insensitive=insensitive) for char in pattern))


def _regex(pattern: str, *, insensitive: bool) -> Regex:
    return parse(pattern, insensitive=insensitive)


def _char(char: str, *, insensitive: bool) -> Regex:
    one = ((ord(char), ord(char)),)
    return Chars(folded(one) if insensitive else one)


def find(required: Sequence[Regex], refused: Sequence[Regex] = (), *, most: int = MAX_STEPS) -> Searched:
    """A shortest text in every required language and in no refused one, of characters that read well."""
    trees = [*required, *([Union(tuple(refused))] if refused else [])]
    try:
        budget = Budget()
        alphabet = Alphabet(Concat(tuple(trees)), budget)
        machines = [Automaton(tree, alphabet, budget) for tree in trees]
    except PatternError:
        return Searched(None)
    return _walk(machines, len(required), _letters(trees, alphabet), most)


def _walk(machines: Sequence[Automaton], required: int, letters: Sequence[tuple[int, str]], most: int) -> Searched:
    """Breadth first over the states of all machines together."""
    start = tuple(machine.start for machine in machines)
    reached: dict[tuple[Bits, ...], tuple[tuple[Bits, ...], str] | None] = {start: None}
    todo = [start]
    for state in todo:
        if all(part & END for part in state[:required]) and not any(part & END for part in state[required:]):
            return Searched(_spelled(state, reached))
        most -= len(letters)
        if most < 0:
            return Searched(None)
        for symbol, char in letters:
            target = tuple(machine.step(part, symbol) for machine, part in zip(machines, state, strict=True))
            if all(target[:required]) and target not in reached:
                reached[target] = state, char
                todo.append(target)
    return Searched(None, proven=True)


def _spelled(state: tuple[Bits, ...], reached: dict[tuple[Bits, ...], tuple[tuple[Bits, ...], str] | None]) -> str:
    chars: list[str] = []
    step = reached[state]
    while step is not None:
        chars.append(step[1])
        step = reached[step[0]]
    return "".join(reversed(chars))


def _letters(trees: Sequence[Regex], alphabet: Alphabet) -> list[tuple[int, str]]:
    """For every symbol one character that stands for it, the pleasant ones first."""
    edges = {edge for tree in trees for low, high in _ranges(tree) for edge in (low, high + 1)}
    others = sorted(edge for edge in {0, *edges} if edge <= LAST and edge not in _SURROGATES)
    found: dict[int, str] = {}
    for char in (*_PLEASANT, *map(chr, others)):
        found.setdefault(alphabet.symbol(char), char)
    return list(found.items())


def _ranges(node: Regex) -> Iterator[tuple[int, int]]:
    match node:
        case Chars(ranges):
            yield from ranges
        case Concat(parts) | Union(parts) | Intersection(parts):
            for part in parts:
                yield from _ranges(part)
        case Complement(part) | Repeat(part=part):
            yield from _ranges(part)
