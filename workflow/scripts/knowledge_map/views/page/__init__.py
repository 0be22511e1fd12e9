"""The interactive page: one HTML file that carries data, style and script."""
