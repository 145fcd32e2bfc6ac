"""Where snapshots come from: engines in this process, in a child, in a file."""
