r"""From the text of a Lucene regular expression to its tree.

Read as Lucene reads it, down to its habits: `^` and `$` are ordinary, a quantifier with nothing before it stands
for itself, so does a `]` that comes first in a class. Where Lucene would silently read something else than was
meant, as in `(?:a)`, `\1` or `a||b`, the pattern is refused. Case-insensitive reading widens classes and ranges too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NoReturn

from deckwatch.eql.lucene_nodes import (
    ANY,
    EMPTY,
    NEVER,
    Chars,
    Ranges,
    Regex,
    complement,
    concat,
    folded,
    intersection,
    inverted,
    joined,
    repeat,
    size,
    union,
)
from deckwatch.errors import DeckwatchError

MAX_LENGTH = 65_536
MAX_SIZE = 5_000
MAX_DEPTH = 25
MAX_NUMBER = 2**31 - 1

_DIGIT: Ranges = ((0x30, 0x39),)
_SPACE: Ranges = ((0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x20))
_WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_CLASSES = {"d": _DIGIT, "s": _SPACE, "w": _WORD, "D": inverted(_DIGIT), "S": inverted(_SPACE), "W": inverted(_WORD)}
_WHOLES: dict[str, Regex] = {".": ANY, "#": NEVER, "@": repeat(ANY, 0, None)}
_QUANTIFIERS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
_UNSUPPORTED = {
    **dict.fromkeys("bB", "word boundaries are not supported"),
    **dict.fromkeys("AzZG", "anchors are not needed: the pattern covers the whole value"),
    **dict.fromkeys("pPX", "Unicode properties are not supported; list the characters as ranges in []"),
    **dict.fromkeys("QE", 'put text between double quotes to take it literally: "a.b"'),
    **dict.fromkeys("k123456789", "back-references are not supported"),
    **dict.fromkeys("nrtfaevhRNxuUc0", "write the character itself: the query's own string escapes come first"),
}
_COUNTS = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_INTERVAL = re.compile(r"<([0-9]+)-([0-9]+)>")


class PatternError(DeckwatchError):
    """A regular expression that cannot be read. `offset` counts the characters before the fault."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, offset)
        self.message, self.offset = message, offset

    def __str__(self) -> str:
        return f"{self.message} (at character {self.offset + 1} of the pattern)"


def parse(pattern: str, *, insensitive: bool) -> Regex:
    """The tree of a pattern; an empty pattern fits the empty text.

    Raises:
        PatternError: it cannot be read, or is too large.
    """
    if len(pattern) > MAX_LENGTH:
        raise PatternError(f"the pattern has {len(pattern)} characters; at most {MAX_LENGTH} are allowed", MAX_LENGTH)
    return _Reader(pattern, insensitive).read() if pattern else EMPTY


@dataclass(slots=True)
class _Group:
    """What has been read since a parenthesis: alternatives of conjuncts of factors."""

    opened: int
    alternatives: list[Regex] = field(default_factory=list)
    conjuncts: list[Regex] = field(default_factory=list)
    factors: list[Regex] = field(default_factory=list)
    tildes: int = 0

    def add(self, atom: Regex) -> None:
        self.factors.append(complement(atom) if self.tildes % 2 else atom)
        self.tildes = 0

    def end_conjunct(self, at: int) -> None:
        if self.tildes:
            raise PatternError("nothing follows `~`; write \\~ for the character", at - 1)
        if not self.factors:
            raise PatternError("nothing stands here; write () for the empty text, or put \\ before a literal | & )", at)
        self.conjuncts.append(concat(self.factors))
        self.factors = []

    def end_alternative(self, at: int) -> None:
        self.end_conjunct(at)
        self.alternatives.append(intersection(self.conjuncts))
        self.conjuncts = []

    def close(self, at: int) -> Regex:
        self.end_alternative(at)
        return union(self.alternatives)


