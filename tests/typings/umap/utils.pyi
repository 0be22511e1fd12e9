"""Read by the type checker in place of the library, which takes half of its time and has few types."""

from typing import Any

def __getattr__(name: str) -> Any: ...
