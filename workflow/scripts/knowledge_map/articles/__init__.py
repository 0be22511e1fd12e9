"""From the files of a source to shards of articles.

records (what travels) → formats (a reader for each) → decompression, discovery (which files, and how they are opened) → reading
(rows to articles, and what became of each row) → sampling (no id twice; a reproducible part of a source) → shards.
"""
