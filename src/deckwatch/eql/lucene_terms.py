"""Brzozowski derivatives: what may still follow once a character has been read.

A term is a state of the automaton. Equal terms are one object, so transitions are looked up, not computed again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from operator import xor

from deckwatch.eql.lucene_nodes import ANY, Chars, Complement, Concat, Intersection, Ranges, Regex, Repeat, Union
from deckwatch.eql.lucene_parser import PatternError

MAX_WORK = 200_000
"""Steps after which a matcher forgets its transitions, and after which a pattern with `~` or `&` is refused."""


@dataclass(frozen=True, eq=False, slots=True)
class Term:
    nullable: bool


@dataclass(frozen=True, eq=False, slots=True)
class Leaf(Term):
    """One character of the set with this bit."""

    bit: int


@dataclass(frozen=True, eq=False, slots=True)
class Sequel(Term):
    """A head that is no Sequel itself, and what comes after."""

    head: Term
    tail: Term


@dataclass(frozen=True, eq=False, slots=True)
class Either(Term):
    """Alternatives; with a Sequel whose head may be empty, its tail is always among them."""

    terms: frozenset[Term]


@dataclass(frozen=True, eq=False, slots=True)
class Both(Term):
    terms: frozenset[Term]


@dataclass(frozen=True, eq=False, slots=True)
class Other(Term):
    term: Term


@dataclass(frozen=True, eq=False, slots=True)
class Copies(Term):
    term: Term
    low: int
    high: int | None


EPSILON = Term(nullable=True)
NOTHING = Either(nullable=False, terms=frozenset())
EVERYTHING = Both(nullable=True, terms=frozenset())


class Alphabet:
    """Characters sorted into symbols: two of one symbol are in the same sets of the pattern."""

    def __init__(self, tree: Regex) -> None:
        sets = dict.fromkeys([ANY.ranges, *_sets(tree)])
        self.bits = {ranges: 1 << index for index, ranges in enumerate(sets)}
        edges: dict[int, int] = defaultdict(int)
        for ranges, bit in self.bits.items():
            for low, high in ranges:
                edges[low] ^= bit
                edges[high + 1] ^= bit
        starts = sorted(edges)
        members = list(accumulate((edges[start] for start in starts), xor))[:-1]
        symbols = {mark: symbol for symbol, mark in enumerate(dict.fromkeys(members))}
        self.marks = list(symbols)
        self._starts = [chr(start) for start in starts[:-1]]
        self._symbols = [symbols[mark] for mark in members]

    def symbol(self, char: str) -> int:
        return self._symbols[bisect_right(self._starts, char) - 1]


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
    """The deterministic automaton of a pattern, built as values ask for it."""

    def __init__(self, tree: Regex) -> None:
        self._alphabet = Alphabet(tree)
        self._known: dict[tuple[object, ...], Term] = {}
        self._moves: dict[tuple[Term, int], Term] = {}
        self._work = 0
        self._start = self._lower(tree)

    def matches(self, value: str) -> bool:
        state = self._start
        for char in value:
            state = self._derive(state, self._alphabet.symbol(char))
            if state is NOTHING or state is EVERYTHING:
                break
            if self._work > MAX_WORK:
                self._forget()
        return state.nullable

    def settle(self) -> None:
        """Build every state now.

        Raises:
            PatternError: there are too many.
        """
        reached, todo = {self._start}, [self._start]
        while todo:
            state = todo.pop()
            for symbol in range(len(self._alphabet.marks)):
                following = self._derive(state, symbol)
                if self._work > MAX_WORK:
                    raise PatternError("the pattern is too complex: what `~` and `&` combine has too many states", 0)
                if following not in reached:
                    reached.add(following)
                    todo.append(following)

    def _forget(self) -> None:
        self._known.clear()
        self._moves.clear()
        self._work = 0

    def _lower(self, node: Regex) -> Term:
        match node:
            case Chars(ranges):
                bit = self._alphabet.bits[ranges]
                return self._shared(Leaf(nullable=False, bit=bit), bit)
            case Concat(parts):
                return self._sequel([self._lower(part) for part in parts], EPSILON)
            case Union(parts):
                return self._either(self._lower(part) for part in parts)
            case Intersection(parts):
                return self._both(self._lower(part) for part in parts)
            case Complement(part):
                return self._other(self._lower(part))
            case Repeat(part, low, high):
                return EVERYTHING if (part, low, high) == (ANY, 0, None) else self._copies(self._lower(part), low, high)

    def _derive(self, term: Term, symbol: int) -> Term:
        """What may follow a term's first character."""
        following = self._moves.get((term, symbol))
        if following is None:
            self._work += 1
            following = self._moves[term, symbol] = self._derivative(term, symbol)
        return following

    def _derivative(self, term: Term, symbol: int) -> Term:
        match term:
            case Leaf(bit=bit):
                return EPSILON if bit & self._alphabet.marks[symbol] else NOTHING
            case Sequel():
                return self._either([self._step(each, symbol) for each in _skipping([term])])
            case Either(terms=terms):
                return self._either([self._step(each, symbol) for each in terms])
            case Both(terms=terms):
                return self._both([self._derive(each, symbol) for each in terms])
            case Other(term=denied):
                return self._other(self._derive(denied, symbol))
            case Copies(term=copied, low=low, high=high):
                rest = self._copies(copied, max(low - 1, 0), None if high is None else high - 1)
                return self._spread(self._derive(copied, symbol), rest)
            case _:
                return NOTHING

    def _step(self, term: Term, symbol: int) -> Term:
        """What may follow, should a Sequel's head not be skipped."""
        if isinstance(term, Sequel):
            return self._spread(self._derive(term.head, symbol), term.tail)
        return self._derive(term, symbol)

    def _spread(self, derived: Term, tail: Term) -> Term:
        """A derivative and what comes after it, alternative by alternative: that bounds how many states there can be."""
        alternatives = derived.terms if isinstance(derived, Either) else (derived,)
        return self._either([self._sequel([each], tail) for each in alternatives])

    def _shared(self, term: Term, *parts: object) -> Term:
        return self._known.setdefault((type(term), *parts), term)

    def _sequel(self, heads: Iterable[Term], tail: Term) -> Term:
        """Heads and a tail in a row."""
        for head in reversed([*heads]):
            match head:
                case _ if head is NOTHING or tail is NOTHING:
                    return NOTHING
                case _ if head is EPSILON or (head is EVERYTHING and tail is EVERYTHING):
                    pass
                case Sequel():
                    tail = self._sequel(_flat(head), tail)
                case _ if tail is EPSILON:
                    tail = head
                case _:
                    tail = self._shared(Sequel(head.nullable and tail.nullable, head, tail), head, tail)
        return tail

    def _either(self, parts: Iterable[Term]) -> Term:
        terms = _skipping(leaf for part in parts for leaf in (part.terms if isinstance(part, Either) else (part,)))
        self._work += len(terms)
        if EVERYTHING in terms:
            return EVERYTHING
        if len(terms) == 1:
            return terms.pop()
        members = frozenset(terms)
        nullable = any(each.nullable for each in members)
        return self._shared(Either(nullable, members), members) if members else NOTHING

    def _both(self, parts: Iterable[Term]) -> Term:
        terms = {leaf for part in parts for leaf in (part.terms if isinstance(part, Both) else (part,))}
        self._work += len(terms)
        nullable = all(each.nullable for each in terms)
        if NOTHING in terms:
            return NOTHING
        if EPSILON in terms:
            return EPSILON if nullable else NOTHING
        if len(terms) == 1:
            return terms.pop()
        members = frozenset(terms)
        return self._shared(Both(nullable, members), members) if members else EVERYTHING

    def _other(self, term: Term) -> Term:
        match term:
            case Other(term=denied):
                return denied
            case _ if term is NOTHING:
                return EVERYTHING
            case _ if term is EVERYTHING:
                return NOTHING
            case _:
                return self._shared(Other(not term.nullable, term), term)

    def _copies(self, term: Term, low: int, high: int | None) -> Term:
        if high == 0:
            return EPSILON
        if low == high == 1:
            return term
        return self._shared(Copies(low == 0 or term.nullable, term, low, high), term, low, high)


def _skipping(terms: Iterable[Term]) -> set[Term]:
    """The terms and whatever follows a head that may be empty. Doing this once for all keeps steps linear."""
    reached: set[Term] = set()
    for start in terms:
        term = start
        while term not in reached:
            reached.add(term)
            if isinstance(term, Sequel) and term.head.nullable:
                term = term.tail
    return reached


def _flat(term: Term) -> list[Term]:
    """The links of a chain of Sequels."""
    links = []
    while isinstance(term, Sequel):
        links.append(term.head)
        term = term.tail
    return [*links, term]
