"""`deckwatch rules enable` and `disable`: which rules of the store run."""

from __future__ import annotations

from typing import Any

import click

from deckwatch.cli import options
from deckwatch.cli.render import json_line, number_of
from deckwatch.cli.rules import stored


def _command(name: str, text: str, example: str) -> click.Command:
    """Both commands are the same but for what they do."""

    @click.command(
        name=name,
        help=text,
        epilog=f"""\
\b
Examples:
  deckwatch rules {name} {example}
  deckwatch rules {name} --technique T1611 --severity high
  deckwatch rules {name} --all
""",
    )
    @click.argument("names", metavar="RULE...", nargs=-1)
    @stored.filters
    @click.option("--all", "everything", is_flag=True, help="All rules of the store.")
    @options.store
    @options.as_json("Print one JSON object for every rule that changed.")
    def command(names: tuple[str, ...], everything: bool, as_json: bool, **kinds: Any) -> None:  # noqa: FBT001
        _switch(names, kinds, name == "enable", everything=everything, as_json=as_json)

    return command


def _switch(names: tuple[str, ...], kinds: dict[str, Any], on: bool, *, everything: bool, as_json: bool) -> None:  # noqa: FBT001
    from deckwatch.store.edit import switch  # noqa: PLC0415  # help is quicker without the store
    from deckwatch.store.select import chosen  # noqa: PLC0415

    fits = stored.wanted(**kinds)
    if not names and not fits and not everything:
        raise click.UsageError("name rules, or say which with --tag, --technique, --integration, --severity or --all")
    if everything and (names or fits):
        raise click.UsageError("--all means all rules, whatever else is given; leave it out, or the rest")
    store = stored.opened()
    rules = stored.loaded(store)
    stored.report_unfit(fits, rules)
    some = list(rules) if everything else chosen(rules, names, fits)
    changed = switch(store, [rule.rule_id for rule in some], on)
    verb = "enabled" if on else "disabled"
    for rule in changed:
        click.echo(
            json_line({"rule_id": rule.rule_id, "name": rule.name, "enabled": on}) if as_json else stored.line_of(rule)
        )
    if not as_json:
        already = f"; {len(some) - len(changed):,} were already" if len(some) > len(changed) else ""
        click.echo(f"{number_of(len(changed), 'rule')} {verb}{already}")


enable = _command(
    "enable",
    """Let rules run: `scan` and `watch` take the enabled rules of the store.

    RULE is the id of a rule, its name, or the beginning of it. With options, all rules are meant that fit.
    """,
    "'System Path File Creation'",
)
disable = _command(
    "disable",
    """Keep rules from running; they stay in the store and are updated as ever.

    RULE is the id of a rule, its name, or the beginning of it. With options, all rules are meant that fit.
    """,
    "1dc56174-5d02-4ca4-af92-e391f096fb21",
)
