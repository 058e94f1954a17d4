"""Tests of rules, written beside them: which events must make a rule fire, and which must not."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from deckwatch.engine.paths import leaves
from deckwatch.eql.suggest import hint
from deckwatch.errors import DeckwatchError
from deckwatch.events.fields import field_table
from deckwatch.rules.load import TESTS, load_rules
from deckwatch.rules.rule import Rule

Expected: TypeAlias = "bool | int | tuple[tuple[str, ...], ...]"
"""Whether the rule fires, how many alerts it makes, or the events of every alert by their labels."""

CATEGORIES = (
    *("api", "authentication", "configuration", "database", "driver", "email", "file", "host", "iam"),
    *("intrusion_detection", "library", "malware", "network", "package", "process", "registry", "session"),
    *("threat", "vulnerability", "web"),
)
"""The categories of ECS 9."""

_OF_FILE = ("rule", "rule_id", "case")
_OF_CASE = ("name", "fires", "event", "recording", "golden")
OF_EVENT = ("_name", "_at", "_absent")


class CaseError(DeckwatchError):
    """A file of tests that cannot be used."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test. Either `events`, as written, or `recording`, a path, tells what happens.

    `golden` is a file that holds the alerts, one a line.
    """

    file: Path
    name: str
    rule: Rule
    fires: Expected
    events: tuple[Mapping[str, Any], ...]
    recording: Path | None
    golden: Path | None


def load_cases(paths: Sequence[str | PathLike[str]]) -> list[Case]:
    """The tests of files and folders, folders searched at every depth.

    Raises:
        CaseError: a file cannot be used; the text says what is wrong in it, and how to mend it.
    """
    files = dict.fromkeys(file for path in paths for file in _files(Path(path)))
    return [case for file in files for case in _cases(file)]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(path.rglob(f"*{TESTS}"))
        if not found:
            raise CaseError(f"{path}: no tests in this folder; they are files named RULE{TESTS}")
        return found
    if not path.name.endswith(TESTS):
        beside = path.with_name(path.stem + TESTS)
        if beside.is_file():
            return [beside]
        raise CaseError(f"{path}: no test file, and there is no {beside.name} beside it; tests are named RULE{TESTS}")
    return [path]


def _cases(file: Path) -> Iterator[Case]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CaseError(f"{file}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise CaseError(f"{file}: not TOML: {error}") from error
    _check_keys(content, _OF_FILE, f"{file}")
    rule = _rule(file, content)
    cases = content.get("case")
    if not isinstance(cases, list) or not cases or not all(isinstance(case, dict) for case in cases):
        raise CaseError(f"{file}: there are no tests in it; write each as a table [[case]]")
    for number, case in enumerate(cases, 1):
        yield _case(file, rule, case, f"{file}: case {number}")


def _rule(file: Path, content: Mapping[str, Any]) -> Rule:
    """The rule that a file tests: the one it names, else the one of its own name beside it."""
    named = content.get("rule", file.name.removesuffix(TESTS) + ".toml")
    if not isinstance(named, str):
        raise CaseError(f"{file}: `rule` must be the path of a rule file, not {named!r}")
    found = load_rules(file.parent / named)
    if found.faults:
        raise CaseError("\n".join(map(str, found.faults)))
    wanted = content.get("rule_id")
    rules = [rule for rule in found if wanted in (None, rule.rule_id)]
    if len(rules) != 1:
        those = ", ".join(rule.rule_id for rule in found)
        raise CaseError(f"{file}: {named} holds {len(found)} rules; name one of them by `rule_id`: {those}")
    return rules[0]


def _case(file: Path, rule: Rule, case: Mapping[str, Any], place: str) -> Case:
    _check_keys(case, _OF_CASE, place)
    name = case.get("name")
    if not isinstance(name, str) or not name:
        raise CaseError(f'{place}: it has no name; write what it shows: name = "…"')
    place = f"{file}: {name!r}"
    events, recording, golden = case.get("event"), case.get("recording"), case.get("golden")
    if (events is None) == (recording is None):
        raise CaseError(
            f"{place}: give it events, each as a table [[case.event]], or a `recording`, not both or neither"
        )
    if events is not None and not (isinstance(events, list) and all(isinstance(event, dict) for event in events)):
        raise CaseError(f"{place}: its events must be tables [[case.event]]")
    for number, event in enumerate(events or (), 1):
        strange = [key for key in event if key.startswith("_") and key not in OF_EVENT]
        _check_keys(dict.fromkeys(strange), OF_EVENT, f"{place}, event {number}")
        _check_spelling(event, rule, f"{place}, event {number}")
    for key, value in (("recording", recording), ("golden", golden)):
        if value is not None and not isinstance(value, str):
            raise CaseError(f"{place}: `{key}` must be a path, not {value!r}")
    return Case(
        file,
        name,
        rule,
        _expected(case.get("fires"), place),
        tuple(plain(event) for event in events or ()),
        None if recording is None else file.parent / recording,
        None if golden is None else file.parent / golden,
    )


def _check_spelling(event: Mapping[str, Any], rule: Rule, place: str) -> None:
    """A misspelt name would make an event that must not fire pass for the wrong reason."""
    fields = leaves({key: value for key, value in event.items() if not key.startswith("_")})
    absent = event.get("_absent")
    missing = [each for each in absent if isinstance(each, str)] if isinstance(absent, list) else []
    for name in (*fields, *missing):
        known = (*field_table().names(), *rule.checked.fields)
        if name not in rule.checked.fields and field_table().resolve(name) is None and (meant := hint(name, known)):
            raise CaseError(f"{place}: unknown field `{name}`; {meant}")
    _, named = fields.get("event.category", ((), ()))
    for each in named if isinstance(named, list) else [named]:
        if isinstance(each, str) and each not in CATEGORIES and (meant := hint(each, CATEGORIES)):
            raise CaseError(f"{place}: unknown category `{each}`; {meant}")


def _expected(value: object, place: str) -> Expected:
    match value:
        case bool() | int():
            return value
        case list() if all(isinstance(each, list) and each and all(isinstance(x, str) for x in each) for each in value):
            return tuple(tuple(each) for each in value)
        case _:
            raise CaseError(
                f"{place}: `fires` must be true, false, the number of alerts, or the events of each alert by name, "
                f'such as [["download", "run"]], not {value!r}'
            )


def plain(value: Any) -> Any:
    """TOML's dates and times as text, as JSON has them."""
    match value:
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case datetime() | date() | time():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return value


def _check_keys(content: Iterable[str], known: Sequence[str], place: str) -> None:
    for key in content:
        if key not in known:
            raise CaseError(f"{place}: unknown key `{key}`; {hint(key, known) or 'known are ' + ', '.join(known)}")
