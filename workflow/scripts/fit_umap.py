"""Fit UMAP on the neighbor graph."""

import json

from knowledge_map.job import logging_to
from knowledge_map.neighbor_graph import read_neighbors
from knowledge_map.table import EmbeddingTable
from knowledge_map.umap_layout import fit_umap, save_reducer, write_layout

with logging_to(snakemake.log[0], "fit_umap"):
    layout, reducer = fit_umap(
        EmbeddingTable(snakemake.input.embeddings).vectors(),
        *read_neighbors(snakemake.input.neighbors),
        json.loads(snakemake.params.umap),
        snakemake.threads,
    )
    write_layout(snakemake.output.layout, x_raw=layout[:, 0], y_raw=layout[:, 1])
    save_reducer(reducer, snakemake.output.reducer)