class _Reader:
    def __init__(self, text: str, insensitive: bool) -> None:  # noqa: FBT001
        self.text, self.insensitive = text, insensitive
        self.at = 0
        self.groups = [_Group(0)]

    def read(self) -> Regex:
        while self.at < len(self.text):
            self._step(self.groups[-1], self.text[self.at])
        if len(self.groups) > 1:
            raise PatternError("this parenthesis is never closed; write \\( for the character", self.groups[-1].opened)
        whole = self.groups[0].close(self.at)
        return self._limited(whole, 0)

    def _step(self, group: _Group, char: str) -> None:
        start = self.at
        repeatable = group.factors and not group.tildes
        match char:
            case "(":
                self._open(group)
            case ")" if len(self.groups) == 1:
                raise PatternError("no parenthesis is open here; write \\) for the character", start)
            case ")":
                atom = self.groups.pop().close(start)
                self.groups[-1].add(atom)
                self.at += 1
            case "|":
                group.end_alternative(start)
                self.at += 1
            case "&":
                group.end_conjunct(start)
                self.at += 1
            case "~":
                group.tildes += 1
                self.at += 1
            case "?" | "*" | "+" | "{" if repeatable:
                low, high = self._quantifier(char)
                group.factors[-1] = self._limited(repeat(group.factors[-1], low, high), start)
            case _:
                group.add(self._atom(char))

    def _open(self, group: _Group) -> None:
        if self.text.startswith("()", self.at):
            group.add(EMPTY)
            self.at += 2
            return
        if self.text.startswith("(?", self.at):
            raise PatternError("(? groups, lookaround and inline flags are not supported; use plain ( )", self.at)
        if len(self.groups) > MAX_DEPTH:
            raise PatternError(f"parentheses are nested more than {MAX_DEPTH} deep", self.at)
        self.groups.append(_Group(self.at))
        self.at += 1

    def _limited(self, node: Regex, at: int) -> Regex:
        if size(node) > MAX_SIZE:
            raise PatternError(f"the pattern is too large: with repetitions written out, over {MAX_SIZE} parts", at)
        return node

    def _quantifier(self, char: str) -> tuple[int, int | None]:
        if char != "{":
            self.at += 1
            return _QUANTIFIERS[char]
        counts = _COUNTS.match(self.text, self.at)
        if counts is None:
            self._fail("a repetition is {n}, {n,} or {n,m}; write \\{ for the character")
        low = self._number(counts[1])
        high = low if counts[2] is None else self._number(counts[3]) if counts[3] else None
        if high is not None and high < low:
            self._fail(f"a repetition counts upwards: write {{{high},{low}}}")
        self.at = counts.end()
        return low, high

    def _number(self, digits: str) -> int:
        significant = digits.lstrip("0") or "0"
        if len(significant) > len(str(MAX_NUMBER)) or int(significant) > MAX_NUMBER:
            self._fail(f"numbers end at {MAX_NUMBER}")
        return int(significant)

    def _atom(self, char: str) -> Regex:
        match char:
            case "." | "#" | "@":
                self.at += 1
                return _WHOLES[char]
            case '"':
                return self._quoted()
            case "[":
                return self._class()
            case "<":
                return self._interval()
            case _:
                ranges = self._predefined()
                return Chars(ranges) if ranges else self._chars(self._character())

    def _chars(self, point: int) -> Chars:
        ranges = ((point, point),)
        return Chars(folded(ranges) if self.insensitive else ranges)

    def _quoted(self) -> Regex:
        end = self.text.find('"', self.at + 1)
        if end < 0:
            self._fail('this double quote is never closed; write \\" for the character')
        quoted = self.text[self.at + 1 : end]
        self.at = end + 1
        return concat([self._chars(ord(char)) for char in quoted])

    def _interval(self) -> Regex:
        bounds = _INTERVAL.match(self.text, self.at)
        if bounds is None:
            self._fail("a numeric interval is <m-n>; write \\< for the character")
        for bound in bounds.groups():
            self._number(bound)
        self.at = bounds.end()
        return interval(bounds[1], bounds[2])

    def _class(self) -> Chars:
        start = self.at
        self.at += 1
        negated = self._take("^")
        ranges: list[tuple[int, int]] = []
        while not ranges or not self._take("]"):
            if self.at >= len(self.text):
                raise PatternError("this character class is never closed; write \\[ for the character", start)
            ranges += self._class_item()
        found = folded(joined(ranges)) if self.insensitive else joined(ranges)
        return Chars(inverted(found) if negated else found)

    def _class_item(self) -> Ranges:
        if ranges := self._predefined():
            return ranges
        start = self.at
        low = self._character(in_class=True)
        if not self._take("-"):
            return ((low, low),)
        if self.text.startswith("]", self.at) or self._predefined():
            raise PatternError("this range has no end; write \\- for a hyphen", start)
        high = self._character(in_class=True)
        if high < low:
            raise PatternError(f"this range runs backwards; write {chr(high)}-{chr(low)}", start)
        return ((low, high),)

    def _predefined(self) -> Ranges | None:
        r"""The characters of `\d` and its like, if one stands here."""
        ranges = _CLASSES.get(self.text[self.at + 1 : self.at + 2]) if self.text.startswith("\\", self.at) else None
        self.at += 2 if ranges else 0
        return ranges

    def _character(self, *, in_class: bool = False) -> int:
        """One character, perhaps escaped."""
        start = self.at
        escaped = self._take("\\")
        if self.at >= len(self.text):
            raise PatternError("the pattern ends too early; write \\\\ for a backslash", start)
        char = self.text[self.at]
        if escaped and char.isascii() and (char.isalpha() or (char.isdigit() and not in_class)):
            reason = _UNSUPPORTED.get(char, "a letter has no meaning there; write \\\\ for a backslash")
            raise PatternError(f"cannot use \\{char}: {reason}", start)
        self.at += 1
        return ord(char)

    def _take(self, char: str) -> bool:
        found = self.text.startswith(char, self.at)
        self.at += found
        return found

    def _fail(self, message: str) -> NoReturn:
        raise PatternError(message, self.at)


