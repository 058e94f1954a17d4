"""Many tests of one text at a time.

Rules ask for hundreds of words and wildcards in the same field. Whole words are looked up, all at once; of wildcards,
one search finds the literal part that each cannot do without, and only those whose part is there are tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from deckwatch.eql.nodes import Comparison, Field, Literal, Match, Membership
from deckwatch.eql.patterns import wildcard_matches
from deckwatch.plan.patterns import fold, is_folded
from deckwatch.plan.trial import Test

_WILDCARDS = re.compile("[*?]+")
_MOST_BYTES = 1 << 20
"""What is found in so much text fits memory, whatever the text is."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A word or wildcard of one test, in lower case where letter case does not matter; `bit` stands for the test.

    `part` is literal and in every text that fits, in lower case; None for a whole word. `start` and `end` are what
    comes before the first and after the last wildcard.
    """

    text: str
    folded: bool
    bit: int
    part: str | None = None
    start: str = ""
    end: str = ""

    @classmethod
    def of(cls, text: str, bit: int, *, folded: bool) -> _Pattern:
        text = fold(text) if folded else text
        start, *others = _WILDCARDS.split(text)
        if not others:
            return cls(text, folded, bit)
        return cls(text, folded, bit, fold(max([start, *others], key=len)), start, others[-1])

    def fits(self, text: str) -> bool:
        """Whether a wildcard fits; its ends tell most often, and at less cost."""
        ends_fit = text.startswith(self.start) and text.endswith(self.end)
        return ends_fit and wildcard_matches(self.text, text, insensitive=False)


class TextTests:
    """Those of some tests that compare a text with words and wildcards; `others` are the numbers of the rest."""

    def __init__(self, tests: Sequence[Test]) -> None:
        self.others: list[int] = []
        self._words: dict[bool, dict[str, int]] = {False: {}, True: {}}
        self._wildcards: dict[str, list[_Pattern]] = {}
        for number, test in enumerate(tests):
            patterns = _patterns(test, 1 << number)
            for pattern in patterns:
                self._add(pattern)
            if not patterns:
                self.others.append(number)
        self._parts = sorted(self._wildcards)

    def can_take(self, texts: pl.Series) -> bool:
        """Whether these texts are short enough."""
        return texts.dtype == pl.String and texts.estimated_size() <= _MOST_BYTES

    def verdicts(self, texts: pl.Series) -> list[int]:
        """For each text a number whose bit n is set where the test of number n is true."""
        values = [text or "" for text in texts.to_list()]
        folded = list(map(fold, values))
        exact, insensitive = self._words[False], self._words[True]
        found = [exact.get(value, 0) | insensitive.get(low, 0) for value, low in zip(values, folded, strict=True)]
        for row in texts.is_null().arg_true() if texts.null_count() else ():
            found[row] = 0
        for row, patterns in self._candidates(folded):
            for each in patterns:
                if not found[row] & each.bit and each.fits(folded[row] if each.folded else values[row]):
                    found[row] |= each.bit
        return found

    def _add(self, pattern: _Pattern) -> None:
        if pattern.part is not None:
            self._wildcards.setdefault(pattern.part, []).append(pattern)
            return
        words = self._words[pattern.folded]
        words[pattern.text] = words.get(pattern.text, 0) | pattern.bit

    def _candidates(self, folded: Sequence[str]) -> Iterator[tuple[int, Sequence[_Pattern]]]:
        """Rows in which the literal part of some wildcards occurs, with these."""
        if self._parts:
            found = pl.Series(folded, dtype=pl.String).str.extract_many(self._parts, overlapping=True)
            yield from (
                (row, self._wildcards[part]) for row, parts in enumerate(found.to_list()) for part in set(parts)
            )


def _patterns(test: Test, bit: int) -> list[_Pattern]:
    """The words and wildcards a test is made of; none when it is made of anything else."""
    if test.columnar is None:  # text of another kind
        return []
    match test.row_form.condition:
        case Comparison(operator="==", left=Field(), right=Literal(value=str(word))):
            return [_Pattern(word, folded=False, bit=bit)]
        case Membership(operand=Field(), members=members, insensitive=folded):
            words = [each.value for each in members if isinstance(each, Literal) and isinstance(each.value, str)]
            return [_Pattern(fold(word) if folded else word, folded, bit) for word in words]
        case Match(operand=Field(), operator=":" | "like" | "like~" as operator, patterns=literals):
            patterns = [_Pattern.of(str(each.value), bit, folded=is_folded(operator)) for each in literals]
            return [] if any(each.part == "" for each in patterns) else patterns
        case _:
            return []
