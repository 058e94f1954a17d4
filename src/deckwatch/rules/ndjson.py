"""Rules as Kibana writes them: exports of a space, one JSON object a line, and single JSON objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from deckwatch.rules.draft import MAX_BYTES, Draft, Reading, decoded
from deckwatch.rules.exceptions.read import read_item, read_list
from deckwatch.rules.rule import RuleError, RuleFault, Skipped, Source

ASSET_KEYS = ("rule_id", "version")
"""What a rule of the prebuilt package must have beyond what every rule has."""

_JSON = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|[{}\[\]]', re.DOTALL)
_SHALLOW = 2


def read_ndjson(stream: IO[bytes], file: str) -> Iterator[Reading]:
    """Everything in an export that is a rule or changes one; a bad line is a fault and the others are still read."""
    empty = True
    for number, data in _lines(stream):
        if data.isspace():
            continue
        empty = False
        try:
            text = decoded(data, file, number)
            yield from classified(_parsed(text, file, number), Source(file, number))
        except RuleError as error:
            yield from error.faults
        except RecursionError:
            yield RuleFault(file, number, None, "nested too deeply to be a rule", "is this the right file?")
    if empty:
        yield RuleFault(file, None, None, "empty", "export rules into it or remove it")


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each line with its number; of a line beyond `MAX_BYTES` only the beginning, too long to be decoded."""
    number = 0
    while data := stream.readline(MAX_BYTES + 1):
        number += 1
        rest = data
        while len(rest) > MAX_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_BYTES + 1)
        yield number, data


def read_json(data: bytes, file: str) -> Iterator[Reading]:
    """The rule in a JSON file: a rule of the rules API or a file of the prebuilt package."""
    text = decoded(data, file)
    return classified(_parsed(text, file), Source(file, 1), key_lines(text))


def classified(value: Any, source: Source, lines: Mapping[str, int] | None = None) -> Iterator[Reading]:
    """A JSON value by its shape. Connectors and the summary of an export yield nothing."""
    known = lines or {}
    match value:
        case {"exported_count": _} | {"exported_exception_list_count": _} | {"type": "action", "attributes": _}:
            return
        case {"item_id": _, "entries": _}:
            yield from read_item(value, source)
        case {"list_id": _} if "rule_id" not in value:
            yield from read_list(value, source)
        case {"type": "security-rule", "attributes": dict(attributes)}:
            prefix = "attributes."
            inner = {key.removeprefix(prefix): line for key, line in known.items() if key.startswith(prefix)}
            yield Draft(attributes, source, inner, ASSET_KEYS)
        case {"type": str(kind), "attributes": dict()}:
            yield Skipped(str(value.get("id", "")), "", source.file, source.line, f"a Kibana {kind}, not a rule")
        case dict():
            yield Draft(value, source, known)
        case _:
            yield RuleFault(
                source.file,
                source.line,
                None,
                "not a JSON object",
                "write {…}: one rule in a .json file, or one on each line of an .ndjson file",
            )


def key_lines(text: str) -> dict[str, int]:
    """The line of each key of a JSON object and, as `key.key`, of the objects directly in it."""
    lines: dict[str, int] = {}
    path: list[str] = []
    for token in _JSON.finditer(text):
        if token[2]:
            path[-1] = token[1][1:-1]
            if len(path) <= _SHALLOW:
                lines.setdefault(".".join(path), text.count("\n", 0, token.start()) + 1)
        elif token[0] in "{[":
            path.append("")
        elif token[0] in "}]":
            path.pop()
    return lines


def _parsed(text: str, file: str, line: int | None = None) -> Any:
    """The value of a JSON text; `line` is given where the text is one line of an export."""
    try:
        return json.loads(text, parse_constant=_constant)
    except json.JSONDecodeError as error:
        hint = "name an export of several rules .ndjson" if error.msg == "Extra data" and line is None else ""
        row = line if line is not None else error.lineno
        raise RuleError(RuleFault(file, row, error.colno, f"not JSON: {error.msg}", hint)) from error
    except ValueError as error:
        raise RuleError(RuleFault(file, line or 1, None, f"not JSON: {error}")) from error


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
