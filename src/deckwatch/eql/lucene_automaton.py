"""The automaton of a pattern: positions in sets of bits, made deterministic as values ask for it.

A state is the set of positions that may read the next character; bit 0 in it says that the value may end here.
`~` and `&` need their operands deterministic at once, so what they may cost is limited.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import accumulate
from operator import xor
from typing import TypeAlias

from deckwatch.eql.lucene_nodes import (
    ANY,
    Chars,
    Complement,
    Concat,
    Intersection,
    Ranges,
    Regex,
    Repeat,
    Union,
)
from deckwatch.eql.lucene_parser import PatternError

MAX_POSITIONS = 10_000
MAX_WORK = 2_000_000
MAX_MOVES = 10_000
"""How many transitions are remembered; then all are forgotten, and found again when needed."""

END = 1

Bits: TypeAlias = int
Moves: TypeAlias = "dict[int, Bits]"
"""The states a state leads to, each with the symbols that do."""


@dataclass(slots=True)
class Budget:
    """What preparing one pattern may still cost."""

    left: int = MAX_WORK

    def spend(self, work: int) -> None:
        self.left -= work
        if self.left < 0:
            raise PatternError("the pattern is too complex; use fewer `~`, `&`, negated classes or repetitions", 0)


class Alphabet:
    """Characters sorted into symbols: two of one symbol are in the same sets of the pattern."""

    def __init__(self, tree: Regex, budget: Budget) -> None:
        self._budget = budget
        edges: dict[int, Bits] = defaultdict(int)
        for index, ranges in enumerate(dict.fromkeys([ANY.ranges, *_sets(tree)])):
            for low, high in ranges:
                edges[low] ^= 1 << index
                edges[high + 1] ^= 1 << index
        starts = sorted(edges)[:-1]
        members = list(accumulate((edges[start] for start in starts), xor))
        symbols = {mark: symbol for symbol, mark in enumerate(dict.fromkeys(members))}
        self.size = len(symbols)
        self._starts = [chr(start) for start in starts]
        self._symbols = [symbols[mark] for mark in members]
        self._labels: dict[Ranges, Bits] = {}

    def symbol(self, char: str) -> int:
        return self._symbols[bisect_right(self._starts, char) - 1]

    def label(self, ranges: Ranges) -> Bits:
        """The symbols of a set."""
        if ranges not in self._labels:
            label = 0
            for low, high in ranges:
                covered = slice(bisect_right(self._starts, chr(low)) - 1, bisect_right(self._starts, chr(high)))
                self._budget.spend(covered.stop - covered.start)
                for symbol in self._symbols[covered]:
                    label |= 1 << symbol
            self._labels[ranges] = label
        return self._labels[ranges]


def _sets(node: Regex) -> Iterator[Ranges]:
    match node:
        case Chars(ranges):
            yield ranges
        case Concat(parts) | Union(parts) | Intersection(parts):
            for part in parts:
                yield from _sets(part)
        case Complement(part) | Repeat(part=part):
            yield from _sets(part)


class Automaton:
    """Raises PatternError when `~` and `&` would need too many states."""

    def __init__(self, tree: Regex, alphabet: Alphabet, budget: Budget) -> None:
        self._alphabet, self._budget = alphabet, budget
        self._follow: list[Bits] = [0]
        self._labelled: dict[Bits, Bits] = defaultdict(int)
        self._readers: dict[int, Bits] = {}
        self._moves: dict[tuple[Bits, int], Bits] = {}
        self.start = self._build(tree, END)

    def matches(self, value: str) -> bool:
        state = self.start
        for char in value:
            state = self.step(state, self._alphabet.symbol(char))
            if not state:
                return False
        return bool(state & END)

    def step(self, state: Bits, symbol: int) -> Bits:
        following = self._moves.get((state, symbol))
        if following is None:
            following = 0
            for position in _ones(state & self._reading(symbol)):
                following |= self._follow[position]
            if len(self._moves) >= MAX_MOVES:
                self._moves.clear()
            self._moves[state, symbol] = following
        return following

    def _reading(self, symbol: int) -> Bits:
        if symbol not in self._readers:
            readers = 0
            for label, positions in self._labelled.items():
                if label >> symbol & 1:
                    readers |= positions
            self._readers[symbol] = readers
        return self._readers[symbol]

    def _build(self, node: Regex, after: Bits) -> Bits:
        """The positions where a node begins, when these come after it: `after` too, if it may be empty."""
        match node:
            case Chars(ranges):
                return self._position(self._alphabet.label(ranges), after)
            case Concat(parts):
                for part in reversed(parts):
                    after = self._build(part, after)
                return after
            case Union(parts):
                begin = 0
                for part in parts:
                    begin |= self._build(part, after)
                return begin
            case Repeat(part, low, high):
                return self._repetition(part, low, high, after)
            case Complement(part):
                return self._combination([part], after, every=False)
            case Intersection(parts):
                return self._combination(parts, after, every=True)

    def _repetition(self, part: Regex, low: int, high: int | None, after: Bits) -> Bits:
        if high is None:
            again = self._position(0, 0)
            begin = self._build(part, after | again) & ~again
            for position in range(again.bit_length(), len(self._follow)):
                if self._follow[position] & again:
                    self._follow[position] = self._follow[position] & ~again | begin
            after = begin if low else after | begin
        enough = after
        for _ in range(0 if high is None else high - low):
            after = enough | self._build(part, after)
        for _ in range(low - (high is None)):
            after = self._build(part, after)
        return after

    def _combination(self, parts: Collection[Regex], after: Bits, *, every: bool) -> Bits:
        """What every part fits, or what the only part does not."""
        machines = [Automaton(part, self._alphabet, self._budget) for part in parts]
        table, accepting = self._determined(machines, every=every)
        alive = _leading_to(accepting, table)
        positions: dict[tuple[int, Bits], Bits] = {}
        begin = [after if state in accepting else 0 for state in range(len(table))]
        for state, moves in enumerate(table):
            for target, label in moves.items():
                if target in alive:
                    bit = positions.get((target, label)) or self._position(label, 0)
                    positions[target, label] = bit
                    begin[state] |= bit
        for (target, _), bit in positions.items():
            self._follow[bit.bit_length() - 1] = begin[target]
        return begin[0]

    def _determined(self, machines: list[Automaton], *, every: bool) -> tuple[list[Moves], set[int]]:
        """Each state's moves, the first state first, and which states accept."""
        numbers = {tuple(machine.start for machine in machines): 0}
        table: list[Moves] = []
        accepting = set()
        todo = list(numbers)
        for state in todo:
            moves: Moves = defaultdict(int)
            if all(part & END for part in state) == every:
                accepting.add(len(table))
            for symbol in range(self._alphabet.size):
                self._budget.spend(1 + sum(part.bit_count() for part in state))
                target = tuple(machine.step(part, symbol) for machine, part in zip(machines, state, strict=True))
                if target not in numbers:
                    numbers[target] = len(numbers)
                    todo.append(target)
                moves[numbers[target]] |= 1 << symbol
            table.append(moves)
        return table, accepting

    def _position(self, label: Bits, after: Bits) -> Bits:
        if len(self._follow) >= MAX_POSITIONS:
            self._budget.spend(MAX_WORK + 1)
        bit = 1 << len(self._follow)
        self._follow.append(after)
        self._labelled[label] |= bit
        return bit


def _leading_to(accepting: set[int], table: list[Moves]) -> set[int]:
    """The states from which an accepting one can be reached."""
    sources: dict[int, list[int]] = defaultdict(list)
    for state, moves in enumerate(table):
        for target in moves:
            sources[target].append(state)
    alive, todo = set(accepting), list(accepting)
    while todo:
        found = [state for state in sources[todo.pop()] if state not in alive]
        alive.update(found)
        todo += found
    return alive


def _ones(bits: Bits) -> Iterator[int]:
    """The numbers of the bits that are set."""
    digits = bin(bits)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)
