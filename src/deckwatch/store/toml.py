"""Rules written as TOML, the way rule authors lay them out: long texts as they read, one table for each tactic.

No TOML library writes a query line by line without escaping its backslashes, hence this one.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""What neither kind of text over several lines may hold as it is; a tab and the end of a line are fine."""

WIDTH = 120


def written(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """A document of these tables, in order; empty ones are left out.

    Raises:
        ValueError: a value has no form in TOML.
    """
    return "\n".join("".join(_table((name,), table)) for name, table in tables.items() if table)


def _table(path: tuple[str, ...], table: Mapping[str, Any], brackets: str = "[]") -> Iterator[str]:
    """A table: first what fits behind an equals sign, then the tables in it."""
    yield f"{brackets[: len(brackets) // 2]}{'.'.join(map(_key, path))}{brackets[len(brackets) // 2 :]}\n"
    inner = {key: value for key, value in table.items() if _is_nested(value)}
    for key, value in table.items():
        if key not in inner:
            yield f"{_key(key)} = {_block(value)}\n"
    for key, value in inner.items():
        for each in value if isinstance(value, list) else [value]:
            yield "\n"
            yield from _table((*path, key), each, "[[]]" if isinstance(value, list) else "[]")


def _is_nested(value: Any) -> bool:
    """Whether it is a table of its own, or a list of them. Small ones, such as a mapping, stay on one line."""
    match value:
        case dict():
            return any(isinstance(each, dict | list) for each in value.values()) or len(_inline(value)) > WIDTH
        case [dict(), *_]:
            return all(isinstance(each, dict) for each in value) and any(map(_is_nested, value))
        case _:
            return False


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _block(value: Any) -> str:
    """A value with room: a text of several lines as they are, a long list with a line for each member."""
    match value:
        case str() if "\n" in value and not value.isspace():
            return _lines(value)
        case list() if len(line := _inline(value)) > WIDTH - 20:
            members = "".join(f"    {_inline(each)},\n" for each in value)
            return f"[\n{members}]" if value else line
        case _:
            return _inline(value)


def _lines(text: str) -> str:
    if "'''" not in text and not text.endswith("'") and not _FORBIDDEN.search(text):
        return f"'''\n{text}'''"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""\n{_FORBIDDEN.sub(_escape, escaped)}"""'


def _inline(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case dt.date() | dt.time():
            return value.isoformat()
        case Mapping():
            return _enclosed("{ ", [f"{_key(key)} = {_inline(each)}" for key, each in value.items()], " }")
        case list() | tuple():
            return _enclosed("[", [_inline(each) for each in value], "]")
        case _:
            raise ValueError(f"{value!r} has no form in TOML")


def _enclosed(opening: str, members: Sequence[str], closing: str) -> str:
    return opening + ", ".join(members) + closing if members else (opening + closing).replace(" ", "")


def _text(text: str) -> str:
    """A text on one line; without escapes where it holds backslashes or quotes."""
    if ("\\" in text or '"' in text) and "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
