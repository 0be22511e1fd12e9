"""List the articles of the map as JSON."""

from knowledge_map.common.job import logging_to
from knowledge_map.map.articles_json import write_articles_json

with logging_to(snakemake.log[0], "articles_json"):
    write_articles_json(snakemake.input.knowledge_map, snakemake.output.articles)
