"""The map as people see it: a figure, a page to explore, and domains for a page of others.

All of them read the labels from their neutral table.
"""
