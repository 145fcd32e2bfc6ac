"""What to do about a pool: sizing, predictions and advice, each a pure function of snapshots.

Nothing in here reads a clock, a socket or a random number: time is ``Snapshot.at``, and chance is a
seed that the caller hands in. Whoever shows or applies advice stands above.
"""
