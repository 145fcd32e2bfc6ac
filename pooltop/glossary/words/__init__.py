"""The terms themselves, a file for each sort."""
