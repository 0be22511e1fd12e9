"""Labels of the map: every cell of a few grids, coarse to fine, is named after what lies in it; no language model is asked.

words (of the articles' openings) → stopwords, inflection (which only join others, which are forms of one) → terms (what may
name a place: words, titles, tags) → corpus, fit, subjects (how well each of them fits a cell) → choice (the best for each cell)
→ areas (cells and levels agree) → cells (all of it, for each grid) → table (how labels are written, and what pictures show of
them). titles: which titles can name a place; nearest: which articles lie around a cell; grid: where cells lie.
"""

from knowledge_map.labels.cells import LabelSettings, knn_labels
from knowledge_map.labels.table import SCHEMA, atlas_labels, shown_labels, write_labels

__all__ = ["SCHEMA", "LabelSettings", "atlas_labels", "knn_labels", "shown_labels", "write_labels"]
