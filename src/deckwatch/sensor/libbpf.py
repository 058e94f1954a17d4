"""The system's libbpf, called through ctypes: every function with its types, every failure as an error.

Only functions of libbpf 1.0 are used, so that any `libbpf.so.1` will do.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
from collections import deque
from ctypes import CFUNCTYPE, c_bool, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from deckwatch.sensor.errors import SensorError

SONAME = "libbpf.so.1"
_KEPT_LINES = 25
_DEBUG = 2
_PROGRAM_FAILED = re.compile(r"prog '([^']+)': failed to")
_ADVICE = re.compile(r"raise the limit|'ulimit|RLIMIT_MEMLOCK|permission error while running as root", re.IGNORECASE)


class LibbpfError(SensorError):
    """A call failed. `number` is the errno; `program` the one the library complained of last, if it named any."""

    def __init__(self, function: str, number: int, log: Log) -> None:
        self.function = function
        self.number = number
        self.program = log.program
        self.log = tuple(log.lines)
        self.reason = f"{errno.errorcode.get(number, number)} ({os.strerror(number)})"
        super().__init__(
            "\n  ".join((f"libbpf: {function} failed: {self.reason}", *self.log)),
            "`deckwatch sensor doctor` shows what this host allows.",
        )

    @property
    def summary(self) -> str:
        """One line: the error, and what the verifier said last if it was the one to refuse."""
        ends = [at for at, line in enumerate(self.log) if line.startswith("processed ")]
        return f"{self.reason}: {self.log[ends[-1] - 1]}" if ends and ends[-1] else self.reason


class Log:
    """The last lines the library printed. Of a verifier's log, which may have megabytes, that is the end."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self.program: str | None = None

    def clear(self) -> None:
        self.lines.clear()
        self.program = None

    def add(self, text: str) -> None:
        if _ADVICE.search(text):  # libbpf guesses at the memlock limit whenever root meets EPERM
            return
        if named := _PROGRAM_FAILED.search(text):
            self.program = named[1]
        self.lines.extend(line.removeprefix("libbpf: ") for line in text.splitlines() if line.strip())


class _Failure(Enum):
    """How a function tells that it failed."""

    NEVER = "it does not"
    NEGATIVE = "a negative errno"
    NULL = "NULL, and errno is set"


_NEVER, _NEGATIVE, _NULL = _Failure
_Signature = tuple[_Failure, Any, tuple[Any, ...]]

# fmt: off
_FUNCTIONS: dict[str, _Signature] = {
    "libbpf_set_print":             (_NEVER, c_void_p, (c_void_p,)),
    "libbpf_version_string":        (_NEVER, c_char_p, ()),
    "libbpf_num_possible_cpus":     (_NEGATIVE, c_int, ()),
    "bpf_object__open_mem":         (_NULL, c_void_p, (c_char_p, c_size_t, c_void_p)),
    "bpf_object__load":             (_NEGATIVE, c_int, (c_void_p,)),
    "bpf_object__close":            (_NEVER, None, (c_void_p,)),
    "bpf_object__btf":              (_NEVER, c_void_p, (c_void_p,)),
    "bpf_object__next_program":     (_NEVER, c_void_p, (c_void_p, c_void_p)),
    "bpf_object__find_map_by_name": (_NULL, c_void_p, (c_void_p, c_char_p)),
    "bpf_program__name":            (_NEVER, c_char_p, (c_void_p,)),
    "bpf_program__section_name":    (_NEVER, c_char_p, (c_void_p,)),
    "bpf_program__set_autoload":    (_NEGATIVE, c_int, (c_void_p, c_bool)),
    "bpf_program__attach":          (_NULL, c_void_p, (c_void_p,)),
    "bpf_program__fd":              (_NEGATIVE, c_int, (c_void_p,)),
    "bpf_link__fd":                 (_NEGATIVE, c_int, (c_void_p,)),
    "bpf_link__destroy":            (_NEGATIVE, c_int, (c_void_p,)),
    "bpf_iter_create":              (_NEGATIVE, c_int, (c_int,)),
    "bpf_map__fd":                  (_NEGATIVE, c_int, (c_void_p,)),
    "bpf_map__key_size":            (_NEVER, c_uint32, (c_void_p,)),
    "bpf_map__value_size":          (_NEVER, c_uint32, (c_void_p,)),
    "bpf_map__max_entries":         (_NEVER, c_uint32, (c_void_p,)),
    "bpf_map__set_max_entries":     (_NEGATIVE, c_int, (c_void_p, c_uint32)),
    "bpf_map__initial_value":       (_NULL, c_void_p, (c_void_p, c_void_p)),
    "bpf_map_lookup_elem":          (_NEGATIVE, c_int, (c_int, c_char_p, c_char_p)),
    "bpf_map_update_elem":          (_NEGATIVE, c_int, (c_int, c_char_p, c_char_p, c_uint64)),
    "bpf_map_delete_elem":          (_NEGATIVE, c_int, (c_int, c_char_p)),
    "bpf_map_get_next_key":         (_NEGATIVE, c_int, (c_int, c_char_p, c_char_p)),
    "bpf_obj_get_info_by_fd":       (_NEGATIVE, c_int, (c_int, c_char_p, c_void_p)),
    "bpf_enable_stats":             (_NEGATIVE, c_int, (c_int,)),
    "btf__parse":                   (_NULL, c_void_p, (c_char_p, c_void_p)),
    "btf__free":                    (_NEVER, None, (c_void_p,)),
    "btf__type_by_id":              (_NULL, c_void_p, (c_void_p, c_uint32)),
    "btf__name_by_offset":          (_NULL, c_char_p, (c_void_p, c_uint32)),
    "btf__find_by_name_kind":       (_NEGATIVE, c_int32, (c_void_p, c_char_p, c_uint32)),
    "btf__resolve_size":            (_NEGATIVE, c_int64, (c_void_p, c_uint32)),
}
# fmt: on


