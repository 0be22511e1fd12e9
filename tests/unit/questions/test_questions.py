"""Questions: both of the lab's formats, carried through whole, and every mistake named with its file and its question."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_map.common.errors import UserError
from knowledge_map.questions.reading import read_questions

INDEXED = {"question": "What makes ATP?", "options": ["Nucleus", "Mitochondrion"], "correctIndex": 1, "topic": "energy"}
LETTERED = {
    "id": "7f",
    "question_text": "What reads mRNA?",
    "options": {"A": "Ribosome", "B": "Golgi"},
    "correct_answer": "A",
    "difficulty": 4,
    "domain_ids": ["biology"],
}


@pytest.fixture
def write(tmp_path):
    def write(content: object, name: str = "questions.json") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def test_options_in_a_list_are_answered_by_their_index(write):
    (question,) = read_questions([write([INDEXED])])
    assert question.item_id == "question:" + hashlib.sha256(b"What makes ATP?").hexdigest()[:16]
    assert (question.text, question.options, question.answer) == ("What makes ATP?", ("Nucleus", "Mitochondrion"), 1)


def test_options_by_letter_are_answered_by_their_letter(write):
    (question,) = read_questions([write([LETTERED])])
    assert question.item_id == "question:7f"
    assert (question.text, question.options, question.answer) == ("What reads mRNA?", ("Ribosome", "Golgi"), 0)


def test_a_record_is_carried_along_whole(write):
    assert [question.data for question in read_questions([write([INDEXED, LETTERED])])] == [INDEXED, LETTERED]


def test_options_and_answer_may_be_absent(write):
    (question,) = read_questions([write([{"question": "  Why?\n"}])])
    assert (question.text, question.options, question.answer) == ("Why?", (), None)


def test_files_are_read_in_order(write):
    paths = [write([LETTERED], "second.json"), write([INDEXED], "first.json")]
    assert [question.data for question in read_questions(paths)] == [LETTERED, INDEXED]


def test_a_byte_order_mark_is_no_part_of_a_file(write):
    assert len(read_questions([write(b"\xef\xbb\xbf" + json.dumps([INDEXED]).encode())])) == 1


@pytest.mark.parametrize("paths", [[], ["empty"]])
def test_there_may_be_no_questions(write, paths):
    assert read_questions([write([]) for _ in paths]) == []


def test_thousands_of_questions_are_read(write):
    records = [{"question": f"Question {n}?", "options": ["a", "b"], "correctIndex": n % 2} for n in range(2_500)]
    questions = read_questions([write(records)])
    assert len({question.item_id for question in questions}) == 2_500
    assert [question.answer for question in questions] == [n % 2 for n in range(2_500)]


MISTAKES = {
    "index too high": (INDEXED | {"correctIndex": 2}, "correctIndex is 2, but there are 2 options (0 to 1)"),
    "index below zero": (INDEXED | {"correctIndex": -1}, "correctIndex is -1"),
    "index that is a text": (INDEXED | {"correctIndex": "1"}, "correctIndex is '1'"),
    "index that is true": (INDEXED | {"correctIndex": True}, "correctIndex is True"),
    "letter of no option": (LETTERED | {"correct_answer": "E"}, "correct_answer is 'E', which is none of its options (A, B)"),
    "letter in a list": (LETTERED | {"correct_answer": ["A"]}, "correct_answer is ['A']"),
    "no text": ({"options": ["a", "b"]}, "has no text; give it `question` or `question_text`"),
    "blank text": (INDEXED | {"question": " \n"}, "has no text"),
    "text that is a number": (INDEXED | {"question": 7}, "has no text"),
    "no object": ("What makes ATP?", "is a JSON str"),
    "options in a text": (INDEXED | {"options": "Nucleus, Golgi"}, "`options` must be a list of texts or an object of texts"),
    "options that are objects": (INDEXED | {"options": [{"text": "Nucleus"}]}, "`options` must be"),
}


@pytest.mark.parametrize(("record", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_its_file_and_question(write, record, said):
    path = write([{"question": "A sound one?"}, record])
    with pytest.raises(UserError) as error:
        read_questions([path])
    assert str(error.value).startswith(f"{path}: question 2")
    assert said in str(error.value) and "\n" not in str(error.value)


def test_the_same_question_twice_is_named_in_both_places(write):
    paths = [write([LETTERED, INDEXED], "a.json"), write([{"question": "Other?"}, INDEXED | {"topic": "other"}], "b.json")]
    with pytest.raises(UserError) as error:
        read_questions(paths)
    assert str(error.value).startswith(f"{paths[1]}: question 2 is the same as {paths[0]}: question 2")


def test_an_id_tells_questions_of_the_same_text_apart(write):
    assert len(read_questions([write([INDEXED | {"id": 1}, INDEXED | {"id": 2}])])) == 2


FILES = {
    "no list": (b'{"train": []}', "holds a JSON dict; a list of questions is needed"),
    "not JSON": (b'[\n {"question": }\n]', "line 2, column 15: not JSON"),
    "empty": (b"", "line 1, column 1: not JSON"),
    "not UTF-8": ('[{"question": "Größe?"}]'.encode("latin-1"), "not UTF-8 (byte 17); save it as UTF-8"),
    "nested without end": (b"[" * 1_000_000, "not readable as JSON"),
    "a number beyond all digits": (b"[" + b"9" * 1_000_000 + b"]", "not readable as JSON"),
}


@pytest.mark.parametrize(("content", "said"), FILES.values(), ids=FILES.keys())
def test_a_file_that_holds_no_questions_is_named(write, content, said):
    path = write(content)
    with pytest.raises(UserError) as error:
        read_questions([path])
    assert str(error.value).startswith(f"{path}: {said}")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(UserError, match=r"absent\.json: no such file"):
        read_questions([tmp_path / "absent.json"])
    with pytest.raises(UserError, match="cannot be read"):
        read_questions([tmp_path])


def test_a_file_of_a_gigabyte_and_what_has_no_end_are_refused_unread(write, tmp_path):
    os.truncate(write([INDEXED]), 1 << 30)
    os.mkfifo(tmp_path / "endless.json")
    with pytest.raises(UserError, match=r"questions\.json: more than 33,554,432 bytes; is this a file of questions"):
        read_questions([tmp_path / "questions.json"])
    for path in (tmp_path / "endless.json", Path("/dev/zero")):
        with pytest.raises(UserError, match="it is no plain file"):
            read_questions([path])


@pytest.mark.parametrize("depth", [60, 900, 985])
@pytest.mark.parametrize("field", ["id", "correctIndex", "difficulty", "more"])
def test_a_record_nested_too_deeply_to_be_written_again_is_refused(write, field, depth):
    content = f'[{{"question": "Why?", "{field}": {"[" * depth}{"]" * depth}}}]'.encode()
    with pytest.raises(UserError, match=r"questions\.json: .*(nested more than 50 levels|`id` must be|not readable as JSON)"):
        read_questions([write(content)])


def test_a_record_of_some_levels_is_carried_along_whole(write):
    record = INDEXED | {"more": [[[{"a": [1]}]]]}
    assert read_questions([write([record])])[0].data == record


def test_a_mistake_is_told_in_a_line_however_long_it_is(write):
    for record in (
        INDEXED | {"correctIndex": "\x1b\n" * 9_999},
        LETTERED | {"correct_answer": "\n" * 9_999, "options": {"\n": "a"}},
    ):
        with pytest.raises(UserError) as error:
            read_questions([write([record])])
        assert str(error.value).isprintable() and len(str(error.value)) < 1_000


@pytest.mark.parametrize("record", [{"question": "x" * 10_001}, INDEXED | {"id": "x" * 501}, INDEXED | {"id": [1]}])
def test_endless_questions_and_ids_are_refused(write, record):
    with pytest.raises(UserError, match=r"questions\.json: question 1.*(10,000 are the most|at most 500 characters)"):
        read_questions([write([record])])


def test_halves_of_characters_are_replaced(write):
    path = write(b'[{"question": "half \\ud83d?", "options": {"\\ud83d": "\\udd2c"}, "id": "\\ud83d"}]')
    (question,) = read_questions([path])
    for text in (question.item_id, question.text, *question.options):
        assert "\ufffd" in text and text.encode()


# Records near to real ones, for values drawn at random would rarely get past the first check.
texts = st.text(st.characters(), max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
keys = ["id", "question", "question_text", "options", "correctIndex", "correct_answer"]
records = st.dictionaries(st.sampled_from(keys), values | st.just("A") | st.just(0) | st.just({"A": "b"}), max_size=6)


@settings(deadline=None)
@given(values | st.lists(records | values, max_size=3))
def test_whatever_json_a_file_holds_the_answer_is_questions_or_one_line(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "anything.json"
    path.write_text(json.dumps(value))
    try:
        questions = read_questions([path])
    except UserError as error:
        assert str(error).encode() and str(path) in str(error)
    else:
        for question in questions:
            assert "".join([question.item_id, question.text, *question.options]).encode()
            assert question.answer is None or 0 <= question.answer < len(question.options)
