"""Labels of the map: every cell of a few grids, coarse to fine, is named after articles near it; no language model is asked.

grid (cells, and where they lie) → titles (which titles can name a place, how they are shown, what words many of them share) →
choice (which name goes to which cell) → cells (all of it, level by level) → tables (how labels are written and shown).
"""

from knowledge_map.labels.cells import LabelSettings, knn_labels
from knowledge_map.labels.tables import SCHEMA, atlas_labels, shown_labels, write_labels

__all__ = ["SCHEMA", "LabelSettings", "atlas_labels", "knn_labels", "shown_labels", "write_labels"]
