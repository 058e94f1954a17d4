"""`deckwatch rules`: what can be done with rules."""

from __future__ import annotations

import click

from deckwatch.cli.lazy import Lazy

COMMANDS = {
    "add": "deckwatch.cli.rules.add:add",
    "backtest": "deckwatch.cli.rules.backtest:backtest",
    "check": "deckwatch.cli.rules.check:check",
    "coverage": "deckwatch.cli.rules.coverage:coverage",
    "disable": "deckwatch.cli.rules.enable:disable",
    "duplicate": "deckwatch.cli.rules.duplicate:duplicate",
    "edit": "deckwatch.cli.rules.edit:edit",
    "enable": "deckwatch.cli.rules.enable:enable",
    "except": "deckwatch.cli.rules.except_:except_",
    "export": "deckwatch.cli.rules.export:export",
    "history": "deckwatch.cli.rules.history:history",
    "lint": "deckwatch.cli.rules.lint:lint",
    "list": "deckwatch.cli.rules.list:list_",
    "prove": "deckwatch.cli.rules.prove:prove",
    "remove": "deckwatch.cli.rules.remove:remove",
    "repair": "deckwatch.cli.rules.remove:repair",
    "show": "deckwatch.cli.rules.show:show",
    "test": "deckwatch.cli.rules.test:test",
    "update": "deckwatch.cli.rules.update:update",
}


@click.group(commands=Lazy(COMMANDS))
def rules() -> None:
    """Work with detection rules."""
