"""List the articles of the map as JSON."""

from knowledge_map.articles_json import write_articles_json
from knowledge_map.job import logging_to

with logging_to(snakemake.log[0], "articles_json"):
    write_articles_json(snakemake.input.knowledge_map, snakemake.output.articles)
