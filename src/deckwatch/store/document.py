"""A rule as a file of the store: its parameters, and what its authors note about it beside them."""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from deckwatch.eql.errors import QueryError
from deckwatch.eql.parser import parse
from deckwatch.rules.draft import Draft
from deckwatch.rules.load import compiled
from deckwatch.rules.ndjson import ASSET_KEYS, classified, key_lines
from deckwatch.rules.required import required_fields
from deckwatch.rules.rule import Rule, RuleError, RuleFault, Skipped, Source
from deckwatch.rules.toml import converted, read_toml
from deckwatch.rules.validate import reason_to_skip, validated
from deckwatch.store import toml

SUFFIXES = (".toml", ".json")

FIRST = (
    "name",
    "description",
    "rule_id",
    "version",
    "revision",
    "enabled",
    "severity",
    "risk_score",
    "type",
    "language",
)
LAST = ("query", "note", "setup")

NONE: Mapping[str, Any] = {}
VERBATIM: Mapping[str, Any] = {"verbatim": True}
"""What a file says where its texts hold line breaks or blanks that readers of TOML rules would fold."""


@dataclass(frozen=True)
class Document:
    """Parameters in the vocabulary of the rules API, `required_fields` left out where they follow from the query.

    `metadata` is that table of a detection-rules file: dates, maturity, integrations. Other formats have none.
    """

    parameters: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, rule: Rule) -> Document:
        """The document of a rule that has just been loaded; its file is read again for the metadata."""
        path = Path(rule.source.file)
        if path.suffix.lower() != ".toml" or not path.is_file():
            return cls(without_derived(rule.parameters), authors_notes(rule))
        written = tomllib.loads(path.read_text("utf-8-sig"))
        parameters = dict(rule.parameters)
        if "required_fields" not in written["rule"]:
            del parameters["required_fields"]
        return cls(parameters, _metadata(written))

    @property
    def rule_id(self) -> str:
        return str(self.parameters["rule_id"])

    @property
    def name(self) -> str:
        return str(self.parameters["name"])

    @cached_property
    def encoded(self) -> tuple[str, str]:
        """The file's ending and its text: TOML, or JSON where a value has no form in TOML."""
        for marks in (NONE, VERBATIM):
            tables = {"deckwatch": marks, "metadata": self.metadata, "rule": dict(_ordered(self.parameters))}
            with contextlib.suppress(ValueError):
                text = toml.written(tables)
                read = tomllib.loads(text)
                if converted(read) == self.parameters and _metadata(read) == self.metadata:
                    return ".toml", text
        asset = {
            "id": f"{self.rule_id}_{self.parameters['version']}",
            "type": "security-rule",
            "attributes": dict(_ordered(self.parameters)),
            **({"metadata": dict(self.metadata)} if self.metadata else {}),
        }
        return ".json", json.dumps(asset, indent=2, ensure_ascii=False, default=str) + "\n"

    @property
    def text(self) -> str:
        return self.encoded[1]


def draft_of(data: bytes, file: str) -> Draft:
    """The rule in a file of the store; raises `RuleError` when there is none."""
    if file.endswith(".toml"):
        reading = read_toml(data, file)
    else:
        try:
            text = data.decode()
            (reading,) = classified(json.loads(text), Source(file, 1), key_lines(text))
        except ValueError as error:
            raise RuleError(RuleFault(file, 1, None, f"not a rule: {error}", "is this the right file?")) from error
    match reading:
        case Draft():
            return reading
        case RuleFault():
            raise RuleError(reading)
        case Skipped():
            raise RuleError(RuleFault(file, reading.line, None, reading.reason))
        case _:
            raise RuleError(RuleFault(file, 1, None, "an exception, not a rule"))


def decoded(data: bytes, file: str) -> Document:
    """What `encoded` has written; raises `RuleError` with all faults, except those of the query."""
    try:
        return Document(without_derived(validated(draft_of(data, file))), _metadata(_whole(data, file)))
    except RecursionError as error:
        raise RuleError(RuleFault(file, None, None, "nested too deeply to be a rule")) from error


def rule_of(document: Document, file: str) -> Rule:
    """The rule, compiled; raises `RuleError` with all its faults."""
    suffix, text = document.encoded
    return sound(Draft(document.parameters, Source(file, 1), key_lines(text) if suffix == ".json" else {}, ASSET_KEYS))


def sound(draft: Draft) -> Rule:
    """The rule of a draft; raises `RuleError` also where it is one that deckwatch does not run."""
    if skip := reason_to_skip(draft):
        raise RuleError(RuleFault(skip.file, skip.line, None, skip.reason))
    return compiled(draft)


def authors_notes(rule: Rule) -> Mapping[str, Any]:
    """The table `metadata` of the file that a rule was read from; empty where the format has none."""
    path = Path(rule.source.file)
    return _metadata(_whole(path.read_bytes(), path.name)) if path.suffix.lower() in SUFFIXES and path.is_file() else {}


def _whole(data: bytes, file: str) -> Mapping[str, Any]:
    text = data.decode("utf-8-sig")
    return tomllib.loads(text) if file.lower().endswith(".toml") else json.loads(text)


def _metadata(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = whole.get("metadata", {})
    return metadata if isinstance(metadata, dict) else {}


def is_versioned(rule: Rule) -> bool:
    """Whether the version of a rule is its authors' and not merely the first one; a checkout names none."""
    path = Path(rule.source.file)
    if path.suffix.lower() != ".toml":
        return True
    return "version" in tomllib.loads(path.read_text("utf-8-sig"))["rule"]


def without_derived(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, without `required_fields` where these follow from the query."""
    derived = False
    if "required_fields" in parameters:
        with contextlib.suppress(QueryError):
            derived = parameters["required_fields"] == required_fields(parse(parameters["query"]))
    return {key: value for key, value in parameters.items() if not (derived and key == "required_fields")}


def _ordered(parameters: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What identifies a rule first, long texts last, the others by name."""
    middle = sorted(parameters.keys() - {*FIRST, *LAST})
    return [(key, parameters[key]) for key in (*FIRST, *middle, *LAST) if key in parameters]
