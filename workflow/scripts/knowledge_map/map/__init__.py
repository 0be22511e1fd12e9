"""The knowledge map: every item with its position, excerpt and neighbors, and the forms in which other programs read it.

region (boxes on the map), table (what the map is) → trust (how far each item's surroundings can be trusted) → join (makes it) →
pickle_export, articles_json, projection (new items on the finished map).
"""

from knowledge_map.map.region import Region
from knowledge_map.map.table import KnowledgeMap

__all__ = ["KnowledgeMap", "Region"]
