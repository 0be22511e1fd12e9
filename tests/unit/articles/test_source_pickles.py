"""Pickles: every form the lab has, in a stream, and nothing in them is ever run."""

import collections
import io
import os
import pickle
import pickletools
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge_map.articles.formats.base import ReadSettings
from knowledge_map.articles.formats.pickle import read_rows
from knowledge_map.articles.records import InvalidRow
from knowledge_map.common.errors import UserError

SETTINGS = ReadSettings(max_characters=1_000)
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
ROWS = [{"id": number, "url": f"u{number}", "title": f"T{number}", "text": f"text {number} ä\0\n"} for number in range(1_100)]


def python_dumps(value, protocol: int) -> bytes:
    file = io.BytesIO()
    pickle._Pickler(file, protocol).dump(value)
    return file.getvalue()


def rows_of(path) -> list:
    return [row.detail if isinstance(row, InvalidRow) else row.fields for row in read_rows(path, SETTINGS)]


@pytest.fixture
def rows(write):
    """Return the rows of an object pickled, or of bytes that are a pickle already."""

    def rows(value, protocol: int = 4) -> list:
        return rows_of(write("a.pkl", value if isinstance(value, bytes) else pickle.dumps(value, protocol)))

    return rows


@pytest.mark.parametrize("dumps", [pickle.dumps, python_dumps])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_lists_of_dicts_and_strings_are_read(rows, dumps, protocol):
    values = [*ROWS, "plain", "text\n", {"content": "c", "shared": ROWS[0], 3: "three"}]
    expected = [*values[:-1], {"content": "c", "shared": ROWS[0]}]
    assert rows(dumps(values, protocol)) == expected
    assert rows(pickletools.optimize(dumps(values, protocol))) == expected


@pytest.mark.parametrize("dumps", [pickle.dumps, python_dumps])
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_the_hypertools_form_gives_all_its_articles(read, write, dumps, protocol, shape):
    texts = [f"Article {number} has a few words" for number in range(3_136)]
    path = write("wiki.pkl", dumps([np.array(texts, dtype=object).reshape(shape)], protocol))
    articles, report = read(path)
    assert [article.text for article in articles] == [article.title for article in articles] == texts
    assert report.replaced == {"title taken from the opening words": 3_136}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "value",
    [
        np.array(["a", "ä€😀", "c" * 50]),
        np.array([["a"], ["ä€😀"], ["c" * 50]]),
        np.array([["a"], ["ä€😀"], ["c" * 50]]).astype(">U60"),
        np.array(["a", "ä€😀", "c" * 50], dtype=object),
        [np.array([["a"], ["ä€😀"]]), np.array([["c" * 50]])],
        [np.array(["a", "ä€😀"], dtype=object), np.array(["c" * 50], dtype=object)],
        ["a", np.array(["ä€😀"], dtype=object), np.str_("c" * 50)],
        np.asfortranarray(np.array([["a"], ["ä€😀"], ["c" * 50]])),
    ],
)
def test_arrays_of_strings_count_as_their_elements(rows, value, protocol):
    assert rows(value, protocol) == ["a", "ä€😀", "c" * 50]


