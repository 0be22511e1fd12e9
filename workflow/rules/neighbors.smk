# The neighbor graph: the nearest items of every item by cosine, a block of rows a job.


rule neighbor_index:
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
    output:
        index=f"{RESULTS}/neighbors/index.faiss",
        recall=f"{RESULTS}/neighbors/recall.json",
    log:
        f"{RESULTS}/logs/neighbor_index.log",
    benchmark:
        f"{RESULTS}/benchmarks/neighbor_index.jsonl"
    conda:
        "../../envs/neighbors.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
    params:
        index=canonical({name: config["neighbors"][name] for name in ("k", "recall", "seed")}),
    message:
        "Building the approximate index of all embeddings"
    script:
        "../scripts/neighbor_index.py"


rule neighbor_block:
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        index=index_if_used,
    output:
        neighbors=temp(f"{RESULTS}/neighbors/{{block}}-of-{{blocks}}.parquet"),
    log:
        f"{RESULTS}/logs/neighbor_block/{{block}}-of-{{blocks}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/neighbor_block/{{block}}-of-{{blocks}}.jsonl"
    conda:
        "../../envs/neighbors.yaml"
    threads: neighbor_threads
    resources:
        mem_mb=growing(4000),
        device=config["embedding"]["device"],
        gpu=GPUS,
    params:
        neighbors=neighbor_settings,
    message:
        "Finding the nearest neighbors, block {wildcards.block} of {wildcards.blocks}"
    script:
        "../scripts/neighbor_block.py"


rule neighbor_graph:
    input:
        blocks=neighbor_blocks,
    output:
        neighbors=f"{RESULTS}/neighbors.parquet",
    log:
        f"{RESULTS}/logs/neighbor_graph.log",
    benchmark:
        f"{RESULTS}/benchmarks/neighbor_graph.jsonl"
    localrule: True  # shorter than the wait for a slot in a queue
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    message:
        "Gathering the neighbor graph"
    script:
        "../scripts/neighbor_graph.py"
