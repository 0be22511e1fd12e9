"""Pickles that do harm when they are loaded: each makes a folder by one of the ways that a pickle has to call what it likes."""

import io
import os
import pickle
import struct
from collections.abc import Iterator
from pathlib import Path


class _Calling:
    """Pickled, it calls a function with some arguments as soon as it is loaded."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def _text(value: str) -> bytes:
    encoded = value.encode()
    return b"\x8c" + bytes([len(encoded)]) + encoded if len(encoded) < 256 else b"X" + struct.pack("<I", len(encoded)) + encoded


def _pickled(value: object, protocol: int) -> bytes:
    file = io.BytesIO()
    pickle._Pickler(file, protocol).dump(value)  # in Python, which writes INST and OBJ apart from what the one in C writes
    return file.getvalue()


def harmful(target: Path) -> Iterator[tuple[str, bytes]]:
    """Yield names and pickles; loaded by `pickle.loads`, each makes a folder at `target`."""
    path = str(target)
    code = f"__import__('os').mkdir({path!r})"
    calls = {
        "mkdir": _Calling(os.mkdir, path),
        "system": _Calling(os.system, f"mkdir '{path}'"),
        "eval": _Calling(eval, code),
        "exec": _Calling(exec, code),
        "makedirs": _Calling(os.makedirs, path),
    }
    positions = {
        "alone": lambda bad: bad,
        "in a list": lambda bad: [bad],
        "after an article": lambda bad: [{"text": "An article."}, bad],
        "as a text": lambda bad: [{"text": bad}],
        "in a field": lambda bad: [{"text": "An article.", "other": [[{"deep": (bad,)}]]}],
        "in a set": lambda bad: [{"text": "An article.", "tags": {1, bad}}],
    }
    for call, bad in calls.items():
        for place, put in positions.items():
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                yield f"{call} {place}, protocol {protocol}", pickle.dumps(put(bad), protocol)
                yield f"{call} {place}, protocol {protocol}, in Python", _pickled(put(bad), protocol)

    name, argument = path.encode(), _text(path)
    mkdir = b"\x8c\x02os\x8c\x05mkdir"
    yield "GLOBAL and REDUCE", b"cos\nmkdir\n(V" + name + b"\ntR."
    yield "INST", b"(V" + name + b"\nios\nmkdir\n."
    yield "OBJ", b"(cos\nmkdir\nV" + name + b"\no."
    yield "INST within a list", b"](V" + name + b"\nios\nmkdir\na."
    yield "STACK_GLOBAL", b"\x80\x04" + mkdir + b"\x93" + argument + b"\x85R."
    yield "names from the memo", b"\x80\x04" + mkdir + b"\x94" + b"0\x94" + b"0h\x01h\x00\x93" + argument + b"\x85R."
    yield "a call from the memo", b"\x80\x04]" + mkdir + b"\x93\x94" + b"0h\x00" + argument + b"\x85Ra."
    yield "a call thrown away", b"\x80\x04" + mkdir + b"\x93" + argument + b"\x85R0]."
    yield "behind a mark that is dropped", b"\x80\x04](" + mkdir + b"\x93" + argument + b"\x85R1."
    yield "a name by a path", b"\x80\x04\x8c\x07pathlib\x8c\x0aPath.mkdir\x93cpathlib\nPath\n" + argument + b"\x85R\x85R."
    yield "eval of code", b"c__builtin__\neval\n(V" + code.encode() + b"\ntR."
    yield "a builtin by getattr", b"cbuiltins\ngetattr\n(c__main__\n__builtins__\nVeval\ntR" + b"(V" + code.encode() + b"\ntR."
    yield (
        "an object's state",
        (b"\x80\x02cfunctools\npartial\ncos\nmkdir\n\x85R(cos\nmkdir\n(V" + name + b"\nt}Ntb)R."),
    )  # BUILD changes what the object calls, and REDUCE calls it
    yield "another program", b"\x80\x02csubprocess\ncall\n](V/bin/mkdir\nV" + name + b"\ne\x85R."
    lazy = b"cbuiltins\nmap\ncos\nmkdir\n](V" + name + b"\ne\x86"
    yield "NEWOBJ and a set that looks into it", b"\x80\x02cbuiltins\nset\n" + lazy + b"\x81\x85R."
    yield "NEWOBJ_EX and a set that looks into it", b"\x80\x04cbuiltins\nset\n" + lazy + b"}\x92\x85R."
    yield "a protocol said twice", b"\x80\x04\x80\x00cos\nmkdir\n(V" + name + b"\ntR."
    frame = b"\x8c\x02os\x8c\x05mkdir\x93" + argument + b"\x85R."
    yield "in a frame", b"\x80\x04\x95" + struct.pack("<Q", len(frame)) + frame
