"""The three-way comparison: every pattern of base, yours and new, in every class of field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.store.lines import merged
from deckwatch.store.merge import Difference, Outcome, Side, compared, settled, together
from deckwatch.store.units import UNITS, customized, unit_name
from tests.store.build import document

ABSENT = None
Q1, Q2, Q3 = (f'process where process.name == "{name}"' for name in "abc")
MAP1, MAP2, MAP3 = ([{"field": name, "operator": "equals", "value": "", "risk_score": 1}] for name in "abc")
SUPPRESS1, SUPPRESS2, SUPPRESS3 = ({"group_by": [name]} for name in "abc")

SAMPLES: dict[str, tuple[Any, Any, Any]] = {
    "name": ("a", "b", "c"),
    "description": ("a", "b", "c"),
    "severity": ("low", "medium", "high"),
    "severity_mapping": (MAP1, MAP2, MAP3),
    "risk_score": (1, 2, 3),
    "risk_score_mapping": (MAP1, MAP2, MAP3),
    "query": (Q1, Q2, Q3),
    "filters": ([{"a": 1}], [{"a": 2}], [{"a": 3}]),
    "event_category_override": ("a", "b", "c"),
    "timestamp_field": ("a", "b", "c"),
    "tiebreaker_field": ("a", "b", "c"),
    "data_view_id": ("a", "b", "c"),
    "interval": ("1m", "2m", "3m"),
    "from": ("now-1m", "now-2m", "now-3m"),
    "to": ("now", "now-1s", "now-2s"),
    "timestamp_override": ("a", "b", "c"),
    "timestamp_override_fallback_disabled": (True, False, ABSENT),  # absent means false
    "rule_name_override": ("a", "b", "c"),
    "timeline_id": ("a", "b", "c"),
    "timeline_title": ("a", "b", "c"),
    "alert_suppression": (SUPPRESS1, SUPPRESS2, SUPPRESS3),
    "max_signals": (1, 2, 3),
    "investigation_fields": ({"field_names": ["a"]}, {"field_names": ["b"]}, {"field_names": ["c"]}),
    "required_fields": ([{"name": "a"}], [{"name": "b"}], [{"name": "c"}]),
    "related_integrations": ([{"package": "a"}], [{"package": "b"}], [{"package": "c"}]),
    "threat": ([{"framework": "a"}], [{"framework": "b"}], [{"framework": "c"}]),
    "false_positives": (["a"], ["b"], ["c"]),
    "setup": ("a", "b", "c"),
    "note": ("a", "b", "c"),
    "author": (["a"], ["b"], ["c"]),
    "license": ("a", "b", "c"),
    "a_parameter_nobody_knows": ("a", "b", "c"),
}
TWO_ONLY = {"timestamp_override_fallback_disabled"}


def outcome(key: str, base: Any, yours: Any, new: Any, *, has_base: bool = True) -> Difference:
    """How the unit of a parameter comes out."""
    before, here, there = (document(**{key: value}) for value in (base, yours, new))
    unit = unit_name(key) or key
    return next(each for each in compared(before if has_base else None, here, there) if each.unit.name == unit)


PATTERNS: dict[str, tuple[Outcome, Side]] = {
    "AAA": ("unchanged", "yours"),
    "AAB": ("new", "new"),
    "ABA": ("yours", "yours"),
    "ABB": ("same", "yours"),
    "ABC": ("conflict", "yours"),
    "-AA": ("unchanged", "yours"),
    "-AB": ("conflict", "yours"),
}


@pytest.mark.parametrize(
    ("key", "pattern", "expected", "side"),
    [
        pytest.param(key, pattern, *comes_out, id=f"{key} {' '.join(pattern)}")
        for key in SAMPLES
        for pattern, comes_out in PATTERNS.items()
        if not (pattern == "ABC" and key in TWO_ONLY)
    ],
)
def test_patterns(key: str, pattern: str, expected: Outcome, side: Side) -> None:
    values = dict(zip("ABC", SAMPLES[key], strict=True))
    base, yours, new = (values.get(letter) for letter in pattern)
    found = outcome(key, base, yours, new, has_base=pattern[0] != "-")
    assert found.outcome == expected
    assert found.result.get(key) == (yours if side == "yours" else new)


@pytest.mark.parametrize("key", ["tags", "references", "index"])
@pytest.mark.parametrize(
    ("base", "yours", "new", "expected", "result"),
    [
        pytest.param("ab", "ab", "ab", "unchanged", "ab", id="A A A"),
        pytest.param("ab", "ba", "aab", "unchanged", "ba", id="order and repetition do not count"),
        pytest.param("ab", "ab", "ac", "new", "ac", id="A A B"),
        pytest.param("ab", "abx", "ab", "yours", "abx", id="A B A"),
        pytest.param("ab", "ax", "xa", "same", "ax", id="A B B"),
        pytest.param("ab", "abx", "aby", "merged", "abxy", id="both add"),
        pytest.param("abc", "bc", "ab", "merged", "b", id="both remove"),
        pytest.param("ab", "abx", "a", "merged", "ax", id="you add, they remove"),
        pytest.param("ab", "a", "abx", "merged", "ax", id="you remove, they add"),
    ],
)
def test_lists_without_order(key: str, base: str, yours: str, new: str, expected: Outcome, result: str) -> None:
    found = outcome(key, list(base), list(yours), list(new))
    assert (found.outcome, found.result[key]) == (expected, list(result))


@pytest.mark.parametrize("key", ["description", "note", "setup"])
@pytest.mark.parametrize(
    ("yours", "new", "expected", "result"),
    [
        pytest.param("1\n2\n3\n4\n", "1\n2\n3\n4\n", "unchanged", "1\n2\n3\n4\n", id="A A A"),
        pytest.param("0\n1\n2\n3\n4\n", "1\n2\n3\n4\n5\n", "merged", "0\n1\n2\n3\n4\n5\n", id="far apart"),
        pytest.param("1\nx\n3\n4\n", "1\n2\n3\n", "merged", "1\nx\n3\n", id="a line changed, another removed"),
        pytest.param("1\nx\n3\n4\n", "1\ny\n3\n4\n", "conflict", "1\nx\n3\n4\n", id="the same line"),
        pytest.param("1\nx\n3\n4\n", "1\n2\ny\n4\n", "conflict", "1\nx\n3\n4\n", id="lines side by side"),
        pytest.param("x\n", "1\n2\n3\ny\n", "conflict", "x\n", id="all against one"),
    ],
)
def test_texts_of_lines(key: str, yours: str, new: str, expected: Outcome, result: str) -> None:
    found = outcome(key, "1\n2\n3\n4\n", yours, new)
    assert (found.outcome, found.result[key]) == (expected, result)


def test_a_data_view_in_place_of_patterns() -> None:
    base, yours, new = document(), document(index=["logs-a-*"]), document(index=None, data_view_id="logs")
    found = next(each for each in compared(base, yours, new) if each.unit.name == "data_source")
    assert (found.outcome, found.result) == ("conflict", {"index": ["logs-a-*"]})


def test_the_order_of_patterns_that_take_away_again_counts() -> None:
    base, yours = ["logs-*", "-logs-a-*"], ["-logs-a-*", "logs-*"]
    assert outcome("index", base, yours, base).outcome == "yours"
    assert outcome("index", base, yours, ["logs-*"]).outcome == "merged"


def test_parameters_of_a_group_come_together() -> None:
    found = outcome("from", "now-9m", "now-1h", "now-9m")
    assert (found.unit.name, found.outcome) == ("rule_schedule", "yours")
    base, yours, new = document(interval="5m"), document(interval="1m"), document(interval="5m", to="now-1m")
    schedule = next(each for each in compared(base, yours, new) if each.unit.name == "rule_schedule")
    assert (schedule.outcome, schedule.result) == ("conflict", {"interval": "1m"})


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        pytest.param("tags", [], ABSENT, id="nothing and an empty list"),
        pytest.param("interval", "5m", ABSENT, id="the default"),
        pytest.param("query", Q1, f"\n{Q1}\n", id="blanks around a text"),
        pytest.param("setup", "", ABSENT, id="nothing and an empty text"),
        pytest.param("timestamp_override_fallback_disabled", False, ABSENT, id="nothing and no"),
    ],
)
def test_what_makes_no_difference(key: str, one: Any, other: Any) -> None:
    assert customized(document(**{key: one}), document(**{key: other})) == ()


@pytest.mark.parametrize(
    "key",
    [
        "enabled",
        "exceptions_list",
        "actions",
        "throttle",
        "response_actions",
        "meta",
        "output_index",
        "namespace",
        "id",
    ],
)
def test_what_was_decided_here_is_never_touched(key: str) -> None:
    yours, new = document(**{key: "yours"}), document(**{key: "new"}, name="new")
    differences = compared(document(), yours, new)
    assert together(yours, new, differences, 2).parameters[key] == "yours"


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        pytest.param({}, {"name": "yours", "severity": "low", "tags": ["a", "y", "n"]}, id="nothing decided"),
        pytest.param({"": "new"}, {"name": "new", "severity": "high", "tags": ["a", "y", "n"]}, id="conflicts: new"),
        pytest.param(
            {"": "yours"}, {"name": "yours", "severity": "low", "tags": ["a", "y", "n"]}, id="conflicts: yours"
        ),
        pytest.param({"name": "new"}, {"name": "new", "severity": "low", "tags": ["a", "y", "n"]}, id="one field"),
        pytest.param(
            {"": "new", "name": "yours"},
            {"name": "yours", "severity": "high", "tags": ["a", "y", "n"]},
            id="all but one",
        ),
        pytest.param({"tags": "new"}, {"name": "yours", "severity": "low", "tags": ["a", "n"]}, id="not merged"),
    ],
)
def test_taking_sides(take: dict[str, Side], expected: dict[str, Any]) -> None:
    base = document(name="base", severity="medium", tags=["a"])
    yours = document(name="yours", severity="low", tags=["a", "y"])
    new = document(name="new", severity="high", tags=["a", "n"])
    differences = settled(compared(base, yours, new), take)
    result = together(yours, new, differences, 2).parameters
    assert {key: result[key] for key in expected} == expected


def test_a_decision_is_about_conflicts_and_not_about_what_only_you_changed() -> None:
    differences = settled(compared(document(), document(name="yours"), document()), {"": "new", "name": "new"})
    assert next(each for each in differences if each.unit.name == "name").result == {"name": "yours"}


def test_notes_of_the_authors_are_compared_one_by_one() -> None:
    base = document({"updated_date": "1", "integration": ["a"]})
    yours = document({"updated_date": "1", "integration": ["a", "mine"]})
    new = document({"updated_date": "2", "integration": ["a"]})
    found = {each.unit.name: each.outcome for each in compared(base, yours, new) if each.unit.in_metadata}
    assert found == {"metadata.updated_date": "new", "metadata.integration": "yours"}
    assert not [each for each in compared(base, yours, document()) if each.unit.in_metadata]


def test_every_unit_is_sampled() -> None:
    assert {key for unit in UNITS for key in unit.keys} - {*SAMPLES, "tags", "references", "index", "language"} == {
        "building_block_type"
    }


LINES = st.lists(st.sampled_from("abcd"), max_size=8).map(lambda lines: "".join(f"{line}\n" for line in lines))


@given(LINES, LINES, LINES)
def test_laws_of_merging_lines(base: str, yours: str, new: str) -> None:
    assert merged(base, base, new) == new
    assert merged(base, yours, base) == yours
    assert merged(base, yours, yours) == yours
    one, other = merged(base, yours, new), merged(base, new, yours)
    assert (one is None) == (other is None)


@given(LINES, LINES, LINES, LINES)
def test_changes_apart_come_together(head: str, tail: str, mine: str, theirs: str) -> None:
    middle = "1\n2\n3\n"
    assert merged(head + middle + tail, mine + middle + tail, head + middle + theirs) == mine + middle + theirs
