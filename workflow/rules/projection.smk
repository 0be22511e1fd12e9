# New items are placed on the finished map by their nearest articles; nothing is fitted again.


rule project:
    input:
        new=new_items,
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
    output:
        projection=f"{RESULTS}/projection.parquet",
    log:
        f"{RESULTS}/logs/project.log",
    benchmark:
        f"{RESULTS}/benchmarks/project.jsonl"
    conda:
        "../../envs/embedding.yaml"
    threads: config["threads"] if config["embedding"]["threads"] == "auto" else config["embedding"]["threads"]
    resources:
        mem_mb=growing(config["embedding"]["mem_mb"]),
        device=config["embedding"]["device"],
        gpu=GPUS,
        batch_tokens=config["embedding"]["batch_tokens"],
        endpoint=ENDPOINT,
        encoder_dir=ENCODER_DIR,
    params:
        projection=canonical(projection_settings(config)),
        model=canonical(
            vars(
                INPUTS.article_model if config["projection"]["kind"] == "articles" else INPUTS.question_model
            )
        ),
        max_characters=config["shards"]["max_characters"],
    message:
        "Placing new items on the map"
    script:
        "../scripts/project.py"
