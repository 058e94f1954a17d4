"""Literals as written, turned into values: escapes, raw text, numbers, names in back quotes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\"}

LARGEST_INTEGER = 2**63 - 1

_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]*)\}|(.?))")


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong inside a literal; start and end are offsets in the literal's text."""

    message: str
    start: int
    end: int
    hint: str = ""


def unescape(text: str) -> tuple[str, Flaw | None]:
    """The value of `text`, escapes processed, and the first flaw; a flawed escape stands for itself."""
    flaws: list[Flaw] = []

    def replace(match: re.Match[str]) -> str:
        digits, char = match.groups()
        if digits is None and char in ESCAPES:
            return ESCAPES[char]
        flaw = _unknown_escape(match) if digits is None else _code_point_flaw(match)
        if flaw is None:
            return chr(int(digits, 16))
        flaws.append(flaw)
        return match[0]

    value = _ESCAPE.sub(replace, text)
    return value, flaws[0] if flaws else None


def escape(value: str) -> str:
    """The text literal for a value, in double quotes."""
    return '"' + "".join(_escape_char(char) for char in value) + '"'


def number(text: str) -> int | float | None:
    """The value of a number: integers beyond 64 bit become floats. None when it is too large even for that."""
    if text.isdecimal() and len(text.lstrip("0")) <= len(str(LARGEST_INTEGER)) and int(text) <= LARGEST_INTEGER:
        return int(text)
    value = float(text)
    return value if math.isfinite(value) else None


_NAMED = {char: f"\\{name}" for name, char in ESCAPES.items() if name != "'"}


def _escape_char(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    return char if char.isprintable() or "\ud800" <= char <= "\udfff" else f"\\u{{{ord(char):02x}}}"


def _unknown_escape(match: re.Match[str]) -> Flaw:
    if match[0] == "\\u":
        hint = "write a character by its code as `\\u{…}` with 2 to 8 hex digits"
    else:
        hint = 'write `\\\\` for a backslash, or use a raw string: `"""…"""`'
    return Flaw(f"unknown escape `{match[0]}` in text", match.start(), match.end(), hint)


def _code_point_flaw(match: re.Match[str]) -> Flaw | None:
    digits = match[1]
    place = match.start(), match.end()
    if not 2 <= len(digits) <= 8:
        return Flaw(f"`{match[0]}` needs 2 to 8 hex digits", *place, "pad a short code with zeros on the left")
    code = int(digits, 16)
    if 0xD800 <= code <= 0xDFFF:
        return Flaw(f"`{match[0]}` is a surrogate, not a character", *place, "write the code of the character itself")
    if code > 0x10FFFF:
        return Flaw(f"`{match[0]}` is not a valid Unicode character code", *place, "the largest is `\\u{10ffff}`")
    return None
