# The domains of the questions as JSON, for a page that loads a domain at a time.


rule domain_bundle:
    input:
        questions=bundled_questions,
        domains=domain_file,
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
        embeddings=when_sharded(rules.merge_embeddings.output.embeddings),
        labels=rules.knn_labels.output.table,
    output:
        folder=directory(f"{RESULTS}/domains"),
    log:
        f"{RESULTS}/logs/domain_bundle.log",
    benchmark:
        f"{RESULTS}/benchmarks/domain_bundle.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    params:
        bundle=canonical(config["bundle"]),
        region_padding=config["map"]["region_padding"],
    message:
        "Writing the domains of the map as JSON"
    script:
        "../scripts/domain_bundle.py"
