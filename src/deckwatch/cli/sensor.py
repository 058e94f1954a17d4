"""`deckwatch sensor`: the kernel's events as they are, and whether they can be had."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import deckwatch
from deckwatch.cli import options, signals
from deckwatch.cli.diagnosis import as_object, text
from deckwatch.cli.live import screen
from deckwatch.cli.origin import Watched
from deckwatch.cli.quantities import DURATION
from deckwatch.cli.recording import Recording
from deckwatch.cli.render import json_line, printable


@click.group()
def sensor() -> None:
    """Watch the kernel without rules, or find out whether it can be watched."""


@sensor.command(
    epilog="""\
\b
Examples:
  sudo deckwatch sensor record events.ndjson.zst
  sudo deckwatch sensor record events.parquet --duration 10m
  deckwatch scan events.parquet

\b
Exit code, also after Ctrl-C or SIGTERM:
  0    recorded
  2    bad input, or the kernel cannot be watched
  130  interrupted a second time before the end
"""
)
@click.argument("file", metavar="FILE", type=options.ON_DISK)
@click.option("--duration", metavar="TIME", callback=DURATION, help="End after so long: 30s, 10m, 2h.")
@click.option("--count", metavar="N", type=click.IntRange(min=1), help="End once there are so many events, or more.")
@options.kernel
def record(*, file: str, duration: float | None, count: int | None, ring_size: int, tier: str | None) -> None:
    """Write what happens in containers to a file.

    Ctrl-C ends it. The name of FILE tells the format: .ndjson, .ndjson.gz, .ndjson.zst or .parquet. What is in the
    file already is lost. `deckwatch scan` and `deckwatch watch` read what was recorded.
    """
    watched = Watched.kernel(ring_size, tier)
    recording = Recording(watched, screen(sys.stderr), duration=duration, count=count)
    try:
        with signals.calling(recording.stop), recording:
            click.echo(printable(f"recording {watched.name} to {file}; Ctrl-C ends"), err=True)
            counts = deckwatch.record(watched.source, file, stop=recording.is_over, on_batch=recording.took)
    finally:
        watched.source.close()
    for line in recording.summary(counts, Path(file)):
        click.echo(line)


@sensor.command(
    epilog="""\
\b
Exit code:
  0    the sensor can run
  2    it cannot
"""
)
@options.as_json("Print one JSON object.")
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """Say whether and how well containers can be watched here.

    It shows what kernel, host and runtimes allow, which hooks are in force, and what these do not see. At the end a
    canary flies: a program is run in a cgroup that looks like a container's, and timed from its system call to the
    event and to the rule that finds it.
    """
    found = deckwatch.diagnose()
    if as_json:
        click.echo(json_line(as_object(found)))
    else:
        terminal = screen(sys.stdout)
        for line in text(found, terminal.width if terminal else None):
            click.echo(line)
    ctx.exit(options.NOTHING_FOUND if found.runs else options.BAD_INPUT)
