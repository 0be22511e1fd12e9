# Every shard is embedded by a job of its own; questions and shards are merged into the embedding table.


rule embed_shard:
    message:
        "Embedding shard {wildcards.shard}"
    input:
        # Ancient, because the name tells the content: a shard written again is the same shard.
        shard=ancient(f"{RESULTS}/shards/{{shard}}.parquet"),
    output:
        embeddings=f"{RESULTS}/embeddings/{{model}}/{{shard}}.parquet",
    params:
        model=canonical(vars(INPUTS.article_model)),
        partial=f"{RESULTS}/.partial/{{model}}/{{shard}}",
    log:
        f"{RESULTS}/logs/embed_shard/{{model}}/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/embed_shard/{{model}}/{{shard}}.jsonl"
    threads: config["embedding"]["threads"]
    resources:
        mem_mb=growing(config["embedding"]["mem_mb"]),
        device=config["embedding"]["device"],
        batch_size=config["embedding"]["batch_size"],
    conda:
        "../../envs/embedding.yaml"
    script:
        "../scripts/embed_shard.py"


rule embed_questions:
    message:
        "Embedding the questions"
    input:
        question_files,
    output:
        embeddings=f"{RESULTS}/embeddings/{QUESTION_MODEL}/questions.parquet",
    params:
        model=canonical(vars(INPUTS.question_model)),
    log:
        f"{RESULTS}/logs/embed_questions.log",
    benchmark:
        f"{RESULTS}/benchmarks/embed_questions.jsonl"
    threads: config["embedding"]["threads"]
    resources:
        mem_mb=growing(config["embedding"]["mem_mb"]),
        device=config["embedding"]["device"],
        batch_size=config["embedding"]["batch_size"],
    conda:
        "../../envs/embedding.yaml"
    script:
        "../scripts/embed_questions.py"


rule merge_embeddings:
    message:
        "Merging the embedded shards and questions into one table"
    input:
        shards=embedded_shards,
        questions=rules.embed_questions.output.embeddings,
    output:
        embeddings=f"{RESULTS}/embeddings.parquet",
    log:
        f"{RESULTS}/logs/merge_embeddings.log",
    benchmark:
        f"{RESULTS}/benchmarks/merge_embeddings.jsonl"
    threads: 1
    resources:
        mem_mb=growing(2000),
    conda:
        "../../envs/tables.yaml"
    script:
        "../scripts/merge_embeddings.py"
