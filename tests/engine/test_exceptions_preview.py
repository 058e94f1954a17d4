"""What exceptions would do to past alerts, and to those that analysts have marked."""

from __future__ import annotations

from typing import Any

import pytest

import deckwatch as dw
from deckwatch.engine.marks import Marks, read_marks, verdict_of
from deckwatch.engine.preview import NO_MARKS, Preview, preview
from deckwatch.errors import DeckwatchError
from deckwatch.rules.exceptions.trial import trial, trial_of_own
from tests.engine.test_exceptions import OF_HOST, A, B, C
from tests.engine.test_scan import event
from tests.rules.excepting import entry, excepting, item, within

UUID = "kibana.alert.uuid"
REASON = "kibana.alert.workflow_reason"
TAGS = "kibana.alert.workflow_tags"
TRUSTED = item(entry(OF_HOST, "match", "trusted"), item_id="new")
EVENTS = [event(1, "a"), event(2, "b", **{OF_HOST: "trusted"}), event(3, "b"), event(4, "c")]


def previewed(rule: dw.Rule, *items: dict[str, Any], events: Any = EVENTS, **how: Any) -> Preview:
    tried = trial(rule, items, [])
    return preview(tried.before, tried.after, events, **how)


def names(found: Any) -> list[str]:
    return [each.alert["kibana.alert.original_event.id"] for each in found]


def marked(rule: dw.Rule, events: Any = EVENTS, **marks: str) -> list[dict[str, Any]]:
    """The alerts of a rule as analysts left them: by the event that they, or their first block, are about."""
    alerts = [dict(alert) for alert in dw.scan(events, [rule])]
    for alert in alerts:
        about = alert.get("kibana.alert.original_event.id", "").replace("-", "_")
        if f"_{about}" in marks:
            alert[REASON] = marks[f"_{about}"]
    return alerts


def test_events_that_go() -> None:
    found = previewed(excepting(query="any where true"), TRUSTED)
    assert (found.alerts, names(found.removed), found.additions) == (4, ["2-b"], 0)
    assert (found.removals, found.lost, found.excepted) == ({None: 1}, 0, {"new": 1})


def test_exceptions_that_the_rule_has_already_stay() -> None:
    rule = excepting(item(entry("process.name", "match", "c"), item_id="old"), query="any where true")
    found = previewed(rule, TRUSTED)
    assert (found.alerts, names(found.removed), found.excepted) == (3, ["2-b"], {"old": 1, "new": 1})


def test_an_item_of_the_rule_is_tried_as_if_it_were_new() -> None:
    rule = excepting(TRUSTED, query="any where true")
    assert names(previewed(rule, {**TRUSTED, "entries": [entry("process.name", "match", "a")]}).removed) == ["1-a"]
    own = trial_of_own(rule)
    assert names(preview(own.before, own.after, EVENTS).removed) == ["2-b"]


def test_sequences_that_go_and_come() -> None:
    query = f"sequence [{A}] [{B}]"
    found = previewed(excepting(query=query), TRUSTED)
    assert (found.alerts, found.additions, found.removals) == (1, 1, {None: 1})
    ((gone,), (new,)) = found.removed, found.added
    assert [block["kibana.alert.original_event.id"] for block in gone.blocks] == ["1-a", "2-b"]
    assert [block["kibana.alert.original_event.id"] for block in new.blocks] == ["1-a", "3-b"]


def test_a_missing_event_that_is_removed_brings_a_sequence_about() -> None:
    found = previewed(
        excepting(query=f"sequence with maxspan=9s [{A}] ![{B}] [{C}]"), TRUSTED, events=[*EVENTS[:2], EVENTS[3]]
    )
    assert (found.alerts, found.removed, found.additions) == (0, (), 1)


def test_only_the_first_are_kept_and_all_true_ones() -> None:
    rule = excepting(query="any where true")
    events = [event(second) for second in range(9)]
    marks = read_marks(marked(rule, events, _0_a="false_positive", _7_a="True Positive"), rule)
    found = previewed(rule, item(entry("process.name", "match", "a")), events=events, most=2, marks=marks)
    assert names(found.removed) == ["0-a", "1-a", "7-a"]
    assert found.removals == {"true": 1, "false": 1, None: 7}
    assert (found.lost, found.missed) == (1, 0)


