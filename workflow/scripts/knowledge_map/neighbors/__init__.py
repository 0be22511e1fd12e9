"""The neighbor graph: for every item its nearest items by cosine in embedding space.

exact (every item against all) and approximate (by an index) → graph (blocks on disk, and the whole graph).
"""
