# The neighbor graph: the nearest items of every item by cosine, a block of rows a job.


rule neighbor_index:
    message:
        "Building the approximate index of all embeddings"
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
    output:
        index=f"{RESULTS}/neighbors/index.faiss",
    params:
        seed=config["neighbors"]["seed"],
    log:
        f"{RESULTS}/logs/neighbor_index.log",
    benchmark:
        f"{RESULTS}/benchmarks/neighbor_index.jsonl"
    threads: workflow.cores
    resources:
        mem_mb=growing(16000),
    conda:
        "../../envs/neighbors.yaml"
    script:
        "../scripts/neighbor_index.py"


rule neighbor_block:
    message:
        "Finding the nearest neighbors, block {wildcards.block} of {wildcards.blocks}"
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        index=rules.neighbor_index.output.index if config["neighbors"]["method"] == "faiss" else [],
    output:
        neighbors=temp(f"{RESULTS}/neighbors/{{block}}-of-{{blocks}}.parquet"),
    params:
        neighbors=canonical({name: config["neighbors"][name] for name in ("k", "method", "nprobe")}),
    log:
        f"{RESULTS}/logs/neighbor_block/{{block}}-of-{{blocks}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/neighbor_block/{{block}}-of-{{blocks}}.jsonl"
    threads: workflow.cores
    resources:
        mem_mb=growing(4000),
        device=config["embedding"]["device"],
    conda:
        "../../envs/neighbors.yaml"
    script:
        "../scripts/neighbor_block.py"


rule neighbor_graph:
    message:
        "Gathering the neighbor graph"
    input:
        blocks=neighbor_blocks,
    output:
        neighbors=f"{RESULTS}/neighbors.parquet",
    log:
        f"{RESULTS}/logs/neighbor_graph.log",
    benchmark:
        f"{RESULTS}/benchmarks/neighbor_graph.jsonl"
    threads: 1
    resources:
        mem_mb=growing(2000),
    conda:
        "../../envs/tables.yaml"
    script:
        "../scripts/neighbor_graph.py"
