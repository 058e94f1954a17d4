"""`deckwatch explain`: why a rule fired, and why it did not."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from rich.console import Console

import deckwatch
from deckwatch.cli import explained, explained_live, options
from deckwatch.cli.letters import DeadLetters, malformed, report_damage
from deckwatch.cli.quantities import DURATION
from deckwatch.cli.render import json_line, printable
from deckwatch.cli.ruleset import rules_to_run
from deckwatch.errors import DeckwatchError
from deckwatch.rules.choice import choose, named

if TYPE_CHECKING:
    from deckwatch import Rule

RECORDED = {
    "paths": "PATH",
    "rule_paths": "--rules",
    "store": "--store",
    "event": "--event",
    "around": "--around",
    "window": "--window",
    "since": "--since",
    "until": "--until",
}
"""What is of recorded events only."""


def _around(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    return None if text is None else options.moment(text)


@click.command(
    epilog="""\
\b
Examples:
  deckwatch explain my-rules/dropper.toml recording.ndjson.gz
  deckwatch explain 'System Path File Creation' events.ndjson --event 5e0c11a7
  deckwatch explain 1dc56174-5d02-4ca4-af92-e391f096fb21 recordings/ --rules my-rules/ \\
      --container checkout --around 2026-11-22T02:42:36Z --window 30s
  sudo deckwatch explain my-rules/dropper.toml --live

\b
Exit code:
  0    explained
  2    bad input (arguments, rules, damaged files), no event is what was asked about, or no watch answers
  130  interrupted, or nobody reads the output any more
"""
)
@click.argument("rule", type=options.ON_DISK)
@click.argument("paths", metavar="[PATH...]", nargs=-1, type=options.ON_DISK)
@click.option(
    "--live",
    is_flag=True,
    help="Ask a running `deckwatch watch`, instead of reading events: what waits for what, and what ended lately.",
)
@click.option(
    "--control",
    metavar="PATH",
    type=options.ON_DISK,
    help="The watch to ask, by its --control; needed only if several are running. Means --live.",
)
@options.rules
@click.option("--event", metavar="ID", help="Only this event: its _id, its event.id, or the id that an alert names.")
@click.option("--container", metavar="ID", help="Only this container: its name, or the beginning of its id.")
@click.option(
    "--around", metavar="TIME", callback=_around, help="Only events around this time, written as for --since."
)
@click.option(
    "--window", metavar="TIME", callback=DURATION, default="60s", show_default=True, help="How far around: 5s, 10m."
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=5, show_default=True, help="Tell of at most so many near misses."
)
@options.as_json("Print one JSON object.")
@options.period
@click.pass_context
def explain(
    ctx: click.Context,
    *,
    rule: str,
    paths: tuple[str, ...],
    live: bool,
    control: str | None,
    rule_paths: tuple[str, ...],
    event: str | None,
    container: str | None,
    around: int | None,
    window: float,
    limit: int,
    as_json: bool,
    since: int | None,
    until: int | None,
) -> None:
    """Say why a rule fired, and why it did not: on recorded events, or in a running watch.

    RULE is a rule file, or the id or name of one of the rules. PATH is as for `deckwatch scan`.

    Of a rule about single events, every clause is shown with what the event held, what was wanted, and the verdict. Of
    a sequence, how far it got for each join key, what ended it, and which events came nearest to the stages that it did
    not reach. All events are evaluated; --event, --container and --around choose what is told.

    Of a running watch (--live), how many events satisfied each filter, the sequences that go on, what each waits for
    and how long it will, and what ended the last ones.
    """
    if live or control:
        _without_events(ctx)
        live_told = deckwatch.explain_live(_asked(rule), control, container=container, limit=limit)
        _show(explained_live, live_told, as_json=as_json)
        return
    if not paths:
        raise click.UsageError("name recorded events (PATH), or ask a running watch with --live")
    letters = DeadLetters(None)
    told = deckwatch.explain(
        chosen(rule, rule_paths),
        paths,
        event=event,
        container=container,
        around=around,
        window=window,
        since=since,
        until=until,
        limit=limit,
        dead_letter=letters,
    )
    _show(explained, told, as_json=as_json)
    if letters.first is not None:
        click.echo(malformed(told.malformed, letters.first, None), err=True)
    report_damage(letters)
    ctx.exit(options.BAD_INPUT if letters.damaged else options.NOTHING_FOUND)


def _without_events(ctx: click.Context) -> None:
    """Make sure that nothing is asked for which only recorded events have an answer."""
    given = [each for each in RECORDED if ctx.get_parameter_source(each) is ParameterSource.COMMANDLINE]
    if given:
        names = ", ".join(RECORDED[each] for each in given)
        raise click.UsageError(f"{names}: of recorded events only; a running watch is asked about one of its rules")


def _asked(rule: str) -> str:
    """What to call a rule to a watch, which may know it from another file."""
    return chosen(rule, ()).rule_id if Path(rule).exists() else rule


def _show(texts: ModuleType, told: object, *, as_json: bool) -> None:
    if as_json:
        click.echo(json_line(plain(told)))
        return
    terminal = Console(highlight=False, emoji=False, markup=False) if sys.stdout.isatty() else None
    for line in texts.lines(told):
        terminal.print(line, soft_wrap=True) if terminal else click.echo(line.plain)


def chosen(text: str, rule_paths: Sequence[str]) -> Rule:
    """The rule of a file, or the one with this id or name; of a name its beginning is enough.

    Raises:
        click.UsageError: it is none, or several.
    """
    if not rule_paths and Path(text).exists():
        rules = list(rules_to_run([text]))
        if len(rules) > 1:
            several = f"{text} holds several rules; name one, and the file with --rules: {named(rules)}"
            raise click.UsageError(printable(several))
        return rules[0]
    try:
        return choose(text, list(rules_to_run(rule_paths, disabled=True)))
    except DeckwatchError as error:
        raise click.UsageError(printable(str(error))) from error


def plain(value: Any) -> Any:
    """A value of dataclasses as JSON has it; what is hidden, such as whole documents, left out."""
    if is_dataclass(value):
        shown = (each for each in fields(value) if not each.metadata.get("hidden"))
        return {each.name: plain(getattr(value, each.name)) for each in shown}
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, tuple) else value
