"""`deckwatch rules`: what can be done with rules without events."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

import deckwatch
from deckwatch.cli import options
from deckwatch.cli.render import json_line, printable
from deckwatch.cli.rules_lint import lint
from deckwatch.cli.rules_prove import prove
from deckwatch.cli.rules_test import test
from deckwatch.cli.summary import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deckwatch import Rule, RuleSet


@click.group()
def rules() -> None:
    """Work with detection rules."""


rules.add_command(lint)
rules.add_command(prove)
rules.add_command(test)


@rules.command(
    epilog="""\
\b
Exit code:
  0    every rule is sound, or sound and of a kind that deckwatch does not run
  2    there are faults

\b
Examples:
  deckwatch rules check my-rules/
  deckwatch rules check export.ndjson --json | jq 'select(.kind == "fault")'
"""
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=options.ON_DISK)
@options.as_json("Print one JSON object a line: a rule, a skipped rule, a warning or a fault, as its kind says.")
@click.pass_context
def check(ctx: click.Context, *, paths: tuple[str, ...], as_json: bool) -> None:
    """Say which rules can run, which cannot, and how to mend them.

    PATH is a rule file or a folder that holds some: detection-rules TOML, JSON, a Kibana export (NDJSON) or the
    package of prebuilt rules (zip).
    """
    found = deckwatch.load_rules(*paths)
    for line in _json(found) if as_json else _text(found):
        click.echo(line)
    ctx.exit(options.BAD_INPUT if found.faults else options.NOTHING_FOUND)


def rules_to_run(paths: Sequence[str]) -> RuleSet:
    """The rules at these paths, or the founding ones if there is none; their faults and warnings are printed.

    Raises:
        click.UsageError: no rule is sound.
    """
    rules = deckwatch.load_rules(*paths) if paths else deckwatch.founding_rules()
    for problem in (*rules.warnings, *rules.faults):
        click.echo(printable(str(problem)), err=True)
    if not rules:
        raise click.UsageError("no rule could be loaded; `deckwatch rules check` says why")
    return rules


def _text(found: RuleSet) -> Iterator[str]:
    for skip in found.skipped:
        yield printable(f"{skip.file}:{skip.line}: skipped {skip.name!r}: {skip.reason}")
    for problem in (*found.warnings, *found.faults):
        yield printable(str(problem))
    yield counted(found)


def _json(found: RuleSet) -> Iterator[str]:
    for rule in found:
        yield json_line({"kind": "rule", **_described(rule)})
    for skip in found.skipped:
        yield json_line({"kind": "skipped", **asdict(skip)})
    for warning in found.warnings:
        yield json_line({"kind": "warning", **asdict(warning)})
    for fault in found.faults:
        yield json_line({"kind": "fault", **asdict(fault)})


def _described(rule: Rule) -> dict[str, object]:
    return {
        "name": rule.name,
        "rule_id": rule.rule_id,
        "file": rule.source.file,
        "line": rule.source.line,
        "severity": rule.severity,
        "risk_score": rule.risk_score,
        "enabled": rule.enabled,
    }
