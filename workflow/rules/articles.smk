# Articles are read from their sources and cut into shards, each named by its content.


checkpoint shard:
    message:
        "Reading the articles and cutting them into shards"
    input:
        source_files,
    output:
        manifest=f"{RESULTS}/shards/manifest.json",
    params:
        sources=canonical(config["articles"]),
        shards=canonical(config["shards"]),
        folder=f"{RESULTS}/shards",
    log:
        f"{RESULTS}/logs/shard.log",
    benchmark:
        f"{RESULTS}/benchmarks/shard.jsonl"
    threads: 1
    retries: 0 # what is wrong with a source does not pass by itself
    resources:
        mem_mb=growing(2000),
    conda:
        "../../envs/tables.yaml"
    script:
        "../scripts/shard.py"
