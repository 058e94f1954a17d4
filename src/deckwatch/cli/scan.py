"""`deckwatch scan`: rules over events."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import click

import deckwatch
from deckwatch.cli import options
from deckwatch.cli.alerts import AlertTable
from deckwatch.cli.files import check_outputs, json_lines, opened
from deckwatch.cli.letters import DeadLetters, report_damage
from deckwatch.cli.progress import ScanProgress
from deckwatch.cli.ruleset import rules_to_run
from deckwatch.cli.summary import one_line, paragraph

if TYPE_CHECKING:
    from deckwatch import RuleSet, Summary
    from deckwatch.engine.engines import EngineName

STANDARD_OUTPUT = "-"


@click.command(
    epilog="""\
\b
Examples:
  deckwatch scan events.ndjson.gz
  deckwatch scan recordings/ 'more/*.parquet' --rules my-rules/ --since 7d
  kubectl logs agent | deckwatch scan - --json | jq .
  deckwatch scan recordings/ --output alerts.ndjson --dead-letter bad.ndjson

"""
    + options.exit_codes("bad input (arguments, rules, damaged files); what is sound still ran")
)
@options.event_paths
@options.rules
@options.as_json("Print the alert documents as JSON lines, building blocks included, instead of the table.")
@click.option(
    "--output",
    metavar="FILE",
    type=options.ON_DISK,
    help="Write the JSON lines to a file, beside the table; - means --json.",
)
@click.option(
    "--max-signals",
    is_flag=True,
    help="Report no more alerts in each run of a rule (its interval, by the times of events) than its max_signals "
    "says: the latest of them, as the detection engine does.  [default: all alerts]",
)
@options.period
@options.dead_letter
@options.engine
@click.option("--no-progress", is_flag=True, help="Show no progress bar. There is none outside of a terminal.")
@click.pass_context
def scan(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    rule_paths: tuple[str, ...],
    as_json: bool,
    output: str | None,
    max_signals: bool,
    since: int | None,
    until: int | None,
    dead_letter: str | None,
    engine: EngineName,
    no_progress: bool,
) -> None:
    """Run detection rules over recorded events and print the alerts.

    PATH is a file of events, a folder, a pattern in quotes, or - for the standard input. Files are NDJSON, plain
    or compressed with gzip or Zstandard, or Parquet.

    A line that is no event is counted, and the rest is searched. Alerts of event rules are printed as they are
    found, those of sequences when all events have been read.
    """
    rules = rules_to_run(rule_paths)
    as_json = as_json or output == STANDARD_OUTPUT
    file = None if output == STANDARD_OUTPUT else output
    check_outputs(paths, [name for name in (file, dead_letter) if name], rules)
    table = None if as_json else AlertTable(rule.name for rule in rules)
    with ExitStack() as stack:
        letters = DeadLetters(opened(stack, dead_letter) if dead_letter else None)
        sinks = [table.add if table else json_lines(sys.stdout), *([json_lines(opened(stack, file))] if file else [])]
        shown = sys.stderr.isatty() and not no_progress and not (as_json and sys.stdout.isatty())
        progress = stack.enter_context(ScanProgress(table.terminal if table else None, shown=shown))
        found = deckwatch.scan(
            paths,
            rules,
            engine=engine,
            since=since,
            until=until,
            max_signals=max_signals,
            dead_letter=letters,
            on_batch=progress.show,
        )
        for alert in stack.enter_context(closing(found)):
            for sink in sinks:
                sink(alert)
    _report(found.summary, rules, letters, dead_letter, as_json=as_json)
    ctx.exit(options.exit_code(found.summary.alerts, damaged=bool(rules.faults or found.summary.damaged)))


def _report(summary: Summary, rules: RuleSet, letters: DeadLetters, file: str | None, *, as_json: bool) -> None:
    report_damage(letters)
    if as_json:
        click.echo(one_line(summary, rules), err=True)
    else:
        click.echo("\n" * bool(summary.alerts) + "\n".join(paragraph(summary, rules, letters.first, file)))
