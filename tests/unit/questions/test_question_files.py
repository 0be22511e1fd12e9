"""Files of questions: JSON, JSON Lines, CSV, TSV and parquet give the same questions, and what is broken is named by its line."""

import csv
import json
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knowledge_map.common.errors import UserError
from knowledge_map.questions.reading import read_questions

RECORDS = [
    {
        "question": 'Who said "no", and, why?',
        "options": ["a", "b, c", "d\ne"],
        "correctIndex": 1,
        "difficulty": 2.5,
        "topic": "x",
    },
    {"question": "Größe?", "options": ["1", "2"], "correctIndex": 0, "difficulty": 1, "topic": "7"},
]
LINES = [json.dumps(record, ensure_ascii=False) for record in RECORDS]


def asked(path):
    return [(question.text, question.options, question.answer) for question in read_questions([path])]


RIGHT = [('Who said "no", and, why?', ("a", "b, c", "d\ne"), 1), ("Größe?", ("1", "2"), 0)]
SPELLINGS = {
    "lines": ("q.jsonl", "\n".join(LINES)),
    "lines with blank ones, CR LF and a BOM": ("q.ndjson", "\ufeff\r\n" + "\r\n\r\n".join(LINES) + "\r\n"),
    "lines under the name of a list": ("q.json", "\n".join(LINES)),
    "a list under the name of lines": ("q.jsonl", json.dumps(RECORDS)),
    "objects over several lines": ("q.json", "\n".join(json.dumps(record, indent=2) for record in RECORDS)),
    "two lists, joined, with a BOM within": ("q.json", f"[{LINES[0]}]\n\ufeff[{LINES[1]}]"),
    "without a suffix": ("questions", "\n".join(LINES)),
}


