# The layout: UMAP places all items in the plane, and the refinement moves true neighbors together.


rule fit_umap:
    message:
        "Fitting UMAP on the neighbor graph"
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        neighbors=rules.neighbor_graph.output.neighbors,
    output:
        layout=f"{RESULTS}/umap.parquet",
        reducer=f"{RESULTS}/umap_reducer.pkl",
    params:
        umap=canonical(config["umap"]),
    log:
        f"{RESULTS}/logs/fit_umap.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_umap.jsonl"
    # A seeded fit computes on one core; the search index beside it takes what there is.
    threads: workflow.cores
    resources:
        mem_mb=growing(8000),
    conda:
        "../../envs/layout.yaml"
    script:
        "../scripts/fit_umap.py"


rule refine_layout:
    message:
        "Refining the layout"
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        neighbors=when_sharded(rules.neighbor_graph.output.neighbors),
        layout=rules.fit_umap.output.layout,
    output:
        layout=f"{RESULTS}/layout.parquet",
    params:
        refinement=canonical(config["refinement"]),
    log:
        f"{RESULTS}/logs/refine_layout.log",
    benchmark:
        f"{RESULTS}/benchmarks/refine_layout.jsonl"
    threads: workflow.cores
    resources:
        mem_mb=growing(6000),
    conda:
        "../../envs/layout.yaml"
    script:
        "../scripts/refine_layout.py"
