"""Positions of all items in the plane.

fit (in which way) → umap (the first layout) → refinement (t-SNE steps over the nearest articles), with a deformation (the order
at large) on the way → placement (everything among its nearest articles). table (layouts on disk, and the unit square) is used by
all and imports none of them, so that reading a layout compiles nothing.
"""
