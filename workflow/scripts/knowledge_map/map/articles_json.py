"""The articles of the map as JSON, for programs that want a list and no vectors."""

import json
from pathlib import Path

from knowledge_map.common.files import atomic_write
from knowledge_map.common.items import PLACED, QUESTION
from knowledge_map.common.parquet import batches, open_parquet

COLUMNS = ["title", "url", "excerpt", "x", "y"]


def write_articles_json(knowledge_map: str | Path, output: str | Path) -> None:
    """Write title, url, excerpt, x and y of every article as a JSON list, an article a line, a batch at a time.

    One that was placed on the finished map has `"placed": true` as well.
    """
    first = True
    with open_parquet(knowledge_map) as file, atomic_write(output) as temporary, temporary.open("w", encoding="utf-8") as out:
        out.write("[")
        for batch in batches(file, ["kind", *COLUMNS], 10_000):
            for article in batch.to_pylist():
                if (kind := article.pop("kind")) != QUESTION:
                    article["x"], article["y"] = round(article["x"], 6), round(article["y"], 6)
                    if kind == PLACED:
                        article["placed"] = True
                    out.write("\n" if first else ",\n")
                    out.write(json.dumps(article, ensure_ascii=False))
                    first = False
        out.write("\n]\n")
