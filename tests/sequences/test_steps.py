"""What a sequence query is compiled to."""

from __future__ import annotations

from deckwatch.eql.nodes import EventFilter, Field, Literal, MaxSpan, SequenceQuery, Stage
from deckwatch.sequences.steps import Predicate, Role, Slot, compile_sequence

from .notation import query

TRUE = Literal(True)


def test_slots_go_last_stage_first_then_until_then_missing() -> None:
    program = compile_sequence(query("!L A !M !N B*2 !T*2", MaxSpan(3, "m"), until="U"))
    assert [predicate.filter.category for predicate in program.predicates] == ["L", "A", "M", "N", "B", "T", "U"]
    assert program.slots == (
        Slot(4, Role.STAGE, 2),
        Slot(4, Role.STAGE, 1),
        Slot(1, Role.STAGE, 0),
        Slot(6, Role.UNTIL),
        Slot(0, Role.LEADING),
        Slot(2, Role.MIDDLE, 0),
        Slot(3, Role.MIDDLE, 0),
        Slot(5, Role.TRAILING),
    )
    assert program.places == (None, 0, None, None, 1, 2, None, None)
    assert (program.stages, program.maxspan) == (3, 180_000_000_000)


def test_keys_are_global_then_own_and_optional_for_until() -> None:
    host, pid, parent = Field("host.name"), Field("process.pid"), Field("process.parent.pid", optional=True)
    program = compile_sequence(
        SequenceQuery(
            (Stage(EventFilter("process", TRUE), by=(pid,)), Stage(EventFilter(None, TRUE), by=(parent,))),
            by=(host,),
            until=Stage(EventFilter("file", TRUE), by=(pid,)),
        )
    )
    assert program.predicates == (
        Predicate(EventFilter("process", TRUE), (host, pid)),
        Predicate(EventFilter(None, TRUE), (host, parent)),
        Predicate(EventFilter("file", TRUE), (Field("host.name", optional=True), Field("process.pid", optional=True))),
    )
    assert program.maxspan is None


def test_stages_that_look_alike_stay_apart() -> None:
    stage = Stage(EventFilter("process", TRUE))
    assert len(compile_sequence(SequenceQuery((stage, stage))).predicates) == 2
