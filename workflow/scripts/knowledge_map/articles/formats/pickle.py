"""Pickles, read as data: nothing that a pickle names is imported, let alone called.

A pickle is a program for a small stack machine. `_Machine` runs it by itself, out of `pickletools`' list of opcodes: lists,
dicts, strings and numbers are built as they are, the few callables that numpy arrays and other plain values are pickled with
have stand-ins here that only note what they were given, and anything else is refused. Not even numpy's own callables run, for
a forged dtype can make numpy take numbers for addresses.

Articles are handed on while the list that holds them is being filled, so at most those that a pickler appends at once (1,000)
are in memory.
"""

import pickletools
import re
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from knowledge_map.articles.decompression import LONGEST_LINE, open_bytes
from knowledge_map.articles.formats.base import ArticleFormat, ReadSettings
from knowledge_map.articles.records import InvalidRow, Row
from knowledge_map.common.errors import UserError
from knowledge_map.common.text import reason_of, shown

LONGEST_VALUE = 1 << 29  # bytes; the texts of an array of strings are one value

MOST_MEMORY = 1 << 30  # bytes that the objects of a pickle may take before any of them is an article

DEEPEST = 1_000  # lists and dicts within each other; Python itself pickles no more

END = object()


def read_rows(path: Path, settings: ReadSettings) -> Iterator[Row | InvalidRow]:
    """Yield the elements of a pickled list or numpy array of articles; an array within counts as its elements.

    Raises UserError if the pickle holds anything but plain data, or is damaged or no pickle.
    """
    with open_bytes(path) as stream:
        fetches = _reported(path, _fetches, stream)
    with open_bytes(path) as stream:
        machine = _Machine(fetches)
        steps = _opcodes(stream)
        number = 0
        while _reported(path, machine.advance, steps):
            rows = machine.drain()
            while (fields := _reported(path, next, rows, END)) is not END:
                number += 1
                name = f"row {number}"
                if isinstance(fields, dict | str):
                    yield Row(name, fields)
                else:
                    yield InvalidRow(name, f"neither a dict nor a string ({_kind(fields)})")
        if stream.read(1):
            raise UserError(f"{path}: holds more than one pickle; save the articles as one list.")


def _reported(path: Path, step: Callable, *arguments: Any) -> Any:
    """Return what a step on foreign data returns, its failures told as the file's."""
    try:
        return step(*arguments)
    except UserError:
        raise
    except _Refused as error:
        remedy = "nothing in it was run. Save the articles as parquet or JSON Lines."
        raise UserError(f"{path}: holds `{error}`, which is not plain data; {remedy}") from None
    except Exception as error:  # a forged or cut pickle fails in as many ways as Python knows
        raise UserError(f"{path}: damaged, or no pickle of articles ({reason_of(error)}); fetch or make the file anew.") from None


