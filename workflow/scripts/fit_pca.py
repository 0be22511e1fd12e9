"""Lay the items out by their first two principal components."""

from knowledge_map.common.job import logging_to
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.pca import fit_pca
from knowledge_map.layout.reducer import save_reducer
from knowledge_map.layout.table import write_layout

with logging_to(snakemake.log[0], "fit_pca"):
    layout, reducer = fit_pca(EmbeddingTable(snakemake.input.embeddings))
    write_layout(snakemake.output.layout, x_raw=layout[:, 0], y_raw=layout[:, 1])
    save_reducer(reducer, snakemake.output.reducer)
