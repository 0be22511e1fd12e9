# The layout: UMAP places all items in the plane, or a former map does, and the refinement moves true neighbors together.


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


# Without UMAP, and without numba, whose code has to be compiled before the first map.
rule fit_pca:
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
    output:
        layout=f"{RESULTS}/pca.parquet",
        reducer=f"{RESULTS}/pca_reducer.pkl",
    log:
        f"{RESULTS}/logs/fit_pca.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_pca.jsonl"
    conda:
        "../../envs/layout.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
    message:
        "Finding the first two principal components"
    script:
        "../scripts/fit_pca.py"


REFINEMENT = config["refinement"]
if START and not config["layout"]["settle"]:
    REFINEMENT = REFINEMENT | {"enabled": False}

FIRST_LAYOUT = {"umap": rules.fit_umap, "pca": rules.fit_pca}[config["layout"]["method"]].output


rule refine_layout:
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        neighbors=when_sharded(rules.neighbor_graph.output.neighbors),
        layout=[] if START else FIRST_LAYOUT.layout,
        start=ancient(str(START)) if START else [],  # a map that is kept again makes nothing anew by itself
    output:
        layout=f"{RESULTS}/layout.parquet",
    log:
        f"{RESULTS}/logs/refine_layout.log",
    benchmark:
        f"{RESULTS}/benchmarks/refine_layout.jsonl"
    conda:
        "../../envs/layout.yaml"
    threads: refinement_threads
    resources:
        mem_mb=growing(6000),
    params:
        refinement=canonical(REFINEMENT),
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


# A finished map is kept as it is, to grow the next one from it. It asks for no input: that could be made anew first.
rule keep_layout:
    log:
        f"{RESULTS}/logs/keep_layout.log",
    retries: 0
    localrule: True  # shorter than the wait for a slot in a queue
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
    params:
        results=RESULTS,
        reducer=str(reducer_beside(START) if START else FIRST_LAYOUT.reducer),
    message:
        "Keeping the finished map and its reducer"
    script:
        "../scripts/keep_layout.py"
