"""`deckwatch explain`: why a rule fired on some events, and why it did not."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

import deckwatch
from deckwatch.cli import options
from deckwatch.cli.explained import lines
from deckwatch.cli.letters import DeadLetters, malformed, report_damage
from deckwatch.cli.quantities import DURATION
from deckwatch.cli.render import json_line, printable
from deckwatch.cli.rules import rules_to_run

if TYPE_CHECKING:
    from deckwatch import Rule

MOST_NAMED = 10


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

\b
Exit code:
  0    explained
  2    bad input (arguments, rules, damaged files), or no event is what was asked about
  130  interrupted, or nobody reads the output any more
"""
)
@click.argument("rule", type=options.ON_DISK)
@options.event_paths
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
    """Say why a rule fired on recorded events, and why it did not.

    RULE is a rule file, or the id or name of one of the rules. PATH is as for `deckwatch scan`.

    Of a rule about single events, every clause is shown with what the event held, what was wanted, and the verdict. Of
    a sequence, how far it got for each join key, what ended it, and which events came nearest to the stages that it did
    not reach. All events are evaluated; --event, --container and --around choose what is told.
    """
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
    if as_json:
        click.echo(json_line(plain(told)))
    else:
        terminal = Console(highlight=False, emoji=False, markup=False) if sys.stdout.isatty() else None
        for line in lines(told):
            terminal.print(line, soft_wrap=True) if terminal else click.echo(line.plain)
    if letters.first is not None:
        click.echo(malformed(told.malformed, letters.first, None), err=True)
    report_damage(letters)
    ctx.exit(options.BAD_INPUT if letters.damaged else options.NOTHING_FOUND)


def chosen(text: str, rule_paths: Sequence[str]) -> Rule:
    """The rule of a file, or the one with this id or name; of a name its beginning is enough.

    Raises:
        click.UsageError: it is none, or several.
    """
    if not rule_paths and Path(text).exists():
        return _only(list(rules_to_run([text])), f"{text} holds several rules; name one, and the file with --rules")
    rules = list(rules_to_run(rule_paths))
    exact = [each for each in rules if text in (each.rule_id, each.id, each.name)]
    beginning = [each for each in rules if each.name.casefold().startswith(text.casefold())]
    if not exact and not beginning:
        raise click.UsageError(
            printable(f"{text!r} is neither a file nor the id or name of a rule; the rules are {_named(rules)}")
        )
    return _only(exact or beginning, f"{text!r} is the beginning of several names")


def _only(rules: Sequence[Rule], several: str) -> Rule:
    if len(rules) > 1:
        raise click.UsageError(printable(f"{several}: {_named(rules)}"))
    return rules[0]


def _named(rules: Iterable[Rule]) -> str:
    names = [f"{rule.name!r}" for rule in rules]
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return ", ".join([*names[:MOST_NAMED], *more])


def plain(value: Any) -> Any:
    """A value of dataclasses as JSON has it; what is hidden, such as whole documents, left out."""
    if is_dataclass(value):
        shown = (each for each in fields(value) if not each.metadata.get("hidden"))
        return {each.name: plain(getattr(value, each.name)) for each in shown}
    return [plain(each) for each in value] if isinstance(value, tuple) else value
