"""Snapshots made readable: columns, cells, units and sentences, shared by all front ends.

Pure: no clock, no terminal, no asyncio. Sees only ``pooltop.core``. What comes out is plain
text with named inks (``line.Line``), so that it can be tested as text and painted by anyone.
"""
