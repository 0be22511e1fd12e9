# The map as people see it: a figure and an interactive page, both with the labels.


# What the page carries. A setting of null is left out, so that pages made before there was this setting stay valid; which of the two
# rules makes the page changes neither.
PAGE_SETTINGS = canonical(
    {name: value for name, value in config["page"].items() if name != "form" and value is not None}
)


rule map_picture:
    input:
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
        labels=rules.knn_labels.output.table,
    output:
        report(
            f"{RESULTS}/knowledge_map.png",
            caption="../report/knowledge_map.rst",
            category="Knowledge map",
        ),
        f"{RESULTS}/knowledge_map.svg",
    log:
        f"{RESULTS}/logs/map_picture.log",
    benchmark:
        f"{RESULTS}/benchmarks/map_picture.jsonl"
    localrule: True  # shorter than the wait for a slot in a queue
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    params:
        title=canonical(config["map"]["title"]),
        region_padding=config["map"]["region_padding"],
    message:
        "Drawing the map"
    script:
        "../scripts/map_picture.py"


rule map_page:
    input:
        questions=question_files,
        domains=domain_file,
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
        labels=rules.knn_labels.output.table,
    output:
        page=f"{RESULTS}/knowledge_map.html",
    log:
        f"{RESULTS}/logs/map_page.log",
    benchmark:
        f"{RESULTS}/benchmarks/map_page.jsonl"
    localrule: True  # shorter than the wait for a slot in a queue
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
    params:
        form="file",
        title=canonical(config["map"]["title"]),
        region_padding=config["map"]["region_padding"],
        quiz=canonical(config["quiz"]),
        page=PAGE_SETTINGS,
    message:
        "Writing the map as a page"
    script:
        "../scripts/map_page.py"


rule page_tiles:
    input:
        questions=question_files,
        domains=domain_file,
        knowledge_map=when_sharded(rules.knowledge_map.output.knowledge_map),
        labels=rules.knn_labels.output.table,
    output:
        # Beside it lies data/, whose files are named by their content: those that are there stay, whatever made them.
        page=f"{RESULTS}/page/index.html",
    log:
        f"{RESULTS}/logs/page_tiles.log",
    benchmark:
        f"{RESULTS}/benchmarks/page_tiles.jsonl"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=growing(4500),
    params:
        form="tiles",
        title=canonical(config["map"]["title"]),
        region_padding=config["map"]["region_padding"],
        quiz=canonical(config["quiz"]),
        page=PAGE_SETTINGS,
    message:
        "Writing the map as a page of tiles"
    script:
        "../scripts/map_page.py"
