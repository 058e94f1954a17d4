"""Laws of sequences: the automaton agrees with the reference, however its input is cut and wherever it is restarted."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from deckwatch.eql.nodes import MaxSpan
from deckwatch.sequences.automaton import SequenceAutomaton
from deckwatch.sequences.records import Key, Match
from deckwatch.sequences.reference import ReferenceEvent, reference_matches
from deckwatch.sequences.steps import SequenceProgram, compile_sequence

from .notation import automaton_matches, ordered, query, records

MILLISECOND = 1_000_000
KEYS: tuple[Key, ...] = (("x",), (None,), (7,))


@st.composite
def programs(draw: st.DrawFn, *, missing: bool = True) -> SequenceProgram:
    marks = ["", "", "!"] if missing else [""]
    stage = st.builds("{}{}*{}".format, st.sampled_from(marks), st.sampled_from("ABC"), st.sampled_from([1, 1, 2, 3]))
    usable = st.lists(stage, min_size=1, max_size=5).filter(lambda stages: any("!" not in text for text in stages))
    stages = " ".join(draw(usable))
    spans = st.builds(MaxSpan, st.integers(0, 8), st.just("ms"))
    maxspan = draw(spans if "!" in stages else st.none() | spans)
    return compile_sequence(query(stages, maxspan, draw(st.sampled_from(["", "", "U"]))))


@st.composite
def streams(draw: st.DrawFn, program: SequenceProgram) -> list[ReferenceEvent]:
    keys = st.sampled_from([KEYS[:1], KEYS[:1], KEYS[1:2], KEYS])
    satisfied = st.dictionaries(st.integers(0, len(program.predicates) - 1), keys, max_size=3)
    events, time = [], 0
    for number, (pause, hits) in enumerate(draw(st.lists(st.tuples(st.integers(0, 3), satisfied), max_size=30))):
        time += pause * MILLISECOND
        events.append(ReferenceEvent(time, number, hits))
    return events


@settings(max_examples=400)
@given(st.data())
def test_automaton_agrees_with_reference(data: st.DataObject) -> None:
    program = data.draw(programs())
    events = data.draw(streams(program))
    assert automaton_matches(program, events) == reference_matches(program, events)


@given(st.data())
def test_ending_partials_at_once_equals_comparing_with_the_latest_until(data: st.DataObject) -> None:
    program = compile_sequence(query(data.draw(st.sampled_from(["A B", "A B C", "A*3 B"])), until="U"))
    events = data.draw(streams(program))
    assert automaton_matches(program, events) == reference_matches(program, events)


@given(st.data())
def test_horizon_acts_as_maxspan(data: st.DataObject) -> None:
    program = replace(data.draw(programs(missing=False)), maxspan=None)
    events = data.draw(streams(program))
    horizon = data.draw(st.integers(0, 8)) * MILLISECOND
    automaton = SequenceAutomaton(program, horizon=horizon)
    found = automaton.advance(records(program, events)) + automaton.finish()
    assert ordered(found, events) == reference_matches(replace(program, maxspan=horizon), events)


@settings(max_examples=400)
@given(st.data())
def test_any_cut_any_watermark_any_restart_changes_nothing(data: st.DataObject) -> None:
    program = data.draw(programs())
    events = data.draw(streams(program))
    horizon = data.draw(st.none() | st.integers(0, 8).map(lambda span: span * MILLISECOND))
    stream = list(records(program, events))
    whole = SequenceAutomaton(program, horizon=horizon)
    expected = whole.advance(stream)

    automaton = SequenceAutomaton(program, horizon=horizon)
    found: list[Match] = []
    done = 0
    for cut in sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5))):
        found += automaton.advance(stream[done:cut])
        done = cut
        if data.draw(st.booleans()):
            automaton = SequenceAutomaton.restore(program, automaton.snapshot(), horizon=horizon)
        if cut < len(stream):
            found += automaton.advance_time(data.draw(st.integers(0, stream[cut][0])))
    found += automaton.advance(stream[done:])
    assert found == expected
    assert automaton.snapshot() == whole.snapshot()
    assert automaton.stats == whole.stats
    assert automaton.finish() == whole.finish()