def test_arrays_in_an_array_count_as_their_elements(rows):
    nested = np.empty(2, dtype=object)
    nested[:] = [np.array([["a"], ["b"]]), np.array([["c"]])]
    assert rows([nested]) == rows(nested) == ["a", "b", "c"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_numpy_scalars_and_other_plain_values_do_no_harm(rows, protocol):
    row = {
        "id": np.int64(12),
        "title": np.str_("T"),
        "text": "x",
        "score": np.float32(0.5),
        "flag": np.bool_(True),
        "date": np.datetime64("2020-01-01"),
        "embedding": np.ones(3, dtype=np.float32),
        "tags": {"a", "b"},
        "more": [frozenset({1}), b"bytes", b"", bytearray(b"x"), 1j, 2**100, -1.5, None, True, (), (1, 2, 3, 4), [[]]],
        "ordered": collections.OrderedDict(a=1),
    }
    (read,) = rows([row], protocol)
    assert (read["id"], read["title"], read["text"], read["score"], read["flag"]) == (12, "T", "x", 0.5, True)
    assert read["ordered"] == {"a": 1} and read["date"] is None


@pytest.mark.parametrize("name", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_arrays_of_old_and_new_numpy_are_read(rows, name):
    pickled = pickle.dumps([np.array(["a"], dtype=object), np.str_("b")], 2)
    assert rows(pickled.replace(b"numpy._core.multiarray", name.encode())) == ["a", "b"]


def test_texts_of_python_2_are_read_as_utf_8(rows):
    assert rows(b"\x80\x02]q\x00(U\x03caf" + b"U\x05caf\xc3\xa9" + b"T\x01\x00\x00\x00x" + b"e.") == ["caf", "café", "x"]


def test_what_is_neither_dict_nor_string_is_a_broken_row(read, write):
    articles, report = read(write("a.pkl", pickle.dumps(["a", 3, None, ["b"], ("c",), b"d", {"text": "e"}])))
    assert [article.text for article in articles] == ["a", "e"]
    assert report.dropped == {"broken row": 5}
    assert report.examples[0] == {"row": "row 2", "reason": "broken row", "detail": "neither a dict nor a string (int)"}


def test_objects_shared_between_rows_stay_whole(rows):
    shared = {"text": "same", "list": [1]}
    assert rows([shared, shared, {"text": "x", "other": shared}, shared]) == [
        shared,
        shared,
        {"text": "x", "other": shared},
        shared,
    ]


def test_a_list_that_holds_itself_ends(rows):
    values: list = ["a"]
    values.append(values)
    assert rows(values) == ["a", "neither a dict nor a string (list)"]


def peak_of(path) -> tuple[int, int]:
    tracemalloc.start()
    count = sum(1 for _ in read_rows(path, SETTINGS))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return count, peak


@pytest.mark.slow
def test_a_large_list_is_read_in_little_memory(write):
    path = write("a.pkl", pickle.dumps([{"id": number, "text": f"{number:6}" * 1_000} for number in range(10_000)]))
    assert path.stat().st_size > 60_000_000
    count, peak = peak_of(path)
    assert count == 10_000
    assert peak < 10_000_000


@pytest.mark.slow
@pytest.mark.parametrize("as_array", [False, True])
def test_texts_that_serve_as_titles_too_and_large_arrays_take_little_memory(write, as_array):
    texts = [f"{number:6}" * 500 for number in range(10_000)]
    value = [np.array(texts, dtype=object)] if as_array else [{"title": text, "text": text} for text in texts]
    count, peak = peak_of(write("a.pkl", pickle.dumps(value)))
    assert count == 10_000
    assert peak < 10_000_000


class Runs:
    """Leave a file behind when unpickled the ordinary way."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("wrap", [lambda bad: [bad], lambda bad: bad, lambda bad: [{"text": "x", "y": bad}]])
def test_code_in_a_pickle_is_refused_by_name_and_never_run(rows, tmp_path, protocol, wrap):
    pickled = pickle.dumps(wrap(Runs(tmp_path / "ran")), protocol)
    with pytest.raises(UserError, match=r"a\.pkl: holds `posix\.mkdir`, which is not plain data; nothing in it was run"):
        rows(pickled)
    assert not (tmp_path / "ran").exists()
    pickle.loads(pickled)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("pickled", "named"),
    [
        (b"(S'true'\nios\nsystem\n.", "os.system"),
        (b"(ios\nsystem\n.", "os.system"),
        (b"c__builtin__\neval\n(S'1'\ntR.", "__builtin__.eval"),
        (b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.", "builtins.getattr"),
        (b"\x80\x04\x8c\x05numpy\x8c\x11ndarray.__class__\x93.", "numpy.ndarray.__class__"),
        (b"\x80\x04\x8c\x04a\n\x1bb\x8c\x01c\x93.", "a\ufffd\ufffdb.c"),
        (b"cpandas.core.frame\nDataFrame\n.", "pandas.core.frame.DataFrame"),
    ],
)
def test_every_way_to_name_a_callable_is_refused(rows, pickled, named):
    with pytest.raises(UserError, match=f"holds `{named}`") as caught:
        rows(pickled)
    assert str(caught.value).isprintable()


# An array of objects whose bytes are given in place of its objects: numpy took them for addresses, where a dtype said so.
FORGED_ARRAY = (
    b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I1\nt"
    b"cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntbI00\nS'AAAAAAAA'\ntb."
)

HOSTILE = {
    "an array of a huge shape": b"cnumpy\nndarray\n((L99999999999L\ntR(lb.",
    "bytes of a huge size": b"c__builtin__\nbytearray\n(L99999999999L\ntR.",
    "a string longer than the file": b"\x80\x04]\x8d" + struct.pack("<Q", 2**40) + b"x.",
    "a string of impossible length": b"\x80\x04]\x8d" + struct.pack("<Q", 2**63 + 5) + b"x.",
    "an array of addresses": FORGED_ARRAY,
    "a call of what is no callable": b"]S'x'\n(tR.",
    "a call with wrong arguments": b"cnumpy\ndtype\n(tR.",
    "an array of a type without texts": pickle.dumps(np.ones(3)),
    "an array of bytes": pickle.dumps(np.array([b"a"])),
    "code points beyond Unicode": pickle.dumps(np.array(["a"])).replace(b"a\0\0\0", b"\xff\xff\xff\xff"),
    "code points that numpy makes a text of": pickle.dumps(np.array(["a"])).replace(b"a\0\0\0", b"x\0\xbb\xc6"),
    "a scalar of such code points": pickle.dumps([np.str_("a")]).replace(b"a\0\0\0", b"x\0\xbb\xc6"),
    "an empty stack": b"0.",
    "nothing to fetch": b"]h\x05a.",
    "nothing but an end": b".",
    "no end": b"]",
    "a persistent id": b"Pid\n.",
    "an extension code": b"\x82\x01.",
    "an object made by its class": b"cnumpy\ndtype\n)\x81.",
    "an unhashable key": b"}]]s.",
    "a buffer from elsewhere": b"\x80\x05\x97.",
    "a dict": pickle.dumps({"text": "x"}),
    "a tuple of lists": pickle.dumps((["a"], ["b"])),
    "a number": pickle.dumps(3),
    "a number with too many digits": b"]L" + b"9" * 5_000 + b"L\na.",
    "no pickle": b"this is prose, not a pickle",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_forged_pickle_is_an_error_in_one_line(rows, case):
    with pytest.raises(UserError, match=r"a\.pkl: damaged, or no pickle of articles \(.+\)") as caught:
        rows(HOSTILE[case])
    assert "\n" not in str(caught.value)


def test_a_tuple_nested_without_end_is_no_danger(rows):
    assert rows(b"\x80\x02](})" + b"\x85" * 100_000 + b"K\x01se.") == [{}]


def test_an_array_that_holds_itself_ends(rows):
    array = np.empty(1, dtype=object)
    array[0] = array
    assert rows(["a", array]) == ["a", "neither a dict nor a string (array)"]


def test_an_integer_with_too_many_digits_is_no_id(read, write):
    articles, _ = read(write("a.pkl", pickle.dumps([{"id": 10**5_000, "text": "x"}])))
    assert len(articles[0].item_id) == len("wiki:") + 16


def test_a_second_pickle_in_the_file_is_not_passed_over(rows):
    with pytest.raises(UserError, match="holds more than one pickle"):
        rows(pickle.dumps(["a"]) + pickle.dumps(["b"]))


@pytest.mark.parametrize("value", [[], np.array([], dtype=object), np.array([], dtype="U1"), [np.array([], dtype="U1")]])
def test_a_pickle_without_articles_is_an_error(read, write, value):
    with pytest.raises(UserError, match="empty; "):
        read(write("a.pkl", pickle.dumps(value)))


SMALL = [["a", {"text": "b", "id": 1}], [np.array([["a"], ["b"]], dtype=object)], np.array(["a", "b"]), [np.str_("a"), {1.5, 2}]]


@given(data=st.data(), protocol=st.sampled_from(PROTOCOLS), value=st.sampled_from(range(len(SMALL))))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_harm_to_a_pickle_makes_a_traceback(write, data, protocol, value):
    pickled = bytearray(pickle.dumps(SMALL[value], protocol))
    for _ in range(data.draw(st.integers(1, 3))):
        pickled[data.draw(st.integers(0, len(pickled) - 1))] = data.draw(st.integers(0, 255))
    pickled = pickled[: data.draw(st.integers(len(pickled) // 2, len(pickled)))]
    try:
        rows_of(write("a.pkl", bytes(pickled)))
    except UserError as error:
        assert "a.pkl: " in str(error) and str(error).isprintable()
