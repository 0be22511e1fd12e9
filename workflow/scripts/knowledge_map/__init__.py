"""The knowledge map: pure functions and small classes behind the rules, in the order of the data.

sources → shards → model → embedding → table → neighbors → umap_layout → refinement → the map and what is asked of it.
Nothing in here knows of Snakemake; the scripts beside this package hand it paths and settings.
"""
