"""`deckwatch rules list`: the rules of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.text import Text

from deckwatch.cli import options
from deckwatch.cli.render import escaped, json_line, number_of
from deckwatch.cli.rules import stored
from deckwatch.cli.table import Column, Table

if TYPE_CHECKING:
    from deckwatch.rules.rule import Rule

COLUMNS = (
    Column("on", 3, 3),
    Column("severity", 8, 8),
    Column("risk", 4, 4),
    Column("rule", 76, 24, share=3),
    Column("id", 36, 13, share=1, cropped=True),
)


@click.command(
    name="list",
    epilog="""\
\b
Examples:
  deckwatch rules list --integration cloud_defend --severity high
  deckwatch rules list --technique TA0005 --disabled
  deckwatch rules list --json | jq -r 'select(.enabled | not) | .name'
""",
)
@stored.filters
@click.option("--enabled/--disabled", default=None, help="Only rules that run, or only those that do not.")
@options.store
@options.as_json("Print one JSON object a rule.")
def list_(
    *,
    tags: tuple[str, ...],
    techniques: tuple[str, ...],
    integrations: tuple[str, ...],
    severities: tuple[str, ...],
    enabled: bool | None,
    as_json: bool,
) -> None:
    """List the rules of the store.

    An option that is given several times wants any of its values; different options must all fit.
    """
    store = stored.opened()
    everything = stored.loaded(store)
    fits = stored.wanted(
        tags=tags, techniques=techniques, integrations=integrations, severities=severities, enabled=enabled
    )
    stored.report_unfit(fits, everything)
    found = sorted((rule for rule in everything if fits(rule)), key=lambda rule: rule.name.casefold())
    if as_json:
        for rule in found:
            click.echo(json_line(described(rule)))
        return
    table = Table(COLUMNS)
    for rule in found:
        table.row([Text(cell) for cell in _cells(rule)])
    running = sum(rule.enabled for rule in found)
    of_all = f" of {len(everything):,}" if len(found) < len(everything) else ""
    click.echo("\n" * bool(found) + f"{number_of(len(found), 'rule')}{of_all}, {running:,} enabled", err=not found)


def _cells(rule: Rule) -> tuple[str, ...]:
    return (
        "yes" if rule.enabled else "no",
        rule.severity,
        str(rule.risk_score),
        escaped(rule.name),
        escaped(rule.rule_id),
    )


def described(rule: Rule) -> dict[str, object]:
    """A rule as JSON tells of it in a list."""
    from deckwatch.store.select import attack_ids, integrations  # noqa: PLC0415  # help is quicker without the store

    return {
        "name": rule.name,
        "rule_id": rule.rule_id,
        "enabled": rule.enabled,
        "severity": rule.severity,
        "risk_score": rule.risk_score,
        "version": rule.version,
        "tags": list(rule.tags),
        "attack": list(dict.fromkeys(attack_ids(rule))),
        "integrations": list(integrations(rule)),
        "file": rule.source.file,
    }
