"""The interactive page: one HTML file with data, style and script that asks the network for nothing.

columns and quiz_data (what the page carries) → build (all of it in one file). `static` has the page's own modules.
"""
