"""What exceptions would change, as rows and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from deckwatch.cli import render
from deckwatch.cli.render import number_of
from deckwatch.cli.table import Column, Table

if TYPE_CHECKING:
    from deckwatch.engine.marks import Verdict
    from deckwatch.engine.preview import Changed, Preview
    from deckwatch.rules.exceptions.lower import Exclusion

MARKED: Mapping[Verdict | None, str] = {"true": "marked true", "false": "marked false", None: "not marked"}
STYLES: Mapping[Verdict | None, str] = {"true": "bold red", "false": "green", None: ""}
_UUID = "kibana.alert.uuid"


class ChangeTable(Table):
    """Prints alerts that go or come, with their marks; of a sequence a row for each event."""

    def __init__(self) -> None:
        super().__init__(
            [
                Column("", width=7, least=7),
                Column("TIME (UTC)", width=23, least=23),
                Column("MARK", width=5, least=5),
                Column("CONTAINER", width=20, least=12, share=1),
                Column("PROCESS", width=40, least=10, share=4),
                Column("FILE", width=0, least=7, share=3),
            ]
        )

    def add(self, what: str, changed: Changed) -> None:
        """Print one alert."""
        mark = Text(changed.mark or render.NOTHING, STYLES[changed.mark])
        for number, event in enumerate(changed.blocks or (changed.alert,)):
            head = [Text(what), _time(event), mark] if number == 0 else [Text(""), _time(event), Text("")]
            self.row([*head, *_what(event)])


def _time(alert: Mapping[str, Any]) -> Text:
    return Text(render.time_text(alert, "kibana.alert.original_time") or render.NOTHING)


def _what(document: Mapping[str, Any]) -> list[Text]:
    texts = (render.container_text(document), render.process_text(document), render.field_text(document, "file.path"))
    return [Text(text or render.NOTHING) for text in texts]


def paragraph(found: Preview, tried: Sequence[Exclusion], stages: Sequence[str]) -> Iterator[Text]:
    """Some lines: how many alerts go, how they are marked, how many come, what each exception removes.

    `stages` names the filters of the rule.
    """
    removed = sum(found.removals.values())
    if len(found.removed) < removed:
        yield Text(f"… and {removed - len(found.removed):,} more")
    yield Text(f"{removed:,} of {number_of(found.alerts, 'alert')} would be removed{_marked(found)}")
    if found.additions:
        yield Text(f"{number_of(found.additions, 'sequence')} would only now come about")
    for each in tried:
        count = found.excepted.get(each.item_id, 0)
        name = f"{render.escaped(each.item.name)!r}{_staged(found.by_stage.get(each.item_id, ()), stages)}"
        yield Text(f"{number_of(count, 'event')} would be removed by {name}")
    if found.missed:
        yield Text(f"{number_of(found.missed, 'alert')} marked true did not come from these events", "yellow")
    yield Text(f"{number_of(found.summary.events, 'event')} read")
    if found.lost:
        yield Text(f"{number_of(found.lost, 'true alert')} would be lost", STYLES["true"])


def _marked(found: Preview) -> str:
    counts = [f"{found.removals[mark]:,} {name}" for mark, name in MARKED.items() if found.removals.get(mark)]
    return ": " + ", ".join(counts) if counts else ""


def _staged(counts: Sequence[int], stages: Sequence[str]) -> str:
    """How many events of which stage; nothing where there is one filter only."""
    parts = [f"{count:,} of {name}" for name, count in zip(stages, counts, strict=False) if count]
    return f" ({', '.join(parts)})" if parts and len(stages) > 1 else ""


def described(what: str, changed: Changed) -> dict[str, object]:
    """One alert for JSON."""
    return {
        "kind": what,
        "uuid": changed.alert[_UUID],
        "mark": changed.mark,
        "alert": changed.alert,
        "building_blocks": list(changed.blocks),
    }


def summed(found: Preview) -> dict[str, object]:
    """The whole for JSON."""
    return {
        "kind": "summary",
        "alerts": found.alerts,
        "removed": {mark or "unmarked": found.removals.get(mark, 0) for mark in MARKED},
        "added": found.additions,
        "missed_true": found.missed,
        "events": found.summary.events,
        "events_removed": dict(found.excepted),
        "events_removed_by_stage": {item: list(counts) for item, counts in found.by_stage.items()},
    }
