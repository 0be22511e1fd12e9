"""Labels of the map: every cell of a few grids, coarse to fine, is named after articles near it; no language model is asked.

grid (cells, and where they lie) → titles (which titles can name an area, how they are shown, what words many of them share) →
candidates (names that a cell may have) → assignment (which name goes to which cell) → cells (all of it, level by level) → table
(how labels are written, and what pictures show of them).
"""

from knowledge_map.labels.cells import LabelSettings, knn_labels
from knowledge_map.labels.table import SCHEMA, atlas_labels, shown_labels, write_labels

__all__ = ["SCHEMA", "LabelSettings", "atlas_labels", "knn_labels", "shown_labels", "write_labels"]
