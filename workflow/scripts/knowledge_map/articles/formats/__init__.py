"""The formats of article files, one file each; `registry` finds them.

A module here that defines `FORMATS`, a tuple of `ArticleFormat`, adds these formats: to what `format: auto` recognizes, to the
schema of the configuration and to the documentation. Nothing else has to be touched.
"""
