"""`deckwatch rules show`: all that is known of a rule."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from deckwatch.cli import options
from deckwatch.cli.letters import DeadLetters, malformed, report_damage
from deckwatch.cli.render import json_line
from deckwatch.cli.rules import stored
from deckwatch.cli.rules.portrayed import lines

if TYPE_CHECKING:
    from deckwatch.backtesting.streams import Presence
    from deckwatch.rules.exceptions.lists import ExceptionItem
    from deckwatch.rules.rule import Rule
    from deckwatch.store.store import Store


@click.command(
    epilog="""\
\b
Examples:
  deckwatch rules show 'System Path File Creation'
  deckwatch rules show 1dc56174-5d02-4ca4-af92-e391f096fb21 --events recordings/
"""
)
@click.argument("rule", metavar="RULE")
@click.option(
    "--events",
    "events",
    metavar="PATH",
    multiple=True,
    type=options.ON_DISK,
    help="Say which of the fields that the rule needs these events have; can be given several times.",
)
@options.store
@options.as_json("Print one JSON object.")
@click.pass_context
def show(ctx: click.Context, *, rule: str, events: tuple[str, ...], as_json: bool) -> None:
    """Show a rule of the store: what it looks for, where, and what to do about its alerts.

    RULE is the id of a rule, its name, or the beginning of it.
    """
    from deckwatch.store.select import named  # noqa: PLC0415  # help is quicker without the store

    store = stored.opened()
    found = named(stored.loaded(store), rule)
    letters = DeadLetters(None)
    presence = _presence(found, events, letters) if events else None
    told = described(store, found, presence)
    _print(told, as_json=as_json)
    if letters.first is not None:
        click.echo(malformed(letters.malformed, letters.first, None), err=True)
    report_damage(letters)
    ctx.exit(options.BAD_INPUT if letters.damaged else options.NOTHING_FOUND)


def _print(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json_line(told))
        return
    terminal = Console(highlight=False, emoji=False, markup=False) if sys.stdout.isatty() else None
    for line in lines(told):
        terminal.print(line, soft_wrap=True) if terminal else click.echo(line.plain)


def described(store: Store, rule: Rule, presence: Presence | None) -> dict[str, Any]:
    """The rule's parameters, and what follows from them and from the store."""
    from deckwatch.store.document import Document  # noqa: PLC0415  # help is quicker without the store
    from deckwatch.store.select import integrations  # noqa: PLC0415
    from deckwatch.store.units import customized  # noqa: PLC0415

    base = store.base(rule.rule_id)
    selected = _patterns(rule)
    told = {
        **rule.parameters,
        "enabled": rule.enabled,
        "index": list(rule.index),
        "integrations": list(integrations(rule)),
        "customized": None if base is None else list(customized(base, Document.of(rule))),
        "file": rule.source.file,
        "exceptions": [_exception(each.item) for each in rule.exceptions.exclusions],
        "fields": [_field(name, kind, rule.parameters) for name, kind in rule.checked.fields.items()],
    }
    if presence is not None:
        told["events"] = presence.visible(selected)
        told["fields"] = [{**each, "present": presence.has(each["name"], selected)} for each in told["fields"]]
    return told


def _exception(item: ExceptionItem) -> dict[str, str]:
    return {"list_id": item.list_id, "item_id": item.item_id, "name": item.name}


def _field(name: str, kind: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    types = {each["name"]: each.get("type", kind) for each in parameters["required_fields"] if "name" in each}
    return {"name": name, "type": types.get(name, kind)}


def _patterns(rule: Rule) -> Any:
    from deckwatch.events.streams import IndexPatterns  # noqa: PLC0415

    return IndexPatterns(rule.index)


def _presence(rule: Rule, events: tuple[str, ...], letters: DeadLetters) -> Presence:
    """What the events have that the rule needs."""
    from deckwatch.backtesting.streams import Presence  # noqa: PLC0415  # only this needs events
    from deckwatch.events.reader import open_events  # noqa: PLC0415

    presence = Presence([rule])
    with open_events(events, presence.fields, dead_letter=letters) as reader:
        for batch in reader:
            presence.see(batch)
    return presence
