"""Alert documents as rows: one for each alert, and below that of a sequence its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from deckwatch.cli import render
from deckwatch.cli.table import Column, Table

STYLES: Mapping[str, str] = {"low": "cyan", "medium": "yellow", "high": "red", "critical": "bold white on red"}

_POSITION = "kibana.alert.group.index"
_STEP = "  └ "


class AlertTable(Table):
    """Prints alerts as a scan makes them: of a sequence first the building blocks, then the shell."""

    def __init__(self, rule_names: Iterable[str]) -> None:
        longest = max(map(cell_len, rule_names), default=0)
        self._blocks: list[Mapping[str, Any]] = []
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
        if _POSITION in alert:
            self._blocks.append(alert)
            return
        if not self._blocks:
            self.row([*_head(alert, alert), *_what(alert)])
            return
        shared = render.container_text(alert)
        self.row([*_head(alert, self._blocks[-1]), Text(shared), Text(), Text()])
        for block in self._blocks:
            container, *rest = _what(block)
            step = Text(_STEP + render.action_text(block))
            self.row([_time(block, "dim"), Text(), step, Text() if container.plain == shared else container, *rest])
        self._blocks.clear()


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
