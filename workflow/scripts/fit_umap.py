"""Fit UMAP on the neighbor graph."""

import json

from knowledge_map.common.job import logging_to
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.fit import fit_layout
from knowledge_map.layout.reducer import save_reducer
from knowledge_map.layout.table import write_layout
from knowledge_map.neighbors.graph import read_neighbors

with logging_to(snakemake.log[0], "fit_umap"):
    layout, reducer = fit_layout(
        EmbeddingTable(snakemake.input.embeddings),
        *read_neighbors(snakemake.input.neighbors),
        json.loads(snakemake.params.umap),
        snakemake.threads,
    )
    write_layout(snakemake.output.layout, x_raw=layout[:, 0], y_raw=layout[:, 1])
    save_reducer(reducer, snakemake.output.reducer)
