"""A diagnosis in words, and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from deckwatch.cli.render import printable
from deckwatch.eql.dates import format_duration

if TYPE_CHECKING:
    from deckwatch.sensor.doctor import Diagnosis

_MARKS = {"good": ("ok", "green"), "less": ("less", "yellow"), "none": ("NO", "red")}
_MARK, _NAME = 6, 20
_INDENT = " " * (_MARK + _NAME)


def text(found: Diagnosis, width: int | None) -> Iterator[str]:
    """What was found and what to do about it, then what the sensor does not see, then the verdict.

    Lines are folded into the width, if there is one.
    """
    for finding in found.findings:
        yield from _row(finding.state.value, finding.name, finding.meaning, width)
        for line in finding.cure.splitlines():
            yield from _folded(_INDENT, line, width)
    if found.flight:
        decoded, evaluated = format_duration(found.flight.decoded), format_duration(found.flight.evaluated)
        yield from _row("good", "canary", f"exec to decoded event {decoded}, to evaluated rule {evaluated}", width)
    if found.blind_spots:
        yield f"\nNot seen in tier {found.tier}:"
        for blind in found.blind_spots:
            yield from _folded("  - ", blind, width)
    yield "\nThe sensor can run here." if found.runs else "\nThe sensor cannot run here: mend what says NO."


def as_object(found: Diagnosis) -> dict[str, Any]:
    """The same, to be written as JSON; times in seconds."""
    return {
        "runs": found.runs,
        "tier": found.tier,
        "findings": [asdict(finding) | {"state": finding.state.value} for finding in found.findings],
        "blind_spots": found.blind_spots,
        "canary": asdict(found.flight) if found.flight else None,
    }


def _row(state: str, name: str, meaning: str, width: int | None) -> Iterator[str]:
    mark, colour = _MARKS[state]
    first, *rest = _folded(f"{mark:<{_MARK}}{name:<{_NAME}}", meaning, width)
    yield click.style(first[:_MARK], colour) + first[_MARK:]
    yield from rest


def _folded(head: str, text: str, width: int | None) -> list[str]:
    """The text behind a head, its further lines below its first."""
    line = head + printable(text)
    indent = " " * len(head)
    folded = textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) if width else []
    return folded or [line]
