"""Forms of questions as data sets have them: the right option is found, and what cannot be asked is told."""

import json
from pathlib import Path

import pytest

from knowledge_map.common.errors import UserError
from knowledge_map.questions.formats.registry import QUESTION_COLLECTIONS, QUESTION_FORMATS, format_of
from knowledge_map.questions.reading import read_questions, read_reported_questions
from knowledge_map.questions.report import looks_like_answer

CASES = Path(__file__).parents[2] / "cases"

LABELLED = {"text": ["dry palms", "wet palms", "oil", "lotion"], "label": ["A", "B", "C", "D"]}
PUBLISHED = {
    "mmlu": (
        {"question": "Find the degree.", "subject": "abstract_algebra", "choices": ["0", "4", "2", "6"], "answer": 1},
        ("0", "4", "2", "6"),
        1,
    ),
    "mmlu_pro": (
        {
            "question_id": 70,
            "question": "Which practice?",
            "options": ["Boycotts", "Buycotts", "Blockchain"],
            "answer": "C",
            "answer_index": 2,
            "cot_content": "",
            "category": "business",
            "src": "ori_mmlu",
        },
        ("Boycotts", "Buycotts", "Blockchain"),
        2,
    ),
    "arc": (
        {"id": "Mercury_7175875", "question": "Which skin makes most heat?", "choices": LABELLED, "answerKey": "B"},
        tuple(LABELLED["text"]),
        1,
    ),
    "openbookqa": (
        {"id": "8-343", "question_stem": "Rub what?", "choices": LABELLED, "answerKey": "D", "fact1": "friction heats"},
        tuple(LABELLED["text"]),
        3,
    ),
    "stem": (
        {
            "id": "7-980",
            "question": {"stem": "The sun is", "choices": [{"text": "hot", "label": "A"}, {"text": "cold", "label": "B"}]},
            "answerKey": "A",
        },
        ("hot", "cold"),
        0,
    ),
    "race": (
        {"example_id": "high1.txt", "article": "Long ago", "answer": "B", "question": "When?", "options": ["Now", "Long ago"]},
        ("Now", "Long ago"),
        1,
    ),
    "answered": ({"question": "Which?", "options": ["red", "blue"], "answer": "blue"}, ("red", "blue"), 1),
    "columns": ({"question": "Which?", "A": "red", "B": "blue", "C": "green", "answer": "C"}, ("red", "blue", "green"), 2),
    "indexed": ({"question": "Which?", "options": ["red", "blue"], "correctIndex": 1, "answer": "red"}, ("red", "blue"), 1),
    "lettered": (
        {"question_text": "Which?", "options": {"A": "red", "B": "blue"}, "correct_answer": "B", "A": "x", "B": "y"},
        ("red", "blue"),
        1,
    ),
}
SCIQ = {
    "question": "What organisms make cheese?",
    "distractor3": "viruses",
    "distractor1": "protozoa",
    "distractor2": "gymnosperms",
    "correct_answer": "mesophilic organisms",
    "support": "Mesophiles grow best in moderate temperature.",
}
TRIVIA = {
    "type": "multiple",
    "difficulty": "easy",
    "category": "Science &amp; Nature",
    "question": "At what temperature does water boil, in &deg;C?",
    "correct_answer": "100&deg;C",
    "incorrect_answers": ["90&deg;C", "R&amp;B", "&amp;quot;"],
}


@pytest.fixture
def write(tmp_path):
    def write(*records: object, name: str = "questions.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(records), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", PUBLISHED)
def test_records_as_they_are_published_have_their_options_and_the_right_answer(write, name):
    record, options, answer = PUBLISHED[name]
    assert format_of(record).name == name
    (question,) = read_questions([write(record)])
    assert (question.options, question.answer) == (options, answer)
    assert question.data == record


def test_every_form_has_a_record_in_these_tests():
    assert {*PUBLISHED, "sciq", "open_trivia_db"} == set(QUESTION_FORMATS)
    assert set(QUESTION_COLLECTIONS) == {"bundle", "open_trivia_db response", "race passage"}


