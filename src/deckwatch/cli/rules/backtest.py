"""`deckwatch rules backtest`: what rules would have done in a history."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import deckwatch
from deckwatch.cli import options
from deckwatch.cli.aligned import print_report
from deckwatch.cli.files import check_outputs
from deckwatch.cli.letters import DeadLetters, malformed, report_damage
from deckwatch.cli.progress import ScanProgress
from deckwatch.cli.render import json_line, printable
from deckwatch.cli.rules.backtested import lines
from deckwatch.cli.ruleset import rules_to_run
from deckwatch.rules.choice import choose, named

if TYPE_CHECKING:
    from deckwatch import Backtest, Rule

RULE_FILES = (".toml", ".zip")


@click.command(
    epilog="""\
\b
Examples:
  deckwatch rules backtest my-rules/dropper.toml recordings/ --since 30d
  deckwatch rules backtest my-rules/ 'history/*.parquet' --html backtest.html
  deckwatch rules backtest new.toml recordings/ --before old.toml
  deckwatch rules backtest dropper.toml miner.toml recordings/ --json | jq .noise.per_week

\b
Exit code:
  0    no alert; with --before, no alert that differs
  1    there are such alerts
  2    bad input (arguments, rules, damaged files); what is sound was still measured
  130  interrupted, or nobody reads the output any more
"""
)
@click.argument("arguments", metavar="RULE... PATH...", nargs=-1, required=True, type=options.ON_DISK)
@options.rules
@click.option(
    "--before",
    metavar="RULE",
    type=options.ON_DISK,
    help="An older version of the rule: also say which alerts appear, vanish and stay.",
)
@options.period
@options.as_json("Print one JSON object a line: the history, each rule, the change, as its kind says.")
@click.option("--html", metavar="FILE", type=options.ON_DISK, help="Write it all as one page that needs no network.")
@click.option("--png", metavar="FILE", type=options.ON_DISK, help="Write the charts as a picture; needs matplotlib.")
@click.pass_context
def backtest(
    ctx: click.Context,
    *,
    arguments: tuple[str, ...],
    rule_paths: tuple[str, ...],
    before: str | None,
    since: int | None,
    until: int | None,
    as_json: bool,
    html: str | None,
    png: str | None,
) -> None:
    """Measure what rules would have done in recorded events.

    The first argument is a rule: a file, a folder of them, or the id or name of a rule. So are files that end in .toml
    or .zip. All others are events, as for `deckwatch scan`.

    Of one rule you see how often it fires, in which containers and images, on which values of the fields that it
    reads, and how noisy it would be; of several, a line each. --json and --html have everything of all.
    """
    wanted, paths = _told_apart(arguments)
    rules, faulty = _rules(wanted, rule_paths)
    older = _one(before, rule_paths) if before else None
    check_outputs(paths, [name for name in (html, png) if name], [*rules, *([older] if older else [])])
    if png:
        _check_png()
    letters = DeadLetters(None)
    with ScanProgress(None, shown=sys.stderr.isatty()) as progress:
        found = deckwatch.backtest(
            rules, paths, before=older, since=since, until=until, dead_letter=letters, on_batch=progress.show
        )
    _print(found, as_json=as_json)
    _write(found, html, png)
    if letters.first is not None:
        click.echo(malformed(found.summary.malformed, letters.first, None), err=True)
    report_damage(letters)
    counted = found.alerts if found.change is None else int(found.change.differs)
    ctx.exit(options.exit_code(counted, damaged=faulty or bool(letters.damaged)))


def _told_apart(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments that are rules, and those that are events."""
    first, *rest = arguments
    rules = [first, *(each for each in rest if each.endswith(RULE_FILES))]
    events = [each for each in rest if not each.endswith(RULE_FILES)]
    if not events:
        raise click.UsageError("there are no events; name them after the rule: deckwatch rules backtest RULE PATH")
    return rules, events


def _rules(wanted: Sequence[str], rule_paths: Sequence[str]) -> tuple[list[Rule], bool]:
    """The rules, and whether something of their files is none."""
    first, *more = wanted
    if Path(first).exists():
        loaded = rules_to_run(wanted)
        return list(loaded), bool(loaded.faults)
    rules = [_one(first, rule_paths)]
    if not more:
        return rules, False
    loaded = rules_to_run(more)
    return [*rules, *loaded], bool(loaded.faults)


def _one(text: str, rule_paths: Sequence[str]) -> Rule:
    """The rule of a file, or the one with this id or name; of a store also one that is not enabled."""
    if not Path(text).exists():
        return choose(text, list(rules_to_run(rule_paths, disabled=True)))
    rule, *others = rules_to_run([text])
    if others:
        raise click.UsageError(printable(f"{text} holds several rules, and one is wanted: {named([rule, *others])}"))
    return rule


def _print(found: Backtest, *, as_json: bool) -> None:
    if as_json:
        from deckwatch.backtesting.report import as_json as plain  # noqa: PLC0415  # with the engine

        for each in plain(found):
            click.echo(json_line(each))
        return
    print_report(lambda width: lines(found, width))


def _check_png() -> None:
    from deckwatch.backtesting.png import check  # noqa: PLC0415  # as above

    check()


def _write(found: Backtest, html: str | None, png: str | None) -> None:
    if html:
        from deckwatch.backtesting.html import page  # noqa: PLC0415  # as above

        Path(html).write_text(page(found), encoding="utf-8")
    if png:
        from deckwatch.backtesting.png import write  # noqa: PLC0415  # as above

        write(found, png)