def test_events_of_one_id_are_alerts_of_one_id() -> None:
    twice = [event(1), event(1)]
    rule = excepting(query=f"sequence [{A}] [any where true] ")
    assert previewed(rule, TRUSTED, events=twice).removals == {}
    assert previewed(excepting(query="any where true"), TRUSTED, events=twice).removals == {}


def test_suppression_does_not_blur_what_goes() -> None:
    rule = excepting(query="any where true", alert_suppression={"group_by": ["event.kind"]})
    found = previewed(rule, TRUSTED)
    assert (found.alerts, names(found.removed)) == (4, ["2-b"])


WORDS = [
    pytest.param({REASON: "true_positive"}, "true", id="reason"),
    pytest.param({TAGS: ["Triaged", "True Positive"]}, "true", id="tag"),
    pytest.param({TAGS: "true-positive"}, "true", id="tag with a dash"),
    pytest.param({"kibana": {"alert": {"workflow_reason": "False_Positive"}}}, "false", id="nested keys"),
    pytest.param({REASON: "benign_positive"}, "false", id="benign"),
    pytest.param({REASON: "false_positive", TAGS: ["true positive"]}, "true", id="both"),
    pytest.param({REASON: "duplicate", "kibana.alert.workflow_status": "closed"}, None, id="says nothing of it"),
    pytest.param({"kibana.alert.workflow_status": "acknowledged"}, None, id="status"),
    pytest.param({}, None, id="nothing"),
]


@pytest.mark.parametrize(("alert", "verdict"), WORDS)
def test_what_counts_as_a_mark(alert: dict[str, Any], verdict: str | None) -> None:
    assert verdict_of(alert) == verdict


def of_alerts(rule: dw.Rule, marks: Marks, events: Any = EVENTS) -> list[str | None]:
    return [marks.of(alert) for alert in dw.scan(events, [rule]) if "kibana.alert.group.index" not in alert]


def test_marks_are_found_by_the_id_of_the_alert_or_by_its_events() -> None:
    rule = excepting(query="any where true", rule_id="r")
    alerts = marked(rule, _2_b="true_positive", _4_c="false_positive")
    assert of_alerts(rule, read_marks(alerts, rule)) == [None, "true", None, "false"]
    assert of_alerts(rule, read_marks([{**each, UUID: "of another space"} for each in alerts], rule)) == [
        None,
        "true",
        None,
        "false",
    ]
    assert of_alerts(rule, read_marks([{"_id": "x", "_source": each} for each in alerts], rule)) == [
        None,
        "true",
        None,
        "false",
    ]
    other = [{**each, "kibana.alert.rule.rule_id": "s", "kibana.alert.rule.uuid": "s"} for each in alerts]
    assert read_marks(other, rule) == NO_MARKS


def test_a_mark_on_one_event_of_a_sequence_is_one_on_the_sequence() -> None:
    rule = excepting(query=f"sequence [{A}] [{B}]")
    marks = read_marks(marked(rule, _2_b="true_positive"), rule)
    assert (of_alerts(rule, marks), marks.counts) == (["true"], {"true": 1, "false": 0})
    assert previewed(rule, TRUSTED, marks=marks).lost == 1


def test_marks_on_what_these_events_do_not_lead_to_are_told() -> None:
    rule = excepting(query="any where true")
    marks = read_marks(marked(rule, _1_a="true_positive", _4_c="true_positive"), rule)
    assert previewed(rule, TRUSTED, events=EVENTS[:2], marks=marks).missed == 1


def test_an_exception_that_cannot_be_used_is_no_trial() -> None:
    with pytest.raises(DeckwatchError, match="no value list `x`"):
        trial(excepting(query="any where true"), [item(within("user.name", "x"))], [])
    with pytest.raises(DeckwatchError, match="has no entries"):
        trial(excepting(query="any where true"), [item()], [])
