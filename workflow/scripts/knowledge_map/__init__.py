"""The knowledge map: the functions and classes behind the rules, in folders that follow the data.

articles, questions → embedding → neighbors → layout → map → labels → views → diagnostics. `common` is used by all of them, and
`run` is about a run as a whole. No folder imports one that comes after it. Nothing in here knows of Snakemake; the scripts beside
this package hand it paths and settings.
"""
