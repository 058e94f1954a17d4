"""A proof as JSON."""

from __future__ import annotations

from typing import Any

from deckwatch.eql.nodes import Span
from deckwatch.eql.text import QueryText
from deckwatch.proof.prove import Proof
from deckwatch.proof.scenario import Gap
from deckwatch.proof.score import Judged, Score


def as_json(proof: Proof) -> dict[str, Any]:
    """The proof in plain values; places are line and column in the query, from 1."""
    text = QueryText(proof.rule.query)
    return {
        "rule_id": proof.rule.rule_id,
        "name": proof.rule.name,
        "file": proof.rule.source.file,
        "proven": proof.proven,
        "scenarios": {
            sort: {
                "tried": len(tried := proof.of(sort)),
                "passed": sum(each.passed for each in tried),
                "failed": [
                    {"about": each.scenario.about, **_place(each.scenario.place, text)}
                    for each in tried
                    if not each.passed
                ],
            }
            for sort in ("positive", "near miss", "boundary")
        },
        "left_out": proof.left_out,
        "variants": {each.name: each.fired for each in proof.variants},
        "engines_agree": proof.agreed,
        "unsolved": [_gap(gap, text) for gap in proof.gaps if not gap.certain],
        "impossible": [_gap(gap, text) for gap in proof.gaps if gap.certain],
        "mutants": None if proof.score is None else _score(proof.score, text),
    }


def _gap(gap: Gap, text: QueryText) -> dict[str, Any]:
    return {"sort": gap.sort, "about": gap.about, **_place(gap.place, text), "reason": gap.reason}


def _score(score: Score, text: QueryText) -> dict[str, Any]:
    return {
        "score": round(score.value, 4),
        "killed": score.count("killed"),
        "left_out": score.left_out,
        "equivalent": [_mutant(each, text) for each in score.judged if each.fate == "equivalent"],
        "surviving": [_mutant(each, text) for each in score.judged if each.fate == "surviving"],
    }


def _mutant(judged: Judged, text: QueryText) -> dict[str, Any]:
    return {"change": judged.mutant.change, **_place(judged.mutant.span, text), "reason": judged.reason}


def _place(span: Span | None, text: QueryText) -> dict[str, int]:
    if span is None:
        return {}
    line, column = text.position(span.start)
    return {"line": line, "column": column}
