# Articles are read from their sources and cut into shards, each named by its content. Datasets on the hub are fetched first.


# Where Snakemake runs, so that compute nodes need no internet.
rule fetch_dataset:
    output:
        record=f"{RESULTS}/fetched/datasets/{{source}}.json",
    log:
        f"{RESULTS}/logs/fetch_dataset/{{source}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch_dataset/{{source}}.jsonl"
    retries: 0  # the hub's library tries again by itself
    localrule: True
    conda:
        "../../envs/hub.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    params:
        dataset=dataset,
    message:
        "Fetching the dataset of the source {wildcards.source}"
    script:
        "../scripts/fetch_dataset.py"


checkpoint shard:
    input:
        files=source_files,
        fetched=fetched_datasets,
    output:
        manifest=MANIFEST,
    log:
        f"{RESULTS}/logs/shard.log",
    benchmark:
        f"{RESULTS}/benchmarks/shard.jsonl"
    retries: 0  # what is wrong with a source does not pass by itself
    conda:
        "../../envs/tables.yaml"
    threads: reading_threads
    resources:
        mem_mb=growing(2000),
    params:
        sources=canonical([Source.meaning(entry) for entry in config["articles"]]),
        shards=canonical(config["shards"]),
    message:
        "Reading the articles and cutting them into shards"
    script:
        "../scripts/shard.py"
