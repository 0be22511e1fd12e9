# What is on the Hugging Face hub is fetched where Snakemake runs, so that compute nodes need no internet.


rule fetch_dataset:
    output:
        record=f"{RESULTS}/fetched/datasets/{{source}}.json",
    log:
        f"{RESULTS}/logs/fetch_dataset/{{source}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch_dataset/{{source}}.jsonl"
    retries: 0  # the hub's library tries again by itself
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


checkpoint fetch_model:
    output:
        record=f"{RESULTS}/fetched/model.json",
    log:
        f"{RESULTS}/logs/fetch_model.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch_model.jsonl"
    retries: 0  # the hub's library tries again by itself
    conda:
        "../../envs/hub.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    params:
        model=canonical({"model": config["embedding"]["model"], "revision": config["embedding"]["revision"]}),
    message:
        "Fetching the embedding model"
    script:
        "../scripts/fetch_model.py"