@pytest.mark.parametrize(("name", "content"), SPELLINGS.values(), ids=SPELLINGS)
def test_json_in_every_spelling(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    assert asked(tmp_path / name) == RIGHT


def test_a_file_may_be_one_question(tmp_path):
    (tmp_path / "q.json").write_text(json.dumps(RECORDS[0], indent=2))
    assert asked(tmp_path / "q.json") == RIGHT[:1]


@pytest.mark.parametrize("written", [json.dumps, repr], ids=["lists as JSON", "lists as Python writes them"])
@pytest.mark.parametrize(("name", "delimiter"), [("q.csv", ","), ("q.csv", ";"), ("q.csv", "\t"), ("q.tsv", "\t")])
def test_a_table_with_lists_in_its_cells(tmp_path, written, name, delimiter):
    with (tmp_path / name).open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, list(RECORDS[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(record | {"options": written(record["options"])} for record in RECORDS)
    assert asked(tmp_path / name) == RIGHT
    assert [question.data for question in read_questions([tmp_path / name])] == RECORDS


def test_a_spreadsheet_with_an_option_a_column(tmp_path):
    (tmp_path / "q.csv").write_text("id,Question,A,B,C,Answer\r7.0,Which?,red,blue,,B\r,Other?,x,y,z,c\r,,,,,\r", newline="")
    assert read_questions([tmp_path / "q.csv"])[0].item_id == "question:7"
    assert asked(tmp_path / "q.csv") == [("Which?", ("red", "blue"), 1), ("Other?", ("x", "y", "z"), 2)]


def test_mmlus_own_files_have_no_header(tmp_path):
    path = tmp_path / "abstract_algebra_test.csv"
    path.write_text('"Find the degree, please.",0,4,2,6,B\nWhich?,O,A,B,AB,C\n')
    assert asked(path) == [("Find the degree, please.", ("0", "4", "2", "6"), 1), ("Which?", ("O", "A", "B", "AB"), 2)]
    path.write_text("question,A,B,C,D,answer\nWhich?,O,A,B,AB,C\n")
    assert asked(path) == [("Which?", ("O", "A", "B", "AB"), 2)]


def test_mmlu_as_a_table_has_its_index(tmp_path):
    (tmp_path / "q.csv").write_text(
        'question,subject,choices,answer\nWhich?,x,"[\'1\', \'2\', \'0\']",1\nOther?,x,"[""a"",""b""]",0.0\n'
    )
    assert asked(tmp_path / "q.csv") == [("Which?", ("1", "2", "0"), 1), ("Other?", ("a", "b"), 0)]


def test_parquet_as_the_hub_has_it(tmp_path):
    labelled = {"text": ["dry", "wet"], "label": ["A", "B"]}
    tables = {
        "arc": {"id": ["a", "b"], "question": ["One?", "Two?"], "choices": [labelled] * 2, "answerKey": ["A", "B"]},
        "mmlu": {"question": ["Three?", "Four?"], "choices": [["x", "y"]] * 2, "answer": pa.array([1, None], pa.int64())},
        "other": {
            "question": pa.array(["Five?", "Six?"]).dictionary_encode(),
            "options": pa.array([["x", "y"]] * 2, pa.large_list(pa.large_string())),
            "correctIndex": [1.0, float("nan")],
            "when": [date(2024, 1, 2), None],
            "raw": [b"abc", b"d"],
        },
    }
    paths = [tmp_path / f"{name}.parquet" for name in tables]
    for path, columns in zip(paths, tables.values(), strict=True):
        pq.write_table(pa.table(columns), path, row_group_size=1)
    questions = read_questions(paths)
    assert [question.answer for question in questions] == [0, 1, 1, None, 1, None]
    assert questions[0].data == {"id": "a", "question": "One?", "choices": labelled, "answerKey": "A"}
    assert questions[4].data == {
        "question": "Five?", "options": ["x", "y"], "correctIndex": 1.0, "when": "2024-01-02", "raw": "abc",
    }  # fmt: skip


@pytest.mark.slow
def test_parquet_of_many_rows_and_more_texts_than_a_dictionary_holds(tmp_path):
    options = [[f"option {number} {option}" * 3 for option in range(4)] for number in range(3_000)]
    table = pa.table({"question": [f"Why {number}?" for number in range(3_000)], "choices": options, "answer": [3] * 3_000})
    pq.write_table(table, tmp_path / "q.parquet", row_group_size=2_000, dictionary_pagesize_limit=1_000)
    questions = read_questions([tmp_path / "q.parquet"])
    assert [question.options for question in questions] == [tuple(each) for each in options]
    assert {question.answer for question in questions} == {3}


BROKEN = {
    "a broken line": ("q.jsonl", f"{LINES[0]}\n\n{{'question'}}\n", "q.jsonl: line 3, column 2: not JSON"),
    "a line without text": ("q.jsonl", f"{LINES[0]}\n\n{{}}\n", "q.jsonl: line 3 has no text"),
    "a line that is no object": ("q.jsonl", f"{LINES[0]}\n7\n", "q.jsonl: line 2 is a JSON int"),
    "the same line again": ("q.jsonl", f"{LINES[0]}\n{LINES[0]}", "q.jsonl: line 2 is the same as"),
    "a question in a joined list": ("q.json", f"[{LINES[0]}]\n[{LINES[1]}, {{}}]", "q.json: line 2, question 2 has no text"),
    "a cell too many": ("q.csv", "question,A,B,answer\nWhich?,x,y,z,A\n", "q.csv: line 2: 5 fields where the header has 4"),
    "a quote that is never closed": (
        "q.csv",
        'question,A,B,answer\n"Which?,x,y,A\nOther?,x,y,B\n',
        "q.csv: line 2: unexpected end",
    ),
    "a quote that is closed rows later": (
        "q.csv",
        'question,A,B,answer\n"Which?,x,y,A\nSecond?,x,y,B\nThird?",x,y,B\n',
        "q.csv: line 2: a quote is closed only 2 lines below",
    ),
    "a column twice": ("q.csv", "question,A,A,answer\nWhich?,x,y,A\n", "q.csv: more than one column `A`"),
    "options in a text": ("q.csv", "question,options,correctIndex\nWhich?,x|y,1\n", "q.csv: line 2: `options` must be a list"),
    "an empty table": ("q.csv", "\n", "q.csv: empty; give a file"),
    "no header": ("q.csv", "Which?,x\n", "q.csv: line 2 has no text"),
    "no parquet": ("q.parquet", "[]", "q.parquet: cannot be read as parquet"),
    "parquet cut short": ("q.parquet", "PAR1PAR1", "q.parquet: cannot be read as parquet"),
}


@pytest.mark.parametrize(("name", "content", "said"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_named_by_its_line(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    if name == "q.csv" and said.endswith("line 2 has no text"):
        (tmp_path / name).write_text(content * 2)
    with pytest.raises(UserError) as error:
        read_questions([tmp_path / name])
    assert said in str(error.value) and "\n" not in str(error.value)


LONG = "x" * 100_000


def repeated(count):
    """Return an array of one long text, which stands in a dictionary once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), [LONG])


def lists(values):
    """Return an array of one list."""
    return pa.ListArray.from_arrays([0, len(values)], values)


BOMBS = {
    "one text for thousands of rows": lambda: {
        "question": [str(number) for number in range(20_000)],
        "article": repeated(20_000),
    },
    "one text for thousands of options": lambda: {"question": ["?"], "options": lists(repeated(20_000))},
    "one text for thousands of keys": lambda: {
        "question": ["?"],
        "more": pa.MapArray.from_arrays([0, 9_000], pa.array([str(number) for number in range(9_000)]), repeated(9_000)),
    },
    "a list without end": lambda: {"question": ["?"], "options": lists(pa.nulls(11_000_000, pa.int8()))},
    "a text without end": lambda: {"question": [LONG * 2_700]},
}


@pytest.mark.slow
@pytest.mark.parametrize("columns", BOMBS.values(), ids=BOMBS)
def test_parquet_that_expands_beyond_measure_is_refused(tmp_path, columns):
    pq.write_table(pa.table(columns()), tmp_path / "q.parquet", compression="zstd")
    assert (tmp_path / "q.parquet").stat().st_size < 1 << 25
    with pytest.raises(UserError, match=r"q\.parquet: expands to more than 268,435,456 bytes"):
        read_questions([tmp_path / "q.parquet"])
