"""`deckwatch rules check`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

import deckwatch
from deckwatch.cli import options
from deckwatch.cli.render import json_line, printable
from deckwatch.cli.summary import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deckwatch import Rule, RuleSet
    from deckwatch.rules.exceptions.lists import ExceptionItem


@click.command(
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
@options.as_json("Print JSON lines: rules, skipped rules, exceptions, warnings and faults, as their kind says.")
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
    for each in found.exception_lists:
        for item in each.items:
            yield json_line({"kind": "exception", **_of_item(item, found)})
    for warning in found.warnings:
        yield json_line({"kind": "warning", **asdict(warning)})
    for fault in found.faults:
        yield json_line({"kind": "fault", **asdict(fault)})


def _of_item(item: ExceptionItem, found: RuleSet) -> dict[str, object]:
    """An exception, and the rules that it takes events from."""
    rules = [rule.rule_id for rule in found for each in rule.exceptions.exclusions if each.item is item]
    return {
        "name": item.name,
        "item_id": item.item_id,
        "list_id": item.list_id,
        "file": item.file,
        "line": item.line,
        "rules": rules,
    }


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
