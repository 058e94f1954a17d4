"""Event order: time, then tiebreaker (events without one last), then arrival."""

from __future__ import annotations

import polars as pl

from deckwatch.engine.detections import Detection
from deckwatch.plan.bundle import Evaluation
from deckwatch.plan.views import FieldView, Rows

ORDER = ["time", "tiebreaker", "position"]


def order_columns(evaluation: Evaluation, detection: Detection, rows: Rows, first: int) -> pl.DataFrame:
    """For each event its row, its time (ns), its tiebreaker and its position in the input."""
    tiebreaker = (
        pl.Series("tiebreaker", [None] * len(rows), dtype=pl.Null)
        if detection.tiebreaker is None
        else smallest(evaluation.views[detection.tiebreaker], rows)
    )
    return pl.DataFrame(
        {
            "row": rows,
            "time": smallest(evaluation.views[detection.time_field], rows),
            "tiebreaker": tiebreaker,
            "position": rows + first,
        }
    )


def smallest(view: FieldView, rows: Rows) -> pl.Series:
    """The single value of each of these events: the smallest where it has several, null where it has none."""
    values = view.gathered(rows)
    return values.list.min() if values.dtype == pl.List else values


def sort(frame: pl.DataFrame, *more: str) -> pl.DataFrame:
    """Events in their order; what has no time, or no tiebreaker, comes last among its equals."""
    return frame.sort([*ORDER, *more], nulls_last=True, maintain_order=True)
