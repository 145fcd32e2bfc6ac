"""The lessons of ``pooltop demo lesson``: what is asked, what is done, and what it must come to.

Rules of this package: nothing here reads a clock, sends anything or draws. A lesson's claim is a
pure function of snapshots, and every number in its words was measured in the run that it is of.
"""
