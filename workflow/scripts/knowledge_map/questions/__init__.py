"""The questions of the quiz.

records (a question, and what its record says besides) → formats (the forms that records have) → files and tables (records of
files) → reading (files of questions, and a report of them); domains (the groups that questions are in).
"""

from knowledge_map.questions.reading import read_questions, read_reported_questions
from knowledge_map.questions.records import Question

__all__ = ["Question", "read_questions", "read_reported_questions"]
