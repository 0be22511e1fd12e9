# Labels of the plane: every cell of a few grids is named after what its articles have in common.


rule knn_labels:
    input:
        shards=ancient(shards),
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
    output:
        table=f"{RESULTS}/labels.parquet",
        json=f"{RESULTS}/labels.json",
        atlas=f"{RESULTS}/map_labels.parquet",
    log:
        f"{RESULTS}/logs/knn_labels.log",
    benchmark:
        f"{RESULTS}/benchmarks/knn_labels.jsonl"
    priority: 1  # page and picture wait for it
    conda:
        "../../envs/tables.yaml"
    # Its products are small: threads would wait for each other longer than they work.
    threads: 1
    resources:
        mem_mb=growing(4000),
    params:
        labels=canonical(config["labels"]),
        region_padding=config["map"]["region_padding"],
    message:
        "Labelling the cells of the map by what lies in them"
    script:
        "../scripts/knn_labels.py"
