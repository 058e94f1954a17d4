"""What everybody wants of the engine. The functions of the other stages are offered from where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import cast

from deckwatch.engine.engines import EngineName
from deckwatch.engine.ports import Source
from deckwatch.engine.scan import Scan
from deckwatch.engine.search import Options, Result, ResultPosition
from deckwatch.engine.search import search as run_search
from deckwatch.engine.stream import Stream
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.evaluate import evaluate_constant
from deckwatch.eql.nodes import Query, Scalar
from deckwatch.eql.parser import parse_expression
from deckwatch.errors import DeckwatchError
from deckwatch.events.deadletter import DeadLetter
from deckwatch.events.reader import EventSource, Reader
from deckwatch.rules.rule import Rule
from deckwatch.sources.open import open_source

__all__ = ["evaluate", "scan", "search", "watch"]


def evaluate(text: str) -> Scalar:
    """The value of a constant EQL expression; None for null.

    Raises:
        QueryError: the text is no expression, reads fields, or cannot be computed.
    """
    return evaluate_constant(parse_expression(text), text=text)


def search(
    query: str | Query,
    events: EventSource,
    *,
    field_types: Mapping[str, str] | None = None,
    timestamp_field: str = "@timestamp",
    event_category_field: str = "event.category",
    tiebreaker_field: str | None = None,
    size: int = 10,
    result_position: ResultPosition = "tail",
    max_samples_per_key: int = 1,
    engine: EngineName = "columnar",
    since: int | None = None,
    until: int | None = None,
    dead_letter: Callable[[DeadLetter], None] | None = None,
    batch_events: int | None = None,
) -> Result:
    """Run one EQL query over events.

    Args:
        query: the text, or a tree from `parse`.
        events: documents (dicts), a path or several (files, folders, globs, "-"), a Polars frame or an Arrow table.
        field_types: mapping types by field name, over those of the field table; "alias:NAME" for another name of
            a field. A field in neither, and not in the data either, is unknown.
        timestamp_field: orders the events; nanosecond resolution.
        event_category_field: what the word before `where` is compared with.
        tiebreaker_field: orders events of the same time; those without it come last.
        size: at most so many events, sequences or samples.
        result_position: which end of the ordered results `size` keeps.
        max_samples_per_key: for samples only.
        engine: "columnar", or "reference", the slow evaluator it is tested against.
        since: only events at or after this time (nanoseconds since 1970); `until` likewise, exclusive.
        until: see `since`.
        dead_letter: called with every line that is not an event.
        batch_events: evaluate at most so many events together.

    Raises:
        QueryError: the query has faults; all of them are listed.
        DeckwatchError: an option is wrong, or the events cannot be opened.
    """
    options = Options(
        timestamp_field, event_category_field, tiebreaker_field, size, result_position, max_samples_per_key
    )
    return run_search(
        query,
        events,
        field_types=field_types,
        options=options,
        engine=engine,
        within=TimeRange(since, until),
        dead_letter=dead_letter,
        batch_events=batch_events,
    )


def scan(
    events: EventSource,
    rules: Iterable[Rule],
    *,
    engine: EngineName = "columnar",
    since: int | None = None,
    until: int | None = None,
    max_signals: bool = False,
    dead_letter: Callable[[DeadLetter], None] | None = None,
    on_batch: Callable[[Reader], None] | None = None,
    batch_events: int | None = None,
) -> Scan:
    """Run rules over events: an iterator of alert documents, with `.summary` once it is exhausted.

    Args:
        events: as for `search`.
        rules: a `RuleSet`, or any rules.
        engine: "columnar", or "reference", the slow evaluator it is tested against.
        since: only events at or after this time (nanoseconds since 1970); `until` likewise, exclusive.
        until: see `since`.
        max_signals: of what a rule finds in one run (its `interval`, by the times of events), report only the latest,
            as many as its `max_signals`.
        dead_letter: called with every line that is not an event.
        on_batch: called after every batch with the reader, for progress.
        batch_events: evaluate at most so many events together.

    Raises:
        DeckwatchError: the events cannot be opened.
    """
    return Scan(
        events,
        rules,
        engine=engine,
        within=TimeRange(since, until),
        max_signals=max_signals,
        dead_letter=dead_letter,
        on_batch=on_batch,
        batch_events=batch_events,
    )


def watch(
    source: Source | EventSource,
    rules: Iterable[Rule],
    *,
    interval: float = 0.1,
    batch_events: int = 1000,
    lateness: float | None = None,
    horizon: float | None = None,
    follow: bool = False,
    dead_letter: Callable[[DeadLetter], None] | None = None,
) -> Stream:
    """Run rules over events as they happen: an iterator of steps, each with the alerts that are certain by then.

    A step comes at least every interval, with or without alerts. `.status` tells how it goes, `.stop()` ends it.

    Args:
        source: a `KernelSource` or any other `Source`, or events as for `scan`; a pipe is read as its lines come.
        rules: a `RuleSet`, or any rules.
        interval: seconds for which events gather before they are evaluated together.
        batch_events: a source that had so many at once is asked for more without a rest.
        lateness: for how many seconds an event may come after a later one and still take its place in a sequence;
            sequences are reported so much later. None: what the source is known for, otherwise 2 seconds. Recordings
            may be in any order: their sequences come at the end.
        horizon: for how many seconds a sequence without maxspan is kept; None: for a day, recordings for ever.
        follow: wait for what is added to a file, also when it is rotated.
        dead_letter: called with every line that is not an event.

    Raises:
        DeckwatchError: the source cannot be opened, or an option is out of range.
    """
    if not hasattr(source, "poll"):
        source = open_source(source, follow=follow, dead_letter=dead_letter)
    elif follow or dead_letter is not None:
        raise DeckwatchError("follow and dead_letter are for events that are opened here; give them to the source")
    return Stream(
        cast("Source", source),
        rules,
        interval=interval,
        batch_events=batch_events,
        lateness=lateness,
        horizon=horizon,
    )
