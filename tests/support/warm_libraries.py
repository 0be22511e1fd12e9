"""What the processes of the tests have imported when they begin: the server that forks them imports this module.

Libraries only; every run and every job imports this project's package by itself. faiss is left to those that use it, since beside
torch it ends them on macOS.
"""

import gc
import importlib

OF_SNAKEMAKE = (
    "snakemake.cli",
    "snakemake.benchmark",
    "snakemake.profiles",
    "snakemake.report.html_reporter",
    "snakemake.storage",
    "jsonschema",
)

OF_JOBS = (
    "torch.nn.attention.varlen",
    "sentence_transformers.models",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
    "openTSNE",
    "umap",
    "sklearn.neighbors",
    "scipy.stats",
    "pandas.io.formats.csvs",
    "pyarrow.dataset",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "matplotlib.patheffects",
    "matplotlib.style",
    "contourpy",
    "PIL.JpegImagePlugin",
    "duckdb",
    "icu4py.breakers",
    "jinja2",
    "latex2mathml.converter",
    "stopwordsiso",
)

# As `collecting_no_garbage` does, which is of this project's package and may not be imported here.
gc.disable()
for library in OF_SNAKEMAKE + OF_JOBS:
    importlib.import_module(library)
gc.freeze()  # else a collection would touch, and so copy, what the processes share with the server
gc.enable()
