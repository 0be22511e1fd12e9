"""The neighbor graph: for every item its nearest items by cosine in embedding space.

distances (of pairs) → tiles (of products, on any device) → exact (every item against all) and approximate (by an index) →
graph (blocks on disk, and the whole graph).
"""
