"""The command `deckwatch`: its subcommands, and what becomes of errors."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from deckwatch.cli.lazy import Lazy
from deckwatch.cli.options import BAD_INPUT, INTERRUPTED
from deckwatch.cli.render import printable
from deckwatch.errors import DeckwatchError


class BadInputError(click.ClickException):
    """What the caller gave cannot be used."""

    exit_code = BAD_INPUT

    def format_message(self) -> str:
        return printable(self.message)


class Commands(click.Group):
    """Where errors become messages and exit codes."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        with _explained():
            context = super().make_context(*arguments, **options)
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            context.color = False
        return context

    def invoke(self, ctx: click.Context) -> Any:
        with _explained():
            return super().invoke(ctx)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except DeckwatchError as error:
        raise BadInputError(str(error)) from error
    except (KeyboardInterrupt, BrokenPipeError):
        _let_go_of_output()
        raise click.exceptions.Exit(INTERRUPTED) from None
    except OSError as error:
        raise BadInputError(f"{error.filename or 'input or output'}: {error.strerror or error}") from error


def _let_go_of_output() -> None:
    """Let what is still buffered vanish, instead of failing once more when the process ends."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.dup2(nowhere, sys.stderr.fileno())


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  # click's signature
    if wanted:
        with contextlib.suppress(metadata.PackageNotFoundError):
            click.echo(f"deckwatch {metadata.version('deckwatch')}")
            ctx.exit()
        raise BadInputError("deckwatch is not installed, so its version is not known")


COMMANDS = {
    "completion": "deckwatch.cli.completion:completion",
    "explain": "deckwatch.cli.explain:explain",
    "query": "deckwatch.cli.query:query",
    "rules": "deckwatch.cli.rules:rules",
    "scan": "deckwatch.cli.scan:scan",
    "sensor": "deckwatch.cli.sensor:sensor",
    "watch": "deckwatch.cli.watch:watch",
}


@click.group(
    cls=Commands,
    commands=Lazy(COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\
\b
Examples:
  sudo deckwatch watch
  deckwatch scan events.ndjson.gz
  deckwatch scan recordings/ --rules my-rules/ --since 7d
  deckwatch query 'process where process.name == "nsenter"' events.ndjson
  deckwatch explain my-rules/dropper.toml events.ndjson --container checkout
  deckwatch rules check my-rules/
""",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def deckwatch() -> None:
    """Run EQL detection rules over what happens in containers, live or recorded."""


def main() -> None:
    """Run `deckwatch` with the arguments of this process."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # for as long as we run
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        deckwatch(prog_name="deckwatch")
    except SystemExit as end:
        if end.code == INTERRUPTED:  # a thread may be waiting for input still, and Python for the thread
            os._exit(INTERRUPTED)
        raise
