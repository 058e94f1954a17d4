"""Explanations of running watches as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rich.text import Text

from deckwatch.cli.explained import CLAUSE_CHARACTERS, MARKS, STEP, cut, ending_text, event_text, key_text, unreached
from deckwatch.cli.render import escaped, number_of
from deckwatch.eql.dates import MILLISECOND, format_duration, format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from deckwatch import LiveExplanation
    from deckwatch.cli.explained import Events
    from deckwatch.explanation.live_values import Open, Satisfied, Sequences
    from deckwatch.explanation.values import How

COUNTED: Mapping[How, str] = {
    "overwritten": "replaced by a later event",
    "expired": "past maxspan",
    "forgotten": "past the horizon",
    "until": "ended by until",
    "missing event": "refused, as a missing event did come",
    "completed": "complete",
}


def lines(told: LiveExplanation) -> Iterator[Text]:
    """All of an explanation."""
    yield Text(escaped(told.name), "bold")
    fired = (
        "it fired once" if told.fired == 1 else f"it fired {told.fired:,} times" if told.fired else "it did not fire"
    )
    suppressed = f", {told.suppressed:,} more suppressed" if told.suppressed else ""
    yield Text(f"watching {escaped(told.source)} for {format_duration(told.seconds)}; {fired}{suppressed}")
    yield Text(f"{number_of(told.events, 'event')} evaluated, {told.seen:,} of its data streams{_newest(told)}")
    if told.excepted:
        yield Text(f"{number_of(told.excepted, 'event')} taken away by exceptions")
    for note in told.notes:
        yield Text(f"note: {escaped(note)}", "dim")
    yield Text()
    yield from map(_satisfied, told.filters)
    if told.sequences is not None:
        yield from _sequences(told.sequences, told.watermark)


def _newest(told: LiveExplanation) -> str:
    if told.newest is None or told.lag is None:
        return ""
    return f", the newest {format_duration(told.lag)} ago" if told.lag >= 0 else f", the newest of {told.newest}"


def _satisfied(each: Satisfied) -> Text:
    pending = f", {each.pending:,} of them not in their turn yet" if each.pending else ""
    count = f"{number_of(each.events, 'event')}{pending}  "
    return Text.assemble((f"{each.name}: ", "bold"), count, (cut(each.text, CLAUSE_CHARACTERS), "dim"))


def _sequences(told: Sequences, watermark: str | None) -> Iterator[Text]:
    yield Text()
    reached = ", ".join(f"stage {each.stage} by {each.sequences:,}" for each in told.reached)
    yield Text(f"reached so far: {reached}")
    if told.open:
        yield from _headed(f"Go on ({told.begun:,}, decided up to {_milliseconds(watermark)}):")
        for going in told.open:
            yield from _going_on(going, f"waits for stage {unreached(going.events)[0]}")
    if told.waiting:
        yield from _headed(f"Complete ({told.waiting_count:,}), but a missing event may yet come:")
        for going in told.waiting:
            yield from _going_on(going, "fires unless it comes")
    if told.ended:
        counts = (f"{count:,} {COUNTED[how]}" for how, count in told.endings.items() if count)
        yield from _headed(f"Ended ({', '.join(counts)}), the last:")
    for ended in told.ended:
        yield Text()
        yield Text(key_text(ended.key), "bold")
        yield from _stages(ended.events, MARKS["false"], "none")
        first = next((event for event in ended.events if event is not None), None)
        yield Text.assemble(STEP, ending_text(ended.ending, ended.events, first))


def _milliseconds(time: str | None) -> str:
    known = None if time is None else parse_timestamp(time)
    return "no time" if known is None else format_timestamp(known // MILLISECOND * MILLISECOND)


def _headed(text: str) -> Iterator[Text]:
    yield Text()
    yield Text(text, "underline")


def _going_on(each: Open, what: str) -> Iterator[Text]:
    yield Text()
    yield Text(key_text(each.key), "bold")
    yield from _stages(each.events, ("…", "yellow"), "not yet")
    if each.left is None:
        left = ""
    elif each.left < 0:
        left = f", which only a late event can be: its time was over at {each.until}"
    else:
        left = f", {format_duration(each.left)} left (until {each.until})"
    yield Text(f"{STEP}{what}{left}")


def _stages(events: Events, mark: tuple[str, str], none: str) -> Iterator[Text]:
    first = next((event for event in events if event is not None), None)
    for stage, event in enumerate(events, 1):
        if event is None:
            yield Text.assemble(STEP, mark, f" stage {stage}: {none}")
        else:
            yield Text.assemble(STEP, MARKS["true"], f" stage {stage}: {event_text(event, first)}")