def test_correct_and_incorrect_answers_are_mixed_in_an_order_of_the_question(write):
    (question,) = read_questions([write(SCIQ)])
    assert question.options[question.answer] == "mesophilic organisms"
    assert set(question.options) == {"mesophilic organisms", "viruses", "protozoa", "gymnosperms"}
    exchanged = SCIQ | {"distractor1": "viruses", "distractor3": "protozoa"}
    assert read_questions([write(exchanged)])[0].options == question.options

    records = [SCIQ | {"question": f"Question {number}?"} for number in range(200)]
    places = [question.answer for question in read_questions([write(*records)])]
    assert all(30 < places.count(place) < 70 for place in range(4))


def test_a_response_of_open_trivia_db_is_decoded_once_and_told(tmp_path):
    path = tmp_path / "trivia.json"
    path.write_text(json.dumps({"response_code": 0, "results": [TRIVIA]}))
    (question,), report = read_reported_questions([path])
    assert question.text == "At what temperature does water boil, in °C?"
    assert question.options[question.answer] == "100°C"
    assert set(question.options) == {"100°C", "90°C", "R&B", "&quot;"}
    assert question.data == TRIVIA
    assert report.lines() == [
        "questions: 1, of which 1 can be asked",
        "questions: HTML entities (such as &quot;) were decoded in 1",
    ]


def test_entities_in_the_labs_forms_are_decoded_and_the_question_keeps_its_id(write):
    (question,), report = read_reported_questions([CASES / "question-html-entities/q.json"])
    assert question.text == 'Who sang "Bee\'s" at 100°C?'
    assert question.options == ("R&B", "Soul") and report.decoded == 1
    assert question.item_id == "question:8d021d1372e41c97"  # of the text as it is written


@pytest.mark.parametrize("text", ["AT&T and R&D", "a?b=1&copy=2", "&;", "&nosuch;", "& amp;", "5 &lt 6"])
def test_what_is_no_entity_stays_as_it_is(write, text):
    (question,), report = read_reported_questions([write({"question": text})])
    assert question.text == text and not report.decoded


def test_a_passage_of_race_is_as_many_questions_as_it_has(tmp_path):
    path = tmp_path / "high1.txt"
    passage = {
        "id": "high1.txt",
        "article": "Long ago there was a king.",
        "questions": ["What is the best title?", "Who was there?"],
        "options": [["Kings", "Queens"], ["A queen", "A king"]],
        "answers": ["A", "B"],
    }
    path.write_text(json.dumps(passage))
    questions = read_questions([path])
    assert [(question.text, question.answer) for question in questions] == [("What is the best title?", 0), ("Who was there?", 1)]
    assert questions[1].data == {
        "example_id": "high1.txt",
        "article": passage["article"],
        "question": "Who was there?",
        "options": ["A queen", "A king"],
        "answer": "B",
    }
    path.write_text(json.dumps(passage | {"answers": ["A"]}))
    with pytest.raises(UserError, match=r"high1\.txt: `questions`, `options` and `answers` of a passage must be .* same length"):
        read_questions([path])
    path.write_text(json.dumps(passage | {"article": "x" * 34_000_000}))
    with pytest.raises(UserError, match="more than 33,554,432 bytes"):
        read_questions([path])
    many = {"article": "x" * 1_000_000, "questions": ["?"] * 300, "options": [[]] * 300, "answers": [""] * 300}
    path.write_text(json.dumps(many))
    with pytest.raises(UserError, match="its passage is too long for 300 questions"):
        read_questions([path])


def test_the_questions_of_a_bundle_are_read_and_the_rest_of_it_is_named(tmp_path):
    path = tmp_path / "biology.json"
    asked = {"id": "a1", "question_text": "What reads mRNA?", "options": {"A": "Ribosome", "B": "Golgi"}, "correct_answer": "A"}
    path.write_text(json.dumps({"domain": {"id": "biology"}, "questions": [asked], "labels": [{"label": "x"}], "articles": []}))
    (question,), report = read_reported_questions([path])
    assert (question.item_id, question.text, question.answer, question.data) == ("question:a1", "What reads mRNA?", 0, asked)
    assert report.lines() == ["questions: 1, of which 1 can be asked", f"questions: not read: `labels` of {path}"]
    path.write_text('{"questions": []}')
    assert read_questions([path]) == []
    path.write_text(json.dumps({"questions": [asked, {"question": ""}]}))
    with pytest.raises(UserError, match=r"biology\.json: question 2 has no text"):
        read_questions([path])


def answer(record):
    return {"question": "Which?", **record}


