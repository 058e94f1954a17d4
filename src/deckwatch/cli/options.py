"""What several commands share: options, the times people write, exit codes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

from deckwatch.eql.dates import DAY, HOUR, LEAST, MINUTE, SECOND, parse_timestamp

Command = TypeVar("Command", bound=Callable[..., Any])

NOTHING_FOUND, FOUND, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

SEARCH_EXIT_CODES = """\
\b
Exit code:
  0    nothing found
  1    something found
  2    bad input: unusable arguments, faulty rules, unreadable or damaged
       files; sound rules still ran on what could be read
  130  interrupted, or nobody reads the output any more
"""

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_AGO = re.compile(r"([0-9]{1,9})([smhdw])")


class Moment(click.ParamType):
    """An ISO 8601 date or time, or how long ago; becomes nanoseconds since 1970."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if ago := _AGO.fullmatch(value):
            return max(LEAST, time.time_ns() - int(ago[1]) * _UNITS[ago[2]])
        moment = parse_timestamp(value)
        if moment is None:
            cure = "write 2026-11-22, 2026-11-22T02:42:36Z, or how long ago: 30m, 2h, 7d"
            self.fail(f"{value!r} is no time; {cure}", param, ctx)
        return moment


def _until_after_since(ctx: click.Context, _: click.Parameter, until: int | None) -> int | None:
    since = ctx.params.get("since")
    if since is not None and until is not None and until <= since:
        raise click.BadParameter("it is not after --since, so no event lies between them")
    return until


def event_paths(command: Command) -> Command:
    """The argument that names events."""
    return click.argument("paths", metavar="PATH...", nargs=-1, required=True)(command)


def period(command: Command) -> Command:
    """The options `--since` and `--until`."""
    until = click.option(
        "--until", type=Moment(), callback=_until_after_since, help="Only events before this time; as --since."
    )
    since = click.option(
        "--since",
        type=Moment(),
        is_eager=True,
        help="Only events at or after this time: an ISO 8601 date or time (UTC, if it names no offset), or how long "
        "ago, such as 30m, 2h or 7d.",
    )
    return since(until(command))


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
