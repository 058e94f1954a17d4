"""`deckwatch rules duplicate`: a copy that is a rule of its own."""

from __future__ import annotations

import click

from deckwatch.cli import options
from deckwatch.cli.render import json_line, printable
from deckwatch.cli.rules import stored


@click.command(
    epilog="""\
\b
Examples:
  deckwatch rules duplicate 'System Path File Creation' --name 'System Path File Creation, our images'
"""
)
@click.argument("rule", metavar="RULE")
@click.option("--name", metavar="NAME", help="What to call it.  [default: the name, and [Duplicate]]")
@click.option("--exceptions", is_flag=True, help="Let it have the same exception lists.")
@options.store
@options.as_json("Print one JSON object.")
def duplicate(*, rule: str, name: str | None, exceptions: bool, as_json: bool) -> None:
    """Copy a rule of the store, to change the copy as you like.

    RULE is the id of a rule, its name, or the beginning of it. The copy has an id of its own, so no update touches
    it; it does not run until it is enabled.
    """
    from deckwatch.store.edit import duplicate as run  # noqa: PLC0415  # help is quicker without the store
    from deckwatch.store.select import named  # noqa: PLC0415

    store = stored.opened()
    copy = run(store, named(stored.loaded(store), rule), name, exceptions=exceptions)
    if as_json:
        click.echo(json_line({"rule_id": copy.rule_id, "name": copy.name, "enabled": False}))
    else:
        click.echo(printable(f"{copy.name!r} added as {copy.rule_id}; `deckwatch rules enable` lets it run"))
