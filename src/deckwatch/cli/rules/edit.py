"""`deckwatch rules edit`: a rule of the store changed by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deckwatch.cli import options
from deckwatch.cli.render import json_line, printable
from deckwatch.cli.rules import stored
from deckwatch.cli.rules.reviewed import changed
from deckwatch.errors import DeckwatchError

if TYPE_CHECKING:
    from deckwatch.store.document import Document


@click.command(
    epilog="""\
\b
Examples:
  deckwatch rules edit 'System Path File Creation'
  deckwatch rules edit 'System Path File Creation' --set severity=high --set risk_score=73
  deckwatch rules edit 'System Path File Creation' --set 'tags=["Domain: Container"]' --set max_signals=null
"""
)
@click.argument("rule", metavar="RULE")
@click.option(
    "--set",
    "settings",
    metavar="FIELD=VALUE",
    multiple=True,
    help="Set a parameter instead of opening an editor: a text, or JSON; null takes it away. Can be given several "
    "times.",
)
@options.store
@options.as_json("Print one JSON object with what changed.")
def edit(*, rule: str, settings: tuple[str, ...], as_json: bool) -> None:
    """Change a rule of the store, in the editor that $EDITOR names or with --set.

    RULE is the id of a rule, its name, or the beginning of it. The rule is checked before it is written; what is not
    sound never replaces it. `deckwatch rules update` keeps what you change.
    """
    from deckwatch.store.document import Document  # noqa: PLC0415  # help is quicker without the store
    from deckwatch.store.edit import parsed, replace_rule, with_settings  # noqa: PLC0415
    from deckwatch.store.journal import changed as differences  # noqa: PLC0415
    from deckwatch.store.select import named  # noqa: PLC0415

    store = stored.opened()
    before = Document.of(named(stored.loaded(store), rule))
    after = with_settings(before, parsed(settings)) if settings else _edited(before)
    replace_rule(store, before, after)
    found = differences(before, after)
    if as_json:
        changes = {key: {"from": was, "to": now} for key, (was, now) in found.items()}
        click.echo(json_line({"rule_id": before.rule_id, "name": after.name, "changes": changes}))
        return
    for key, (was, now) in found.items():
        for line in changed(key, was, now):
            click.echo(line)
    click.echo(printable(f"{after.name!r} changed" if found else "nothing changed"))


def _edited(before: Document) -> Document:
    """What comes back from the editor, which is opened again, if somebody wants it, until the rule is sound."""
    from deckwatch.store.edit import as_edited  # noqa: PLC0415

    suffix, text = before.encoded
    while True:
        returned = _returned(text, suffix)
        if returned is None or returned == text:
            return before
        text = returned
        try:
            return as_edited(before, text, f"edited{suffix}")
        except DeckwatchError as error:
            if not _is_asked():
                raise
            click.echo(printable(str(error)), err=True)
            if not click.confirm("Edit again?", default=True, err=True):
                kept = _kept(text, suffix)
                raise DeckwatchError(f"the rule stays as it was; your text is in {kept}") from error


def _returned(text: str, suffix: str) -> str | None:
    """The text that the editor leaves; None if it is not saved."""
    try:
        return click.edit(text, extension=suffix)
    except UnicodeDecodeError as error:
        raise DeckwatchError("what the editor saved is no text in UTF-8; the rule stays as it was") from error
    except click.ClickException as error:
        raise DeckwatchError(f"{error.message}; the rule stays as it was. $EDITOR names the editor") from error


def _is_asked() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def _kept(text: str, suffix: str) -> Path:
    import tempfile  # noqa: PLC0415  # hardly ever

    with tempfile.NamedTemporaryFile("w", suffix=suffix, prefix="rule-", delete=False, encoding="utf-8") as file:
        file.write(text)
    return Path(file.name)