def _opcodes(stream: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Yield (name, argument) of each opcode up to the end of the pickle."""
    memory = peak_memory()
    for number, (opcode, argument, _) in enumerate(pickletools.genops(_Values(stream))):
        yield opcode.name, argument
        if number % 1_000 == 0 and peak_memory() > memory + MOST_MEMORY:
            raise ValueError(f"it takes more than {MOST_MEMORY:,} bytes of memory, which no list of articles does")


def peak_memory() -> int:
    """Return the most bytes of memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class _Values:
    """The bytes of a pickle, as `pickletools` reads them, no more at once than a value may have."""

    # It has no `tell`: positions cost a system call each.

    def __init__(self, stream: BinaryIO):
        self._stream = stream

    def read(self, size: int) -> bytes:
        if size > LONGEST_VALUE:
            raise ValueError(f"a value of more than {LONGEST_VALUE:,} bytes")
        return self._stream.read(size)

    def readline(self) -> bytes:
        line = self._stream.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise ValueError(f"a line of more than {LONGEST_LINE:,} bytes")
        return line


def _fetches(stream: BinaryIO) -> Counter[int]:
    """Return how often each memo slot is fetched: the memo then holds an object no longer than it is needed."""
    return Counter(argument for name, argument in _opcodes(stream) if name in ("GET", "BINGET", "LONG_BINGET"))


class _Refused(Exception):
    """A pickle names something that is not plain data."""


class _DType:
    """What a numpy dtype is pickled as: a code such as "U12" and a byte order."""

    def __init__(self, code: str, align: bool = False, copy: bool = True):
        self.code, self.byte_order = code, "="

    def restore(self, state: tuple) -> None:
        self.byte_order = state[1]

    @property
    def is_plain(self) -> bool:
        """Whether values of this type are strings, integers, floats or truth values."""
        return re.fullmatch(r"U\d{1,9}|[iufb][1248]", self.code) is not None and self.byte_order in ("<", ">", "=", "|")

    def values(self, data: bytes | str) -> np.ndarray:
        """Return the values whose bytes are `data`, shape (n,)."""
        data = data.encode("utf-8") if isinstance(data, str) else data  # what `_Machine.binstring` took for text
        order = self.byte_order.replace("|", "=")
        if self.code.startswith("U") and np.any(np.frombuffer(data, f"{order}u4") > sys.maxunicode):
            raise ValueError("characters beyond Unicode")  # numpy makes texts of them that break wherever they are written
        return np.frombuffer(data, order + self.code)


class _Array:
    """What a numpy array is pickled as: a dtype, and a list of objects or the bytes of all values."""

    def __init__(self, *_: Any):
        self.dtype, self.data = None, ()

    def restore(self, state: tuple) -> None:
        *_, self.dtype, _, self.data = state

    def elements(self) -> Iterator[Any]:
        """Yield objects or strings, in the order they lie in memory."""
        if isinstance(self.data, list | tuple):
            return iter(self.data)
        if not self.dtype.code.startswith("U") or not self.dtype.is_plain:
            raise ValueError(f"an array of numpy type {shown(self.dtype.code)} holds no articles")
        return map(str, self.dtype.values(self.data)) if self.data else iter(())


def _array_of(data: bytes, dtype: _DType, shape: tuple, order: str = "C") -> _Array:
    array = _Array()
    array.restore((shape, dtype, order, data))
    return array


def _scalar(dtype: _DType, data: Any = b"") -> Any:
    """Return the Python value of a numpy scalar, or None where it is of a kind that no field of an article has."""
    if not dtype.is_plain:
        return None
    return dtype.values(data)[0].item() if data else ""


def _encoded(text: str, encoding: str) -> bytes:
    """Return the bytes that protocols 0 to 2 wrote as text."""
    if encoding not in ("latin1", "latin-1"):
        raise ValueError("bytes in a strange encoding")
    return text.encode("latin-1")


def _named(pairs: Iterable[tuple] = ()) -> dict[str, Any]:
    """Return a dict of the pairs that have a name; hashing other keys, forged ones, could exhaust the stack."""
    return {key: value for key, value in pairs if type(key) is str}


def _nothing(*_: Any) -> None:
    """Stand in for plain values that no field of an article has."""


PLAIN: dict[tuple[str, str], Callable] = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _array_of,
    ("numpy._core.numeric", "_frombuffer"): _array_of,
    ("numpy", "ndarray"): _nothing,
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): _encoded,
    ("collections", "OrderedDict"): _named,
} | {
    (module, name): _nothing
    for module in ("builtins", "__builtin__")
    for name in ("set", "frozenset", "bytes", "bytearray", "complex")
}

CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": (), "EMPTY_SET": None}

LITERALS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}


