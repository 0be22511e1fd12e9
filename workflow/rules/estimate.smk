# What a run will take, before it takes it.


# Without an output, so it measures whenever it is asked to.
rule estimate:
    input:
        manifest=when_sharded(MANIFEST),
    log:
        f"{RESULTS}/logs/estimate.log",
    retries: 0
    localrule: True  # it is this machine that is asked about
    conda:
        "../../envs/embedding.yaml"
    threads: embedding_threads
    resources:
        mem_mb=growing(config["embedding"]["mem_mb"]),
        device=config["embedding"]["device"],
        gpu=GPUS,
        batch_tokens=config["embedding"]["batch_tokens"],
        endpoint=ENDPOINT,
    params:
        model=canonical(vars(INPUTS.article_model)),
        cores=lambda wildcards: workflow.resource_settings.cores or 1,
        ways=ways,
    message:
        "Estimating what the run will take on this machine"
    script:
        "../scripts/estimate.py"
