# How far the map can be trusted, and whether a finished results folder is what it should be.


rule diagnostics:
    message:
        "Measuring how far the map can be trusted"
    input:
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
    output:
        neighbors=f"{RESULTS}/diagnostics/neighbors.json",
        summary=f"{RESULTS}/diagnostics/summary.json",
        tables=report(
            expand(f"{RESULTS}/diagnostics/{{table}}.csv", table=["neighbors", "questions", "regions", "layouts"]),
            caption="../report/tables.rst",
            category="Diagnostics",
        ),
        pictures=report(
            expand(f"{RESULTS}/diagnostics/{{picture}}.png", picture=["overlap", "distribution"]),
            caption="../report/pictures.rst",
            category="Diagnostics",
        ),
        vector_pictures=expand(f"{RESULTS}/diagnostics/{{picture}}.svg", picture=["overlap", "distribution"]),
        report=f"{RESULTS}/diagnostics/report.html",
    params:
        diagnostics=canonical(config["diagnostics"]),
    log:
        f"{RESULTS}/logs/diagnostics.log",
    benchmark:
        f"{RESULTS}/benchmarks/diagnostics.jsonl"
    threads: workflow.cores
    resources:
        mem_mb=growing(4000),
    conda:
        "../../envs/tables.yaml"
    script:
        "../scripts/diagnostics.py"


# Without an output, so it checks whenever it is asked to.
rule verify:
    message:
        "Checking the results against the criteria of success"
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
    params:
        results=RESULTS,
        questions=len(INPUTS.questions),
        target_overlap=config["diagnostics"]["target_overlap"],
        k=config["diagnostics"]["k"][0],
    log:
        f"{RESULTS}/logs/verify.log",
    benchmark:
        f"{RESULTS}/benchmarks/verify.jsonl"
    threads: 1
    retries: 0
    resources:
        mem_mb=growing(2000),
    conda:
        "../../envs/tables.yaml"
    script:
        "../scripts/verify.py"
