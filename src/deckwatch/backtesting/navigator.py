"""Coverage as a layer of the ATT&CK Navigator, format 4.5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deckwatch.backtesting.claims import name_of
from deckwatch.backtesting.coverage import WEIGHTS, Coverage, Technique
from deckwatch.rules.attack import VERSION

FORMAT = "4.5"
NAVIGATOR = "5.1.0"
"""The Navigator in whose time the table's version of ATT&CK was the newest."""

MOST_NAMED = 20
"""Rules that a technique names."""

_COLOURS = ("#fecaca", "#fde68a", "#15803d")
"""Of the scores 0, 50 and 100."""

_LEGEND: tuple[tuple[str, ...], ...] = (
    (),
    ("claimed",),
    ("claimed", "observed"),
    ("claimed", "proven"),
    ("claimed", "proven", "observed"),
)


def layer(found: Coverage) -> dict[str, Any]:
    """The layer: every technique that a rule claims, and of the matrix for containers also those that none does."""
    return {
        "name": "deckwatch",
        "versions": {"attack": VERSION.removeprefix("v"), "navigator": NAVIGATOR, "layer": FORMAT},
        "domain": "enterprise-attack",
        "description": _description(found),
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [_technique(each, found.asked) for each in found.techniques],
        "gradient": {"colors": list(_COLOURS), "minValue": 0, "maxValue": 100},
        "legendItems": list(_legend(found.asked)),
        "metadata": [
            {"name": "rules", "value": str(found.rules)},
            {"name": "looked at", "value": ", ".join(found.asked)},
            *({"name": f"points if {evidence}", "value": str(weight)} for evidence, weight in WEIGHTS.items()),
        ],
        "selectTechniquesAcrossTactics": False,
        "selectSubtechniquesWithParent": False,
    }


def _description(found: Coverage) -> str:
    weights = ", ".join(f"{evidence} {weight}" for evidence, weight in WEIGHTS.items())
    return (
        f"{found.rules} rules. Scores add up: {weights}. Score 0: in the matrix for containers, and no rule claims it."
    )


def _technique(found: Technique, asked: tuple[str, ...]) -> dict[str, Any]:
    return {
        "techniqueID": found.id,
        "tactic": name_of(found.tactic).lower().replace(" ", "-"),
        "score": found.score,
        "comment": _comment(found, asked),
        "enabled": True,
        "metadata": list(_metadata(found, asked)),
        "showSubtechniques": False,
    }


def _comment(found: Technique, asked: tuple[str, ...]) -> str:
    if not found.claimed:
        return "no rule"
    parts = [f"{len(getattr(found, evidence))} {evidence}" for evidence in asked]
    alerts = f" ({found.alerts} alerts)" if found.alerts else ""
    return f"rules: {', '.join(parts)}{alerts}"


def _metadata(found: Technique, asked: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
    for evidence in asked:
        names = getattr(found, evidence)
        more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
        yield {"name": evidence, "value": "; ".join([*names[:MOST_NAMED], *more]) or "-"}


def _legend(asked: tuple[str, ...]) -> Iterator[dict[str, str]]:
    for evidence in _LEGEND:
        if set(evidence) <= set(asked):
            score = sum(WEIGHTS[each] for each in evidence)
            yield {"label": f"{' and '.join(evidence) or 'no rule'}: {score}", "color": colour(score)}


def colour(score: int) -> str:
    """What the gradient makes of a score."""
    low, middle, high = (_channels(each) for each in _COLOURS)
    start, end, part = (low, middle, score / 50) if score <= 50 else (middle, high, score / 50 - 1)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(start, end, strict=True))


def _channels(text: str) -> tuple[int, int, int]:
    red, green, blue = (int(text[start : start + 2], 16) for start in (1, 3, 5))
    return red, green, blue
