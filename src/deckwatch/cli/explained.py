"""Explanations as people read them: lines of text, coloured where a terminal shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from rich.text import Text

from deckwatch.cli import render
from deckwatch.cli.render import number_of
from deckwatch.eql.dates import SECOND, parse_timestamp
from deckwatch.explanation.values import NEVER

if TYPE_CHECKING:
    from deckwatch import Explanation
    from deckwatch.explanation.values import Attempt, Candidate, Clause, Ending, Event, Held, Judgement, KeyPart

    Events: TypeAlias = Sequence[Event | None]

CLAUSE_CHARACTERS = 110
WANTED_CHARACTERS = 160
VALUE_CHARACTERS = 80
MOST_VALUES = 8

MARKS = {"true": ("✔", "green"), "false": ("✗", "red"), "missing": ("?", "yellow")}
GROUPS = {"and": "all of", "or": "one of", "not": "none of"}
STEP = "  "


def lines(told: Explanation) -> Iterator[Text]:
    """All of an explanation."""
    yield Text(render.escaped(told.name), "bold")
    fired = (
        "it fired once" if told.fired == 1 else f"it fired {told.fired:,} times" if told.fired else "it did not fire"
    )
    yield Text(f"{number_of(told.events, 'event')} read; {fired}")
    for note in told.notes:
        yield Text(f"note: {render.escaped(note)}", "dim")
    for judgement in told.judgements:
        yield Text()
        yield from _judgement(judgement)
    if told.query == "sequence":
        yield Text()
        yield from _sequences(told)
    elif not told.judgements:
        yield Text("No event came near to what it wants." if not told.fired else "No other event came near.")


def _sequences(told: Explanation) -> Iterator[Text]:
    for each in told.filters:
        yield Text.assemble((f"{each.name}: ", "bold"), (cut(each.text, CLAUSE_CHARACTERS), "dim"))
    if not told.attempts:
        yield Text("No sequence began.")
        return
    shown = f", the nearest {len(told.attempts)}" if len(told.attempts) < told.attempts_seen else ""
    yield Text(f"{number_of(told.attempts_seen, 'sequence')} to tell of{shown}:")
    for attempt in told.attempts:
        yield Text()
        yield from _attempt(attempt)


def _attempt(attempt: Attempt) -> Iterator[Text]:
    key = key_text(attempt.key)
    known = {each.stage for each in attempt.candidates}.issuperset(unreached(attempt.events))
    least = "" if known else "at least "
    short = f"; {least}{number_of(attempt.distance, 'thing')} short" if attempt.distance else ""
    yield Text(f"{key}{short}", "bold")
    first = next((event for event in attempt.events if event is not None), None)
    for stage, event in enumerate(attempt.events, 1):
        if event is not None:
            yield Text.assemble(STEP, MARKS["true"], f" stage {stage}: {event_text(event, first)}")
            continue
        near = [each for each in attempt.candidates if each.stage == stage]
        nearest = "; the nearest:" if near else ", and no event came near"
        yield Text.assemble(STEP, MARKS["false"], f" stage {stage}: none{nearest}")
        for candidate in near:
            yield Text(f"{STEP * 3}{event_text(candidate.judgement.event, first)}")
            for wrong in _wrong(candidate):
                yield Text.assemble(STEP * 4, ("← ", "red"), wrong)
    yield Text.assemble(STEP, ending_text(attempt.ending, attempt.events, first))


def key_text(key: Sequence[KeyPart]) -> str:
    """What a sequence is told apart by."""
    parts = ", ".join(f"{'/'.join(part.fields)} = {_value(part.value)}" for part in key)
    return f"by {parts}" if parts else "one sequence"


def unreached(events: Events) -> list[int]:
    """The stages without an event."""
    return [stage for stage, event in enumerate(events, 1) if event is None]


def _wrong(candidate: Candidate) -> Iterator[str]:
    """Everything that would have to be otherwise."""
    yield from map(render.escaped, candidate.judgement.obstacles)
    for clause in _decisive(candidate.judgement.clause):
        if len(clause.held) == 1:
            values = clause.held[0].values
            held = f"is {_values(values)}" if values else "is missing"
            yield f"{clause.held[0].field} {held}, wanted {cut(clause.wanted, WANTED_CHARACTERS)}"
        else:
            yield f"{cut(clause.text, CLAUSE_CHARACTERS)}: {_held(clause.held)}"
    for each in candidate.differences:
        held = f"is {_values(each.values)}" if each.values else "is missing"
        yield f"the join key {each.field} {held}, not {_value(each.wanted)}"
    if candidate.timing:
        yield candidate.timing
    if not candidate.distance:
        yield "fits this stage, but no sequence waited for it then"


def ending_text(ending: Ending, events: Events, first: Event | None) -> str:
    """What ended a sequence with these events."""
    by = "" if ending.event is None else event_text(ending.event, first)
    waiting = next(iter(unreached(events)), 0)
    match ending.how:
        case "completed":
            return "it fired"
        case "overwritten":
            return f"ended: a later event took its place ({ending.filter}): {by}"
        case "expired" if ending.past_maxspan is not None:
            return f"ended: {ending.past_maxspan:.3f} s past maxspan when {ending.filter} came: {by}"
        case "expired":
            return f"ended: maxspan passed while it waited for stage {waiting}"
        case "forgotten":
            return f"ended: the horizon passed while it waited for stage {waiting}"
        case "until":
            return f"ended by until: {by}"
        case "missing event":
            return f"refused: the {ending.filter or 'missing event'} did come{': ' * bool(by)}{by}"
        case "input ended":
            return f"the input ended while it waited for stage {waiting}"
        case "not begun":
            return "never begun: stage 1 did not come before the others"


def _judgement(judgement: Judgement) -> Iterator[Text]:
    short = "can never match" if judgement.distance >= NEVER else f"{number_of(judgement.distance, 'thing')} short"
    verdict = "matches" if judgement.matches else short
    filter_name = "" if judgement.filter == "event" else f"{judgement.filter}: "
    yield Text(f"{filter_name}{verdict}: {event_text(judgement.event, None)}", "bold")
    for obstacle in judgement.obstacles:
        yield Text.assemble(STEP, MARKS["false"], f" not looked at: {render.escaped(obstacle)}")
    yield from _clause(judgement.clause, 1)


def _clause(clause: Clause, depth: int) -> Iterator[Text]:
    mark = MARKS[clause.verdict]
    if clause.kind != "test":
        yield Text.assemble(STEP * depth, mark, f" {GROUPS[clause.kind]}")
        for term in clause.terms:
            yield from _clause(term, depth + 1)
        return
    text = f" {cut(clause.text, CLAUSE_CHARACTERS)}" + ": " * bool(clause.held)
    if clause.decisive:
        wanted = f", wanted {cut(clause.wanted, WANTED_CHARACTERS)}"
        yield Text.assemble(STEP * depth, mark, text, _held(clause.held), wanted, ("  ← decides", "bold red"))
    else:
        yield Text.assemble(STEP * depth, mark, text, (_held(clause.held), "dim"))


def _decisive(clause: Clause) -> Iterator[Clause]:
    if clause.decisive:
        yield clause
    for term in clause.terms:
        yield from _decisive(term)


def _held(held: Sequence[Held]) -> str:
    if len(held) == 1:
        return _values(held[0].values) if held[0].values else f"{held[0].field} is missing"
    return ", ".join(f"{each.field} {_values(each.values) if each.values else 'is missing'}" for each in held)


def event_text(event: Event, first: Event | None) -> str:
    """When, after the first event of a sequence; what; which."""
    time = "no time" if event.time is None else event.time
    offset = _offset(event, first)
    document = event.document
    file = render.field_text(document, "file.path")
    process = render.process_text(document)
    what = (render.action_text(document), file, f"by {process}" if file and process else process)
    return " ".join(filter(None, (offset or time, *what, f"(event {render.escaped(event.id)})")))


def _offset(event: Event, first: Event | None) -> str:
    if first is None or event is first or event.time is None or first.time is None:
        return ""
    since, until = parse_timestamp(first.time), parse_timestamp(event.time)
    return "" if since is None or until is None else f"{(until - since) / SECOND:+.3f} s"


def _values(values: Iterable[object]) -> str:
    found = list(map(_value, values))
    more = [f"… {len(found) - MOST_VALUES} more"] if len(found) > MOST_VALUES else []
    return ", ".join([*found[:MOST_VALUES], *more])


def _value(value: object) -> str:
    return cut(render.json_line(value), VALUE_CHARACTERS)


def cut(text: str, width: int) -> str:
    """The text on one line, of so many characters."""
    return render.shortened(render.escaped(text), width)