def interval(first: str, last: str) -> Regex:
    """Decimal numbers from one bound to the other, in either order.

    Bounds of one width ask for exactly that many digits, others let numbers start with any run of zeros.
    """
    low, high = sorted((first, last), key=int)
    if len(low) == len(high):
        return _between(low, high)
    least, most = int(low), int(high)
    widths = [
        _between(str(max(least, 10 ** (width - 1) if width > 1 else 0)), str(min(most, 10**width - 1)))
        for width in range(len(str(least)), len(str(most)) + 1)
    ]
    return concat((repeat(_digit("0", "0"), 0, None), union(widths)))


def _between(low: str, high: str) -> Regex:
    """Numbers between two of the same width, written with that width."""
    shared = [char for char, _ in takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=True))]
    head = [_digit(char, char) for char in shared]
    low, high = low[len(shared) :], high[len(shared) :]
    if not low:
        return concat(head)
    rest = len(low) - 1
    if set(low) == {"0"} and set(high) == {"9"}:
        return concat((*head, repeat(Chars(_DIGIT), rest + 1, rest + 1)))
    parts = [concat((_digit(low[0], low[0]), _between(low[1:], "9" * rest)))]
    if ord(high[0]) - ord(low[0]) > 1:
        middle = _digit(chr(ord(low[0]) + 1), chr(ord(high[0]) - 1))
        parts.append(concat((middle, repeat(Chars(_DIGIT), rest, rest))))
    parts.append(concat((_digit(high[0], high[0]), _between("0" * rest, high[1:]))))
    return concat((*head, union(parts)))


def _digit(first: str, last: str) -> Chars:
    return Chars(((ord(first), ord(last)),))
