"""Items: articles and questions, and the columns that every table has of them."""

import pyarrow as pa

ARTICLE, QUESTION = "article", "question"
"""The two kinds of item that a map is made of."""

PLACED = "placed"
"""The kind of an article that was placed on a finished map: it had no part in the layout."""

ARTICLE_COLUMNS = ("item_id", "source", "title", "url")
"""What a shard tells of an article besides its text."""

ITEM_FIELDS = (
    pa.field("row", pa.int32()),
    pa.field("item_id", pa.string()),
    pa.field("kind", pa.string()),
    pa.field("source", pa.string()),
    pa.field("title", pa.string()),
    pa.field("url", pa.string()),
)
"""The columns with which the embedding table and the knowledge map begin."""

ITEM_COLUMNS = tuple(field.name for field in ITEM_FIELDS)

LONGEST_ID = 500
"""Most characters of an id, without the name of its source."""
