"""SciQ: the correct answer, and distractors each in a field of its own."""

from knowledge_map.questions.formats.answers import has_text, is_missing, mixed, text_field, text_of
from knowledge_map.questions.formats.base import Asked, QuestionFormat

DISTRACTORS = tuple(f"distractor{number}" for number in range(1, 10))


def _read(record: dict) -> Asked:
    text = text_of(record, text_field(record))
    distractors = [record[name] for name in DISTRACTORS if not is_missing(record.get(name))]
    options, answer = mixed(text, record.get("correct_answer"), distractors, ("correct_answer", "distractor"))
    return Asked(text, options, answer, ("correct_answer", *DISTRACTORS))


FORMATS = (
    QuestionFormat(
        name="sciq",
        fields="{question, correct_answer, distractor1, distractor2, distractor3, support}",
        recognizes=lambda record: (
            has_text(record)
            and not is_missing(record.get("distractor1"))
            and record.get("options") is None
            and is_missing(record.get("correctIndex"))
        ),
        read=_read,
    ),
)