OPTIONS = {"options": ["red", "blue", "R&amp;B"]}
ANSWERS = {
    "index": (answer({**OPTIONS, "answer": 2}), 2),
    "whole float": (answer({**OPTIONS, "answer": 2.0}), 2),
    "index in a text": (answer({**OPTIONS, "answer": "2"}), 2),
    "letter": (answer({**OPTIONS, "answer": "B"}), 1),
    "small letter": (answer({**OPTIONS, "answer": "b"}), 1),
    "letter in brackets": (answer({**OPTIONS, "answer": "(B)"}), 1),
    "letter and full stop": (answer({**OPTIONS, "answer": " C. "}), 2),
    "text": (answer({**OPTIONS, "answer": "Red "}), 0),
    "text decoded": (answer({**OPTIONS, "answer": "R&B"}), 2),
    "text of a digit": (answer({"options": ["3", "1", "2"], "answer": "1"}), 1),
    "text of a letter beyond the options": (answer({"options": ["x", "y"], "answer": "y"}), 1),
    "number among numbers": (answer({"options": [3, 40, 5], "answer": 40}), 1),
    "fraction among numbers": (answer({"options": [0.5, 2.5], "answer": 2.5}), 1),
    "truth": (answer({"options": ["True", "False"], "answer": False}), 1),
    "key of an object": (answer({"options": {"a": "red", "b": "blue"}, "answer": "B"}), 1),
    "text of an object": (answer({"options": {"a": "red", "b": "blue"}, "answer": "red"}), 0),
    "whole float as correctIndex": (answer({**OPTIONS, "correctIndex": 1.0}), 1),
    "text as correct_answer": ({"question_text": "?", "options": {"A": "red", "B": "blue"}, "correct_answer": "blue"}, 1),
    "letter as correct_answer of a list": (answer({**OPTIONS, "correct_answer": "C"}), 2),
    "none of them, null": (answer({**OPTIONS, "answer": None}), None),
    "labels from 1": (answer({"choices": {"text": ["a", "b", "c"], "label": ["1", "2", "3"]}, "answerKey": "3"}), 2),
    "label as a number": (answer({"choices": {"text": ["a", "b", "c"], "label": ["1", "2", "3"]}, "answerKey": 1}), 0),
    "letter for labels from 1": (answer({"choices": {"text": ["a", "b", "c"], "label": ["1", "2", "3"]}, "answerKey": "(B)"}), 1),
    "number for letters": (answer({"choices": LABELLED, "answerKey": "4"}), 3),
    "no key": (answer({"choices": LABELLED, "answerKey": ""}), None),
    "letter of mmlu": (answer({"choices": ["O", "A", "B"], "answer": "B"}), 1),
    "columns with numbers": (answer({"option1": "red", "option2": "blue", "answer": "2"}), 1),
    "columns with a text": (answer({"Option A": "red", "Option B": "blue", "correct_answer": "Blue"}), 1),
}


