# Every shard is embedded by a job of its own; questions and shards are merged into the embedding table.


# Where Snakemake runs, so that compute nodes need no internet.
checkpoint fetch_model:
    output:
        record=f"{RESULTS}/fetched/model.json",
    log:
        f"{RESULTS}/logs/fetch_model.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch_model.jsonl"
    retries: 0  # the hub's library tries again by itself
    localrule: True
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


rule embed_shard:
    input:
        # Ancient, because the name tells the content: a shard written again is the same shard.
        shard=ancient(f"{RESULTS}/shards/{{shard}}.parquet"),
    output:
        embeddings=f"{RESULTS}/embeddings/{{model}}/{{shard}}.parquet",
    log:
        f"{RESULTS}/logs/embed_shard/{{model}}/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/embed_shard/{{model}}/{{shard}}.jsonl"
    conda:
        "../../envs/embedding.yaml"
    threads: embedding_threads
    resources:
        mem_mb=growing(config["embedding"]["mem_mb"]),
        device=config["embedding"]["device"],
        gpu=GPUS,
        batch_tokens=config["embedding"]["batch_tokens"],
        endpoint=ENDPOINT,
        encoder_dir=ENCODER_DIR,
        block_size=block_size(config),
        device_memory=str(config["embedding"]["device_memory"]),  # Snakemake has no fractions
    params:
        model=canonical(vars(INPUTS.article_model)),
        partial=f"{RESULTS}/.partial/{{model}}/{{shard}}",
    message:
        "Embedding shard {wildcards.shard}"
    script:
        "../scripts/embed_shard.py"


rule embed_questions:
    input:
        question_files,
    output:
        embeddings=f"{RESULTS}/embeddings/{QUESTION_MODEL}/questions.parquet",
    log:
        f"{RESULTS}/logs/embed_questions.log",
    benchmark:
        f"{RESULTS}/benchmarks/embed_questions.jsonl"
    conda:
        "../../envs/embedding.yaml"
    threads: question_threads
    resources:
        mem_mb=growing(config["embedding"]["mem_mb"]),
        device=config["embedding"]["device"],
        gpu=GPUS,
        batch_tokens=config["embedding"]["batch_tokens"],
        endpoint=ENDPOINT,
        encoder_dir=ENCODER_DIR,
    params:
        model=canonical(vars(INPUTS.question_model)),
    message:
        "Embedding the questions"
    script:
        "../scripts/embed_questions.py"


rule merge_embeddings:
    input:
        shards=embedded_shards,
        questions=rules.embed_questions.output.embeddings,
    output:
        embeddings=f"{RESULTS}/embeddings.parquet",
    log:
        f"{RESULTS}/logs/merge_embeddings.log",
    benchmark:
        f"{RESULTS}/benchmarks/merge_embeddings.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    params:
        **table_settings(),
    message:
        "Merging the embedded shards and questions into one table"
    script:
        "../scripts/merge_embeddings.py"