class _Machine:
    """The stack machine of a pickle, for plain data.

    `rows` is the list that the pickle fills with articles: its outermost one, and that of an array which is the whole pickle
    or comes first in the outermost list. What has been drained from it is not kept.
    """

    def __init__(self, fetches: Counter[int]):
        self.rows: list[Any] = []
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks that open marks have set aside
        self.memo: dict[int, Any] = {}
        self.memoized = 0
        self.fetches = fetches
        self.allowance = 0  # how many more articles there may be: an array can stand in several positions, and those in others
        self.operations: dict[str, Callable[[Any], None]] = {
            "PROTO": _nothing,
            "FRAME": _nothing,
            "MARK": self.mark,
            "POP": self.pop,
            "POP_MARK": lambda _: self.marked(),
            "DUP": lambda _: self.push(self.stack[-1]),
            "PUT": self.put,
            "BINPUT": self.put,
            "LONG_BINPUT": self.put,
            "MEMOIZE": lambda _: self.put(self.memoized),
            "GET": self.get,
            "BINGET": self.get,
            "LONG_BINGET": self.get,
            "BINSTRING": self.binstring,
            "SHORT_BINSTRING": self.binstring,
            "TUPLE": lambda _: self.push(tuple(self.marked())),
            "TUPLE1": lambda _: self.gather(1),
            "TUPLE2": lambda _: self.gather(2),
            "TUPLE3": lambda _: self.gather(3),
            "EMPTY_LIST": self.empty_list,
            "LIST": self.list_of_marked,
            "APPEND": self.append,
            "APPENDS": self.appends,
            "EMPTY_DICT": lambda _: self.push({}),
            "DICT": self.dict_of_marked,
            "SETITEM": self.setitem,
            "SETITEMS": self.setitems,
            "FROZENSET": lambda _: self.push(_nothing(self.marked())),
            "ADDITEMS": lambda _: self.marked(),
            "GLOBAL": self.find,
            "INST": self.find,
            "STACK_GLOBAL": self.stack_global,
            "REDUCE": self.reduce,
            "BUILD": self.build,
            "STOP": self.stop,
        }

    def advance(self, opcodes: Iterator[tuple[str, Any]]) -> bool:
        """Run opcodes until there are rows to drain; return False at the end of the pickle."""
        for name, argument in opcodes:
            self.allowance += 1 if not isinstance(argument, str | bytes) else 1 + len(argument)
            if name in LITERALS:
                self.push(argument)
            elif name in CONSTANTS:
                self.push(CONSTANTS[name])
            elif name in self.operations:
                self.operations[name](argument)
                if self.rows:
                    return True
            else:
                raise ValueError(f"opcode {name} builds no plain data")
        return False

    def drain(self) -> Iterator[Any]:
        """Yield the rows gathered so far, arrays taken apart, and forget them."""
        rows = self.rows.copy()
        self.rows.clear()
        for row in rows:
            for element in _elements(row):
                if not self.allowance:
                    raise ValueError("arrays in arrays that hold more articles than there are bytes for")
                self.allowance -= 1
                yield element

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def mark(self, _: None) -> None:
        if len(self.below) == DEEPEST:
            raise ValueError(f"nested more than {DEEPEST:,} levels deep")
        self.below.append(self.stack)
        self.stack = []

    def marked(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def pop(self, _: None) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.marked()

    def put(self, slot: int) -> None:
        self.memoized += 1
        if self.fetches[slot]:
            self.memo[slot] = self.stack[-1]

    def get(self, slot: int) -> None:
        self.fetches[slot] -= 1
        self.push(self.memo[slot] if self.fetches[slot] else self.memo.pop(slot))

    def binstring(self, latin: str) -> None:
        # Python 2 wrote texts and bytes alike.
        data = latin.encode("latin-1")
        try:
            self.push(data.decode("utf-8"))
        except UnicodeDecodeError:
            self.push(data)

    def gather(self, count: int) -> None:
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def empty_list(self, _: None) -> None:
        self.push(self.rows if self.fills_rows() else [])

    def list_of_marked(self, _: None) -> None:
        items = self.marked()
        self.empty_list(None)
        self.stack[-1].extend(items)

    def fills_rows(self) -> bool:
        """Whether a list that opens here is the pickle's outermost, or that of an array with nothing before it."""
        if not self.below:
            return not self.stack
        if len(self.stack) != 4 or not isinstance(self.stack[2], _DType):  # (version, shape, dtype, order, [here]
            return False
        *outer, array = [item for stack in self.below for item in stack] or [None]
        return isinstance(array, _Array) and all(item is self.rows for item in outer)

    def append(self, _: None) -> None:
        item = self.stack.pop()
        self.stack[-1].append(item)

    def appends(self, _: None) -> None:
        items = self.marked()
        self.stack[-1].extend(items)

    def dict_of_marked(self, _: None) -> None:
        items = self.marked()
        self.push(_named(zip(items[::2], items[1::2], strict=True)))

    def setitem(self, _: None) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.stack[-1].update(_named([(key, value)]))

    def setitems(self, _: None) -> None:
        items = self.marked()
        self.stack[-1].update(_named(zip(items[::2], items[1::2], strict=True)))

    def find(self, name: str) -> None:
        module, _, name = name.partition(" ")
        if (module, name) not in PLAIN:
            raise _Refused(shown(f"{module}.{name}", 100))
        self.push(PLAIN[module, name])

    def stack_global(self, _: None) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.find(f"{module} {name}")

    def reduce(self, _: None) -> None:
        arguments = self.without_rows(self.stack.pop())
        self.push(self.stack.pop()(*arguments))

    def build(self, _: None) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], _DType | _Array):  # anything else is complete without
            self.stack[-1].restore(self.without_rows(state))

    def without_rows(self, values: Iterable[Any]) -> tuple[Any, ...]:
        """Return values with nothing in place of the rows, which are handed on one by one and in no array."""
        return tuple(() if value is self.rows else value for value in values)

    def stop(self, _: None) -> None:
        whole = self.stack.pop()
        if isinstance(whole, _Array):
            self.rows.append(whole)
        elif whole is not self.rows:
            raise ValueError(f"it is a {_kind(whole)}, not a list or an array of articles")


def _elements(value: Any, depth: int = 2) -> Iterator[Any]:
    """Yield a value, or what an array holds, down to arrays in an array; a forged one could nest for ever."""
    if isinstance(value, _Array) and depth:
        for element in value.elements():
            yield from _elements(element, depth - 1)
    else:
        yield value


def _kind(value: Any) -> str:
    return type(value).__name__.strip("_").lower()


FORMATS = (
    ArticleFormat(
        name="pickle",
        suffixes=(".pkl", ".pickle"),
        read_rows=read_rows,
        first_bytes=re.compile(rb"\x80[\x02-\x05]"),
    ),
)
