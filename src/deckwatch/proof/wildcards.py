"""Wildcards against wildcards: texts that fit some and not others, and the proof that there are none.

Take a wildcard with every `*` replaced by one character that occurs in no pattern at all. If another wildcard, one
without `?`, fits that text, its own stars took up the strange characters, so they could take up anything: it fits
whatever the first fits. Otherwise the text is what the first fits and the other does not. So one text decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, permutations, product

from deckwatch.eql.nodes import Call, Comparison, Expr, Field, Literal, Match, Membership
from deckwatch.eql.patterns import wildcard_matches

_STRANGE = "xqzjkvwy0123456789~^!;%#§¤¶"
_MOST_CHOICES, _MOST_ORDERS = 6, 6


def patterns(test: Expr) -> list[str] | None:
    """A test on text as wildcards, one of which must fit; None when it is none. Literal stars are not told apart."""
    match test:
        case Comparison(operator="==", left=Field(), right=Literal(value=str(text))) if not _is_wild(text):
            return [text]
        case Membership(operand=Field(), members=members):
            texts = [str(each.value) for each in members if isinstance(each, Literal)]
            return None if any(map(_is_wild, texts)) else texts
        case Match(operand=Field(), operator=":" | "like" | "like~", patterns=found):
            return [str(each.value) for each in found]
        case Call(
            name="startsWith" | "endsWith" | "stringContains" as name, arguments=(Field(), Literal(value=str(text)))
        ):
            before, after = "*" * (name != "startsWith"), "*" * (name != "endsWith")
            return None if not text or _is_wild(text) else [f"{before}{text}{after}"]
        case _:
            return None


def covers(pattern: str, other: str, *, insensitive: bool) -> bool:
    """Whether a wildcard certainly fits everything that another one fits."""
    return "?" not in pattern and wildcard_matches(pattern, _witness(other, [pattern]), insensitive)


def _witness(pattern: str, others: Sequence[str]) -> str:
    """The text that decides whether a wildcard fits anything that none of the others fits."""
    strange = _strange_to([pattern, *others])
    return pattern.replace("*", strange).replace("?", strange)


def witnesses(required: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    """Texts that decide whether one of these wildcards fits anything that the others do not."""
    for pattern in required:
        text = _witness(pattern, [*required, *others])
        yield from dict.fromkeys((text, text.lower(), text.upper()))


def joined(required: Sequence[Sequence[str]], others: Sequence[str]) -> Iterator[str]:
    """Texts that may fit one wildcard of every list: what they ask for, side by side."""
    strange = _strange_to([*others, *(each for some in required for each in some)])
    for filler, glue in (("", " "), ("", ""), (strange, " "), (strange, "")):
        for choice in islice(product(*required), _MOST_CHOICES):
            for order in islice(permutations(choice), _MOST_ORDERS):
                pieces = [each.replace("*", filler).replace("?", strange) for each in order]
                yield glue.join(each.strip("*").replace("*", filler).replace("?", strange) for each in order)
                yield from map(glue.join, _cases(pieces))


def _cases(pieces: Sequence[str]) -> Iterator[list[str]]:
    """The pieces as they are, all in capitals, and each of them alone in capitals."""
    upper = [piece.upper() for piece in pieces]
    yield list(pieces)
    yield upper
    for place in range(len(pieces)):
        yield [*pieces[:place], upper[place], *pieces[place + 1 :]]


def _strange_to(texts: Sequence[str]) -> str:
    used = set("".join(texts).lower())
    return next((char for char in _STRANGE if char not in used), "\N{BULLET}")


def _is_wild(text: str) -> bool:
    return "*" in text or "?" in text
