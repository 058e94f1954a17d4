"""Columns of events hold what their documents hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from deckwatch.eql.types import Kind
from deckwatch.events.batch import Column
from deckwatch.events.fields import field_table
from deckwatch.events.memory import DocumentFields
from deckwatch.sensor.actions import IO_URING, LOSS, action_of
from deckwatch.sensor.actors import Actor, Program, State
from deckwatch.sensor.cgroups import ContainerPath
from deckwatch.sensor.columns import EventFields
from deckwatch.sensor.containers import View
from deckwatch.sensor.documents import Describer
from deckwatch.sensor.event import Event, Loss, Moment
from deckwatch.sensor.facts import Facts
from deckwatch.sensor.images import Image
from deckwatch.sensor.records import Hook, What
from tests.sensor.happening import NODE

KINDS: tuple[Kind, ...] = ("keyword", "long", "double", "boolean", "date", "ip", "version")
MORE = ("event", "process", "process.parent", "host.ip", "_index", "_id", "no.such.field", "message", "labels")
TELLS = (What.FORK, What.EXEC, What.EXIT, What.CREATE, What.OPEN, What.DELETE, What.RENAME, What.LINK, What.CHMOD)

texts = st.text('aä7.\\ \n"é-', max_size=4)
paths = st.lists(texts, max_size=3).map(lambda parts: "/" + "/".join(parts))
times = st.integers(0, 10**15)
numbers = st.integers(0, 2**32 - 1)
programs = st.builds(
    Program, paths | st.just(""), st.lists(texts, max_size=3).map(tuple), paths, st.integers(0, 4), st.booleans()
)
states = st.builds(
    State,
    st.integers(1, 4),
    times,
    st.none() | programs,
    st.none() | numbers,
    st.none() | numbers,
    st.sampled_from([0, 136 << 20 | 3, 7 << 20]),
)
images = st.builds(Image, st.none() | texts, st.none() | texts, st.none() | texts)
facts = st.builds(
    Facts,
    *[st.none() | texts] * 2,
    st.none() | images,
    st.none() | texts,
    st.dictionaries(texts, texts, max_size=2),
    st.none() | st.booleans(),
    *[st.none() | texts] * 3,
    st.none() | st.booleans(),
)
views = st.builds(View, st.builds(ContainerPath, texts, outer=st.lists(texts, max_size=2).map(tuple)), facts)
moments = st.builds(Moment, numbers, numbers, st.none() | programs, st.none() | times, st.integers(0, 2**16 - 1))
losses = st.builds(Loss, st.none() | st.just("open"), st.integers(-1, 3), texts, st.integers(1, 9))
actions = st.builds(action_of, st.sampled_from(TELLS), st.sampled_from(list(Hook))) | st.sampled_from([IO_URING, LOSS])


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Events that share much, as events do."""
    some = draw(st.lists(states, min_size=1, max_size=4))
    related = st.none() | st.sampled_from(some)
    entry_types = st.none() | st.just("container")
    actor = st.builds(Actor, st.sampled_from(some), related, related, related, related, entry_types)
    actors = draw(st.lists(actor, min_size=1, max_size=3))
    containers = draw(st.lists(views, min_size=1, max_size=2))
    some_container, some_actor = st.none() | st.sampled_from(containers), st.none() | st.sampled_from(actors)
    event = st.builds(Event, actions, st.integers(1, 2**40), times, times, some_container, some_actor)
    of_a_file = st.builds(_with_names, event, paths, paths | st.just(""), st.booleans(), st.booleans())
    with_detail = st.builds(_with_detail, event, moments | losses)
    return draw(st.lists(event | of_a_file | with_detail, max_size=6))


def _with_names(event: Event, path: str, original: str, lexical: bool, cut: bool) -> Event:
    return structs.replace(event, path=path, original=original, lexical=lexical, cut=cut)


def _with_detail(event: Event, detail: Moment | Loss) -> Event:
    return structs.replace(event, detail=detail)


def names(node: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The dotted name of everything in a document."""
    for key, value in node.items():
        yield f"{above}{key}"
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from names(each, f"{above}{key}.")


def leaves(node: Mapping[str, Any]) -> Iterator[str]:
    """The dotted name of everything in a document that is no object."""
    every = list(names(node))
    yield from (name for name in every if not any(other.startswith(f"{name}.") for other in every))


def rows(column: Column) -> list[list[Any]]:
    """The values of each event."""
    contents: list[list[Any]] = []
    for value in column.values.to_list():
        several = value if isinstance(value, list) else [value]
        contents.append([each for each in several if each is not None])
    return [[] if code is None else contents[code] for code in column.codes.to_list()]


@settings(deadline=None, max_examples=50)
@given(events(), st.data())
def test_columns_hold_what_documents_hold(some: list[Event], data: st.DataObject) -> None:
    describer = Describer(NODE, "run")
    documents = [describer.document(event) for event in some]
    known = sorted({name for document in documents for name in names(document)} | set(MORE))
    fields = EventFields(some, describer)
    odd = data.draw(st.lists(st.tuples(st.sampled_from(known), st.sampled_from(KINDS)), max_size=5))
    for name, kind in [*((name, kind_of(name)) for name in known), *odd]:
        assert rows(fields.column(name, kind)) == rows(DocumentFields(documents).column(name, kind)), (name, kind)


@settings(deadline=None, max_examples=50)
@given(events())
def test_every_field_has_a_type(some: list[Event]) -> None:
    """So that a query may name it. Labels have names of their own."""
    found = {name for event in some for name in leaves(Describer(NODE, "run").document(event))}
    assert {name for name in found if field_table().resolve(name) is None and "container.labels." not in name} == set()


def kind_of(name: str) -> Kind:
    field = field_table().resolve(name)
    return "keyword" if field is None or field.kind is None else field.kind


@pytest.mark.parametrize("name", ["file.path", "process.args", "event.action", "@timestamp", "host.name"])
def test_no_events_make_columns_without_rows(name: str) -> None:
    column = EventFields([], Describer(NODE, "run")).column(name, kind_of(name))
    assert len(column.codes) == 0


def test_texts_are_distinct() -> None:
    """As the contract of columns asks: equal texts that come from different objects are one."""
    some = [
        Event(action_of(What.EXEC, Hook.SYS_EXIT), number, 0, 0, None, Actor(State(number, 0, program)))
        for number, program in enumerate([Program("/bin/a", ("a", "b"), "/", 2) for _ in range(3)])
    ]
    fields = EventFields(some, Describer(NODE, "run"))
    for name in ("process.executable", "process.args"):
        values = fields.column(name, "keyword").values.drop_nulls().to_list()
        assert values == [values[0]]
