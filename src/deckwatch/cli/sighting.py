"""One alert as somebody on watch needs it: when, how severe, what, where, who, and step by step how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import click
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from deckwatch.cli import render
from deckwatch.cli.alerts import STYLES, Groups, others_text
from deckwatch.cli.packed import Packed
from deckwatch.eql.dates import SECOND
from deckwatch.events.document import field_values

ARGUMENT_CHARACTERS = 240
PARENT_CHARACTERS = 60

_TIME = "kibana.alert.original_time"
_INDENT = 4
_LABEL = 9


Document: TypeAlias = Mapping[str, Any]
Labelled: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sighting:
    """Texts of one alert, printable, none of them empty.

    `where` names container, image, pod and user. `steps` are what happened: labelled by the action or, in a sequence,
    by the time since its first event.
    """

    time: str
    severity: str
    rule: str
    where: tuple[Labelled, ...]
    steps: tuple[Labelled, ...]

    @classmethod
    def of(cls, alert: Document, blocks: Sequence[Document]) -> Sighting:
        """The alert; of a sequence its shell and its building blocks."""
        events = blocks or [alert]
        time = render.time_text(events[-1], _TIME)
        return cls(
            time=f"{time}Z" if time else render.NOTHING,
            severity=render.escaped(str(alert["kibana.alert.severity"])),
            rule=render.escaped(str(alert["kibana.alert.rule.name"])),
            where=tuple(_where(events)),
            steps=tuple(_steps(blocks) if blocks else _single(alert)),
        )

    def line(self) -> str:
        """All of it on one line."""
        head = f"{self.time}  {self.severity:<8}  {self.rule}"
        return " | ".join((head, *map(" ".join, (*self.where, *self.steps))))

    def card(self) -> RenderableType:
        """The same over several lines, folded into whatever width a terminal has."""
        severity = (self.severity, STYLES.get(self.severity, ""))
        head = Text.assemble(self.time, "  ", severity, "  ", (self.rule, "bold"))
        steps = Table.grid(Column(min_width=_LABEL, style="dim"), Column(overflow="fold"), padding=(0, 1, 0, 0))
        for label, text in self.steps:
            steps.add_row(label, Text(text))
        where = Packed(tuple(Text.assemble((label, "dim"), " ", text) for label, text in self.where))
        return Group(head, Padding(Group(where, steps), (0, 0, 0, _INDENT)))


class Sightings:
    """Shows alerts as they come: on a terminal as cards, elsewhere each on a line.

    Of one that comes again, since it stands for others, only how many.
    """

    def __init__(self, terminal: Console | None) -> None:
        self._terminal = terminal
        self._groups = Groups()

    def add(self, alert: Document) -> None:
        """Show the alert, unless it is a building block: those wait for their shell."""
        group = self._groups.add(alert)
        if group is None:
            return
        if others := others_text(alert):  # it has been shown before
            self._show_others(alert, others)
            return
        sighting = Sighting.of(*group)
        if self._terminal:
            self._terminal.print(sighting.card())
        else:
            click.echo(sighting.line())

    def _show_others(self, alert: Document, others: str) -> None:
        text = f"{render.escaped(str(alert['kibana.alert.rule.name']))}: {others}"
        if self._terminal:
            self._terminal.print(Text(text, "dim"))
        else:
            click.echo(text)


def _where(events: Sequence[Document]) -> Iterator[Labelled]:
    """Where it happened and on whose behalf; several values where the events differ."""
    for label, text in (("container", _container), ("image", _image), ("pod", _pod), ("user", _user)):
        if values := ", ".join(dict.fromkeys(filter(None, map(text, events)))):
            yield label, values


def _single(alert: Document) -> Iterator[Labelled]:
    action, rest = _happened(alert)
    yield action, rest
    if parent := _parent(alert, ARGUMENT_CHARACTERS):
        yield "parent", parent


def _steps(blocks: Sequence[Document]) -> Iterator[Labelled]:
    first = _nanoseconds(blocks[0])
    for block in blocks:
        time = _nanoseconds(block)
        offset = render.NOTHING if first is None or time is None else f"{(time - first) / SECOND:+.3f}s"
        text = " ".join(filter(None, _happened(block)))
        parent = _parent(block, PARENT_CHARACTERS) if _is_process(block) else ""
        yield offset, f"{text}, parent {parent}" if parent else text


def _happened(event: Document) -> Labelled:
    """What was done, and to what by which process."""
    action = render.field_text(event, "event.action", "+") or "event"
    process = _process(event)
    if _is_process(event):
        return action, ": ".join(filter(None, (render.field_text(event, "process.executable"), process)))
    path = render.field_text(event, "file.path")
    return action, " ".join(filter(None, (path, process and f"by {process}"))) or render.NOTHING


def _is_process(event: Document) -> bool:
    return "process" in render.field_text(event, "event.category")


def _process(event: Document) -> str:
    pid = render.field_text(event, "process.pid")
    command = render.process_text(event, characters=ARGUMENT_CHARACTERS)
    return f"{command} (pid {pid})" if command and pid else command


def _parent(event: Document, characters: int) -> str:
    return render.process_text(event, "process.parent", characters)


def _container(event: Document) -> str:
    privileged = render.field_text(event, "container.security_context.privileged") == "true"
    return render.container_text(event) + " (privileged)" * privileged


def _image(event: Document) -> str:
    return ":".join(filter(None, (render.field_text(event, f"container.image.{part}") for part in ("name", "tag"))))


def _pod(event: Document) -> str:
    names = (render.field_text(event, f"orchestrator.{part}") for part in ("namespace", "resource.name"))
    return "/".join(filter(None, names))


def _user(event: Document) -> str:
    identity, name = (render.field_text(event, f"user.{part}") for part in ("id", "name"))
    who = f"{name} ({identity})" if name and identity else name or identity
    interactive = "at a terminal" if render.field_text(event, "process.interactive") == "true" else ""
    return ", ".join(filter(None, (who, interactive)))


def _nanoseconds(event: Document) -> int | None:
    match field_values(event, _TIME, "date"):
        case [int(time), *_]:
            return time
        case _:
            return None
