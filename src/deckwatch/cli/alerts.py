"""Alert documents as rows: one for each alert, and below that of a sequence its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from rich.cells import cell_len
from rich.text import Text

from deckwatch.cli import render
from deckwatch.cli.table import Column, Table

STYLES: Mapping[str, str] = {"low": "cyan", "medium": "yellow", "high": "red", "critical": "bold white on red"}

Group: TypeAlias = tuple[Mapping[str, Any], list[Mapping[str, Any]]]
"""An alert; of a sequence its shell, and its building blocks in order."""

_POSITION = "kibana.alert.group.index"
_STEP = "  └ "
_SUPPRESSION = "kibana.alert.suppression"


class Groups:
    """Puts a sequence together again, of which alerts come as first the building blocks, then the shell."""

    def __init__(self) -> None:
        self._blocks: list[Mapping[str, Any]] = []

    def add(self, alert: Mapping[str, Any]) -> Group | None:
        """The alert with its building blocks, if any; None for a building block: those wait for their shell."""
        if _POSITION in alert:
            self._blocks.append(alert)
            return None
        blocks, self._blocks = self._blocks, []
        return alert, blocks


class AlertTable(Table):
    """Prints alerts as a scan makes them."""

    def __init__(self, rule_names: Iterable[str]) -> None:
        longest = max(map(cell_len, rule_names), default=0)
        self._groups = Groups()
        super().__init__(
            [
                Column("TIME (UTC)", width=23, least=23),
                Column("SEVERITY", width=8, least=8),
                Column("RULE", width=longest, least=8, share=3, cropped=True),
                Column("CONTAINER", width=20, least=12, share=1),
                Column("PROCESS", width=40, least=10, share=4),
                Column("FILE", width=0, least=7, share=3),
            ]
        )

    def add(self, alert: Mapping[str, Any]) -> None:
        """Print the alert, unless it is a building block: those wait for their shell."""
        match self._groups.add(alert):
            case None:
                return
            case _, []:
                self.row([*_head(alert, alert), *_what(alert)])
            case _, blocks:
                self._sequence(alert, blocks)
        if others := others_text(alert):
            self.line(Text(f"{_STEP}{others}", "dim"))

    def _sequence(self, shell: Mapping[str, Any], blocks: Sequence[Mapping[str, Any]]) -> None:
        shared = render.container_text(shell)
        self.row([*_head(shell, blocks[-1]), Text(shared), Text(), Text()])
        for block in blocks:
            container, *rest = _what(block)
            step = Text(_STEP + render.action_text(block))
            self.row([_time(block, "dim"), Text(), step, Text() if container.plain == shared else container, *rest])


def others_text(alert: Mapping[str, Any]) -> str:
    """How many others an alert stands for, and which; empty when there is none."""
    count = alert.get(f"{_SUPPRESSION}.docs_count")
    if not count:
        return ""
    until = render.time_text(alert, f"{_SUPPRESSION}.end")
    terms = (_term(render.escaped(each["field"]), each["value"]) for each in alert[f"{_SUPPRESSION}.terms"])
    return f"{count:,} more until {until}, suppressed: {', '.join(terms)}"


def _term(field: str, value: Any) -> str:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return " ".join((field, *map(render.value_text, values))) if values else f"no {field}"


def _head(alert: Mapping[str, Any], last: Mapping[str, Any]) -> list[Text]:
    """When the last event happened, how severe it is, what found it."""
    severity = str(alert["kibana.alert.severity"])
    name = render.escaped(str(alert["kibana.alert.rule.name"]))
    return [_time(last), Text(render.escaped(severity), STYLES.get(severity, "")), Text(name, "bold")]


def _time(alert: Mapping[str, Any], style: str = "") -> Text:
    return Text(render.time_text(alert, "kibana.alert.original_time") or render.NOTHING, style)


def _what(document: Mapping[str, Any]) -> list[Text]:
    texts = (render.container_text(document), render.process_text(document), render.field_text(document, "file.path"))
    return [Text(text or render.NOTHING) for text in texts]
