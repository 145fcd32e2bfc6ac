"""Bytes in, response events out: HTTP/1.1 codecs without I/O, behind one interface."""
