"""The questions of the quiz.

records (a question, and what its record says besides) → formats (the forms that records have) → reading (files of questions).
"""

from knowledge_map.questions.reading import read_questions
from knowledge_map.questions.records import Question

__all__ = ["Question", "read_questions"]
