"""Taking rules over into the store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from deckwatch.rules.load import load_rules
from deckwatch.rules.rule import Rule, RuleFault, RuleSet, Skipped
from deckwatch.store.document import Document
from deckwatch.store.files import base_files
from deckwatch.store.place import CONNECTORS
from deckwatch.store.shelves import new_connectors, new_lists, new_value_lists
from deckwatch.store.store import Change, Store
from deckwatch.store.units import customized

_PLAIN_STEM = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of rules that were to be added.

    `known` are in the store as they are, `differing` in another version, which stays; `update` compares the two.
    `lists` counts the files with exceptions and value lists; `kept` names those exceptions and value lists that the
    store has otherwise, and keeps.
    """

    added: tuple[Rule, ...]
    known: tuple[Rule, ...]
    differing: tuple[Rule, ...]
    lists: int
    kept: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    faults: tuple[RuleFault, ...]


def add(store: Store, *paths: str | PathLike[str], enabled: bool | None = None) -> Added:
    """Add the rules of files and folders, with their exceptions, to the store, which is made if it is not there.

    Args:
        store: where to.
        paths: as for `load_rules`.
        enabled: whether they run; None: unless the file says otherwise.

    Raises:
        DeckwatchError: a path does not exist, or the store cannot be changed.
    """
    roots = [Path(path) for path in paths]
    found = load_rules(*roots)
    if not (found or found.exception_lists):
        return Added((), (), (), 0, (), found.skipped, found.faults)
    with store.changing() as change:
        mine = {rule.rule_id: rule for rule in change.rules}
        added, known, differing = [], [], []
        for rule in found:
            document = Document.of(rule)
            if rule.rule_id not in mine:
                take_over(change, document, rule, rule.enabled if enabled is None else enabled)
                added.append(rule)
            elif _is_known(store, document, mine[rule.rule_id]):
                known.append(rule)
            else:
                differing.append(rule)
        lists, kept = add_lists(change, found, roots)
    return Added(tuple(added), tuple(known), tuple(differing), lists, kept, found.skipped, found.faults)


def take_over(change: Change, document: Document, rule: Rule, enabled: bool) -> None:  # noqa: FBT001
    """Write a rule and, unless it was changed elsewhere, its base version."""
    parameters = {**document.parameters, "enabled": enabled}
    path = Path(rule.source.file)
    stem = path.stem if path.suffix.lower() == ".toml" and _PLAIN_STEM.fullmatch(path.stem) else ""
    stored = Document(parameters, document.metadata)
    change.add(stored, source=path.name, stem=stem)
    if not is_marked_customized(parameters):
        change.files |= base_files(stored)


def is_marked_customized(parameters: Mapping[str, Any]) -> bool:
    """Whether an export says that this is not how the rule's authors published it."""
    source = parameters.get("rule_source")
    return isinstance(source, dict) and source.get("is_customized") is True


def _is_known(store: Store, document: Document, rule: Rule) -> bool:
    base = store.base(rule.rule_id)
    versions = [Document.of(rule), *([base] if base else [])]
    return any(not customized(Document(version.parameters), Document(document.parameters)) for version in versions)


def add_lists(change: Change, found: RuleSet, roots: Iterable[Path]) -> tuple[int, tuple[str, ...]]:
    """Add what goes with rules; returns how many files that were, and what is kept as it was."""
    lists, kept = new_lists(found.exception_lists, change.rules.exception_lists)
    values, kept_values = new_value_lists(found, change.present)
    change.files |= lists | values | new_connectors(found, roots, change.present.get(CONNECTORS, b""))
    return len(lists) + len(values), (*kept, *kept_values)
