# New items are placed on the finished map by their nearest articles; nothing is fitted again. With `append` the map is written once more
# with them, beside the finished one, which stays as it is and so makes nothing of it anew.

APPENDED = f"{RESULTS}/appended"


rule place_items:
    input:
        new=new_items,
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
    output:
        projection=f"{RESULTS}/projection.parquet",
    log:
        f"{RESULTS}/logs/place_items.log",
    benchmark:
        f"{RESULTS}/benchmarks/place_items.jsonl"
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
        "../scripts/place_items.py"


rule append_articles:
    input:
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        projection=rules.place_items.output.projection,
    output:
        knowledge_map=f"{APPENDED}/knowledge_map.parquet",
        embeddings=f"{APPENDED}/embeddings.parquet",
    log:
        f"{RESULTS}/logs/append_articles.log",
    benchmark:
        f"{RESULTS}/benchmarks/append_articles.jsonl"
    localrule: True  # shorter than the wait for a slot in a queue
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    message:
        "Writing the tables of the map with the placed articles"
    script:
        "../scripts/append_articles.py"


rule append_labels:
    input:
        labels=when_sharded(rules.knn_labels.output.table),
        projection=rules.place_items.output.projection,
    output:
        table=f"{APPENDED}/labels.parquet",
        json=f"{APPENDED}/labels.json",
        atlas=f"{APPENDED}/map_labels.parquet",
    log:
        f"{RESULTS}/logs/append_labels.log",
    benchmark:
        f"{RESULTS}/benchmarks/append_labels.jsonl"
    localrule: True  # shorter than the wait for a slot in a queue
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    message:
        "Counting the placed articles among those of each cell"
    script:
        "../scripts/append_labels.py"


use rule articles_json as append_articles_json with:
    input:
        knowledge_map=rules.append_articles.output.knowledge_map,
    output:
        articles=f"{APPENDED}/articles.json",
    log:
        f"{RESULTS}/logs/append_articles_json.log",
    benchmark:
        f"{RESULTS}/benchmarks/append_articles_json.jsonl"


use rule map_pickle as append_pickle with:
    input:
        shards=ancient(shards_and_placed),
        questions=rules.embed_questions.output.embeddings,
        embeddings=rules.append_articles.output.embeddings,
        reducer=(ancient(str(reducer_beside(START))) if START else when_sharded(FIRST_LAYOUT.reducer)),
        knowledge_map=rules.append_articles.output.knowledge_map,
    output:
        pickle=f"{APPENDED}/knowledge_map.pkl",
    log:
        f"{RESULTS}/logs/append_pickle.log",
    benchmark:
        f"{RESULTS}/benchmarks/append_pickle.jsonl"
    message:
        "Writing the map with the placed articles as a pickle"


use rule map_page as append_page with:
    input:
        questions=question_files,
        domains=domain_file,
        knowledge_map=rules.append_articles.output.knowledge_map,
        labels=rules.append_labels.output.table,
    output:
        page=f"{APPENDED}/knowledge_map.html",
    log:
        f"{RESULTS}/logs/append_page.log",
    benchmark:
        f"{RESULTS}/benchmarks/append_page.jsonl"
    message:
        "Writing the map with the placed articles as a page"


use rule page_tiles as append_page_tiles with:
    input:
        questions=question_files,
        domains=domain_file,
        knowledge_map=rules.append_articles.output.knowledge_map,
        labels=rules.append_labels.output.table,
    output:
        page=f"{APPENDED}/page/index.html",
    log:
        f"{RESULTS}/logs/append_page_tiles.log",
    benchmark:
        f"{RESULTS}/benchmarks/append_page_tiles.jsonl"
    message:
        "Writing the map with the placed articles as a page of tiles"


rule project:
    input:
        rules.place_items.output,
        appended_map if config["projection"]["append"] else [],
    localrule: True
    message:
        "New items are placed"
