"""`deckwatch rules update`: what the authors of rules publish anew, beside what was changed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from deckwatch.cli import options
from deckwatch.cli.render import printable
from deckwatch.cli.rules import stored
from deckwatch.cli.rules.reviewed import as_json_lines, text_lines

if TYPE_CHECKING:
    from deckwatch.store.merge import Side
    from deckwatch.store.update import Updates


def _take(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, Side]:
    from deckwatch.eql.suggest import hint  # noqa: PLC0415  # help is quicker without the store
    from deckwatch.store.units import UNITS, unit_name  # noqa: PLC0415

    take: dict[str, Side] = {}
    for text in given:
        field, _sign, side = text.rpartition("=")
        if side not in ("yours", "new"):
            raise click.BadParameter(f"{text!r} names no side; write yours, new, FIELD=yours or FIELD=new")
        name = unit_name(field) if field else ""
        if name is None:
            if cure := hint(field, [unit.name for unit in UNITS]):
                raise click.BadParameter(f"rules have no field {field!r}; {cure}")
            name = field  # one that only some rules have
        take[name] = cast("Side", side)
    return take


def _report_useless(take: dict[str, Side], updates: Updates) -> None:
    """Say on the standard error which fields somebody decided about that no rule has."""
    from deckwatch.store.units import unit_name  # noqa: PLC0415

    there = {each.unit.name for review in updates.reviews for each in review.differences}
    for name in take:
        if name and name not in there and unit_name(name) is None:
            click.echo(printable(f"--take {name}=…: none of the rules to update differs in a field {name!r}"), err=True)


@click.command(
    epilog="""\
\b
Exit code:
  0    the rules are as their authors publish them now, with what was changed here
  1    some rules stay as they are: there are conflicts to be decided
  2    there are files that are no sound rules; the others were compared

\b
Examples:
  deckwatch rules update detection-rules/rules/ --dry-run
  deckwatch rules update security_detection_engine-9.2.0.zip
  deckwatch rules update detection-rules/rules/ --take query=yours --take risk_score=new
  deckwatch rules update detection-rules/rules/ --take new --rule 'System Path File Creation'
"""
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=options.ON_DISK)
@click.option(
    "--take",
    metavar="[FIELD=]yours|new",
    multiple=True,
    callback=_take,
    help="Whose side to take in conflicts: in one field, or in all that are not named; can be given several times.",
)
@click.option("--rule", "names", metavar="RULE", multiple=True, help="Only this rule; can be given several times.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@options.store
@options.as_json(
    "Print one JSON object a line: a rule that its authors have published anew, or a fault, as its kind says."
)
@click.pass_context
def update(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    take: dict[str, Side],
    names: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Update rules of the store to what their authors publish now, and keep what you changed.

    PATH is as for `deckwatch rules add`. Field by field, three versions are compared: the rule as it was added or
    last updated (base), as it is in the store (yours), and as it is in PATH (new). What only one side has changed is
    taken from there. What both have changed comes together where it can: members of lists, lines of texts. The rest
    is a conflict: the rule stays as it is until you --take a side. Whether rules run, their exceptions and their
    actions are never touched.
    """
    from deckwatch.store.select import named  # noqa: PLC0415  # help is quicker without the store
    from deckwatch.store.update import update as run  # noqa: PLC0415

    store = stored.opened()
    only = {named(stored.loaded(store), name).rule_id for name in names} if names else None
    updates = run(store, *paths, take=take, only=only, dry_run=dry_run)
    stored.report(updates.faults)
    _report_useless(take, updates)
    for line in as_json_lines(updates) if as_json else text_lines(updates, dry_run=dry_run):
        click.echo(line)
    ctx.exit(options.BAD_INPUT if updates.faults else options.FOUND if updates.left else options.NOTHING_FOUND)
