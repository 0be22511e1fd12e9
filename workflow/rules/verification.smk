# Whether a finished results folder is what it should be.


# Without an output (nor a benchmark, which is one), so it checks whenever it is asked to.
rule verify:
    input:
        manifest=when_sharded(MANIFEST),
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        neighbors=when_sharded(rules.neighbor_graph.output.neighbors),
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
        pickle=pickle_if_wanted,
        pictures=rules.map_picture.output,
        page=wanted_page,
        articles=rules.articles_json.output.articles,
        labels=rules.knn_labels.output,
        summary=rules.diagnostics.output.summary,
        appended=appended_map if config["projection"]["append"] else [],
    log:
        f"{RESULTS}/logs/verify.log",
    retries: 0
    localrule: True  # shorter than the wait for a slot in a queue
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    params:
        questions=len(INPUTS.questions),
        target_overlap=config["diagnostics"]["target_overlap"],
        k=config["diagnostics"]["k"][0],
    message:
        "Checking the results against the criteria of success"
    script:
        "../scripts/verify.py"
