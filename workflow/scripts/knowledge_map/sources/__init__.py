"""Where articles come from: files in several formats, read as a stream of rows, out of which come articles.

opening (files, compression) → one reader per format (json_lines, delimited, parquet, pickles, mediawiki) → articles (rows to
articles, and what became of each row) → sampling (no id twice; a reproducible part of a source).

A dump of MediaWiki takes more than reading: dumps (its XML) → wikitext (to plain text), ahead in several processes (ordering)
while threads decompress (bzip2).

A dataset on the hub is parquet files, once the module `hub` fetched them (fetched).

A reader is a function `read_rows(path)` that yields a `Row`, `Broken` or `LeftOut` after the other; `formats.READERS` lists them.
"""

from knowledge_map.sources.articles import read_articles
from knowledge_map.sources.fetched import rows_needed, where_they_lie
from knowledge_map.sources.opening import files_of
from knowledge_map.sources.records import Article, Source, Tally
from knowledge_map.sources.sampling import SeenIds

__all__ = ["Article", "SeenIds", "Source", "Tally", "files_of", "read_articles", "rows_needed", "where_they_lie"]
