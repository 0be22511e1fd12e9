# How far the map can be trusted.


rule diagnostics:
    input:
        questions=rules.embed_questions.output.embeddings,
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
        uniform_weight=uniform_weight_layout,
        projection=projected_questions,
    output:
        neighbors=f"{RESULTS}/diagnostics/neighbors.json",
        summary=f"{RESULTS}/diagnostics/summary.json",
        tables=report(
            expand(
                f"{RESULTS}/diagnostics/{{table}}.csv",
                table=["criteria", "layouts", "neighbors", "questions", "regions", "question_weight"],
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
        coverage=report(
            f"{RESULTS}/diagnostics/coverage.png",
            caption="../report/coverage.rst",
            category="Diagnostics",
        ),
        question_weight=report(
            f"{RESULTS}/diagnostics/question_weight.png",
            caption="../report/question_weight.rst",
            category="Diagnostics",
        ),
        vector_pictures=expand(
            f"{RESULTS}/diagnostics/{{picture}}.svg",
            picture=["overlap", "recall", "coverage", "question_weight"],
        ),
        report=f"{RESULTS}/diagnostics/report.html",
    log:
        f"{RESULTS}/logs/diagnostics.log",
    benchmark:
        f"{RESULTS}/benchmarks/diagnostics.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: threads_for_articles
    resources:
        mem_mb=growing(4000),
    params:
        diagnostics=canonical(config["diagnostics"]),
    message:
        "Measuring how far the map can be trusted"
    script:
        "../scripts/diagnostics.py"


# What makes questions easy to guess, or hard to place on the map; nothing is changed.
rule question_audit:
    input:
        questions=audited_questions,
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
    output:
        audit=f"{RESULTS}/question_audit/audit.json",
        tables=expand(f"{RESULTS}/question_audit/{{table}}.csv", table=["findings", "questions"]),
        report=f"{RESULTS}/question_audit/report.html",
    log:
        f"{RESULTS}/logs/question_audit.log",
    benchmark:
        f"{RESULTS}/benchmarks/question_audit.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: threads_for_articles
    resources:
        mem_mb=growing(2000),
    params:
        audit=canonical(config["audit"]),
    message:
        "Auditing the questions"
    script:
        "../scripts/question_audit.py"


# Of a map that has grown from a former one.
if START:

    rule moved:
        input:
            knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
            start=ancient(str(START)),
        output:
            table=f"{RESULTS}/diagnostics/moved.csv",
            pictures=expand(f"{RESULTS}/diagnostics/moved.{{kind}}", kind=["png", "svg"]),
        log:
            f"{RESULTS}/logs/moved.log",
        benchmark:
            f"{RESULTS}/benchmarks/moved.jsonl"
        localrule: True  # shorter than the wait for a slot in a queue
        conda:
            "../../envs/tables.yaml"
        threads: 1
        resources:
            mem_mb=growing(1000),
        message:
            "Showing what moved since the former map"
        script:
            "../scripts/moved.py"
