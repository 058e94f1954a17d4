"""`deckwatch rules add`: rules taken over into the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deckwatch.cli import options
from deckwatch.cli.render import json_line, number_of, printable
from deckwatch.cli.rules import stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deckwatch.store.add import Added
    from deckwatch.store.store import Store


@click.command(
    epilog="""\
\b
Exit code:
  0    every sound rule is in the store
  1    the store has some of it in another version, which stays
  2    there are files that are no sound rules; the others were added

\b
Examples:
  deckwatch rules add detection-rules/rules/integrations/cloud_defend/
  deckwatch rules add security_detection_engine-9.1.0.zip --disabled
  deckwatch rules add export.ndjson --store ./rules-in-git
"""
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=options.ON_DISK)
@click.option(
    "--enabled/--disabled",
    default=None,
    help="Let all of them run, or none.  [default: they run unless their file says `enabled: false`]",
)
@options.store
@options.as_json("Print one JSON object a line: a rule with what became of it, or a fault.")
@click.pass_context
def add(ctx: click.Context, *, paths: tuple[str, ...], enabled: bool | None, as_json: bool) -> None:
    """Take rules over into the store, with their exceptions.

    PATH is a rule file or a folder that holds some, such as a checkout of detection-rules; a Kibana export (NDJSON);
    or the package of prebuilt rules, zipped or unpacked. The store is made if there is none.

    A rule that the store has already is never overwritten; `deckwatch rules update` compares the two.
    """
    from deckwatch.store.add import add as run  # noqa: PLC0415  # help is quicker without the store

    store = stored.place()
    found = run(store, *paths, enabled=enabled)
    stored.report(found.faults)
    for line in _json(found) if as_json else _text(found, store, enabled):
        click.echo(line)
    stays = found.differing or found.kept
    ctx.exit(options.BAD_INPUT if found.faults else options.FOUND if stays else options.NOTHING_FOUND)


def _text(found: Added, store: Store, enabled: bool | None) -> Iterator[str]:  # noqa: FBT001
    running = len(found.added) if enabled else 0 if enabled is False else sum(rule.enabled for rule in found.added)
    yield f"{number_of(len(found.added), 'rule')} added to {stored.shown_path(store.root)}, {running:,} enabled"
    if found.lists:
        yield f"{number_of(found.lists, 'exception or value list')} added"
    if found.known:
        yield f"{number_of(len(found.known), 'rule')} there already"
    if found.skipped:
        yield f"{len(found.skipped):,} skipped; `deckwatch rules check` says why"
    for rule in found.differing:
        yield printable(f"not added: {rule.name!r} ({rule.rule_id}) is there in another version")
    for name in found.kept:
        yield printable(f"not added: {name} is there in another version")
    if found.differing:
        yield "  hint: `deckwatch rules update` compares them with these"
    if found.kept:
        yield "  hint: exceptions and value lists are files of the store; change them there"
    if found.faults:
        yield f"{number_of(len(found.faults), 'fault')}, see above"


def _json(found: Added) -> Iterator[str]:
    for kind, some in (("added", found.added), ("known", found.known), ("differing", found.differing)):
        for rule in some:
            yield json_line({"kind": kind, "rule_id": rule.rule_id, "name": rule.name, "version": rule.version})
    for skip in found.skipped:
        yield json_line({"kind": "skipped", "rule_id": skip.rule_id, "name": skip.name, "reason": skip.reason})
    for name in found.kept:
        yield json_line({"kind": "kept", "name": name})
    for fault in found.faults:
        yield json_line({"kind": "fault", "file": fault.file, "line": fault.line, "message": fault.message})
