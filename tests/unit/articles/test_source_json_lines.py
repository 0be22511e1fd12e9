"""JSON Lines: good lines are read whatever stands between them."""

import pytest

from knowledge_map.common.errors import UserError


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b'{"text": "x"', "not JSON"),
        (b'{"text": "x"} trailing', "not JSON"),
        (b'{"text": "x\x01"}', "not JSON"),
        (b'{"text": "caf\xe9"}', "not UTF-8"),
        (b"[1, 2]", "neither an object nor a string (list)"),
        (b"12", "neither an object nor a string (int)"),
        (b"null", "neither an object nor a string (NoneType)"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"text": "x", "id": ' + b"9" * 5_000 + b"}", "integer"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_a_broken_line_is_dropped_and_listed_and_reading_goes_on(read, write, line, detail):
    articles, report = read(write("a.jsonl", b'"a"\n' + line + b'\n"b"\n'))
    assert [article.text for article in articles] == ["a", "b"]
    assert report.dropped == {"broken row": 1}
    assert report.examples[0]["row"] == "line 2" and detail in report.examples[0]["detail"]


def test_blank_lines_and_line_ends_of_windows_are_no_rows(read, write):
    articles, report = read(write("a.jsonl", '\ufeff"a"\r\n\r\n  \n"b"'))
    assert ([article.text for article in articles], report.read) == (["a", "b"], 2)


@pytest.mark.parametrize("content", ['[{"text": "a"}]', '\n [\n{"text": "a"}\n]\n'])
@pytest.mark.parametrize("settings", [{}, {"format": "jsonl"}])
def test_a_json_array_is_named_as_such(read, write, content, settings):
    with pytest.raises(UserError, match="a JSON array; write one object a line"):
        read(write("a.json", content), **settings)
