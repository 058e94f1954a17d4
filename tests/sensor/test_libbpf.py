"""The library is found or named as missing; its failures carry what it printed."""

import errno
from pathlib import Path

import pytest

from deckwatch.sensor.btf import Btf
from deckwatch.sensor.libbpf import LibbpfError, Library, LibraryMissingError, Log, library

try:
    library()
except LibraryMissingError as error:
    pytestmark = pytest.mark.skip(reason=error.message)


def test_a_library_that_is_not_there_says_how_to_get_it():
    with pytest.raises(LibraryMissingError, match=r"libbpf 1\.0 or newer is needed.*\n.*apt install libbpf1"):
        Library("libbpf-of-another-world.so.1")


def test_a_library_without_a_function_is_too_old():
    with pytest.raises(LibraryMissingError, match="undefined symbol: libbpf_set_print"):
        Library("libc.so.6")


def test_a_failure_has_what_was_printed(tmp_path: Path):
    text = tmp_path / "text.o"
    text.write_text("no object")
    library().log.clear()
    with pytest.raises(
        LibbpfError, match=r"libbpf: btf__parse failed: .*\n  failed to get EHDR from .*text\.o"
    ) as caught:
        Btf.parse(text)
    assert caught.value.log == (f"failed to get EHDR from {text}",)


def test_a_failure_has_its_errno(tmp_path: Path):
    with pytest.raises(LibbpfError) as caught:
        Btf.parse(tmp_path / "absent.o")
    assert caught.value.number == errno.ENOENT


def test_the_end_of_a_long_log_is_kept_and_the_program_named():
    log = Log()
    log.add("libbpf: prog 'lsm_file_open': BPF program load failed: Permission denied\n")
    log.add("libbpf: prog 'lsm_file_open': -- BEGIN PROG LOAD LOG --\n" + "0: (b7) r0 = 0\n" * 1000)
    log.add("R1 type=ctx expected=fp\nprocessed 3 insns (limit 1000000)\n-- END PROG LOAD LOG --\n")
    log.add("libbpf: prog 'lsm_file_open': failed to load: -13\n")
    error = LibbpfError("bpf_object__load", errno.EACCES, log)
    assert error.program == "lsm_file_open"
    assert len(error.log) < 30
    assert error.summary == "EACCES (Permission denied): R1 type=ctx expected=fp"


def test_the_guess_at_the_memlock_limit_is_left_out():
    log = Log()
    log.add("libbpf: permission error while running as root; try raising 'ulimit -l'? current value: 8.0 MiB\n")
    assert not log.lines
