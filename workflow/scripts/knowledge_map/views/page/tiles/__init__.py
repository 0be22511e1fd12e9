"""The page of tiles: a folder for any static web server, whose page fetches what is in view.

quadtree (which articles stand in which tile), titles (the search index), parts (files named by their content) → write (all of
it in one folder).
"""

from knowledge_map.views.page.tiles.write import LABEL_COLUMNS, TILED_COLUMNS, write_tiles

__all__ = ["LABEL_COLUMNS", "TILED_COLUMNS", "write_tiles"]
