"""`deckwatch rules except`: exceptions tried on past events, and written down."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deckwatch.cli import options
from deckwatch.cli.explain import chosen
from deckwatch.cli.files import check_outputs
from deckwatch.cli.letters import DeadLetters, malformed, report_damage
from deckwatch.cli.progress import ScanProgress
from deckwatch.cli.render import json_line, printable
from deckwatch.cli.rules.excepted import ChangeTable, described, paragraph, summed
from deckwatch.eql.dates import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from deckwatch.engine.preview import Preview
    from deckwatch.rules.exceptions.lists import Step
    from deckwatch.rules.exceptions.trial import Trial


def _steps(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[Step, ...]:
    for text in given:
        if text != "until" and not (text.isdecimal() and int(text)):
            raise click.BadParameter(f"{text!r} is no stage; write its number, from 1, or until")
    return tuple("until" if text == "until" else int(text) for text in given)


def _expiry(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    if text is None:
        return None
    instant = parse_timestamp(text)
    if instant is None:
        raise click.BadParameter(f"{text!r} is no time; write 2026-11-22 or 2026-11-22T02:42:36Z")
    return format_timestamp(instant)


@click.command(
    "except",
    epilog="""\
\b
An entry is written as
  FIELD is VALUE             FIELD is one of VALUE, VALUE    FIELD matches PATTERN
  FIELD is not VALUE         FIELD is not one of VALUE, …    FIELD does not match PATTERN
  FIELD exists               FIELD is in list NAME           FIELD is in list NAME (ip_range)
  FIELD does not exist       FIELD has (CHILD is VALUE; CHILD exists)
or as a JSON object in Kibana's form. A value with commas and the like goes in double quotes.

\b
Examples:
  deckwatch rules except dropper.toml --preview history/ --entry 'process.parent.name is cron'
  deckwatch rules except dropper.toml --preview history/ --entry 'container.image.name matches build-*' \\
      --entry 'user.name is not root' --marks alerts.ndjson --write exceptions/dropper.ndjson
  deckwatch rules except dropper.toml --preview history/ --list exceptions/dropper.ndjson

\b
Exit code:
  0    no alert that is marked true would be removed
  1    alerts that are marked true would be removed
  2    bad input (arguments, rules, exceptions, damaged files)
  130  interrupted, or nobody reads the output any more
