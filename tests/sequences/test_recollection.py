"""What is remembered of sequences that have ended: no step is counted twice, and not much is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.sequences.automaton import SequenceAutomaton
from deckwatch.sequences.observer import Happening, What
from deckwatch.sequences.recollection import KEPT, MOST_MARKS, Recollection

from .notation import program, records, stream
from .test_properties import programs, streams

GOES_ON = {What.STARTED, What.EXTENDED, What.UNCLAIMED, What.INTERRUPTED, What.SIGHTED}


def recollected(stages: str, until: str, events: str) -> Recollection:
    compiled, recollection = program(stages, 10, until), Recollection()
    automaton = SequenceAutomaton(compiled, observer=recollection)
    automaton.advance(records(compiled, stream(compiled, events)))
    automaton.finish()
    return recollection


@pytest.mark.parametrize(
    ("stages", "until", "events", "expected"),
    [
        pytest.param("A B", "", "A@1", "", id="what-goes-on-is-not-among-it"),
        pytest.param("A B", "", "A@1 B@2 A@3 A@4", "OVERWRITTEN 3 by 4, COMPLETED 1 2", id="complete-ones-last"),
        pytest.param("A B C", "U", "A@1 U@2 A@3 B@4 U@5", "ENDED 3 4 by 5, ENDED 1 by 2", id="the-furthest-first"),
        pytest.param(
            "A B",
            "",
            " ".join(f"A@{n}" for n in range(1, 9)),
            "OVERWRITTEN 7 by 8, OVERWRITTEN 6 by 7, OVERWRITTEN 5 by 6",
            id="of-a-sort-the-last",
        ),
        pytest.param("A !M B", "", "A@1 M@2 B@3", "REFUSED 1 3 by 2", id="refused-by-one-between"),
        pytest.param("A !M B", "", "A/x@1 M/x@2 M/y@2 B/x@3", "REFUSED 1 4 by 2", id="refused-by-one-of-its-key"),
        pytest.param("!M A B", "", "M@1 A@2 B@3", "REFUSED 2 3 by 1", id="refused-by-one-before"),
        pytest.param("A B !M", "", "A@1 B@2 M@3", "REFUSED 1 2 by 3", id="refused-by-one-after"),
        pytest.param("A !M", "", "A@1 M@3", "REFUSED 1 by 2", id="refused-with-one-stage"),
        pytest.param(
            "A !M B",
            "",
            f"A/x@1 M/x@2 {' '.join(f'A/k{n}@3 M/k{n}@4' for n in range(MOST_MARKS))} B/x@5",
            f"REFUSED 1 {3 + 2 * MOST_MARKS}",
            id="refused-by-one-that-is-forgotten",
        ),
    ],
)
def test_what_has_ended(stages: str, until: str, events: str, expected: str) -> None:
    assert ", ".join(map(_text, recollected(stages, until, events).ended)) == expected


@given(st.data())
def test_it_agrees_with_those_who_are_told_every_step(data: st.DataObject) -> None:
    compiled = data.draw(programs())
    events = list(records(compiled, data.draw(streams(compiled))))
    steps: list[Happening] = []
    recollection = Recollection()
    for observer in (recollection, steps.append):
        automaton = SequenceAutomaton(compiled, observer=observer)
        automaton.advance(events)
        automaton.finish()
    ends = [step for step in steps if step.what not in GOES_ON]
    assert recollection.counts.total() == len(ends)
    for sort, count in recollection.counts.items():
        kept = [step for step in recollection.ended if (step.what, len(step.tokens)) == sort]
        told = [step for step in ends if (step.what, len(step.tokens)) == sort]
        assert len(told) == count
        assert [step[:5] for step in kept] == [step[:5] for step in told[: -KEPT - 1 : -1]]


@given(st.data())
def test_whatever_reached_a_stage_has_ended_or_is_still_held(data: st.DataObject) -> None:
    """So nobody need count what goes on."""
    compiled = data.draw(programs())
    steps: list[Happening] = []
    recollection = Recollection()
    events = list(records(compiled, data.draw(streams(compiled))))
    SequenceAutomaton(compiled, observer=steps.append).advance(events)
    automaton = SequenceAutomaton(compiled, observer=recollection)
    automaton.advance(events)
    for stage in range(1, compiled.stages + 1 if compiled.stages > 1 else 1):
        told = sum(step.what in {What.STARTED, What.EXTENDED} and len(step.tokens) == stage for step in steps)
        ended = sum(count for (_, reached), count in recollection.counts.items() if reached >= stage)
        assert told == ended + len(automaton.waiting) + sum(automaton.begun[stage - 1 :])


def _text(step: Happening) -> str:
    by = "" if step.token is None else f" by {step.token}"
    return " ".join([step.what.name, *map(str, step.tokens)]) + by
