"""Choosing one of several rules by what people call it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from deckwatch.errors import DeckwatchError

if TYPE_CHECKING:
    from deckwatch.rules.rule import Rule

MOST_NAMED = 10


def choose(text: str, rules: Sequence[Rule]) -> Rule:
    """The rule with this id or name; of a name its beginning is enough.

    Raises:
        DeckwatchError: it is none of them, or several.
    """
    exact = [each for each in rules if text in (each.rule_id, each.id, each.name)]
    found = exact or [each for each in rules if each.name.casefold().startswith(text.casefold())]
    if not found:
        raise DeckwatchError(f"{text!r} is neither a file nor the id or name of a rule; the rules are {named(rules)}")
    if len(found) > 1:
        raise DeckwatchError(f"{text!r} is the beginning of several names: {named(found)}")
    return found[0]


def named(rules: Iterable[Rule]) -> str:
    """The names of some rules, the first of many."""
    names = [f"{rule.name!r}" for rule in rules]
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return ", ".join([*names[:MOST_NAMED], *more])