@pytest.mark.parametrize(("record", "right"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_an_index_a_letter_or_a_text(write, record, right):
    assert read_questions([write(record)])[0].answer == right


NO_ANSWERS = {
    "wrong type": (answer({**OPTIONS, "answer": [1]}), "answer is [1], a list; give the index, the letter or the text"),
    "broken float": (answer({**OPTIONS, "answer": 1.5}), "answer is 1.5, a number; give the index"),
    "wrong type of an index": (
        answer({**OPTIONS, "correctIndex": "1"}),
        "correctIndex is '1', a text; give the right option as a",
    ),
    "no options": (answer({"options": [], "answer": 1}), "answer is 1, but there are no options to choose from"),
    "no options for an index": (answer({"correctIndex": 0}), "correctIndex is 0, but there are no options to choose from"),
    "index out of range": (answer({**OPTIONS, "answer": 3}), "answer is 3, but there are 3 options (0 to 2)"),
    "letter out of range": (answer({**OPTIONS, "answer": "E"}), "answer is 'E', but there are 3 options (A to C)"),
    "digit out of range": (answer({**OPTIONS, "answer": "7"}), "answer is 7, but there are 3 options (0 to 2)"),
    "text of no option": (answer({**OPTIONS, "answer": "green"}), "answer is 'green', which is none of its options (red, blue, "),
    "key of no option": (answer({"choices": LABELLED, "answerKey": "5"}), "answerKey is 'E'"),
    "letter that is a text": (
        answer({"options": ["O", "A", "B"], "answer": "B"}),
        "answer is 'B', which may mean 'A' or the text",
    ),
    "index that is a text": (answer({"options": [1, 2, 3], "answer": 1}), "answer is 1, which may mean '2' or the text"),
    "two answers": (
        answer({**OPTIONS, "answer": "A", "answer_index": 2}),
        "answer is 'A' and answer_index is 2, which are different options",
    ),
    "texts without labels": (answer({"choices": {"text": ["a"], "label": []}, "answerKey": "A"}), "`choices` must have as many"),
    "digit for letters of columns": (
        answer({"A": "red", "B": "blue", "answer": 2}),
        "answer is 2, which is none of its options (A, B)",
    ),
    "incorrect answers in a text": (TRIVIA | {"incorrect_answers": "a, b"}, "`incorrect_answers` must be a list of texts"),
    "no text": ({"prompt": "Which?", "A": "x"}, "has no text; give it `question` or `question_text` (it has: prompt, A)"),
}


@pytest.mark.parametrize(("record", "said"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_an_answer_that_is_none_is_named_with_its_reason(write, record, said):
    path = write({"question": "A sound one?"}, record)
    with pytest.raises(UserError) as error:
        read_questions([path])
    assert str(error.value).startswith(f"{path}: question 2") and said in str(error.value)


def test_how_many_can_be_asked_is_told_with_the_reasons_and_the_fields_that_are_not_read(write):
    path = write(
        answer({"options": ["red", "blue"], "correctIndex": 0, "explanation": "x", "answer_explanation": "y"}),
        {"question": "Only an answer?", "answer": "Paris"},
        {"question": "Other names?", "options": ["a", "b"], "correctAnswer": "b", "answerKey": "B"},
        {"question": "More of them?", "correctAnswer": "b"},
    )
    _, report = read_reported_questions([path])
    assert report.lines() == [
        "questions: 4, of which 1 can be asked (2 without options, 1 without an answer); "
        "not read, though it looks like an answer: `correctAnswer` (2), `answer` (1), `answerKey` (1); "
        "docs/sources.md has the forms that are read"
    ]


@pytest.mark.parametrize(
    "name", ["answer", "answerKey", "answer_index", "choices", "correctAnswer", "Correct Option", "option_a"]
)
def test_fields_that_look_like_answers(name):
    assert looks_like_answer(name)


@pytest.mark.parametrize("name", ["question", "answer_explanation", "label", "key", "text", "domain_ids", "correlation", ""])
def test_fields_that_do_not_look_like_answers(name):
    assert not looks_like_answer(name)


def test_the_four_data_sets_of_a_user_are_a_quiz():
    files = [CASES / "question-answer-key" / f"{name}.json" for name in ("mmlu", "mmlu-pro", "arc", "race")]
    questions, report = read_reported_questions(files)
    assert [question.options[question.answer] for question in questions] == ["c", "c", "b", "b"]
    assert report.lines() == ["questions: 4, of which 4 can be asked"]


def test_a_text_that_is_asked_of_several_passages_is_as_many_questions(write):
    records = [
        {"question": "What is the best title?", "article": f"Text {number}", "options": ["a", "b"], "answer": "A"}
        for number in range(3)
    ]
    path = write(*records, records[1])
    questions, report = read_reported_questions([path])
    assert len({question.item_id for question in questions}) == 3
    assert questions[0].item_id == read_questions([write(records[0])])[0].item_id
    assert report.lines()[1] == (
        f"questions: 1 left out, since they are there before with the same options (first: {path}: question 4)"
    )
    with pytest.raises(UserError, match=r"question 3 is the same as .*question 2"):
        read_questions(
            [write(answer({**OPTIONS, "answer": 0}), answer({**OPTIONS, "answer": 1}), answer({**OPTIONS, "answer": 2}))]
        )


def test_fields_whose_names_differ_in_case_are_taken_and_told(write):
    record = {"Question": "Which?", "Options": ["red", "blue"], "CorrectIndex": 1}
    (question,), report = read_reported_questions([write(record)])
    assert (question.text, question.answer, question.data) == ("Which?", 1, record)
    assert report.lines() == [
        "questions: 1, of which 1 can be asked",
        "questions: fields whose names differ in case were taken: "
        "`Question` as `question`, `Options` as `options`, `CorrectIndex` as `correctIndex`",
    ]
