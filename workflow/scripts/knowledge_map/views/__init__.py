"""The map as people see it: a figure, and a page to explore. Both read the labels from their neutral table."""
