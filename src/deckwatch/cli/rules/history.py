"""`deckwatch rules history`: what happened to the rules of the store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from deckwatch.cli import options
from deckwatch.cli.render import escaped, json_line
from deckwatch.cli.rules import stored
from deckwatch.cli.rules.reviewed import changed
from deckwatch.errors import DeckwatchError

if TYPE_CHECKING:
    from deckwatch.store.journal import Entry


@click.command(
    epilog="""\
\b
Examples:
  deckwatch rules history
  deckwatch rules history 'System Path File Creation'
  deckwatch rules history --json | jq 'select(.event == "disabled")'
"""
)
@click.argument("rule", metavar="[RULE]", required=False)
@options.store
@options.as_json("Print one JSON object an entry.")
def history(*, rule: str | None, as_json: bool) -> None:
    """Show what was added, changed, enabled and removed, and when; the newest last.

    RULE is the id of a rule, also of one that was removed; its name, or the beginning of it. Of a single rule, the
    changes themselves are shown.
    """
    store = stored.opened()
    with contextlib.suppress(OSError, DeckwatchError), store.changing():
        pass  # what was done to the files by other means gets its entries, if the store may be written
    entries = store.history()
    if rule is not None:
        rule_id = _rule_id(entries, rule)
        entries = [entry for entry in entries if entry.rule_id == rule_id]
    for entry in entries:
        for line in [json_line(entry.described)] if as_json else _text(entry, whole=rule is not None):
            click.echo(line)


def _rule_id(entries: list[Entry], text: str) -> str:
    """The id of the rule that is, or was, called so."""
    names = {entry.rule_id: entry.name for entry in entries}
    exact = [rule_id for rule_id, name in names.items() if text in (rule_id, name)]
    found = exact or [rule_id for rule_id, name in names.items() if name.casefold().startswith(text.casefold())]
    if len(found) != 1:
        several = f"names {len(found)} rules" if found else "is neither the id nor the name of a rule in the history"
        raise click.UsageError(f"{text!r} {several}; `deckwatch rules history` shows all of it")
    return found[0]


def _text(entry: Entry, *, whole: bool) -> Iterator[str]:
    how = " outside of deckwatch" if entry.outside else ""
    source = f" from {entry.source}" if entry.source else ""
    fields = f": {', '.join(entry.changes)}" if entry.changes and not whole else ""
    yield escaped(f"{entry.time[:19].replace('T', ' ')}  {entry.event:<10}  {entry.name}{source}{how}{fields}")
    if whole:
        for key, (was, now) in entry.changes.items():
            yield from (f"    {line}" for line in changed(key, was, now))
