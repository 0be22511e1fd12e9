"""A short round of the fuzzer with every reader, the pickles that do harm, and the fuzzer's own eyes."""

import os
import pickle
import time
from contextlib import suppress
from pathlib import Path

import pytest
from fuzz import ACCEPTED, READERS, REFUSED, fuzz, keep
from harmful_pickles import harmful

from knowledge_map.articles.formats import pickle as pickles
from knowledge_map.articles.formats.base import ReadSettings
from knowledge_map.common.errors import UserError


@pytest.mark.parametrize("reader", READERS)
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_line(reader):
    report = fuzz(reader, inputs=40, seed=20, seconds=60)
    assert not report.faults
    assert report.counts[ACCEPTED] and (report.counts[REFUSED] or reader == "wikitext")


def test_pickles_that_do_harm_are_refused_and_do_none(tmp_path):
    target, path = tmp_path / "harm", tmp_path / "a.pkl"
    for name, content in harmful(target):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"a\.pkl: .*(is not plain data; nothing in it was run|damaged)"):
            list(pickles.read_rows(path, ReadSettings(1_000)))
        assert not target.exists(), name


def test_pickles_that_do_harm_would_do_it(tmp_path):
    for name, content in harmful(tmp_path / "harm"):
        with suppress(Exception):  # some end in an error, after the harm
            pickle.loads(content)
        assert (tmp_path / "harm").exists(), name
        (tmp_path / "harm").rmdir()


def hang(path: Path) -> None:
    time.sleep(600)


def end(path: Path) -> None:
    os._exit(3)


def fail(path: Path) -> None:
    raise ValueError("a riddle")


def riddle(path: Path) -> None:
    raise UserError("something is wrong")


def devour(path: Path) -> None:
    bytearray(4 << 30)


def write_elsewhere(path: Path) -> None:
    (path.parent.parent / "elsewhere").write_text("x")


def load(path: Path) -> None:
    pickle.loads(b"cos\nsystem\n(Vtrue\ntR.")


@pytest.mark.parametrize(
    ("reader", "found"),
    [
        *((hang, "too slow"), (end, "crashed"), (fail, "traceback"), (riddle, "unclear"), (devour, "too much memory")),
        *((write_elsewhere, "touched"), (load, "touched")),
    ],
)
def test_a_reader_that_does_what_none_may_is_found_out_and_its_input_kept(monkeypatch, tmp_path, reader, found):
    monkeypatch.setitem(READERS, "questions", reader)
    report = fuzz("questions", inputs=2, seed=1, seconds=0.5 if reader is hang else 60)
    assert dict(report.counts) == {found: 2}
    keep(tmp_path, "questions", 1, report)
    assert len(list(tmp_path.glob("questions-1-*-questions.*"))) == 2
    assert found in (tmp_path / "faults.txt").read_text()
