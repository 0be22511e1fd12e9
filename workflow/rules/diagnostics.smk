# How far the map can be trusted, and whether a finished results folder is what it should be.


rule diagnostics:
    input:
        questions=rules.embed_questions.output.embeddings,
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
        unweighted=unweighted_layout,
        projection=projected_questions,
    output:
        neighbors=f"{RESULTS}/diagnostics/neighbors.json",
        summary=f"{RESULTS}/diagnostics/summary.json",
        tables=report(
            expand(
                f"{RESULTS}/diagnostics/{{table}}.csv",
                table=["criteria", "layouts", "neighbors", "questions", "regions", "weight"],
            ),
            caption="../report/tables.rst",
            category="Diagnostics",
        ),
        overlap=report(
            f"{RESULTS}/diagnostics/overlap.png",
            caption="../report/overlap.rst",
            category="Diagnostics",
        ),
        recall=report(
            f"{RESULTS}/diagnostics/recall.png",
            caption="../report/recall.rst",
            category="Diagnostics",
        ),
        evenness=report(
            f"{RESULTS}/diagnostics/evenness.png",
            caption="../report/evenness.rst",
            category="Diagnostics",
        ),
        weight=report(
            f"{RESULTS}/diagnostics/weight.png",
            caption="../report/weight.rst",
            category="Diagnostics",
        ),
        vector_pictures=expand(
            f"{RESULTS}/diagnostics/{{picture}}.svg", picture=["overlap", "recall", "evenness", "weight"]
        ),
        report=f"{RESULTS}/diagnostics/report.html",
    log:
        f"{RESULTS}/logs/diagnostics.log",
    benchmark:
        f"{RESULTS}/benchmarks/diagnostics.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: config["threads"]
    resources:
        mem_mb=growing(4000),
    params:
        diagnostics=canonical(config["diagnostics"]),
    message:
        "Measuring how far the map can be trusted"
    script:
        "../scripts/diagnostics.py"


# Without an output (nor a benchmark, which is one), so it checks whenever it is asked to.
rule verify:
    input:
        manifest=when_sharded(f"{RESULTS}/shards/manifest.json"),
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        neighbors=when_sharded(rules.neighbor_graph.output.neighbors),
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
        pickle=when_sharded(rules.map_pickle.output.pickle),
        pictures=rules.map_picture.output,
        page=rules.map_page.output.page,
        articles=rules.articles_json.output.articles,
        labels=rules.knn_labels.output,
        summary=rules.diagnostics.output.summary,
    log:
        f"{RESULTS}/logs/verify.log",
    retries: 0
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
