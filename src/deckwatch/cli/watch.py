"""`deckwatch watch`: rules over events as they happen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

import deckwatch
from deckwatch.cli import options, signals
from deckwatch.cli.files import check_outputs, json_lines, opened
from deckwatch.cli.letters import DeadLetters, report_damage
from deckwatch.cli.live import Bottom, LossLines, screen
from deckwatch.cli.origin import Watched
from deckwatch.cli.quantities import DURATION
from deckwatch.cli.render import number_of, printable
from deckwatch.cli.ruleset import rules_to_run
from deckwatch.cli.sighting import Sightings
from deckwatch.cli.watched import items, one_line, paragraph

if TYPE_CHECKING:
    from deckwatch import Control, LiveExplanation, Status, Stream
    from deckwatch.explanation.meeting import Question

Sink: TypeAlias = Callable[[Mapping[str, Any]], None]

KERNEL = "kernel"
STANDARD = "-"
NOWHERE = "off"


@click.command(
    epilog="""\
\b
Examples:
  sudo deckwatch watch
  sudo deckwatch watch --rules my-rules/ --output /var/log/deckwatch/alerts.ndjson
  sudo deckwatch watch --json | jq 'select(."kibana.alert.group.index" == null)'
  kubectl logs -f agent | deckwatch watch --source -
  deckwatch watch --source /var/log/events.ndjson --follow

\b
Exit code, also after Ctrl-C or SIGTERM:
  0    no alert
  1    alerts
  2    bad input (arguments, rules), or the kernel cannot be watched
  130  interrupted a second time before the end, or nobody reads the output any more
"""
)
@options.rules
@click.option(
    "--source",
    "origin",
    metavar="kernel|FILE|-",
    default=KERNEL,
    show_default=True,
    type=options.ON_DISK,
    help="Where events come from: this machine's containers, a file of events or a named pipe, or the standard input.",
)
@click.option("--follow", is_flag=True, help="Wait for what is added to the file of --source, as tail -F does.")
@options.as_json("Print the alert documents as JSON lines, building blocks included.")
@click.option(
    "--output",
    metavar="FILE",
    type=options.ON_DISK,
    help="Add the JSON lines to the end of a file, beside what is printed; - means --json.",
)
@click.option(
    "--interval",
    metavar="TIME",
    callback=DURATION,
    default="100ms",
    show_default=True,
    help="How often to evaluate what has come: 100ms, 2s.",
)
@click.option(
    "--lateness",
    metavar="TIME",
    callback=DURATION,
    help="How long an event may come after later ones and still take its place in a sequence. Sequences are reported "
    "so much later.  [default: what the source is known for, otherwise 2s]",
)
@click.option(
    "--horizon",
    metavar="TIME",
    callback=DURATION,
    help="How long to remember the beginning of a sequence that has no maxspan.  [default: 24h]",
)
@click.option(
    "--control",
    metavar="PATH|off",
    type=options.ON_DISK,
    help="The socket where `deckwatch explain --live` asks this watch; off: none.  [default: one of its own under "
    "/run/deckwatch for root, $XDG_RUNTIME_DIR/deckwatch for others]",
)
@options.kernel
@options.dead_letter
@click.pass_context
def watch(
    ctx: click.Context,
    *,
    rule_paths: tuple[str, ...],
    origin: str,
    follow: bool,
    as_json: bool,
    output: str | None,
    interval: float,
    lateness: float | None,
    horizon: float | None,
    control: str | None,
    ring_size: int,
    tier: str | None,
    dead_letter: str | None,
) -> None:
    """Run detection rules over what happens in containers, as it happens.

    Alerts are shown as they come. Below them a terminal shows how much comes in, how far behind it is, and what was
    lost and where; elsewhere losses are reported on the standard error. Ctrl-C ends the watch and prints a summary.

    The kernel of this machine is watched unless --source names something else; that needs root and Linux 5.10 or
    newer. `deckwatch sensor doctor` says whether it can be done here, and how well.
    """
    if follow and origin in (KERNEL, STANDARD):
        raise click.UsageError("--follow is for a file; name one with --source")
    rules = rules_to_run(rule_paths)
    as_json = as_json or output == STANDARD
    file = None if output == STANDARD else output
    check_outputs([] if origin == KERNEL else [origin], [name for name in (file, dead_letter) if name], rules)
    with ExitStack() as stack:
        letters = DeadLetters(opened(stack, dead_letter) if dead_letter else None)
        sinks = [json_lines(opened(stack, file, "a"))] if file else []
        if origin == KERNEL:
            watched = Watched.kernel(ring_size, tier)
        else:
            watched = Watched(deckwatch.open_source(origin, follow=follow, dead_letter=letters))
        stream = stack.enter_context(
            deckwatch.watch(watched.source, rules, interval=interval, lateness=lateness, horizon=horizon)
        )
        listener = _listener(stream, control)
        if listener is not None:
            stack.enter_context(listener)
        stack.enter_context(signals.calling(stream.stop))
        click.echo(printable(f"watching {watched.name}, {number_of(len(rules), 'rule')}; Ctrl-C ends"), err=True)
        status = _show(stream, watched, sinks, listener, as_json=as_json)
    report_damage(letters)
    if as_json:
        click.echo(one_line(status, rules), err=True)
    else:
        lines = paragraph(status, rules, letters.first, dead_letter, watched.lost_by_container())
        click.echo("\n" * bool(status.alerts) + "\n".join(lines))
    ctx.exit(options.exit_code(status.alerts, damaged=bool(rules.faults or letters.damaged)))


def _listener(stream: Stream, where: str | None) -> Control | None:
    """What answers those who ask about the stream."""
    if where == NOWHERE:
        return None

    def answer(question: Question) -> LiveExplanation:
        return deckwatch.explain_stream(stream, question.rule, container=question.container, limit=question.limit)

    return deckwatch.Control(Path(where), answer) if where else deckwatch.Control.by_default(answer)


def _show(
    stream: Stream, watched: Watched, sinks: Sequence[Sink], listener: Control | None, *, as_json: bool
) -> Status:
    """Show alerts and how it goes until the stream ends or somebody ends it."""
    terminal = None if as_json else screen(sys.stdout)
    shown = json_lines(sys.stdout) if as_json else Sightings(terminal).add
    losses = LossLines()
    with Bottom(terminal) as bottom:
        for step in stream:
            for alert in step.alerts:
                for sink in (shown, *sinks):
                    sink(alert)
            if listener is not None:
                listener.serve()
            if terminal:
                bottom.show(lambda: (*items(stream.status), *watched.notes()))
            else:
                losses.show(stream.status)
    return stream.status
