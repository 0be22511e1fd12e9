"""Progress: how much, how fast, how long still; and few lines of it."""

import time

import pytest

from knowledge_map.common.progress import LogStream, Progress, duration, pace, read_rate


@pytest.fixture
def messages(caplog):
    """Return a function that gives the lines logged so far."""
    caplog.set_level("INFO", "knowledge_map")
    return lambda: [record.message for record in caplog.records]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59.4, "0:00:59"), (59.6, "0:01:00"), (3_661, "1:01:01"), (360_000, "100:00:00")]
)
def test_a_time_span_is_written_as_hours_minutes_and_seconds(seconds, text):
    assert duration(seconds) == text


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on when the test says so: `clock(seconds)`."""
    now = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, now[0] + seconds)


def test_rate_and_time_left_are_those_of_this_run(messages, clock):
    progress = Progress(2_000, "articles", done=1_000, every=0)
    clock(0.5)
    progress.advance(100)
    assert messages() == ["1,100 of 2,000 articles · 200 articles/s · 0:00:04 left"]


@pytest.mark.parametrize("rate", [2_345_678, 30, 9.96, 2, 1 / 3, 0.004])
def test_a_rate_is_read_as_it_was_logged(rate):
    line = f"06:20:31 embed_shard: 1,000 of 2,500 articles · {pace(rate, 'articles', left=50)}"
    assert read_rate(line) == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize("line", ["", "block 3 saved", "1,000 of 2,000 articles were embedded by an earlier run"])
def test_other_lines_tell_no_rate(line):
    assert read_rate(line) is None


def test_a_hundred_thousand_steps_make_few_lines_and_the_last_is_always_told(messages):
    progress = Progress(100_000, "items", every=3600)
    for _ in range(100_000):
        progress.advance()
    (line,) = messages()
    assert line.startswith("100,000 of 100,000 items") and line.endswith("0:00:00 left")


def test_a_line_comes_when_it_is_time_for_one(messages, clock):
    progress = Progress(1_000, "items", every=10)
    for _ in range(3):
        clock(10.1)
        progress.advance(10)
        progress.advance(1)
    assert [line.split(" ")[0] for line in messages()] == ["10", "21", "32"]


def test_no_step_at_all_has_no_rate_and_no_end_in_sight(messages):
    Progress(10, "items", every=0).advance(0)
    assert messages() == ["0 of 10 items · 0 items/s · 0:00:00 left"]


def test_what_a_library_prints_is_logged_in_whole_lines(messages):
    stream = LogStream()
    for piece in ("one li", "ne\nand ", "another\n\n  \n", "not yet finished"):
        assert stream.write(piece) == len(piece)
    assert messages() == ["one line", "and another"]


def test_a_bar_is_logged_now_and_then(messages):
    stream = LogStream(every=3600)
    for percent in range(101):
        stream.write(f"\rUMAP: {percent}%")
    stream.write("\ndone\n")
    assert messages() == ["UMAP: 0%", "done"]


def test_every_state_of_a_bar_is_a_line_where_there_is_time_for_it(messages):
    stream = LogStream(every=0)
    stream.write("\rUMAP: 0%\rUMAP: 50%")
    stream.write("\rUMAP: 100%\nDone.\r\n")
    assert messages() == ["UMAP: 0%", "UMAP: 50%", "UMAP: 100%", "Done."]
