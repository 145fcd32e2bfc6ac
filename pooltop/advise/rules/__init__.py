"""The rules of the diagnoses, by subject; each is ``rule(view) -> Finding | None``.

Rules of this package: a rule looks at one view and keeps nothing; its numbers are constants with
names; cheap conditions come before histograms; and what proposes to raise a limit of sockets asks
``pace.is_slowing`` first.
"""
