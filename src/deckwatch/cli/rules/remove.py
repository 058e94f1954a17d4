"""`deckwatch rules remove` and `repair`: rules that go, and files that come back."""

from __future__ import annotations

import click

from deckwatch.cli import options
from deckwatch.cli.render import escaped, json_line, number_of
from deckwatch.cli.rules import stored


@click.command(
    epilog="""\
\b
Examples:
  deckwatch rules remove 'Netcat Listener'
"""
)
@click.argument("names", metavar="RULE...", nargs=-1, required=True)
@options.store
@options.as_json("Print one JSON object for every rule removed.")
def remove(*, names: tuple[str, ...], as_json: bool) -> None:
    """Remove rules from the store.

    RULE is the id of a rule, its name, or the beginning of it. Exception lists stay, for other rules may use them.
    `deckwatch rules add` can add the rule again, without what was changed here.
    """
    from deckwatch.store.edit import remove as run  # noqa: PLC0415  # help is quicker without the store
    from deckwatch.store.select import Filter, chosen  # noqa: PLC0415

    store = stored.opened()
    removed = run(store, [rule.rule_id for rule in chosen(stored.loaded(store), names, Filter())])
    for rule in removed:
        click.echo(json_line({"rule_id": rule.rule_id, "name": rule.name}) if as_json else stored.line_of(rule))
    if not as_json:
        click.echo(f"{number_of(len(removed), 'rule')} removed")


@click.command(
    epilog="""\
\b
Examples:
  deckwatch rules repair
  deckwatch rules repair --forget
"""
)
@click.option("--forget", is_flag=True, help="Accept that the files are gone, instead of bringing them back.")
@options.store
@options.as_json("Print one JSON object a file.")
@click.pass_context
def repair(ctx: click.Context, *, forget: bool, as_json: bool) -> None:
    """Bring back files of the store that are gone, from its state; and a lost state from the files.

    Other commands say when files are gone. What was removed by `deckwatch rules remove`, here or in a checkout that
    came with its history, is not gone but removed.
    """
    from deckwatch.store.repair import repair as run  # noqa: PLC0415  # help is quicker without the store

    store = stored.place()
    if not store.exists:
        raise click.UsageError(
            f"there is no rule store at {escaped(str(store.root))}; `deckwatch rules add PATH` makes one"
        )
    paths = run(store, forget=forget)
    done = "forgotten" if forget else "restored"
    for path in paths:
        click.echo(json_line({"file": path, done: True}) if as_json else escaped(path))
    if not as_json:
        click.echo(f"{number_of(len(paths), 'file')} {done}" if paths else "nothing is missing")
    if stored.loaded(store).faults:
        cure = "mend them, or delete a file and repair again to have it as it last was"
        click.echo(f"  hint: files that are there and not sound are left alone; {cure}", err=True)
        ctx.exit(options.BAD_INPUT)
