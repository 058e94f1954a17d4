"""wire.h and Python agree: on sizes and places, by the type information of every object; on numbers, by its text.

(The compiler leaves enums out of the type information that no variable has.)
"""

import re
import struct
from collections.abc import Iterator
from importlib.resources import as_file, files

import pytest

from deckwatch.sensor import counters, kernel, layout
from deckwatch.sensor.btf import Btf, Place
from deckwatch.sensor.libbpf import LibraryMissingError, library
from deckwatch.sensor.program import OBJECTS
from deckwatch.sensor.records import Flag, Hook, What

try:
    library()
except LibraryMissingError as error:
    pytestmark = pytest.mark.skip(reason=error.message)


@pytest.fixture(params=sorted(OBJECTS), scope="module")
def types(request: pytest.FixtureRequest) -> Iterator[Btf]:
    with as_file(files("deckwatch.sensor") / "bpf" / OBJECTS[request.param]) as path:
        types = Btf.parse(path)
    yield types
    types.close()


def places(fields: layout.Fields) -> dict[str, Place]:
    found, offset = {}, 0
    for name, code in fields:
        size = struct.calcsize(f"<{code}")
        found[name] = Place(offset, size)
        offset += size
    return found


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        pytest.param("header", layout.HEADER, id="header"),
        pytest.param("process_section", layout.PROCESS_SECTION, id="process"),
        pytest.param("file_section", layout.FILE_SECTION, id="file"),
        pytest.param("cgroup_section", layout.CGROUP_SECTION, id="cgroup"),
    ],
)
def test_a_section_lies_the_same_on_both_sides(types: Btf, name: str, fields: layout.Fields):
    assert types.members(name) == places(fields)
    assert types.size(name) == struct.calcsize("<" + "".join(code for _, code in fields))


def test_counters_have_a_place_for_every_outcome_and_kind(types: Btf):
    assert types.size("counters") == len(counters.OUTCOMES) * counters.KINDS * 8


def test_options_are_words(types: Btf):
    options = types.variables(".rodata")
    names = {"sensor_tgid", "host_mount_namespace", "new_cgroup_wants", "cgroup_v1_subsystem", "wake_bytes"}
    assert {name: options[name].size for name in names} == dict.fromkeys(names, 4)


def numbers(name: str) -> dict[str, int]:
    """An enum of wire.h, its name taken off the front of its members."""
    text = (files("deckwatch.sensor") / "bpf/wire.h").read_text()
    body = re.search(rf"^enum {name} {{$(.*?)^}};$", text, re.MULTILINE | re.DOTALL)
    assert body
    members = re.findall(rf"^\t{name.upper()}_(\w+) = (\d+)(?: << (\d+))?,", body[1], re.MULTILINE)
    return {member: int(number) << int(shift or 0) for member, number, shift in members}


@pytest.mark.parametrize(
    ("name", "python"),
    [
        pytest.param("what", {member.name: member.value for member in What}, id="what"),
        pytest.param("hook", {member.name: member.value for member in Hook}, id="hook"),
        pytest.param("flag", {member.name: member.value for member in Flag}, id="flag"),
        pytest.param(
            "outcome",
            {name.upper().replace(" ", "_"): number for number, name in enumerate(counters.OUTCOMES)},
            id="outcome",
        ),
        pytest.param("want", {"PROCESS": kernel.WANT_PROCESSES, "FILE": kernel.WANT_FILES}, id="want"),
    ],
)
def test_numbers_mean_the_same_on_both_sides(name: str, python: dict[str, int]):
    c = numbers(name)
    assert c.pop("COUNT", None) in (None, counters.KINDS, len(counters.OUTCOMES))
    assert c == python
