"""What the commands on the rule store share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from deckwatch.cli import options
from deckwatch.cli.render import escaped, number_of, printable

if TYPE_CHECKING:
    from deckwatch.rules.rule import Rule, RuleFault, RuleSet, Skipped
    from deckwatch.store.select import Filter
    from deckwatch.store.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])

SEVERITIES = ("low", "medium", "high", "critical")
MOST_SKIPPED = 10


def filters(command: Command) -> Command:
    """The options that choose rules by what they are about."""
    for decorate in reversed(
        (
            click.option("--tag", "tags", metavar="TAG", multiple=True, help="Rules with this tag."),
            click.option(
                "--technique",
                "techniques",
                metavar="ID",
                multiple=True,
                help="Rules for this ATT&CK technique, its sub-techniques included, or for this tactic: T1059, TA0005.",
            ),
            click.option(
                "--integration",
                "integrations",
                metavar="NAME",
                multiple=True,
                help="Rules on events of this integration: cloud_defend, endpoint.",
            ),
            click.option(
                "--severity",
                "severities",
                type=click.Choice(SEVERITIES),
                multiple=True,
                help="Rules of this severity.",
            ),
        )
    ):
        command = decorate(command)
    return command


def wanted(**kinds: Any) -> Filter:
    """The filter that options stand for."""
    from deckwatch.store.select import Filter  # noqa: PLC0415  # help is quicker without the store

    return Filter(**kinds)


def report_unfit(fits: Filter, rules: RuleSet) -> None:
    """Say on the standard error which tags, techniques and integrations no rule has."""
    from deckwatch.store.select import unfit  # noqa: PLC0415

    for problem in unfit(fits, rules):
        click.echo(printable(problem), err=True)


def place() -> Store:
    """The store that `--store` or the environment names; it need not exist."""
    from deckwatch.store.store import open_store  # noqa: PLC0415

    return open_store(named())


def named() -> str | None:
    """The path that `--store` names."""
    path: str | None = click.get_current_context().meta.get(options.STORE)
    return path


def opened() -> Store:
    """The store, of which the standard error tells what is missing.

    Raises:
        click.UsageError: there is none.
    """
    store = place()
    if not store.exists:
        raise click.UsageError(
            printable(f"there is no rule store at {store.root}; `deckwatch rules add PATH` makes one")
        )
    report_missing(store)
    return store


def report_missing(store: Store) -> None:
    """Say which files of the store are gone."""
    missing = store.missing()
    if missing:
        names = ", ".join(map(escaped, missing[:MOST_SKIPPED]))
        more = f" and {len(missing) - MOST_SKIPPED} more" if len(missing) > MOST_SKIPPED else ""
        click.echo(
            f"{number_of(len(missing), 'file')} gone from {escaped(str(store.root))}: {names}{more}\n"
            "  hint: `deckwatch rules repair` brings them back; with --forget it accepts that they are gone",
            err=True,
        )


def report(problems: Iterable[RuleFault | Skipped]) -> None:
    """Say on the standard error what was not sound, or not taken."""
    from deckwatch.rules.rule import Skipped  # noqa: PLC0415

    for problem in problems:
        if isinstance(problem, Skipped):
            place = f"{problem.file}:{problem.line}"
            click.echo(printable(f"{place}: skipped {problem.name!r}: {problem.reason}"), err=True)
        else:
            click.echo(printable(str(problem)), err=True)


def loaded(store: Store) -> RuleSet:
    """The rules of the store; what of them is not sound is reported."""
    rules = store.rules()
    report(rules.faults)
    return rules


def shown_path(path: Path) -> str:
    """A path as people write it."""
    with contextlib.suppress(RuntimeError, ValueError):  # no home folder, or not in it
        return escaped(f"~/{path.relative_to(Path.home())}")
    return escaped(str(path))


def line_of(rule: Rule) -> str:
    """A rule on one line."""
    return escaped(f"{rule.severity:<8}  {rule.name}  ({rule.rule_id})")
