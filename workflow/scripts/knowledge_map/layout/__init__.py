"""Positions of all items in the plane.

umap (the first layout) → refinement (t-SNE steps over the nearest articles) → placement (questions among their articles). table
(layouts on disk, and the unit square) is used by all and imports none of them, so that reading a layout compiles nothing.
"""