""",
)
@click.argument("rule", type=options.ON_DISK)
@click.option(
    "--preview",
    "paths",
    metavar="PATH",
    multiple=True,
    type=options.ON_DISK,
    help="Events; can be given several times.",
)
@click.option("--entry", "entries", metavar="TEXT", multiple=True, help="A condition of the exception; all must hold.")
@click.option(
    "--list",
    "lists",
    metavar="FILE",
    multiple=True,
    type=options.ON_DISK,
    help="Exceptions in a file: an export of Kibana, or TOML.",
)
@click.option(
    "--step", "steps", metavar="N", multiple=True, callback=_steps, help="Only stage N of a sequence, or until."
)
@click.option("--expires", metavar="TIME", callback=_expiry, help="When the exception ends: 2026-12-31.")
@click.option("--name", metavar="TEXT", default="", help="What the exception is called.  [default: what it says]")
@click.option(
    "--marks",
    metavar="FILE",
    multiple=True,
    type=options.ON_DISK,
    help="Alert documents (JSON lines) that analysts have marked true_positive or false_positive, as the reason for "
    "closing them or as a tag.",
)
@click.option(
    "--write", metavar="FILE", type=options.ON_DISK, help="Write the exception to a file, as Kibana imports it."
)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Show at most so many alerts.")
@options.rules
@options.as_json("Print one JSON object for each alert that changes, then one for the whole.")
@options.period
@click.pass_context
def except_(
    ctx: click.Context,
    *,
    rule: str,
    paths: tuple[str, ...],
    entries: tuple[str, ...],
    lists: tuple[str, ...],
    steps: tuple[Step, ...],
    expires: str | None,
    name: str,
    marks: tuple[str, ...],
    write: str | None,
    limit: int,
    rule_paths: tuple[str, ...],
    as_json: bool,
    since: int | None,
    until: int | None,
) -> None:
    """Show which past alerts an exception would remove, and write it down.

    RULE is a rule file, or the id or name of one of the rules. The events of --preview are evaluated with and without
    the exception of --entry, or those of --list; with neither, with and without the exceptions that the rule has.

    An exception takes events away before the rule sees them. So a sequence may go, be found with another event, or only
    now come about.
    """
    if not (paths or write):
        raise click.UsageError("nothing to do: name events with --preview, or a file with --write")
    if write and not entries:
        raise click.UsageError("--write needs an exception; say it with --entry")
    if not entries and (steps or expires or name):
        raise click.UsageError("--step, --expires and --name are for an exception of --entry")
    check_outputs([*paths, *marks], [write] if write else [])
    if write and Path(write).exists() and not Path(write).is_file():
        raise click.UsageError(printable(f"{write} is no file; name one that is new, or holds exceptions"))
    from deckwatch.rules.exceptions.notation import parse_entry  # noqa: PLC0415  # help is quicker without rules
    from deckwatch.rules.exceptions.trial import trial, trial_of_own  # noqa: PLC0415
    from deckwatch.rules.exceptions.write import new_item, new_list, write_items  # noqa: PLC0415

    one = chosen(rule, rule_paths)
    list_id = Path(write).stem if write else one.rule_id
    said = [parse_entry(text) for text in entries]
    new = [new_item(said, list_id=list_id, name=name, expire_time=expires, steps=steps)] if said else []
    tried = trial(one, new, lists) if new or lists else trial_of_own(one)
    for warning in tried.warnings:
        click.echo(printable(f"warning: {warning}"), err=True)
    lost, damaged = False, False
    if paths:
        found, damaged = _previewed(tried, paths, marks, limit, since, until)
        _show(found, tried, as_json=as_json)
        lost = bool(found.lost)
    if write:
        write_items(Path(write), new_list(list_id, list_id, [one.rule_id]), new)
        click.echo(printable(f"written to {write}, for {one.name!r}"), err=True)
    ctx.exit(options.BAD_INPUT if damaged else options.FOUND if lost else options.NOTHING_FOUND)


def _previewed(
    tried: Trial, paths: Sequence[str], marks: Sequence[str], most: int, since: int | None, until: int | None
) -> tuple[Preview, bool]:
    """What changes, and whether some of the input was damaged."""
    from deckwatch.engine.marks import read_marks  # noqa: PLC0415
    from deckwatch.engine.preview import NO_MARKS, preview  # noqa: PLC0415
    from deckwatch.engine.visibility import TimeRange  # noqa: PLC0415

    letters, unmarked = DeadLetters(None), DeadLetters(None)
    known = read_marks(marks, tried.before, dead_letter=unmarked) if marks else NO_MARKS
    with ScanProgress(None, shown=sys.stderr.isatty()) as progress:
        found = preview(
            tried.before,
            tried.after,
            paths,
            marks=known,
            most=most,
            within=TimeRange(since, until),
            dead_letter=letters,
            on_batch=progress.show,
        )
    report_damage(letters)
    report_damage(unmarked)
    if letters.first is not None:
        click.echo(malformed(found.summary.malformed, letters.first, None), err=True)
    if (first := unmarked.first) is not None:
        click.echo(printable(f"{first.source}:{first.line}: no alert: {first.reason}"), err=True)
    return found, bool(letters.damaged or unmarked.damaged)


def _show(found: Preview, tried: Trial, *, as_json: bool) -> None:
    from deckwatch.rules.exceptions.link import stage_names  # noqa: PLC0415

    changes = [*(("removed", each) for each in found.removed), *(("added", each) for each in found.added)]
    if as_json:
        for what, each in changes:
            click.echo(json_line(described(what, each)))
        click.echo(json_line(summed(found)))
        return
    table = ChangeTable()
    for what, each in changes:
        table.add(what, each)
    for line in paragraph(found, tried.exclusions, stage_names(tried.after.checked)):
        table.terminal.print(line) if table.terminal else click.echo(line.plain)
