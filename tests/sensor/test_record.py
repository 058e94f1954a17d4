"""Recorded events are read back as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from deckwatch.errors import DeckwatchError
from deckwatch.events.reader import open_events
from deckwatch.sensor.documents import Describer
from deckwatch.sensor.event import Event
from deckwatch.sensor.node import Node
from deckwatch.sensor.parquet import ParquetFile
from deckwatch.sensor.record import record
from deckwatch.sensor.runtimes import Runtimes
from deckwatch.sensor.source import KernelSource
from deckwatch.sources.open import open_source
from tests.sensor.happening import NODE, Kernel, Task, containers, runtime
from tests.sensor.test_columns import events

Document = dict[str, Any]
NAMES = ("events.ndjson", "events.ndjson.gz", "events.ndjson.zst", "events.parquet")
DOCUMENTS: list[Document] = [
    {"event": {"id": "1", "type": ["start"]}, "process": {"pid": 7, "args": [], "previous": [{"args": ["a"]}]}},
    {"event": {"id": "2", "type": ["change"]}, "process": {"pid": 8, "args": ["ä", ""]}, "interactive": True},
    {"event": {"id": "3"}, "note": 'ein "Text"\nmit \\ und \x00'},
]


def recorded(documents: list[Document], path: Path) -> list[Document]:
    """Write, and read again."""
    source = open_source(documents)
    record(source, path, stop=lambda: False)
    return read(path)


def read(path: Path) -> list[Document]:
    with open_events(path, {}) as reader:
        return [each for batch in reader for each in batch.documents.documents(range(batch.height))]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_recorded_is_what_is_read(tmp_path: Path, name: str) -> None:
    assert recorded(DOCUMENTS, tmp_path / name) == DOCUMENTS
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_recorded_is_nothing_read(tmp_path: Path, name: str) -> None:
    assert recorded([], tmp_path / name) == []


def test_a_parquet_file_without_events_has_a_column(tmp_path: Path) -> None:
    """Since many readers take one without any for damaged."""
    assert recorded([], path := tmp_path / "events.parquet") == []
    assert pq.read_schema(path).names == ["@timestamp"]


def test_fields_may_come_late_in_a_parquet_file(tmp_path: Path) -> None:
    documents: list[Document] = [{"event": {"id": str(n)}} for n in range(10_000)]
    documents += [{"event": {"id": "late", "type": ["start"]}, "process": {"exit_code": 1}}]
    assert recorded(documents, tmp_path / "events.parquet") == documents


@settings(deadline=None, max_examples=10)
@given(events())
def test_any_event_survives_a_parquet_file(tmp_path_factory: pytest.TempPathFactory, some: list[Event]) -> None:
    documents = [json.loads(json.dumps(Describer(NODE, "run").document(event))) for event in some]
    path = tmp_path_factory.mktemp("parquet") / "events.parquet"
    with ParquetFile(path) as file:
        file.write(documents)
    assert read(path) == documents


def test_the_end_is_asked_for_and_batches_are_told(tmp_path: Path) -> None:
    taken: list[int] = []
    source = open_source(DOCUMENTS)
    counts = record(
        source, tmp_path / "a.ndjson", stop=lambda: bool(taken), on_batch=lambda batch: taken.append(batch.height)
    )
    assert (taken, counts.events) == ([3], 3)


def test_what_is_on_its_way_when_it_ends_is_written(tmp_path: Path) -> None:
    """Events that wait for the metadata of their container have happened."""
    init = Task(runtime(), nspid=1).leads()
    kernel = Kernel([], [init.exec("/bin/init", "init")])
    source = KernelSource(kernel, node=Node.this(), runtimes=Runtimes(tmp_path, (60,)), containers=containers(tmp_path))
    counts = record(source, tmp_path / "events.ndjson", stop=lambda: True)
    source.close()
    assert (counts.events, len(read(tmp_path / "events.ndjson"))) == (1, 1)


FAULTS = [
    pytest.param("events.csv", "cannot tell the format; end the name in one of .ndjson,", id="an unknown format"),
    pytest.param("no/such/folder.ndjson", "cannot be written: No such file or directory", id="nowhere"),
    pytest.param("no/such/folder.parquet", "cannot be written: .*No such file or directory", id="nowhere, Parquet"),
    pytest.param("no/such/folder.zst", "cannot be written: .*No such file or directory", id="nowhere, compressed"),
]


@pytest.mark.parametrize(("name", "message"), FAULTS)
def test_what_cannot_be_written_says_why(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DeckwatchError, match=message):
        record(open_source(DOCUMENTS), tmp_path / name, stop=lambda: False)


def test_parquet_wants_one_type_for_a_field(tmp_path: Path) -> None:
    odd: list[Document] = [{"a": "text"}, {"a": 1}]
    with pytest.raises(DeckwatchError, match=r"does not hold the same type .* record to \.ndjson\.zst"):
        recorded(odd, tmp_path / "events.parquet")
