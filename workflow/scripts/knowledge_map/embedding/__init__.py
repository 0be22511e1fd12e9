"""From texts to the embedding table.

model (what decides a vector) → encoders (from texts to vectors) → blocks (progress that survives) → embed (shards and questions)
→ table (all items with their vectors).
"""

from knowledge_map.embedding.model import EmbeddingModel
from knowledge_map.embedding.table import EmbeddingTable

__all__ = ["EmbeddingModel", "EmbeddingTable"]
