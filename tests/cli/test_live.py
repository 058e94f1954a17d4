"""What a watch shows on a terminal: alerts as cards, and how it goes below them."""

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

import deckwatch
from deckwatch.cli.alerts import Groups
from deckwatch.cli.live import Bottom, LossLines
from deckwatch.cli.packed import Packed
from deckwatch.cli.sighting import Sighting
from deckwatch.cli.watched import items, one_line, paragraph
from deckwatch.engine.status import Status
from deckwatch.eql.dates import format_duration
from tests.cli.run import ATTACKS, GOLDEN
from tests.golden import assert_golden

QUIET = Status(
    source="kernel",
    seconds=12.34,
    rules=2,
    seen=12345,
    evaluated=12345,
    bytes=0,
    lost={},
    incidents={},
    late=0,
    ahead=0,
    undated=0,
    withheld=0,
    rate=987.6,
    newest=None,
    watermark=None,
    lag=0.12,
    pending=5,
    partials=12,
    waiting=1,
    kept=34,
    evicted=0,
    hits={},
    documents=0,
)
TROUBLED = replace(
    QUIET,
    seen=12360,
    lost={"kernel: ring full": 10, "malformed": 5},
    incidents={"truncated": 1},
    late=3,
    ahead=1,
    undated=2,
    withheld=1,
    evicted=7,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def terminal(width: int, *, colours: bool = False) -> Console:
    file = io.StringIO()
    return Console(
        file=file, width=width, force_terminal=colours, highlight=False, emoji=False, markup=False, _environ={}
    )


def shown(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.fixture(scope="module")
def sightings() -> list[Sighting]:
    """The first alert of each founding rule."""
    groups = Groups()
    found: dict[str, Sighting] = {}
    for alert in deckwatch.scan(ATTACKS, deckwatch.founding_rules()):
        group = groups.add(alert)
        if group is not None:
            found.setdefault(str(alert["kibana.alert.rule.rule_id"]), Sighting.of(*group))
    return [*found.values()]


@pytest.mark.parametrize("width", [80, 200])
def test_cards(width: int, sightings: list[Sighting]) -> None:
    console = terminal(width)
    for sighting in sightings:
        console.print(sighting.card())
    lines = [line.rstrip() for line in shown(console).splitlines()]
    assert max(map(len, lines)) <= width
    assert_golden(GOLDEN / f"cards_{width}.txt", "\n".join(lines) + "\n")


def alert(**fields: Any) -> Mapping[str, Any]:
    rule = {"kibana.alert.severity": "low", "kibana.alert.rule.name": "r"}
    return {**rule, "kibana.alert.original_time": "2026-11-22T02:42:36.5Z", "event": {"category": "file"}, **fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, "event -", id="nothing-known"),
        pytest.param({"container": {"id": "a" * 64}}, "container aaaaaaaaaaaa | event -", id="container-without-name"),
        pytest.param(
            {"container": {"id": "a", "security_context": {"privileged": True}}},
            "container a (privileged) | event -",
            id="privileged",
        ),
        pytest.param({"container": {"image": {"name": "x/y"}}}, "image x/y | event -", id="image-without-tag"),
        pytest.param({"orchestrator": {"resource": {"name": "p"}}}, "pod p | event -", id="pod-without-namespace"),
        pytest.param({"user": {"id": "0", "name": "root"}}, "user root (0) | event -", id="user-with-name"),
        pytest.param({"process": {"interactive": True}}, "user at a terminal | event -", id="somebody"),
        pytest.param({"process": {"name": "sh", "pid": 7}}, "event by sh (pid 7)", id="process"),
        pytest.param({"file": {"path": "/a"}}, "event /a", id="file"),
        pytest.param(
            {"event": {"category": ["process"], "action": ["exec"]}, "process": {"executable": "/a", "args": ["a"]}},
            "exec /a: a",
            id="exec",
        ),
    ],
)
def test_line(fields: dict[str, Any], expected: str) -> None:
    assert Sighting.of(alert(**fields), []).line() == f"2026-11-22 02:42:36.500Z  low       r | {expected}"


def test_steps_without_a_time() -> None:
    blocks = [alert(**{"kibana.alert.original_time": time}) for time in ("2026-11-22T02:42:36Z", None)]
    assert Sighting.of(alert(), blocks).line() == "-  low       r | +0.000s event - | - event -"


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("status", [pytest.param(QUIET, id="quiet"), pytest.param(TROUBLED, id="troubled")])
def test_status(status: Status, width: int) -> None:
    console = terminal(width)
    console.print(Packed(tuple(items(status))))
    name = "troubled" if status.lost else "quiet"
    assert_golden(GOLDEN / f"status_{name}_{width}.txt", shown(console))


def test_summary_of_a_troubled_watch() -> None:
    rules = deckwatch.founding_rules()
    status = replace(TROUBLED, hits={rule.rule_id: 2 for rule in rules})
    lost = {"ab" * 32: 2, "cd" * 32: 7, "ef" * 32: 1, "01" * 32: 1}
    text = "\n".join([*paragraph(status, rules, None, None, lost), "", one_line(status, rules), ""])
    assert_golden(GOLDEN / "watch_summary.txt", text)


def test_the_bottom_is_drawn_at_times_and_goes_away() -> None:
    clock, console = Clock(), terminal(80, colours=True)
    looks = []
    with Bottom(console, clock) as bottom:
        for _ in range(10):
            bottom.show(lambda: looks.append(clock.now) or items(QUIET))
            clock.now += 0.1
    assert looks == pytest.approx([100.0, 100.3, 100.6, 100.9])
    assert shown(console).endswith("\x1b[1A\x1b[2K")


def test_without_a_terminal_there_is_no_bottom() -> None:
    with Bottom(None) as bottom:
        bottom.show(lambda: pytest.fail("nobody looks"))


def test_losses_are_told_when_they_change_but_not_all_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = LossLines(clock)
    for second in range(11):
        clock.now = 100.0 + second
        lines.show(replace(QUIET, lost={"kernel: ring full": max(0, second - 1)}))
    assert capsys.readouterr().err.splitlines() == [
        "1 event lost (kernel: ring full 1)",
        "6 events lost (kernel: ring full 6)",
    ]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0004, "0 ms"), (0.12, "120 ms"), (1, "1.0 s"), (59.94, "59.9 s"), (61, "1 min 01 s"), (7500, "2 h 05 min")],
)
def test_format_duration(seconds: float, expected: str) -> None:
    assert format_duration(seconds) == expected