class Library:
    """The functions of `_FUNCTIONS` as attributes; each raises `LibbpfError` when it fails."""

    def __init__(self, soname: str = SONAME) -> None:
        try:
            self._library = ctypes.CDLL(soname, use_errno=True)
            for name, (failure, restype, argtypes) in _FUNCTIONS.items():
                setattr(self, name, self._bind(name, failure, restype, argtypes))
        except (OSError, AttributeError) as error:
            raise LibraryMissingError(soname, str(error)) from error
        self.log = Log()
        self._print = _print_callback(self.log)  # libbpf keeps the pointer: this reference must live as long
        self.libbpf_set_print(ctypes.cast(self._print, c_void_p))
        self.version: str = self.libbpf_version_string().decode()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def _bind(self, name: str, failure: _Failure, restype: Any, argtypes: tuple[Any, ...]) -> Any:
        function = getattr(self._library, name)
        function.restype, function.argtypes = restype, argtypes
        if failure is _NEGATIVE:
            function.errcheck = lambda result, *_: result if result >= 0 else self._fail(name, -result)
        elif failure is _NULL:
            function.errcheck = lambda result, *_: result or self._fail(name, ctypes.get_errno())
        return function

    def _fail(self, name: str, number: int) -> Any:
        raise LibbpfError(name, number, self.log)


class LibraryMissingError(SensorError):
    """There is no libbpf 1.x for this interpreter."""

    def __init__(self, soname: str, detail: str) -> None:
        super().__init__(
            f"libbpf 1.0 or newer is needed to load the sensor, and {soname} cannot be used: {detail}",
            "Install it: `apt install libbpf1` (Debian, Ubuntu), `dnf install libbpf` (Fedora, RHEL), "
            "`apk add libbpf` (Alpine), `zypper install libbpf1` (SUSE).",
        )


@cache
def library() -> Library:
    """The system's libbpf.

    Raises:
        LibraryMissingError: It is absent or too old.
    """
    return Library()


def _print_callback(log: Log) -> Any:
    libc = ctypes.CDLL(None)
    vasprintf, free = libc.vasprintf, libc.free
    vasprintf.argtypes, vasprintf.restype = (c_void_p, c_void_p, c_void_p), c_int
    free.argtypes, free.restype = (c_void_p,), None

    # A va_list argument is a pointer in the calling conventions of both x86-64 and arm64.
    def show(level: int, form: int, arguments: int) -> int:
        if level >= _DEBUG:
            return 0
        text = c_char_p()
        length: int = vasprintf(ctypes.byref(text), form, arguments)
        if length > 0:
            log.add((text.value or b"").decode(errors="backslashreplace"))
            free(text)
        return length

    return CFUNCTYPE(c_int, c_int, c_void_p, c_void_p)(show)
