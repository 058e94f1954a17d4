"""Decode some fields of a file of events into columns and do nothing with them: the floor under every engine.

    python benchmarks/bare.py duckdb EVENTS FIELD …

Prints one line of JSON. Columns are dropped batch by batch where the library can stream.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from columns import COLUMNS, Tree, arrow_schema, tree

BATCH = 100_000
_DUCKDB = {"text": "VARCHAR", "texts": "VARCHAR[]", "whole": "BIGINT", "flag": "BOOLEAN", "instant": "VARCHAR"}


def _duckdb(path: Path, names: Sequence[str], types: dict[str, str]) -> int:
    import duckdb

    def declared(node: Tree) -> Iterator[tuple[str, str]]:
        for name, kind in node.items():
            if isinstance(kind, dict):
                members = ", ".join(f'"{member}" {type_}' for member, type_ in declared(kind))
                yield name, f"STRUCT({members})"
            else:
                yield name, types[kind]

    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in declared(tree(names)))
    selected = ", ".join(".".join(f'"{part}"' for part in name.split(".")) + f' AS "{name}"' for name in names)
    source = f"read_json('{path}', format='newline_delimited', columns={{{columns}}})"
    return _drained(duckdb, f"SELECT {selected} FROM {source}")


def _drained(duckdb: Any, query: str) -> int:
    reader = duckdb.connect().sql(query).to_arrow_reader(BATCH)
    return sum(len(batch) for batch in reader)


def duckdb_typed(path: Path, names: Sequence[str]) -> int:
    return _duckdb(path, names, _DUCKDB)


def duckdb_json(path: Path, names: Sequence[str]) -> int:
    return _duckdb(path, names, dict.fromkeys(_DUCKDB, "JSON"))


def pyarrow(path: Path, names: Sequence[str]) -> int:
    import pyarrow.json as reader

    options = reader.ParseOptions(
        explicit_schema=arrow_schema(names, instants=False), unexpected_field_behavior="ignore"
    )
    return len(reader.read_json(path, reader.ReadOptions(block_size=8 << 20), options))


def polars(path: Path, names: Sequence[str]) -> int:
    import polars as pl

    return len(pl.read_ndjson(path, schema=dict(pl.Schema(arrow_schema(names, instants=False)))))


def duckdb_parquet(path: Path, names: Sequence[str]) -> int:
    import duckdb

    selected = ", ".join(f'"{name}"' for name in names if name in COLUMNS)
    return _drained(duckdb, f"SELECT {selected} FROM '{path}'")


def pyarrow_parquet(path: Path, names: Sequence[str]) -> int:
    import pyarrow.parquet as reader

    known = [name for name in names if name in COLUMNS]
    return sum(len(batch) for batch in reader.ParquetFile(path).iter_batches(BATCH, columns=known))


def polars_parquet(path: Path, names: Sequence[str]) -> int:
    import polars as pl

    return len(pl.read_parquet(path, columns=[name for name in names if name in COLUMNS]))


DECODERS: dict[str, dict[str, Callable[[Path, Sequence[str]], int]]] = {
    ".ndjson": {"duckdb": duckdb_typed, "duckdb-json": duckdb_json, "pyarrow": pyarrow, "polars": polars},
    ".parquet": {"duckdb": duckdb_parquet, "pyarrow": pyarrow_parquet, "polars": polars_parquet},
}

MODULES = {"duckdb": "duckdb", "duckdb-json": "duckdb", "pyarrow": "pyarrow.json", "polars": "polars"}
"""What a decoder imports, so that importing can be done before the clock starts."""


def main() -> None:
    decoder, path, *names = sys.argv[1:]
    decode = DECODERS[Path(path).suffix][decoder]
    importlib.import_module(MODULES[decoder])
    start = time.perf_counter()
    events = decode(Path(path), names)
    print(json.dumps({"events": events, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
