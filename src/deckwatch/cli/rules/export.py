"""`deckwatch rules export`: rules of the store given away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from deckwatch.cli import options
from deckwatch.cli.render import escaped, number_of
from deckwatch.cli.rules import stored

STANDARD = "-"
LINES = ".ndjson"
NO_FOLDER = (".json", ".jsonl", ".toml", ".zip", ".gz")
"""Endings of files that somebody may expect to get."""


@click.command(
    epilog="""\
\b
Examples:
  deckwatch rules export --output rules-for-kibana.ndjson
  deckwatch rules export --integration cloud_defend --output container-rules/
  deckwatch rules export 'Netcat Listener' | jq .query
"""
)
@click.argument("names", metavar="[RULE...]", nargs=-1)
@stored.filters
@click.option("--enabled/--disabled", default=None, help="Only rules that run, or only those that do not.")
@click.option(
    "--output",
    metavar="FILE.ndjson|FOLDER|-",
    type=options.ON_DISK,
    default=STANDARD,
    show_default=True,
    help="A file for Kibana to import, or a new folder with a TOML file for each rule; - is the standard output, as "
    "for Kibana.",
)
@options.store
def export(*, names: tuple[str, ...], output: str, **kinds: Any) -> None:
    """Write rules of the store to a file that Kibana imports, or to a folder of TOML files.

    RULE is the id of a rule, its name, or the beginning of it. Without any, and without options that choose rules,
    all are exported. Their exception lists and connectors go along; value lists into folders only, as Kibana has no
    place for them in a file of rules. `deckwatch rules add` reads both.
    """
    from deckwatch.store.export import export_folder, export_lines  # noqa: PLC0415  # help is quicker without the store
    from deckwatch.store.files import write  # noqa: PLC0415
    from deckwatch.store.select import chosen  # noqa: PLC0415

    if output.lower().endswith(NO_FOLDER):
        raise click.UsageError(f"{escaped(output)}: name a file that ends in {LINES}, or a new folder")
    store = stored.opened()
    rules = stored.loaded(store)
    fits = stored.wanted(**kinds)
    stored.report_unfit(fits, rules)
    some = chosen(rules, names, fits) if names or fits else list(rules)
    if output == STANDARD:
        for line in export_lines(store, some, rules):
            click.echo(line.encode(), nl=False)  # whatever the terminal can show
        return
    if output.lower().endswith(LINES):
        write(Path(output).resolve(), "".join(export_lines(store, some, rules)).encode())
    else:
        export_folder(store, some, rules, Path(output))
    click.echo(f"{number_of(len(some), 'rule')} exported to {escaped(output)}", err=True)
