"""The layer, against what the format of version 4.5 says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import deckwatch
from deckwatch.backtesting.navigator import colour, layer
from deckwatch.rules.attack import entries
from tests.backtest.build import CURL, at, curl, rule
from tests.backtest.test_coverage import threat

COLOUR = re.compile(r"#[0-9a-f]{6}")

LAYER: dict[str, tuple[type, bool]] = {
    "versions": (dict, False),
    "name": (str, True),
    "description": (str, False),
    "domain": (str, True),
    "filters": (dict, False),
    "sorting": (int, False),
    "layout": (dict, False),
    "hideDisabled": (bool, False),
    "techniques": (list, False),
    "gradient": (dict, False),
    "legendItems": (list, False),
    "showTacticRowBackground": (bool, False),
    "tacticRowBackground": (str, False),
    "selectTechniquesAcrossTactics": (bool, False),
    "selectSubtechniquesWithParent": (bool, False),
    "selectVisibleTechniques": (bool, False),
    "metadata": (list, False),
    "links": (list, False),
}
"""The properties of a layer: their type, and whether they must be there."""

TECHNIQUE: dict[str, tuple[type, bool]] = {
    "techniqueID": (str, True),
    "tactic": (str, False),
    "comment": (str, False),
    "enabled": (bool, False),
    "score": (int, False),
    "color": (str, False),
    "metadata": (list, False),
    "links": (list, False),
    "showSubtechniques": (bool, False),
}
METADATA: dict[str, tuple[type, bool]] = {"name": (str, True), "value": (str, True)}
LEGEND: dict[str, tuple[type, bool]] = {"label": (str, True), "color": (str, True)}
LAYOUT: dict[str, tuple[type, bool]] = {
    "layout": (str, False),
    "showID": (bool, False),
    "showName": (bool, False),
    "expandedSubtechniques": (str, False),
}


def assert_shape(value: dict[str, Any], properties: dict[str, tuple[type, bool]]) -> None:
    assert value.keys() <= properties.keys()
    for name, (kind, required) in properties.items():
        assert name in value or not required, name
        assert name not in value or type(value[name]) is kind, name


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Any]:
    claimed = rule(tmp_path, CURL, more=threat("TA0002", "T1053", "T1053.003") + "\n" + threat("TA0011", "T1105"))
    found = deckwatch.coverage([claimed], proven={"r": True}, observed=[curl(at(), "1"), curl(at(), "2")])
    read: dict[str, Any] = json.loads(json.dumps(layer(found)))
    return read


def test_shape(made: dict[str, Any]) -> None:
    assert_shape(made, LAYER)
    assert_shape(made["layout"], LAYOUT)
    for each in made["metadata"]:
        assert_shape(each, METADATA)
    for each in made["legendItems"]:
        assert_shape(each, LEGEND)
        assert COLOUR.fullmatch(each["color"])
    for each in made["techniques"]:
        assert_shape(each, TECHNIQUE)
        for entry in each["metadata"]:
            assert_shape(entry, METADATA)


def test_values(made: dict[str, Any]) -> None:
    versions = made["versions"]
    assert versions["layer"] == "4.5"
    assert tuple(map(int, versions["navigator"].split("."))) >= (4, 9, 0)
    assert re.fullmatch(r"\d+", versions["attack"])
    assert made["domain"] == "enterprise-attack"
    assert made["sorting"] in range(4)
    assert made["layout"]["layout"] in ("side", "flat", "mini")
    assert made["layout"]["expandedSubtechniques"] in ("none", "all", "annotated")
    assert len(made["gradient"]["colors"]) >= 2
    assert all(map(COLOUR.fullmatch, made["gradient"]["colors"]))
    assert made["gradient"]["minValue"] < made["gradient"]["maxValue"]


def test_every_technique_is_one_and_belongs_to_its_tactic(made: dict[str, Any]) -> None:
    tactics = {
        entry.names[0].lower().replace(" ", "-"): identity
        for identity, entry in entries().items()
        if identity.startswith("TA")
    }
    places = [(each["techniqueID"], each["tactic"]) for each in made["techniques"]]
    assert len(places) == len(set(places))
    for technique, tactic in places:
        assert tactics[tactic] in entries()[technique.partition(".")[0]].tactics
    assert all(0 <= each["score"] <= 100 for each in made["techniques"])


def test_what_a_technique_tells(made: dict[str, Any]) -> None:
    told = {(each["techniqueID"], each["tactic"]): each for each in made["techniques"]}
    cron = told["T1053.003", "execution"]
    assert cron["score"] == 100
    assert cron["comment"] == "rules: 1 claimed, 1 proven, 1 observed (2 alerts)"
    assert cron["metadata"] == [{"name": name, "value": "Rule r"} for name in ("claimed", "proven", "observed")]
    assert told["T1105", "command-and-control"]["score"] == 100, "outside of the matrix for containers"
    gap = told["T1611", "privilege-escalation"]
    assert (gap["score"], gap["comment"]) == (0, "no rule")


def test_the_legend_tells_only_what_was_looked_for(tmp_path: Path, made: dict[str, Any]) -> None:
    few = layer(deckwatch.coverage([rule(tmp_path, CURL)]))
    assert [each["label"] for each in few["legendItems"]] == ["no rule: 0", "claimed: 20"]
    assert len(made["legendItems"]) == 5


@pytest.mark.parametrize(("score", "expected"), [(0, "#fecaca"), (50, "#fde68a"), (100, "#15803d"), (25, "#fed8aa")])
def test_colours_are_those_of_the_gradient(score: int, expected: str) -> None:
    assert colour(score) == expected
