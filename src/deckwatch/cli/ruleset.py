"""Which rules a command runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

import deckwatch
from deckwatch.cli.render import number_of, printable
from deckwatch.cli.rules import stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deckwatch import RuleSet


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
