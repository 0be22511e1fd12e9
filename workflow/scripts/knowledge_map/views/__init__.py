"""The pictures of a map: the figure and the interactive page."""
