"""Panes: each paints the lines that it is handed; none knows a source or computes a number."""
