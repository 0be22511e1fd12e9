"""What reading questions came to, in lines for people: how many can be asked, and what was decoded, left out or not read."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from knowledge_map.common.text import shown
from knowledge_map.questions.records import Question

PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
"""The words of a name such as `correctAnswer`, `answer_index` or `optionA`."""

ANSWERS = {"answer", "answers", "choice", "choices", "option", "options", "correct", "solution", "distractor", "distractors"}

COMPANIONS = {"key", "index", "idx", "letter", "label", "text", "right", "true", "incorrect", "wrong", "gold", "target", "number"}

MOST_NAMED = 8


def looks_like_answer(name: str) -> bool:
    """Return whether a field is named as one that holds options or an answer: `answerKey`, `correct_option`, `choices`."""
    words = [word.lower() for word in PARTS.findall(name[:100])]
    rest = [word for word in words if word not in ANSWERS | COMPANIONS and len(word) > 1 and not word.isdigit()]
    return bool(ANSWERS & set(words)) and not rest


@dataclass
class QuestionReport:
    """What reading questions came to.

    Attributes
    ----------
    questions : how many there are.
    without_options, without_answer : how many cannot be asked, since they have none of these.
    decoded : how many had HTML entities.
    unread : in how many questions a field looks like an answer and was not read, by its name.
    renamed : how many fields were taken although their names differ in case, by both names.
    repeated : how many were left out, since they were there before with the same options and the same answer.
    first_repeated : the place of the first of these.
    parts : what else stands in a file beside its questions and is not read.
    """

    questions: int = 0
    without_options: int = 0
    without_answer: int = 0
    decoded: int = 0
    unread: Counter[str] = field(default_factory=Counter)
    renamed: Counter[tuple[str, str]] = field(default_factory=Counter)
    repeated: int = 0
    first_repeated: str = ""
    parts: list[str] = field(default_factory=list)

    @property
    def askable(self) -> int:
        """How many questions have options and an answer."""
        return self.questions - self.without_options - self.without_answer

    def add(self, question: Question, read: Sequence[str], decoded: bool) -> None:
        """Count a question, the fields that were `read` of its record, and whether something in it was `decoded`."""
        self.questions += 1
        self.decoded += decoded
        if not question.options:
            self.without_options += 1
        elif question.answer is None:
            self.without_answer += 1
        self.unread.update(name for name in question.data if looks_like_answer(name) and name not in read)

    def lines(self) -> list[str]:
        """Return what there is to tell; the first line says how many questions can be asked."""
        missing = [(self.without_options, "without options"), (self.without_answer, "without an answer")]
        reasons = ", ".join(f"{count:,} {what}" for count, what in missing if count)
        first = f"questions: {self.questions:,}, of which {self.askable:,} can be asked" + (f" ({reasons})" if reasons else "")
        if self.unread:
            first += (
                f"; not read, though it looks like an answer: {_named(self.unread)}; docs/sources.md has the forms that are read"
            )
        lines = [first]
        if self.decoded:
            lines.append(f"questions: HTML entities (such as &quot;) were decoded in {self.decoded:,}")
        if self.repeated:
            lines.append(
                f"questions: {self.repeated:,} left out, since they are there before with the same options "
                f"(first: {self.first_repeated})"
            )
        if self.renamed:
            names = ", ".join(f"`{shown(name, 60)}` as `{known}`" for name, known in self.renamed)
            lines.append(f"questions: fields whose names differ in case were taken: {names}")
        lines += [f"questions: not read: {part}" for part in self.parts[:MOST_NAMED]]
        return lines


def _named(counts: Counter[str]) -> str:
    names = [f"`{shown(name, 60)}` ({count:,})" for name, count in counts.most_common(MOST_NAMED)]
    return ", ".join(names) + (f" and {len(counts) - MOST_NAMED} more" if len(counts) > MOST_NAMED else "")
