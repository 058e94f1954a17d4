"""What is told of a running stream in each situation, as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

import deckwatch
from deckwatch.cli.explained_live import lines
from deckwatch.engine import inspection
from deckwatch.engine.stream import Stream
from deckwatch.explanation import live
from tests.engine.live import RUN, SECOND, FakeClock, FakeSource
from tests.explanation.events import START, event
from tests.golden import assert_golden
from tests.rules.excepting import entry, excepting, item

GOLDEN = Path(__file__).parent / "golden" / "live"

AB = "sequence by container.id with maxspan=10s [any where tags == 'A'] [any where tags == 'B']".replace("'", '"')
ABC = f'{AB} [any where tags == "C"]'


def tagged(*items: str, container: str = "c1") -> list[tuple[float, list[dict[str, Any]]]]:
    """`A@1`: an event with the tag A that comes a second after the start, as it happens."""
    parts = [item.split("@") for item in items]
    return [
        (float(time), [event(f"{tag}{n}", float(time), "any", tags=[tag], container__id=container)])
        for n, (tag, time) in enumerate(parts, 1)
    ]


def running(
    query: str,
    batches: Iterable[tuple[float, Sequence[dict[str, Any]]]],
    until: float,
    *,
    live: bool = True,
    parameters: dict[str, Any] | None = None,
    items: Sequence[dict[str, Any]] = (),
    **how: Any,
) -> Stream:
    """A stream with one rule, so many seconds after its start; nothing can be late by more than a second."""
    clock = FakeClock(int(START.timestamp()) * SECOND)
    source = FakeSource(batches, clock, live=live, lateness=1.0, endless=live)
    rules = [excepting(*items, query=query, rule_id="one", name="The rule", **(parameters or {}))]
    stream = Stream(source, rules, clock=clock, run=RUN, **how)
    for _ in stream:
        if clock.passed >= until * SECOND:
            break
    return stream


def told(stream: Stream, **how: Any) -> str:
    return "".join(f"{line.plain}\n" for line in lines(deckwatch.explain_stream(stream, "the r", **how)))


def situation(query: str, events: Any, until: float, identity: str, **how: Any) -> Any:
    return pytest.param(query, events, until, how, id=identity)


SITUATIONS = [
    situation(AB, [], 1, "nothing-yet"),
    situation('any where tags == "A"', tagged("A@1", "B@2"), 3, "event-rule"),
    situation(
        'any where tags == "A"',
        tagged("A@1", "A@2", "A@3"),
        5,
        "suppressed",
        parameters={"alert_suppression": {"group_by": ["container.id"], "duration": {"value": 5, "unit": "m"}}},
    ),
    situation(AB, tagged("A@1", "B@2"), 4, "excepted", items=[item(entry("tags", "match", "B"))]),
    situation(
        'sample by container.id [any where tags == "A"] [any where tags == "B"]', tagged("A@1", "B@2"), 3, "sample"
    ),
    situation(
        AB,
        [
            (
                1,
                [
                    event(
                        "e",
                        1,
                        "any",
                        tags=["A"],
                        data_stream={"type": "logs", "dataset": "web", "namespace": "x"},
                    )
                ],
            )
        ],
        3,
        "other-data-streams",
        parameters={"index": ["logs-endpoint.*", "logs-cloud_defend.*"]},
    ),
    situation(AB, tagged("A@1"), 1.2, "not-in-its-turn-yet"),
    situation(ABC, tagged("A@1", "B@2"), 4, "waits-for-the-next-stage"),
    situation(AB, tagged("A@1"), 11.5, "waits-for-late-events-alone"),
    situation(AB.replace(" with maxspan=10s", ""), tagged("A@1"), 60, "waits-without-maxspan"),
    situation(AB.replace(" with maxspan=10s", ""), tagged("A@1", "A@30"), 60, "forgotten", horizon=10),
    situation(AB.replace(" by container.id", ""), tagged("A@1"), 3, "without-a-key"),
    situation(AB, tagged("B@1"), 3, "unclaimed"),
    situation(AB, tagged("A@1", "B@2"), 4, "completed"),
    situation(AB, tagged("A@1", "A@2"), 4, "overwritten"),
    situation(AB, tagged("A@1", "B@12.5"), 15, "past-maxspan"),
    situation(AB, tagged("A@1", "A@32"), 35, "maxspan-passed"),
    situation(f'{AB} until [any where tags == "U"]', tagged("A@1", "U@2"), 4, "until"),
    situation(
        AB.replace(' [any where tags == "B"]', ' ![any where tags == "M"] [any where tags == "B"]'),
        tagged("A@1", "M@2", "B@3"),
        5,
        "a-missing-event-between",
    ),
    situation(
        AB.replace("10s ", '10s ![any where tags == "M"] '), tagged("M@1", "A@2", "B@3"), 5, "a-missing-event-before"
    ),
    situation(f'{AB} ![any where tags == "M"]', tagged("A@1", "B@2"), 5, "a-missing-event-may-yet-come"),
    situation(f'{AB} ![any where tags == "M"]', tagged("A@1", "B@2", "M@3"), 15, "a-missing-event-after"),
    situation(AB, [*tagged("A@5"), *tagged("B@2")], 7, "late-events"),
    situation(AB, [(0, [event("e", 0, "any", tags=["A"])])], 0, "recording", live=False),
    situation(ABC, [(1, [event(f"e{n}", 1, "any", tags=["A"], container__id=f"c{n}") for n in range(20)])], 3, "many"),
]


@pytest.mark.parametrize(("query", "events", "until", "how"), SITUATIONS)
def test_what_is_told(request: pytest.FixtureRequest, query: str, events: Any, until: float, how: Any) -> None:
    with running(query, events, until, **how) as stream:
        assert_golden(GOLDEN / f"{request.node.callspec.id}.txt", told(stream))


def test_of_very_many_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (inspection, live):
        monkeypatch.setattr(module, "MOST_LOOKED_AT", 10)
    documents = [event(f"e{n}", 1, "any", tags=["A"], container__id=f"c{n}") for n in range(20)]
    with running(ABC, [(1, documents)], 3) as stream:
        answer = deckwatch.explain_stream(stream, "one", limit=100)
    assert answer.sequences
    assert (answer.sequences.begun, len(answer.sequences.open)) == (20, 10)
    assert answer.notes == ("not all of the 20 sequences that go on were looked at, but those that got furthest",)
