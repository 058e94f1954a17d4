"""Changing rules of the store: one at a time, or whether they run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from deckwatch.eql.suggest import hint
from deckwatch.errors import DeckwatchError
from deckwatch.rules.rule import Rule, RuleError
from deckwatch.rules.validate import SHAPES
from deckwatch.store.document import Document, decoded, draft_of, rule_of, sound
from deckwatch.store.select import named
from deckwatch.store.store import Store

FIXED: Mapping[str, str] = {
    "rule_id": "it says which rule this is; `rules duplicate` makes another one",
    "version": "it is that of the rule's authors, and `rules update` needs it",
    "revision": "it counts the changes made here",
}
"""What nobody may set, and why."""

OF_ONE_RULE = (*FIXED, "id", "immutable", "rule_source", "created_at", "created_by", "updated_at", "updated_by")
"""What a duplicate does not share with its original."""

SUFFIX = " [Duplicate]"


def switch(store: Store, rule_ids: Iterable[str], enabled: bool) -> list[Rule]:  # noqa: FBT001
    """Make rules run, or not. Returns those that did otherwise before."""
    wanted = set(rule_ids)
    with store.changing() as change:
        changed = [rule for rule in change.rules if rule.rule_id in wanted and rule.enabled != enabled]
        for rule in changed:
            document = Document.of(rule)
            parameters = {**document.parameters, "enabled": enabled}
            change.replace(rule, Document(parameters, document.metadata), "enabled" if enabled else "disabled")
    return changed


def parsed(settings: Iterable[str]) -> dict[str, Any]:
    """Settings `FIELD=VALUE` as parameters; None for those to be taken away.

    A value is JSON; where the parameter is a text, or it is no JSON, it is taken as it stands.

    Raises:
        DeckwatchError: one has no `=`, or its field cannot be set.
    """
    found: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key:
            raise DeckwatchError(f"{setting!r} is no setting; write FIELD=VALUE, such as severity=high")
        if key in FIXED:
            raise DeckwatchError(f"`{key}` cannot be set: {FIXED[key]}")
        if key not in SHAPES and (cure := hint(key, SHAPES)):
            raise DeckwatchError(f"there is no parameter `{key}`; {cure}")
        found[key] = _value(key, text)
    return found


def _value(key: str, text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if value is None or key not in SHAPES or SHAPES[key].accepts(value):
        return value
    return text if SHAPES[key].accepts(text) else value


def with_settings(document: Document, settings: Mapping[str, Any]) -> Document:
    """The rule with other parameters; those that are None are taken away."""
    changed = {**document.parameters, **settings}
    return Document(
        {key: value for key, value in changed.items() if settings.get(key, "") is not None}, document.metadata
    )


def as_edited(document: Document, text: str, file: str) -> Document:
    """The rule that somebody has made of its text.

    Raises:
        RuleError: it is not sound, with all its faults.
        DeckwatchError: it is another rule now.
    """
    data = text.encode()
    sound(draft_of(data, file))
    edited = decoded(data, file)
    for key, why in FIXED.items():
        if edited.parameters.get(key) != document.parameters.get(key):
            raise DeckwatchError(f"`{key}` cannot be changed: {why}")
    return edited


def replace_rule(store: Store, before: Document, after: Document) -> bool:
    """Write the changed rule; returns whether there was anything to write.

    Raises:
        RuleError: it is not sound.
        DeckwatchError: somebody else has changed the rule meanwhile.
    """
    _check(after, before.name)
    with store.changing() as change:
        rule = named(change.rules, before.rule_id)
        if Document.of(rule) != before:
            raise DeckwatchError(f"{rule.name!r} was changed by somebody else meanwhile; nothing is written")
        if after == before:
            return False
        revision = after.parameters.get("revision", 0) + 1
        change.replace(rule, Document({**after.parameters, "revision": revision}, after.metadata), "edited")
    return True


def _check(document: Document, name: str) -> None:
    """Raise `RuleError`, without lines of a file that is not there yet, unless the rule is sound."""
    try:
        rule_of(document, repr(name))
    except RuleError as error:
        raise RuleError(*(replace(fault, line=None) for fault in error.faults)) from error


def duplicate(store: Store, rule: Rule, name: str | None = None, *, exceptions: bool = False) -> Document:
    """Add a copy of a rule that is a rule of its own: no update touches it, and it does not run yet.

    Raises:
        RuleError: the name is none.
        DeckwatchError: the store cannot be changed.
    """
    original = Document.of(rule)
    left_out = OF_ONE_RULE if exceptions else (*OF_ONE_RULE, "exceptions_list")
    parameters = {key: value for key, value in original.parameters.items() if key not in left_out}
    parameters |= {"rule_id": str(uuid4()), "version": 1, "name": name or original.name + SUFFIX, "enabled": False}
    copy = Document(parameters, original.metadata)
    _check(copy, copy.name)
    with store.changing() as change:
        change.add(copy, "duplicated", source=rule.rule_id)
    return copy


def remove(store: Store, rule_ids: Iterable[str]) -> list[Rule]:
    """Remove rules and their base versions; exceptions stay, for other rules may use them."""
    wanted = set(rule_ids)
    with store.changing() as change:
        removed = [rule for rule in change.rules if rule.rule_id in wanted]
        for rule in removed:
            change.remove(rule)
    return removed
