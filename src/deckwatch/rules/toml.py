"""Rules as their authors write them: TOML files with the tables `metadata`, `transform` and `rule`."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from deckwatch.rules.draft import Draft, Reading, decoded
from deckwatch.rules.exceptions.read import read_toml_lists
from deckwatch.rules.rule import RuleError, RuleFault, Source

VERBATIM = frozenset({"query", "note", "setup"})
"""Texts whose line structure means something; all others are written over several lines for looks only."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_OPAQUE = re.compile(
    r"""\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*' | \#[^\n]*""",
    re.DOTALL | re.VERBOSE,
)
_HEADER = re.compile(r"\s*\[{1,2}\s*([\w.-]+)\s*\]{1,2}\s*$")
_KEY = re.compile(r"\s*([\w-]+)\s*[.=]")
_PLACEHOLDER = re.compile(r"\$(osquery|investigate)_(\d+)", re.ASCII)
_SETUP = re.compile(r"^##[ \t]+Setup[ \t]*$\n?(.*?)(?=^##[ \t]|\Z)", re.DOTALL | re.MULTILINE)


def read_toml_file(data: bytes, file: str) -> Iterator[Reading]:
    """The rule and the exception lists in a TOML file; raises `RuleError` when there are neither to be found."""
    text = decoded(data, file)
    document = _parsed(text, file)
    if "rule" in document or "exceptions" not in document:
        yield _rule(document, text, file)
    if "exceptions" in document:
        yield from read_toml_lists(document, Source(file, 1))


def read_toml(data: bytes, file: str) -> Reading:
    """The rule in a TOML file; raises `RuleError` when there is none to be found."""
    text = decoded(data, file)
    return _rule(_parsed(text, file), text, file)


def _rule(document: Mapping[str, Any], text: str, file: str) -> Reading:
    rule = document.get("rule")
    lines = key_lines(text)
    first = lines.get("", 1)
    if not isinstance(rule, dict):
        hint = "put name, query, severity and the other parameters below a line `[rule]`"
        raise RuleError(RuleFault(file, first, None, "no table `rule`", hint))
    draft = Draft(converted(document), Source(file, first), lines, ("rule_id",), text)
    if _table(document, "metadata").get("maturity") == "deprecated":
        return draft.skipped("deprecated by its authors (`maturity`)")
    return draft


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        message = str(error)
        found = _PLACE.search(message)
        line, column = (int(found[1]), int(found[2])) if found and found[1] else (None, None)
        if found and line is None:
            line = text.count("\n") + 1
        reason = _PLACE.sub("", message)
        raise RuleError(RuleFault(file, line, column, f"not TOML: {reason}", "see https://toml.io")) from error


def key_lines(text: str) -> dict[str, int]:
    """The line of each key of the table `rule`, and under the empty key the line where that table begins.

    The text is sound TOML. Values that may span lines or hold anything are blanked out first.
    """
    blank = _OPAQUE.sub(lambda found: "\n" * found[0].count("\n"), text)
    lines: dict[str, int] = {}
    table, depth = "", 0
    for number, line in enumerate(blank.split("\n"), 1):
        if depth == 0 and (header := _HEADER.match(line)):
            table = header[1]
            path = table
        elif depth == 0 and (key := _KEY.match(line)):
            path = f"{table}.{key[1]}".lstrip(".")
        else:
            path = ""
        depth += sum(map(line.count, "[{")) - sum(map(line.count, "]}"))
        head, _, rest = path.partition(".")
        if head == "rule":
            lines.setdefault("", number)
            lines.setdefault(rest.split(".")[0], number)
    return lines


def converted(document: Mapping[str, Any]) -> dict[str, Any]:
    """The table `rule` in the vocabulary of the rules API.

    As the build of the prebuilt package does it; versions and integrations, which need the outside world, excepted.
    A file that says `verbatim` in a table `deckwatch` means every text as it stands.
    """
    if _table(document, "deckwatch").get("verbatim") is True:
        return dict(document["rule"])
    parameters: dict[str, Any] = _collapsed(document["rule"])
    if "threat" in parameters:
        parameters["threat"] = _slashed(parameters["threat"])
    note = parameters.get("note")
    if isinstance(note, str):
        note = _rendered(note, _table(document, "transform"))
        parameters.update(_split_setup(note) if "setup" not in parameters else {"note": note})
    return {key: value for key, value in parameters.items() if key != "note" or value}


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = document.get(name)
    return table if isinstance(table, dict) else {}


def _collapsed(value: Any, key: str = "") -> Any:
    match value:
        case str():
            return value if key in VERBATIM else " ".join(value.split())
        case list():
            return [_collapsed(item, key) for item in value]
        case dict():
            return {name: _collapsed(item, name) for name, item in value.items()}
        case _:
            return value


def _slashed(value: Any) -> Any:
    """A mapping to ATT&CK with a slash at the end of every reference."""
    match value:
        case list():
            return [_slashed(item) for item in value]
        case {"reference": str(reference)} if reference and not reference.endswith("/"):
            return _slashed({**value, "reference": f"{reference}/"})
        case dict():
            return {key: _slashed(item) for key, item in value.items()}
        case _:
            return value


def _rendered(note: str, transform: Mapping[str, Any]) -> str:
    """The note with `$osquery_0` and its like replaced by the entries they stand for."""

    def entry(found: re.Match[str]) -> str:
        entries = transform.get(found[1])
        number = int(found[2])
        if not isinstance(entries, list) or number >= len(entries):
            return found[0]
        rendered = json.dumps(entries[number], sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        return f"!{{{found[1]}{rendered}}}"

    return _PLACEHOLDER.sub(entry, note)


def _split_setup(note: str) -> dict[str, str]:
    section = _SETUP.search(note)
    if not section:
        return {"note": note}
    rest = note[: section.start()].rstrip() + "\n\n" + note[section.end() :].lstrip()
    return {"note": rest.strip(), "setup": section[1].strip()}
