"""Check the results against the criteria of success, and fail where one is not met."""

import sys
from pathlib import Path

from knowledge_map.articles.shards import read_manifest
from knowledge_map.common.job import logging_to
from knowledge_map.common.progress import log
from knowledge_map.run.verification import as_table, verify

with logging_to(snakemake.log[0], "verify"):
    results = Path(snakemake.input.knowledge_map).parent
    criteria = verify(
        results,
        read_manifest(snakemake.input.manifest)["articles"],
        snakemake.params.questions,
        snakemake.params.target_overlap,
        snakemake.params.k,
        with_pickle=bool(snakemake.input.pickle),
        with_appended=bool(snakemake.input.appended),
        page=str(Path(snakemake.input.page).relative_to(results)),
    )
    log.info("the criteria of success\n" + as_table(criteria))
    if not all(criterion.passed for criterion in criteria):
        sys.exit(1)
