"""Open Trivia DB: the correct answer and the list of incorrect ones, alone or within the response of its interface."""

from knowledge_map.questions.formats.answers import has_text, is_missing, mixed, text_field, text_of
from knowledge_map.questions.formats.base import Asked, QuestionCollection, QuestionFormat, RecordError


def _read(record: dict) -> Asked:
    text, incorrect = text_of(record, text_field(record)), record["incorrect_answers"]
    if not isinstance(incorrect, list):
        raise RecordError(": `incorrect_answers` must be a list of texts.")
    options, answer = mixed(text, record.get("correct_answer"), incorrect, ("correct_answer", "incorrect_answers"))
    return Asked(text, options, answer, ("correct_answer", "incorrect_answers"))


FORMATS = (
    QuestionFormat(
        name="open_trivia_db",
        fields="{question, correct_answer, incorrect_answers: [...], category, type, difficulty}",
        recognizes=lambda record: (
            has_text(record)
            and record.get("incorrect_answers") is not None
            and record.get("options") is None
            and is_missing(record.get("correctIndex"))
        ),
        read=_read,
    ),
)

COLLECTIONS = (
    QuestionCollection(
        name="open_trivia_db response",
        fields="{response_code: 0, results: [...]}",
        recognizes=lambda value: "response_code" in value and isinstance(value.get("results"), list),
        records=lambda response: response["results"],
    ),
)
