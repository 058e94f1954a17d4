"""Where in its file the query of a rule stands, character by character."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from deckwatch.rules import ndjson, toml
from deckwatch.rules.draft import MAX_BYTES
from deckwatch.rules.rule import Rule

_QUERY_KEY = re.compile(r"""[ \t]*(?:rule[ \t]*\.[ \t]*)?query[ \t]*=[ \t]*('''\n?|\"""\n?|'|")""")
_ESCAPE = re.compile(
    r"""\\(?: u(?P<high>[dD][89abAB]..)\\u(?P<low>[dD][c-fC-F]..)
        | u(?P<four>[0-9a-fA-F]{4}) | U(?P<eight>[0-9a-fA-F]{8})
        | (?P<named>["\\/bfnrt]) | (?P<nothing>[ \t]*\n\s*) )""",
    re.VERBOSE,
)
_NAMED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]', re.DOTALL)
_QUERY_PATHS = (["query"], ["attributes", "query"])


@dataclass(frozen=True, slots=True)
class Written:
    """A rule as its file has it.

    `offsets` holds the place in `text` of every character of the query, and of its end; it is empty where the query
    was not found. `first` is the line of the file that `text` begins with, `lines` those of the parameters.
    `document` holds the tables of a TOML file, and nothing for other files.
    """

    text: str = field(default="", repr=False)
    first: int = 1
    offsets: Sequence[int] = field(default=(), repr=False)
    lines: Mapping[str, int] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def table(self, name: str) -> Mapping[str, Any]:
        """A table of a TOML file; empty where there is none."""
        table = self.document.get(name)
        return table if isinstance(table, dict) else {}

    def position(self, offset: int) -> tuple[int, int] | None:
        """Line and column in the file of a character of the query, both from 1."""
        if not self.offsets:
            return None
        at = self.offsets[offset]
        return self.first + self.text.count("\n", 0, at), at - self.text.rfind("\n", 0, at)


def written(rule: Rule) -> Written:
    """The rule in its file; a rule of an archive, or of a file that is gone, has no place."""
    path = Path(rule.source.file)
    text = _text(path)
    if text is None:
        return Written()
    if path.suffix.lower() == ".ndjson":
        return placed(rule, text.split("\n")[rule.source.line - 1], rule.source.line)
    return placed(rule, text)


def placed(rule: Rule, text: str, first: int = 1) -> Written:
    """The rule in a text: that of its file, or its line of an export, which begins at line `first` of the file."""
    if Path(rule.source.file).suffix.lower() == ".toml":
        document = tomllib.loads(text)
        lines = toml.key_lines(text)
        begun = _in_toml(text, lines.get("query"))
    else:
        document, begun = {}, _in_json(text)
        lines = {} if first > 1 else ndjson.key_lines(text)
    offsets = _offsets(text, *begun, rule.query) if begun else ()
    return Written(text, first, offsets, lines, document)


@cache
def _text(path: Path) -> str | None:
    try:
        data = path.read_bytes()
        return None if len(data) > 64 * MAX_BYTES else data.decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return None


def forget() -> None:
    """Read files again: they have been changed."""
    _text.cache_clear()


def _in_toml(text: str, line: int | None) -> tuple[int, bool] | None:
    """Where the query's first character stands, and whether backslashes escape in it."""
    if line is None:
        return None
    start = 0
    for _ in range(line - 1):
        start = text.index("\n", start) + 1
    key = _QUERY_KEY.match(text, start)
    return (key.end(), key[1].startswith('"')) if key else None


def _in_json(text: str) -> tuple[int, bool] | None:
    path: list[str] = []
    token_before = ""
    for token in _JSON.finditer(text):
        if token[0] == ":" and path:
            path[-1] = token_before[1:-1]
        elif token[0].startswith('"') and path in _QUERY_PATHS and text[: token.start()].rstrip().endswith(":"):
            return token.start() + 1, True
        elif token[0] in "{[":
            path.append("")
        elif token[0] in "}]":
            del path[-1:]
        token_before = token[0]
    return None


def _offsets(text: str, start: int, escaped: bool, query: str) -> Sequence[int]:  # noqa: FBT001
    """The place of every character; nothing when what stands there is not the query after all."""
    offsets: list[int] = []
    at = start
    characters = _characters(text, start) if escaped else ((char, start + n + 1) for n, char in enumerate(text[start:]))
    for char, end in characters:
        if len(offsets) == len(query):
            break
        if char and char != query[len(offsets)]:
            return ()
        if char:
            offsets.append(at)
        at = end
    return (*offsets, at) if len(offsets) == len(query) else ()


def _characters(text: str, start: int) -> Iterator[tuple[str, int]]:
    """Each character of a literal with escapes, and where it ends; the empty text for what stands for none."""
    at = start
    while at < len(text):
        found = _ESCAPE.match(text, at)
        if not found:
            at += 1
            yield text[at - 1], at
            continue
        at = found.end()
        if found["nothing"]:
            yield "", at
        elif found["high"]:
            pair = bytes.fromhex(found["high"] + found["low"])
            yield pair.decode("utf-16-be"), at
        elif code := found["four"] or found["eight"]:
            yield chr(int(code, 16)), at
        else:
            yield _NAMED.get(found["named"], found["named"]), at
