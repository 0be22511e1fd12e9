"""Pickles, read as data: nothing that a pickle names is imported, let alone called.

A pickle is a program for a small stack machine. `PlainUnpickler` runs it with the standard library's own machine, the one in
Python that `pickle` falls back on (`pickle._Unpickler`): it can be stopped between two opcodes, so that a list is handed on
while it grows, and its memo can be told what to forget. The few callables that numpy arrays and other plain values are pickled
with have stand-ins here that only note what they were given, and anything else is refused. Not even numpy's own callables run,
for a forged dtype can make numpy take numbers for addresses.
"""

import pickle
import pickletools
import re
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, BinaryIO, cast

import numpy as np

from knowledge_map.common.text import shown

LONGEST_VALUE = 1 << 29
"""Bytes; the texts of an array of strings are one value."""

LONGEST_LINE = 1 << 26
"""Bytes of a value that ends with its line, as those of protocol 0 do."""

MOST_MEMORY = 1 << 30
"""Bytes that the objects of a pickle may take."""

DEEPEST = 1_000
"""Lists and dicts within each other; Python itself pickles no more."""


class RefusedName(Exception):
    """A pickle names something that is not plain data."""


class DType:
    """What a numpy dtype is pickled as: a code such as "U12" and a byte order."""

    def __init__(self, code: str, align: bool = False, copy: bool = True):
        self.code, self.byte_order = code, "="

    def restore(self, state: tuple) -> None:
        """Take over the byte order, the second part of a dtype's state."""
        self.byte_order = state[1]

    @property
    def is_plain(self) -> bool:
        """Whether values of this type are strings, integers, floats or truth values."""
        return re.fullmatch(r"U\d{1,9}|[iufb][1248]", self.code) is not None and self.byte_order in ("<", ">", "=", "|")

    def values(self, data: bytes | str) -> np.ndarray:
        """Return the values whose bytes are `data`, shape (n,). Raises ValueError where they make no values."""
        data = data.encode("utf-8") if isinstance(data, str) else data  # what `_decode_string` took for text
        order = self.byte_order.replace("|", "=")
        if self.code.startswith("U") and np.any(np.frombuffer(data, f"{order}u4") > sys.maxunicode):
            raise ValueError("characters beyond Unicode")  # numpy makes texts of them that break wherever they are written
        return np.frombuffer(data, order + self.code)


class Array:
    """What a numpy array is pickled as: a dtype, and a list of objects or the bytes of all values."""

    def __init__(self, *_: Any):
        self.dtype: DType | None = None
        self.data: Any = ()

    def restore(self, state: tuple) -> None:
        """Take over what a numpy array's state says: (version, shape, dtype, order, data)."""
        *_, self.dtype, _, self.data = state

    def elements(self) -> Iterator[Any]:
        """Return objects or strings, in the order they lie in memory. Raises ValueError where they are of another type."""
        if isinstance(self.data, list | tuple):
            return iter(self.data)
        if self.dtype is None or not self.dtype.code.startswith("U") or not self.dtype.is_plain:
            raise ValueError(f"an array of numpy type {shown(self.dtype.code if self.dtype else '?')} holds no articles")
        return map(str, self.dtype.values(self.data)) if self.data else iter(())


def _array_of(data: bytes, dtype: DType, shape: tuple, order: str = "C") -> Array:
    array = Array()
    array.restore((shape, dtype, order, data))
    return array


def _scalar(dtype: DType, data: Any = b"") -> Any:
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


STAND_INS: dict[tuple[str, str], Callable] = {
    ("numpy.core.multiarray", "_reconstruct"): Array,
    ("numpy._core.multiarray", "_reconstruct"): Array,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _array_of,
    ("numpy._core.numeric", "_frombuffer"): _array_of,
    ("numpy", "ndarray"): _nothing,
    ("numpy", "dtype"): DType,
    ("_codecs", "encode"): _encoded,
    ("collections", "OrderedDict"): _named,
} | {
    (module, name): _nothing
    for module in ("builtins", "__builtin__")
    for name in ("set", "frozenset", "bytes", "bytearray", "complex")
}


