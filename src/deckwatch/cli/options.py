"""What several commands share: options, the times people write, exit codes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

from deckwatch.cli.quantities import SIZE
from deckwatch.eql.dates import DAY, HOUR, LEAST, MINUTE, SECOND, parse_timestamp

Command = TypeVar("Command", bound=Callable[..., Any])

NOTHING_FOUND, FOUND, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class OnDisk(click.Path):
    """A path that shells complete; whoever opens it says what is wrong with it.

    An empty one, such as that of a variable which is not set, is refused: it would be the current folder.
    """

    def __init__(self) -> None:
        super().__init__(readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("a path is empty; is a variable of the shell not set?", param, ctx)
        return super().convert(value, param, ctx)


ON_DISK = OnDisk()

SMALLEST_RING, LARGEST_RING = 64 << 10, 1 << 30
"""Bytes. Pages are 64 KiB where they are largest."""

STORE = "deckwatch.store"
"""Where a click context has the path of `--store`."""

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_AGO = re.compile(r"([0-9]{1,9})([smhdw])")


def _since(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    return None if text is None else moment(text)


def _until(ctx: click.Context, _: click.Parameter, text: str | None) -> int | None:
    until, since = None if text is None else moment(text), ctx.params.get("since")
    if since is not None and until is not None and until <= since:
        raise click.BadParameter("it is not after --since, so no event lies between them")
    return until


def moment(text: str) -> int:
    """A date or time, or how long ago, as nanoseconds since 1970.

    Raises:
        click.BadParameter: the text is neither.
    """
    if ago := _AGO.fullmatch(text):
        return max(LEAST, time.time_ns() - int(ago[1]) * _UNITS[ago[2]])
    instant = parse_timestamp(text)
    if instant is None:
        cure = "write 2026-11-22, 2026-11-22T02:42:36Z, or how long ago: 30m, 2h, 7d"
        raise click.BadParameter(f"{text!r} is no time; {cure}")
    return instant


def exit_codes(bad_input: str) -> str:
    """The end of the help of a command that searches events."""
    return f"""\
\b
Exit code:
  {NOTHING_FOUND:<3}  nothing found
  {FOUND:<3}  something found
  {BAD_INPUT:<3}  {bad_input}
  {INTERRUPTED:<3}  interrupted, or nobody reads the output any more
"""


def exit_code(found: int, *, damaged: bool) -> int:
    """The exit code of a command that searches events; `damaged` when its input was not all sound."""
    if damaged:
        return BAD_INPUT
    return FOUND if found else NOTHING_FOUND


def event_paths(command: Command) -> Command:
    """The argument that names events."""
    return click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=ON_DISK)(command)


def rules(command: Command) -> Command:
    """The options `--rules` and `--store`."""
    return click.option(
        "--rules",
        "rule_paths",
        metavar="PATH",
        type=ON_DISK,
        multiple=True,
        callback=_either,
        help="Rule file, or folder of rules; can be given several times. Without it the enabled rules of the store "
        "run, or the two founding rules if there is no store.",
    )(store(command))


def _either(ctx: click.Context, _: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    if paths and ctx.meta.get(STORE):
        raise click.BadParameter("it and --store exclude each other")
    return paths


def store(command: Command) -> Command:
    """The option `--store`, which goes into the context (`STORE`)."""
    return click.option(
        "--store",
        metavar="PATH",
        type=ON_DISK,
        expose_value=False,
        is_eager=True,
        callback=_keep_store,
        help="The rule store.  [default: $DECKWATCH_STORE, else deckwatch/rules in the folder for your data]",
    )(command)


def _keep_store(ctx: click.Context, _: click.Parameter, path: str | None) -> None:
    ctx.meta[STORE] = path


def period(command: Command) -> Command:
    """The options `--since` and `--until`."""
    until = click.option(
        "--until", metavar="TIME", callback=_until, help="Only events before this time, written as for --since."
    )
    since = click.option(
        "--since",
        metavar="TIME",
        is_eager=True,
        callback=_since,
        help="Only events at or after this time: an ISO 8601 date or time (UTC, if it names no offset), or how long "
        "ago, such as 30m, 2h or 7d.",
    )
    return since(until(command))


def kernel(command: Command) -> Command:
    """The options `--ring-size` and `--tier`."""
    tier = click.option(
        "--tier",
        type=click.Choice(["lsm", "fentry", "tracepoint"]),
        help="Watch files by these hooks only.  [default: the first of them that the kernel takes]",
    )
    ring_size = click.option(
        "--ring-size",
        metavar="SIZE",
        callback=_ring_size,
        default="8M",
        show_default=True,
        help="Memory for events that wait to be read: 1M, 64M; a power of two. More of it bridges longer bursts.",
    )
    return ring_size(tier(command))


def _ring_size(ctx: click.Context, parameter: click.Parameter, text: str) -> int:
    size = SIZE(ctx, parameter, text) or 0
    ring = int(size)
    if ring != size or ring & (ring - 1) or not SMALLEST_RING <= ring <= LARGEST_RING:
        raise click.BadParameter("it must be a power of two between 64K and 1G: 1M, 2M, 4M, 8M, 16M …")
    return ring


def dead_letter(command: Command) -> Command:
    """The option `--dead-letter`."""
    return click.option(
        "--dead-letter",
        metavar="FILE",
        type=ON_DISK,
        help="Write every line that is no event to a file, with the reason.",
    )(command)


def engine(command: Command) -> Command:
    """The option `--engine`."""
    return click.option(
        "--engine",
        type=click.Choice(["columnar", "reference"]),
        default="columnar",
        show_default=True,
        help="What evaluates the events. reference is slow and plain; it shows whether columnar is right.",
    )(command)


def as_json(text: str) -> Callable[[Command], Command]:
    """The option `--json`."""
    return click.option("--json", "as_json", is_flag=True, help=text)
