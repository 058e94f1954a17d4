"""The page: complete, on its own, and safe to open whatever attackers named their files."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

import deckwatch
from deckwatch.backtesting.html import page
from tests.backtest.build import CURL, at, curl, event, rule, weeks

VOID = {"meta", "br"}
NASTY = '</title><script>alert(1)</script>"><img src=x onerror=y>\x1b[2J\u202e&'


class Page(HTMLParser):
    """Elements as they are opened and closed; complains of what does not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        match tag:
            case "table":
                self.tables.append([])
            case "tr":
                self.tables[-1].append([])
            case "td" | "th":
                self.tables[-1][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if not {"td", "th"}.isdisjoint(self.open):
            self.tables[-1][-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def table(self, *head: str) -> list[list[str]]:
        """The rows of the table with this header."""
        return next(rows for first, *rows in self.tables if first == list(head))


@pytest.fixture
def shown(tmp_path: Path) -> Page:
    return Page(page(deckwatch.backtest([rule(tmp_path, CURL)], weeks([2, 0, 3, 1, 0, 1, 2]))))


def test_nothing_comes_from_elsewhere(shown: Page) -> None:
    names = {tag for tag, _ in shown.elements}
    assert not names & {"script", "link", "img", "iframe", "object", "base"}
    addresses = {
        value for _, attributes in shown.elements for name, value in attributes.items() if name in ("src", "href")
    }
    assert addresses == {"#rule-0"}
    (policy,) = [each["content"] for each in shown.all("meta") if "http-equiv" in each]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert "url(" not in "".join(shown.words)


def test_light_and_dark(shown: Page) -> None:
    style = "".join(shown.words)
    assert "color-scheme: light dark" in style
    assert "prefers-color-scheme: dark" in style


def test_the_picture_has_a_bar_for_each_day_with_alerts_and_words(shown: Page) -> None:
    (picture,) = shown.all("svg")
    ids = {attributes["id"] for _, attributes in shown.elements if "id" in attributes}
    assert picture["role"] == "img"
    assert set((picture["aria-labelledby"] or "").split()) <= ids
    bars = [each for each in shown.all("rect") if each["class"] == "bar"]
    assert len(bars) == 5
    assert max(float(each["height"] or 0) for each in bars) == 166


def test_a_table_beside_the_picture(shown: Page) -> None:
    rows = shown.table("From (UTC)", "Alerts", "Events")
    assert [row[1] for row in rows] == ["2", "0", "3", "1", "0", "1", "2"]
    assert rows[0] == ["2026-11-02 00:00:00", "2", "98"]


def test_tables(shown: Page) -> None:
    assert shown.table("Rule", "Alerts", "A week (95 %)", "Noise", "Containers")[0][:2] == ["Rule r", "9"]
    assert shown.table("Alerts", "Share", "Command line") == [["9", "100 %", "curl -o /opt/x"]]
    assert shown.table("Stage", "Field", "Values", "Most frequent") == [["process", "process.name", "1", "curl (9)"]]


def test_what_attackers_chose_stays_text(tmp_path: Path) -> None:
    documents = [curl(at(), "1", NASTY, NASTY), event(at(seconds=1), "2")]
    documents[0]["process"]["args"] = [NASTY]
    text = page(deckwatch.backtest([rule(tmp_path, CURL)], documents))
    shown = Page(text)
    assert "script" not in {tag for tag, _ in shown.elements}
    assert "<script>alert(1)</script>" in shown.table("Alerts", "Share", "Command line")[0][2]
    assert not {"\x1b", "\u202e"} & set(text)


def test_a_change(tmp_path: Path) -> None:
    old = rule(tmp_path, CURL, file="old")
    new = rule(tmp_path, 'process where process.name == "sh"', file="new")
    events = [curl(at(), "1"), event(at(seconds=1), "2")]
    shown = Page(page(deckwatch.backtest([new], events, before=old)))
    assert "1 appear, 1 vanish" in "".join(shown.words)
    rows = [table for table in shown.tables if table[0] == ["Time (UTC)", "Container", "Image", "Events"]]
    assert [row[1] for _, row in rows for row in [row]] == ["name-c1 c1", "name-c1 c1"]


def test_no_events(tmp_path: Path) -> None:
    assert "none with a time" in "".join(Page(page(deckwatch.backtest([rule(tmp_path, CURL)], []))).words)
