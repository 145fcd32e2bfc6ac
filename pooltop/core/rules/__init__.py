"""The pool's rules: each module has one idea of Node's http.Agent, as functions over its ledger.

Every function is given the ledger first (it is called ``pool``), reads and changes it, and appends
to its commands and events. Those with keyword-only ``now`` are inputs: pool.py makes them methods
of ``PoolCore``. The others are asked by rules that stand higher. Imports run one way, from the
inputs down: serving, release, removal, admission, drain, opening, uncounted, assignment, closing.
"""
