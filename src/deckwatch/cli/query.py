"""`deckwatch query`: one EQL query over events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

import deckwatch
from deckwatch.cli import options
from deckwatch.cli.files import check_outputs, opened
from deckwatch.cli.letters import DeadLetters, malformed, report_damage
from deckwatch.cli.matches import chosen, print_result, usual
from deckwatch.cli.render import json_line, number_of

if TYPE_CHECKING:
    from deckwatch import Result
    from deckwatch.engine.engines import EngineName


def _field_types(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for name, _, kind in pairs:
        if not (name and kind):
            raise click.BadParameter("write it as NAME=TYPE, such as file.size=long", ctx, param)
    return {name: kind for name, _, kind in pairs}


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in (value or "").split(","))))


@click.command(
    epilog="""\
\b
Examples:
  deckwatch query 'process where process.name == "nsenter"' events.ndjson.gz
  deckwatch query 'file where file.path : "/etc/*"' recordings/ --since 7d \\
      --fields @timestamp,file.path,user.id --size 100
  deckwatch query 'sequence by container.id with maxspan=10s
      [file where event.action == "creation"] by file.name
      [process where event.action == "exec"] by process.name' events.ndjson

"""
    + options.exit_codes("bad input (arguments, query, damaged files)")
)
@click.argument("eql")
@options.event_paths
@click.option("--size", type=int, default=10, show_default=True, help="Show at most so many events or sequences.")
@click.option("--head/--tail", "head", default=False, help="Of more than --size, show the first or the last (default).")
@click.option("--fields", metavar="A,B,C", callback=_names, help="Show these fields.")
@options.as_json("Print one JSON object a line: an event as it is, or a sequence's join_keys and events.")
@options.period
@click.option(
    "--timestamp-field", metavar="NAME", default="@timestamp", show_default=True, help="The time that orders events."
)
@click.option(
    "--category-field",
    metavar="NAME",
    default="event.category",
    show_default=True,
    help="What the word before `where` is compared with.",
)
@click.option("--tiebreaker-field", metavar="NAME", help="Orders events of the same time.")
@click.option(
    "--field-type",
    "field_types",
    metavar="NAME=TYPE",
    multiple=True,
    callback=_field_types,
    help="The type of a field, such as file.size=long or user=alias:user.name; can be given several times. A field "
    "without a known type has that of its first value in the events.",
)
@click.option(
    "--max-samples-per-key", type=int, default=1, show_default=True, help="How many samples may share join keys."
)
@options.dead_letter
@options.engine
@click.pass_context
def query(
    ctx: click.Context,
    *,
    eql: str,
    paths: tuple[str, ...],
    size: int,
    head: bool,
    fields: tuple[str, ...],
    as_json: bool,
    since: int | None,
    until: int | None,
    timestamp_field: str,
    category_field: str,
    tiebreaker_field: str | None,
    field_types: dict[str, str],
    max_samples_per_key: int,
    dead_letter: str | None,
    engine: EngineName,
) -> None:
    """Search recorded events with one EQL query.

    EQL is the query, in quotes. PATH is a file of events, a folder, a pattern in quotes, or - for the standard
    input. Files are NDJSON, plain or compressed with gzip or Zstandard, or Parquet.
    """
    check_outputs(paths, [dead_letter] if dead_letter else [])
    with ExitStack() as stack:
        letters = DeadLetters(opened(stack, dead_letter) if dead_letter else None)
        found = deckwatch.search(
            eql,
            paths,
            field_types=field_types,
            timestamp_field=timestamp_field,
            event_category_field=category_field,
            tiebreaker_field=tiebreaker_field,
            size=size,
            result_position="head" if head else "tail",
            max_samples_per_key=max_samples_per_key,
            engine=engine,
            since=since,
            until=until,
            dead_letter=letters,
        )
    if as_json:
        for line in _json(found):
            click.echo(line)
    else:
        print_result(found, chosen(fields) if fields else usual(timestamp_field, category_field))
    matches = len(found.events) + len(found.sequences)
    if matches and matches == size and not as_json:
        click.echo(
            f"There may be more than these {'first' if head else 'last'} {size:,}: --size asks for more.", err=True
        )
    if not matches and size and not as_json:
        click.echo(f"Nothing found in {number_of(found.counts.events, 'event')}.", err=True)
    if letters.first is not None:
        click.echo(malformed(found.counts.malformed, letters.first, dead_letter), err=True)
    report_damage(letters)
    ctx.exit(options.BAD_INPUT if found.counts.damaged else options.FOUND if matches else options.NOTHING_FOUND)


def _json(found: Result) -> Iterator[str]:
    for event in found.events:
        yield json_line(event)
    for sequence in found.sequences:
        yield json_line({"join_keys": sequence.join_keys, "events": sequence.events})
