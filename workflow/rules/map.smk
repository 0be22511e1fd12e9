# The knowledge map: the table, and the forms in which other programs read it.


rule knowledge_map:
    input:
        shards=ancient(shards),
        questions=rules.embed_questions.output.embeddings,
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        neighbors=when_sharded(rules.neighbor_graph.output.neighbors),
        layout=when_sharded(rules.refine_layout.output.layout),
        carried=ancient(carried_table),  # its name tells its content, as that of a shard
        start=ancient(str(START)) if START else [],
    output:
        knowledge_map=f"{RESULTS}/knowledge_map.parquet",
    log:
        f"{RESULTS}/logs/knowledge_map.log",
    benchmark:
        f"{RESULTS}/benchmarks/knowledge_map.jsonl"
    localrule: True  # shorter than the wait for a slot in a queue
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    params:
        columns="trust, stretch",  # so that maps made before there were any are made anew
    message:
        "Joining items, layout and neighbors into the knowledge map"
    script:
        "../scripts/knowledge_map_table.py"


rule map_pickle:
    input:
        shards=ancient(shards),
        questions=rules.embed_questions.output.embeddings,
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        reducer=(ancient(str(reducer_beside(START))) if START else when_sharded(FIRST_LAYOUT.reducer)),
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
    output:
        pickle=f"{RESULTS}/knowledge_map.pkl",
    log:
        f"{RESULTS}/logs/map_pickle.log",
    benchmark:
        f"{RESULTS}/benchmarks/map_pickle.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    params:
        **({"grown": True} if START else {}),  # nothing where it is not, as before there was the choice
        umap=umap_settings,
        region_padding=config["map"]["region_padding"],
    message:
        "Writing the knowledge map as a pickle"
    script:
        "../scripts/map_pickle.py"


rule articles_json:
    input:
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
    output:
        articles=f"{RESULTS}/articles.json",
    log:
        f"{RESULTS}/logs/articles_json.log",
    benchmark:
        f"{RESULTS}/benchmarks/articles_json.jsonl"
    localrule: True  # shorter than the wait for a slot in a queue
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
    message:
        "Listing the articles of the map as JSON"
    script:
        "../scripts/articles_json.py"
