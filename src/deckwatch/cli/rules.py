"""`deckwatch rules`: what can be done with rules without events."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

import deckwatch
from deckwatch.cli import options, stored
from deckwatch.cli.lazy import Lazy
from deckwatch.cli.render import json_line, number_of, printable
from deckwatch.cli.summary import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deckwatch import Rule, RuleSet
    from deckwatch.rules.exceptions import ExceptionItem


COMMANDS = {
    "add": "deckwatch.cli.rules_add:add",
    "backtest": "deckwatch.cli.rules_backtest:backtest",
    "coverage": "deckwatch.cli.rules_coverage:coverage",
    "disable": "deckwatch.cli.rules_enable:disable",
    "duplicate": "deckwatch.cli.rules_duplicate:duplicate",
    "edit": "deckwatch.cli.rules_edit:edit",
    "enable": "deckwatch.cli.rules_enable:enable",
    "except": "deckwatch.cli.rules_except:except_",
    "export": "deckwatch.cli.rules_export:export",
    "history": "deckwatch.cli.rules_history:history",
    "lint": "deckwatch.cli.rules_lint:lint",
    "list": "deckwatch.cli.rules_list:list_",
    "prove": "deckwatch.cli.rules_prove:prove",
    "remove": "deckwatch.cli.rules_remove:remove",
    "repair": "deckwatch.cli.rules_remove:repair",
    "show": "deckwatch.cli.rules_show:show",
    "test": "deckwatch.cli.rules_test:test",
    "update": "deckwatch.cli.rules_update:update",
}


@click.group(commands=Lazy(COMMANDS))
def rules() -> None:
    """Work with detection rules."""


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


def rules_to_run(paths: Sequence[str], *, disabled: bool = False) -> RuleSet:
    """The rules at these paths, else the enabled ones of the store, else the founding ones.

    With `disabled` those of the store that are not enabled are there, too, so that one of them can be named.

    Their faults and warnings are printed, and which rules of a store they are.

    Raises:
        click.UsageError: no rule is sound, or none is enabled.
    """
    rules = deckwatch.load_rules(*paths) if paths else _stored(disabled=disabled)
    if rules is None:
        rules = deckwatch.founding_rules()
    for problem in (*rules.warnings, *rules.faults):
        click.echo(printable(str(problem)), err=True)
    if not rules:
        raise click.UsageError("no rule could be loaded; `deckwatch rules check` says why")
    return rules


def _stored(*, disabled: bool) -> RuleSet | None:
    """The rules of the store that the command or the environment names; None where there is none."""
    from deckwatch.store.place import default_place, is_store  # noqa: PLC0415  # most need no store

    if stored.named() is None and not is_store(default_place()):
        return None
    from deckwatch.store.store import enabled  # noqa: PLC0415

    store = stored.opened()
    everything = store.rules()
    rules = everything if disabled else enabled(everything)
    which = "" if disabled else f"{len(rules):,} enabled of "
    click.echo(f"{which}{number_of(len(everything), 'rule')} in {stored.shown_path(store.root)}", err=True)
    if not everything and not everything.faults:
        raise click.UsageError("there is no rule in the store; `deckwatch rules add PATH` takes some over")
    if everything and not rules:
        raise click.UsageError("no rule of the store is enabled; `deckwatch rules enable --all` lets them run")
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
