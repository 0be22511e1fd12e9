# The layout: UMAP places all items in the plane, and the refinement moves true neighbors together.


rule fit_umap:
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        neighbors=rules.neighbor_graph.output.neighbors,
    output:
        layout=f"{RESULTS}/umap.parquet",
        reducer=f"{RESULTS}/umap_reducer.pkl",
    log:
        f"{RESULTS}/logs/fit_umap.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_umap.jsonl"
    conda:
        "../../envs/layout.yaml"
    # A seeded fit computes on one core; the search index beside it takes what there is.
    threads: threads_for_articles
    resources:
        mem_mb=growing(8000),
    params:
        umap=umap_settings,
    message:
        "Fitting UMAP on the neighbor graph"
    script:
        "../scripts/fit_umap.py"


rule refine_layout:
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        neighbors=when_sharded(rules.neighbor_graph.output.neighbors),
        layout=rules.fit_umap.output.layout,
    output:
        layout=f"{RESULTS}/layout.parquet",
    log:
        f"{RESULTS}/logs/refine_layout.log",
    benchmark:
        f"{RESULTS}/benchmarks/refine_layout.jsonl"
    conda:
        "../../envs/layout.yaml"
    threads: threads_for_articles
    resources:
        mem_mb=growing(6000),
    params:
        refinement=canonical(config["refinement"]),
    message:
        "Refining the layout"
    script:
        "../scripts/refine_layout.py"


# What the map would be if questions weighed no more than articles: the diagnostics show it beside the map.
use rule refine_layout as refine_uniform_weight with:
    output:
        layout=f"{RESULTS}/uniform_weight.parquet",
    log:
        f"{RESULTS}/logs/refine_uniform_weight.log",
    benchmark:
        f"{RESULTS}/benchmarks/refine_uniform_weight.jsonl"
    params:
        refinement=canonical(config["refinement"] | {"question_weight": 1}),
    message:
        "Refining the layout with questions that weigh no more than articles"
