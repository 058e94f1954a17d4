"""From paths to rules: which files are read, and what becomes of what is in them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.resources import as_file, files
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from deckwatch.eql.check import check
from deckwatch.eql.errors import QueryError
from deckwatch.eql.parser import parse
from deckwatch.errors import DeckwatchError
from deckwatch.events.fields import field_table
from deckwatch.rules.draft import MAX_BYTES, Draft, Reading
from deckwatch.rules.exceptions.lists import ExceptionItem, ExceptionList, InList, gathered
from deckwatch.rules.exceptions.value_lists import ValueList, find_value_list
from deckwatch.rules.ndjson import read_json, read_ndjson
from deckwatch.rules.package import newest, read_package
from deckwatch.rules.required import required_fields
from deckwatch.rules.rule import Rule, RuleError, RuleFault, RuleSet, Skipped, category_field
from deckwatch.rules.suppression import misplaced
from deckwatch.rules.toml import read_toml_file
from deckwatch.rules.validate import reason_to_skip, validated

Reader: TypeAlias = Callable[[Path], Iterator[Reading]]

TESTS = ".test.toml"
"""How files of tests end; they lie beside the rules and are none."""

MAX_FAULTS = 100
"""Of one file. A file with more is the wrong file, or one cause has many faults."""


def load_rules(*paths: str | Path) -> RuleSet:
    """The rules of files and folders; folders are searched at every depth, hidden ones left out.

    Rules are read from detection-rules TOML, single JSON rules, Kibana exports (NDJSON) and the package of
    prebuilt rules, zipped or unpacked; exception lists from the first three. Each rule has the exceptions that these
    files hold for it. What cannot be used is in `skipped` and `faults`, and never keeps the rest from being loaded.
    Raises `DeckwatchError` for a path that does not exist.
    """
    roots = [Path(path) for path in paths]
    for root in roots:
        _check_reachable(root)
    seen: set[Path] = set()
    readings = chain.from_iterable(_readings(root, seen) for root in roots)
    found = RuleSet.union([_rule_set(newest(readings))])
    return replace(found, value_lists=tuple(value_lists(found.exception_lists, roots))).linked()


def value_lists(lists: Iterable[ExceptionList], roots: Iterable[Path]) -> Iterator[ValueList]:
    """The value lists that exceptions name, from beside the files of these and from the given folders."""
    folders = [root if root.is_dir() else root.parent for root in roots]
    wanted: dict[str, Path] = {}
    for item in chain.from_iterable(each.items for each in lists):
        for entry in item.entries:
            if isinstance(entry, InList):
                wanted.setdefault(entry.list_id, Path(item.file).parent)
    for list_id, folder in wanted.items():
        if (found := find_value_list(list_id, (folder, folder.parent, *folders))) is not None:
            yield found


def _check_reachable(root: Path) -> None:
    try:
        root.stat()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DeckwatchError(f"{root}: {reason}; name rule files or folders that hold some") from error


def founding_rules() -> RuleSet:
    """The two rules that ship with deckwatch."""
    with as_file(files("deckwatch.rules") / "founding") as folder:
        return load_rules(folder)


def _readings(root: Path, seen: set[Path]) -> Iterator[Reading]:
    """Everything in the files of a path, except those already seen."""
    found = False
    unreadable: list[OSError] = []
    for path in _files(root, unreadable):
        found = True
        if not path.is_file():
            hint = "rules are read from files that can be read again"
            yield RuleFault(str(path), None, None, "not a regular file", hint)
        elif (real := path.resolve()) not in seen:
            seen.add(real)
            yield from _read(path)
    for error in unreadable:
        folder, reason = str(error.filename), f"cannot be read: {error.strerror}"
        yield RuleFault(folder, None, None, reason, "check the folder and its permissions")
    if not (found or unreadable):
        yield RuleFault(
            str(root), None, None, "no rule files in this folder", f"rule files end in {', '.join(READERS)}"
        )


def _files(root: Path, unreadable: list[OSError]) -> Iterable[Path]:
    """Whatever may hold rules below a folder; folders that cannot be read are added to a list."""
    if not root.is_dir():
        return (root,)
    found: list[Path] = []
    for place, folders, names in os.walk(root, onerror=unreadable.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += (
            Path(place, name)
            for name in names
            if Path(name).suffix.lower() in READERS and not name.endswith(TESTS) and not name.startswith(".")
        )
    return sorted(found)


def _read(path: Path) -> Iterator[Reading]:
    file = str(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        yield RuleFault(file, None, None, "not a rule file", f"rule files end in {', '.join(READERS)}")
        return
    try:
        yield from reader(path)
    except RuleError as error:
        yield from error.faults
    except RecursionError:
        yield RuleFault(file, None, None, "nested too deeply to be a rule", "is this the right file?")
    except OSError as error:
        yield RuleFault(file, None, None, f"cannot be read: {error.strerror}", "check the file and its permissions")


def _toml(path: Path) -> Iterator[Reading]:
    return read_toml_file(_bytes(path), str(path))


def _json(path: Path) -> Iterator[Reading]:
    return read_json(_bytes(path), str(path))


def _ndjson(path: Path) -> Iterator[Reading]:
    with path.open("rb") as stream:
        yield from read_ndjson(stream, str(path))


def _zip(path: Path) -> Iterator[Reading]:
    return read_package(path, str(path))


READERS: Mapping[str, Reader] = {".toml": _toml, ".json": _json, ".ndjson": _ndjson, ".zip": _zip}


def _bytes(path: Path) -> bytes:
    """The file's content, or of a file that is too large just enough to say so."""
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _rule_set(readings: Iterable[Reading]) -> RuleSet:
    rules: list[Rule] = []
    skipped: list[Skipped] = []
    faults: list[RuleFault] = []
    lists: list[ExceptionList] = []
    items: list[ExceptionItem] = []
    counts: Counter[str] = Counter()
    for reading in readings:
        match _result(reading):
            case Rule() as rule:
                rules.append(rule)
            case Skipped() as skip:
                skipped.append(skip)
            case ExceptionList() as each:
                lists.append(each)
            case ExceptionItem() as item:
                items.append(item)
            case several:
                for fault in several:
                    counts[fault.file] += 1
                    if counts[fault.file] <= MAX_FAULTS:
                        faults.append(fault)
    for file, count in counts.items():
        if count > MAX_FAULTS:
            faults.append(RuleFault(file, None, None, f"{count - MAX_FAULTS} more faults", "mend the first ones first"))
    return RuleSet(tuple(rules), tuple(skipped), tuple(faults), gathered(lists, items))


def _result(reading: Reading) -> Rule | Skipped | ExceptionList | ExceptionItem | tuple[RuleFault, ...]:
    match reading:
        case Draft():
            try:
                return reason_to_skip(reading) or compiled(reading)
            except RuleError as error:
                return error.faults
        case Skipped() | ExceptionList() | ExceptionItem():
            return reading
        case RuleFault():
            return (reading,)


def compiled(draft: Draft) -> Rule:
    """The rule of a draft; raises `RuleError` with all faults of its parameters, or else of its query."""
    parameters = validated(draft)
    query = parameters["query"]
    try:
        tree = parse(query)
        checked = check(tree, field_table(), text=query, category_field=category_field(parameters), on_unknown="infer")
    except QueryError as error:
        raise RuleError(*draft.query_faults(error)) from error
    if wrong := misplaced(parameters, checked.query):
        raise RuleError(draft.fault("alert_suppression", wrong, "events are counted from 0, missing ones left out"))
    parameters.setdefault("required_fields", required_fields(tree))
    return Rule.of(parameters, checked, draft.source)
