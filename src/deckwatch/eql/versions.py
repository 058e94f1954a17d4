"""Software versions: the order of `version` fields, by the rules of semantic versioning."""

from __future__ import annotations

import re
from typing import TypeAlias

_NUMBER = "(?:0|[1-9][0-9]*)"
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"(?P<main>{_NUMBER}(?:\.{_NUMBER})*)(?:-(?P<pre>{_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?")

Part: TypeAlias = tuple[bool, int, str]
VersionKey: TypeAlias = tuple[bool, tuple[Part, ...], bool, tuple[Part, ...], str]


class Version(str):
    """A version constant in a lowered condition: equal as text, ordered by `version_key`."""

    __slots__ = ()


def version_key(text: str) -> VersionKey:
    """What versions are ordered by. `1.2 < 1.10`, `1.0.0-rc.1 < 1.0.0`; other text comes last, in text order.

    A version may have any number of numeric parts; with an equal beginning the shorter one is lower.
    Build metadata decides only between versions that are otherwise equal.
    """
    found = _VERSION.fullmatch(text)
    if not found:
        return True, (), True, (), text
    pre = found["pre"]
    return False, _parts(found["main"]), pre is None, _parts(pre or ""), text


def _parts(identifiers: str) -> tuple[Part, ...]:
    """Numbers before words; numbers by length and digits, which is their order at any size."""
    return tuple(_part(part) for part in identifiers.split(".")) if identifiers else ()


def _part(part: str) -> Part:
    if part.isdecimal():
        digits = part.lstrip("0")
        return False, len(digits), digits
    return True, 0, part
