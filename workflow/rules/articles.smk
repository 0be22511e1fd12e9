# Articles are read from their sources and cut into shards, each named by its content.


checkpoint shard:
    input:
        files=source_files,
        fetched=fetched_datasets,
    output:
        manifest=f"{RESULTS}/shards/manifest.json",
    log:
        f"{RESULTS}/logs/shard.log",
    benchmark:
        f"{RESULTS}/benchmarks/shard.jsonl"
    retries: 0  # what is wrong with a source does not pass by itself
    conda:
        "../../envs/tables.yaml"
    threads: config["threads"]
    resources:
        mem_mb=growing(2000),
    params:
        # Of a dataset on the hub the record tells, which is an input.
        sources=canonical(
            [
                {key: value for key, value in source.items() if key != "huggingface"}
                for source in config["articles"]
            ]
        ),
        shards=canonical(config["shards"]),
    message:
        "Reading the articles and cutting them into shards"
    script:
        "../scripts/shard.py"
