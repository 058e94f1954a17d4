"""Before and after a change of a rule."""

from collections import Counter
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import deckwatch
from deckwatch.backtesting.comparison import Comparison, Version
from deckwatch.backtesting.sighting import Sighting, Step
from deckwatch.backtesting.values import Change, OfRule
from tests.backtest.build import CURL, DROP, at, created, curl, event, rule, run
from tests.shared import SHARED, needs_shared

CURL_OR_WGET = 'process where process.name in ("curl", "wget")'
WGET = 'process where process.name == "wget"'

EVENTS = [
    curl(at(seconds=1), "curl"),
    event(at(seconds=2), "wget", process={"name": "wget"}),
    created(at(seconds=3), "x", "x"),
    run(at(seconds=4), "run", "x"),
    run(at(seconds=5), "again", "x"),
]


def change(folder: Path, before: str, after: str) -> Change:
    """The change from one query to another; both rules have the same id."""
    old, new = rule(folder, before, file="old"), rule(folder, after, file="new")
    found = deckwatch.backtest([new], EVENTS, before=old).change
    assert found is not None
    return found


def ids(found: Change) -> dict[str, object]:
    told = {name: [[step.id for step in each.steps] for each in getattr(found, name)] for name in ("appear", "vanish")}
    moved = [([step.id for step in each.before.steps], [step.id for step in each.after.steps]) for each in found.moved]
    return {"stay": found.stay, **told, "moved": moved}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(CURL, CURL, {"stay": 1, "appear": [], "vanish": [], "moved": []}, id="the same"),
        pytest.param(
            CURL, CURL_OR_WGET, {"stay": 1, "appear": [["wget"]], "vanish": [], "moved": []}, id="wider"
        ),
        pytest.param(
            CURL_OR_WGET, WGET, {"stay": 1, "appear": [], "vanish": [["curl"]], "moved": []}, id="narrower"
        ),
        pytest.param(
            CURL, WGET, {"stay": 0, "appear": [["wget"]], "vanish": [["curl"]], "moved": []}, id="another"
        ),
        pytest.param(
            DROP, DROP, {"stay": 1, "appear": [], "vanish": [], "moved": []}, id="a sequence"
        ),
        pytest.param(
            DROP, DROP + '\n[process where event.action == "exec"] by process.name',
            {"stay": 0, "appear": [], "vanish": [], "moved": [(["x", "run"], ["x", "run", "again"])]},
            id="a sequence with other events",
        ),
        pytest.param(
            DROP, 'file where event.action == "creation"',
            {"stay": 0, "appear": [], "vanish": [], "moved": [(["x", "run"], ["x"])]},
            id="a sequence becomes an event rule",
        ),
        pytest.param(
            DROP, CURL,
            {"stay": 0, "appear": [["curl"]], "vanish": [["x", "run"]], "moved": []},
            id="nothing in common",
        ),
    ],
)  # fmt: skip
def test_changes(tmp_path: Path, before: str, after: str, expected: dict[str, object]) -> None:
    found = change(tmp_path, before, after)
    assert ids(found) == expected
    assert found.differs == any(expected[name] for name in ("appear", "vanish", "moved"))


def test_what_the_old_version_did_is_told_too(tmp_path: Path) -> None:
    found = change(tmp_path, CURL_OR_WGET, CURL)
    assert (found.before.alerts, found.before.rule.rule_id) == (2, "r")


def test_an_alert_is_paired_once(tmp_path: Path) -> None:
    """Two alerts of the new version share the event of the old one: one of them appears."""
    old = 'file where event.action == "creation"'
    new = """sample by container.id
        [file where event.action == "creation"] by file.name
        [process where event.action == "exec"] by process.name"""
    found = change(tmp_path, old, new)
    assert (len(found.moved), len(found.vanish)) == (1, 0)


STEPS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3)
"""The ids of the events of an alert."""


def sighted(ids: list[str]) -> Sighting:
    return Sighting(0, "c", "n", "i", tuple(Step(each, 0, "", "", "") for each in ids))


@given(st.lists(st.tuples(st.sampled_from(["before", "after"]), STEPS)))
def test_every_alert_is_counted_once(alerts: list[tuple[Version, list[str]]]) -> None:
    comparison = Comparison()
    for version, steps in alerts:
        comparison.add(version, sighted(steps))
    found = comparison.result(before=cast("OfRule", None))
    counts = Counter(version for version, _ in alerts)
    assert found.stay + len(found.vanish) + len(found.moved) == counts["before"]
    assert found.stay + len(found.appear) + len(found.moved) == counts["after"]
    events = {"before": set[str](), "after": set[str]()}
    for each in found.appear:
        events["after"] |= {step.id for step in each.steps}
    for each in found.vanish:
        events["before"] |= {step.id for step in each.steps}
    assert not events["before"] & events["after"]


def test_an_event_that_was_recorded_twice_makes_one_alert_that_stays(tmp_path: Path) -> None:
    old = rule(tmp_path, CURL, file="old")
    found = deckwatch.backtest([old], [EVENTS[0], EVENTS[0]], before=old).change
    assert found is not None
    assert (found.stay, found.differs) == (1, False)


@needs_shared
def test_one_changed_clause_of_a_founding_rule(tmp_path: Path) -> None:
    """What busybox removed, as a shell or as rm, is gone; all else stays."""
    (path,) = (SHARED / "rules" / "founding").glob("defense_evasion*.toml")
    text = path.read_text()
    clause = 'not process.name in ("rm", "ld",'
    assert clause in text
    changed = tmp_path / "changed.toml"
    changed.write_text(text.replace(clause, 'not process.name in ("rm", "busybox", "ld",'))
    (old,), (new,) = deckwatch.load_rules(path), deckwatch.load_rules(changed)
    found = deckwatch.backtest([new], SHARED / "telemetry" / "attacks.ndjson", before=old)
    assert found.change is not None
    assert (found.change.before.alerts, found.alerts) == (17, 5)
    assert (found.change.stay, len(found.change.appear), len(found.change.vanish)) == (5, 0, 12)
    gone = {each.steps[-1].command.split()[0].rpartition("/")[2] for each in found.change.vanish}
    assert gone == {"sh", "rm"}