class _Bounded:
    """The bytes of a pickle, no more at once than a value may have."""

    # It has no `tell`, which `pickletools` would call for each opcode: positions cost a system call.

    def __init__(self, stream: BinaryIO):
        self._read, self._readline = stream.read, stream.readline
        self.given = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises ValueError where they are too many for a value, EOFError where there are fewer."""
        self.given += size
        if size > LONGEST_VALUE:
            raise ValueError(f"a value of more than {LONGEST_VALUE:,} bytes")
        data = self._read(size)
        if len(data) < size:
            raise EOFError("it breaks off")
        return data

    def readline(self) -> bytes:
        """Return the next line. Raises ValueError where it is too long for a value."""
        line = self._readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise ValueError(f"a line of more than {LONGEST_LINE:,} bytes")
        return line


def _in_bounded_memory(opcodes: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Yield opcodes with their numbers. Raises ValueError as soon as their objects take more than `MOST_MEMORY`."""
    memory = peak_memory()
    for numbered in enumerate(opcodes, start=1):
        yield numbered
        if numbered[0] % 1_000 == 0 and peak_memory() > memory + MOST_MEMORY:
            raise ValueError(f"it takes more than {MOST_MEMORY:,} bytes of memory, which no list of articles does")


def peak_memory() -> int:
    """Return the most bytes of memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def count_fetches(stream: BinaryIO) -> Counter[int]:
    """Return how often a pickle fetches each slot of its memo. Raises ValueError where it cannot be read to its end."""
    opcodes = _in_bounded_memory(pickletools.genops(cast(BinaryIO, _Bounded(stream))))
    return Counter(argument for _, (opcode, argument, _) in opcodes if opcode.name in ("GET", "BINGET", "LONG_BINGET"))


class _Memo:
    """The objects that a pickle may fetch again, each held until it is fetched for the last time."""

    def __init__(self, fetches: Counter[int]):
        self._fetches, self._objects, self._count = fetches, {}, 0

    def __len__(self) -> int:
        return self._count

    def __setitem__(self, slot: int, value: Any) -> None:
        self._count += 1
        if self._fetches[slot]:
            self._objects[slot] = value

    def __getitem__(self, slot: int) -> Any:
        self._fetches[slot] -= 1
        return self._objects[slot] if self._fetches[slot] else self._objects.pop(slot)


# The machine of the standard library that is written in Python; it is not documented, and has not changed since Python 3.4.
_Machine: Any = pickle._Unpickler  # pyrefly: ignore[missing-attribute]


class PlainUnpickler(_Machine):
    """The stack machine of a pickle, for plain data.

    Parameters
    ----------
    stream : where the pickle begins; it is read up to the end of the pickle, no more at once than a value may have.
    fetches : how often each memo slot will be fetched (`count_fetches`), so that the memo holds no object longer than it is
        needed; without, it holds all of them.

    Attributes
    ----------
    stack : what the opcodes since the last mark have built.
    metastack : the stacks that open marks have set aside.
    rows : the list that the pickle fills with articles: its outermost one, and that of an array which is the whole pickle or
        comes first in the outermost list. Whoever reads may empty it between two opcodes.
    """

    def __init__(self, stream: BinaryIO, fetches: Counter[int] | None = None):
        self._stream, self._values = stream, _Bounded(stream)
        super().__init__(self._values)
        self.read, self.readline = self._values.read, self._values.readline
        self.memo = {} if fetches is None else _Memo(fetches)
        self.metastack: list[list[Any]] = []
        self.stack: list[Any] = []
        self.append = self.stack.append
        self.rows: list[Any] = []

    @property
    def value_bytes(self) -> int:
        """How many bytes the values had so far that stand behind opcodes; those of protocol 0 in lines are not counted."""
        return self._values.given

    def steps(self) -> Iterator[int]:
        """Run the opcodes up to the end of the pickle, yield how many have run, and leave what they built on the stack.

        Raises RefusedName where a callable is named that has no stand-in, ValueError where objects take more than
        `MOST_MEMORY`, and whatever the machine raises where the pickle is damaged.
        """
        number = 0
        for number, code in _in_bounded_memory(iter(partial(self._stream.read, 1), pickle.STOP)):
            OPERATIONS.get(code, PlainUnpickler.refuse)(self)
            yield number
        if isinstance(self.stack[-1], Array):
            self.rows.append(self.stack[-1])
            yield number

    def find_class(self, module: str, name: str) -> Callable:
        """Return the stand-in of a callable. Raises RefusedName where there is none."""
        if (module, name) not in STAND_INS:
            raise RefusedName(shown(f"{module}.{name}", 100))
        return STAND_INS[module, name]

    def refuse(self) -> None:
        """Raise ValueError: there is no such opcode, or none at all."""
        raise ValueError("it breaks off, or goes on with what is no opcode")

    def get_extension(self, code: int) -> None:
        """Raise ValueError: what somebody registered under a number is no stand-in."""
        raise ValueError(f"extension code {code} builds no plain data")

    def skip_frame(self) -> None:
        """Take no notice of how much may be read at once: the stream has a buffer of its own."""
        self.read(8)

    def load_mark(self) -> None:
        """Open a mark. Raises ValueError where there are too many within each other."""
        if len(self.metastack) == DEEPEST:
            raise ValueError(f"nested more than {DEEPEST:,} levels deep")
        super().load_mark()

    def load_empty_list(self) -> None:
        """Push a list: `rows` where this is the one."""
        self.append(self.rows if self._fills_rows() else [])

    def load_list(self) -> None:
        """Push a list of what stands since the mark: `rows` where this is the one."""
        items = self.pop_mark()
        self.load_empty_list()
        self.stack[-1].extend(items)

    def _fills_rows(self) -> bool:
        """Whether a list that opens here is the pickle's outermost, or that of an array with nothing before it."""
        if not self.metastack:
            return not self.stack
        if len(self.stack) != 4 or not isinstance(self.stack[2], DType):  # (version, shape, dtype, order, [here]
            return False
        *outer, array = [item for stack in self.metastack for item in stack] or [None]
        return isinstance(array, Array) and all(item is self.rows for item in outer)

    def load_dict(self) -> None:
        """Push a dict of the keys and values since the mark."""
        items = self.pop_mark()
        self.append(_named(zip(items[::2], items[1::2], strict=True)))

    def load_setitem(self) -> None:
        """Put a key and a value into a dict."""
        value, key = self.stack.pop(), self.stack.pop()
        self.stack[-1].update(_named([(key, value)]))

    def load_setitems(self) -> None:
        """Put the keys and values since the mark into a dict."""
        items = self.pop_mark()
        self.stack[-1].update(_named(zip(items[::2], items[1::2], strict=True)))

    def load_build(self) -> None:
        """Restore an object from its state; all but stand-ins of numpy are complete without."""
        state = self.stack.pop()
        if isinstance(self.stack[-1], DType | Array):
            self.stack[-1].restore(state)

    def _decode_string(self, value: bytes) -> str | bytes:
        # Python 2 wrote texts and bytes alike.
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value


OPERATIONS: dict[bytes, Callable[[PlainUnpickler], None]] = {
    bytes([code]): getattr(PlainUnpickler, operation.__name__) for code, operation in PlainUnpickler.dispatch.items()
} | {
    pickle.FRAME: PlainUnpickler.skip_frame,
    pickle.BYTEARRAY8: PlainUnpickler.load_binbytes8,
    # Sets: hashing what a forged one holds could exhaust the stack, and no field of an article has one.
    pickle.EMPTY_SET: PlainUnpickler.load_none,
    pickle.ADDITEMS: PlainUnpickler.load_pop_mark,
    pickle.FROZENSET: PlainUnpickler.load_tuple,
}
"""What runs each opcode: the standard library's methods, or those of the same name above."""
