"""The lessons, one module each; ``catalogue`` has their order."""
