"""One line to one document, exactly; and the document as people are to see it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import duckdb
import msgspec

from deckwatch.events.document import unwrap


class NotAnEventError(ValueError):
    """The text is not one JSON object; the message says what it is instead."""


def decode(line: bytes) -> dict[str, Any]:
    """The document on a line.

    Like the column decoder, it lets NaN, numbers beyond double precision and trailing commas pass. An escape for half
    of a surrogate pair reads as U+FFFD: one odd file name must not hide an event.
    """
    try:
        document = msgspec.json.decode(line)
    except RecursionError:
        raise NotAnEventError("nested too deeply to be decoded") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        whole = _without_halves(line)
        document = decode(whole) if whole != line else _decode_leniently(line, str(error))
    if isinstance(document, dict):
        return document
    hint = "; write one document per line (jq -c '.[]')" if isinstance(document, list) else ""
    raise NotAnEventError(f"not a JSON object but {_NAMES[type(document)]}{hint}")


def decode_for_display(line: bytes) -> dict[str, Any]:
    """The document on a line that was evaluated: what is too deep for a Python object stays JSON text.

    An export's envelope is taken off, and its index and id are kept as `_index` and `_id`.
    """
    try:
        return without_envelope(decode(line))
    except NotAnEventError:
        return {key: _value_or_text(text) for key, text in _members(line)}


def without_envelope(document: dict[str, Any]) -> dict[str, Any]:
    """The document itself, with the index and id of its envelope as `_index` and `_id`."""
    inner, index, identity = unwrap(document)
    if inner is document:
        return document
    names = {"_index": index, "_id": identity}
    return inner | {name: value for name, value in names.items() if value is not None}


_NAMES: dict[type, str] = {
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
"""An escape; the group takes part only where it is half of a surrogate pair."""


def _without_halves(line: bytes) -> bytes:
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape[1] else escape[0], line)


def _decode_leniently(line: bytes, fault: str) -> object:
    try:
        (text,) = _query("SELECT json(?)", line)[0]
        return json.loads(text, parse_constant=lambda _: None)
    except (duckdb.Error, ValueError, RecursionError):
        raise NotAnEventError(fault) from None


def _members(line: bytes) -> list[tuple[str, str]]:
    return _query("SELECT key, value FROM json_each(?)", line)


def _value_or_text(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text


def _query(sql: str, line: bytes) -> list[tuple[Any, ...]]:
    with _database().cursor() as cursor:
        return cursor.execute(sql, [line.decode()]).fetchall()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1, "temp_directory": ""})
