"""The forms that records of questions have, one file for each source of them; `registry` finds them.

A module here that defines `FORMATS`, a tuple of `QuestionFormat`, adds these forms. Nothing else has to be touched.
"""
