"""Events and numbers as people read them.

Attackers choose file names and arguments: what these functions return holds no control characters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from deckwatch.eql.dates import MILLISECOND, format_timestamp
from deckwatch.events.document import field_values, leaves

ARGUMENT_CHARACTERS = 80
"""How much of a command line is shown."""

CONTAINER_ID_CHARACTERS = 12

NOTHING = "-"


def escaped(text: str, keep: str = "") -> str:
    """The text on one line, its control and formatting characters written as escapes, except those to keep."""
    return "".join(char if char.isprintable() or char in keep else _escape(char) for char in text)


def printable(message: str) -> str:
    """A message of one or more lines, fit for a terminal."""
    return escaped(message, keep="\n\t")


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()


def json_line(value: object) -> str:
    """The value as JSON in ASCII, which every terminal and every encoding can take. Infinite numbers become null."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        finite = json.loads(json.dumps(value), parse_constant=lambda _: None)
        return json.dumps(finite, separators=(",", ":"))


def number_of(count: int, thing: str) -> str:
    """1 alert, 2 alerts, 1,000 alerts."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def field_text(document: Mapping[str, Any], name: str, separator: str = ", ") -> str:
    """All values of a field on one line; empty when it has none."""
    return separator.join(value_text(leaf) for leaf in leaves(document, name) if leaf is not None)


def time_text(document: Mapping[str, Any], name: str) -> str:
    """The time in a field, in UTC and milliseconds; empty when there is none."""
    match field_values(document, name, "date"):
        case [int(time), *_]:
            return format_timestamp(time // MILLISECOND * MILLISECOND).removesuffix("Z").replace("T", " ")
        case _:
            return ""


def container_text(document: Mapping[str, Any]) -> str:
    """Name and short id."""
    name, identity = (field_text(document, field) for field in ("container.name", "container.id"))
    return " ".join(filter(None, (name, identity[:CONTAINER_ID_CHARACTERS])))


def process_text(document: Mapping[str, Any], of: str = "process", characters: int = ARGUMENT_CHARACTERS) -> str:
    """The command line, shortened, after the name of the process where the line does not begin with it."""
    name = field_text(document, f"{of}.name")
    line = shortened(field_text(document, f"{of}.args", " "), characters)
    if not line:
        return name
    program = line.split(" ", 1)[0].rpartition("/")[2]
    return line if program == name or not name else f"{name}: {line}"


def action_text(document: Mapping[str, Any], category_field: str = "event.category") -> str:
    """Category and action: file/creation."""
    return "/".join(filter(None, (field_text(document, name, "+") for name in (category_field, "event.action"))))


def shortened(text: str, width: int) -> str:
    """The text cut to so many characters."""
    return text if len(text) <= width else text[: width - 1] + "…"


def value_text(value: object) -> str:
    """A JSON value on one line, a string without quotes."""
    return escaped(value) if isinstance(value, str) else json_line(value)
