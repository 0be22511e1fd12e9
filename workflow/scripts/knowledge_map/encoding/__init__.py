"""From texts to unit vectors, in three parts: tokenizing (ahead of the device), batching (by tokens), and the forward pass."""

from knowledge_map.encoding.encoder import Encoder

__all__ = ["Encoder"]
