"""A schema written as a dictionary."""

from collections.abc import Iterable, Mapping

from deckwatch.eql.types import MAPPING_KINDS, FieldInfo


class Mapped:
    """Field names with mapping types; `alias:name` is another name of a field."""

    def __init__(self, types: Mapping[str, str]) -> None:
        self._types = types

    def resolve(self, name: str) -> FieldInfo | None:
        match self._types.get(name, "").partition(":"):
            case ["", _, _]:
                return None
            case ["alias", _, real]:
                return self.resolve(real)
            case [mapping, _, _]:
                return FieldInfo(name, mapping, MAPPING_KINDS.get(mapping))

    def names(self) -> Iterable[str]:
        return self._types


SCHEMA = Mapped(
    {
        "event.category": "keyword",
        "@timestamp": "date",
        "f": "keyword",
        "g": "keyword",
        "text": "text",
        "n": "long",
        "m": "integer",
        "d": "double",
        "b": "boolean",
        "ip": "ip",
        "v": "version",
        "nick": "alias:f",
        "geo": "geo_point",
        "threads": "nested",
        "process.name": "keyword",
        "process.pid": "long",
    }
)
