"""Lucene's regular expressions with every optional operator, matched without backtracking.

tree = parse(text)        lucene_parser, lucene_nodes
Automaton(tree)           lucene_terms: derivatives, for values one by one
rust(tree)                lucene_rust: for Polars, a column at a time
"""

from __future__ import annotations

from functools import lru_cache

from deckwatch.eql.lucene_automaton import Alphabet, Automaton, Budget
from deckwatch.eql.lucene_parser import parse
from deckwatch.eql.lucene_rust import compiled_bytes, rust


class Lucene:
    r"""A compiled pattern. It fits a value as a whole.

    `rust` is the same pattern for Rust's `regex` crate, to stand in `(?s)\A(?:…)\z`. It is None where the pattern
    uses `~` or `&`, or takes over 8 MB of the 10 MB the crate allows one expression. `rust_bytes` is what it takes,
    rather too much than too little.
    """

    def __init__(self, pattern: str, *, insensitive: bool) -> None:
        tree = parse(pattern, insensitive=insensitive)
        budget = Budget()
        self._automaton = Automaton(tree, Alphabet(tree, budget), budget)
        self.rust: str | None = rust(tree)
        self.rust_bytes = 0 if self.rust is None else compiled_bytes(tree)

    def matches(self, value: str) -> bool:
        """Whether the pattern fits the whole value. The time is linear in the value's length."""
        return self._automaton.matches(value)


@lru_cache(maxsize=1024)
def compile_lucene(pattern: str, insensitive: bool) -> Lucene:  # noqa: FBT001
    """The pattern ready to match. `insensitive` makes the cases of ASCII letters equal, inside ranges too.

    Raises:
        PatternError: the pattern cannot be read, or is too large or too complex.
    """
    return Lucene(pattern, insensitive=insensitive)
