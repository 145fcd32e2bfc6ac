"""Does the advisor keep quiet when all is well? Exit status 1, and the card, if it does not.

    PYTHONPATH=.:tests python tests/bench/quiet_run.py [--minutes 10] [--window 30]

Twelve pools of every kind, plain and over TLS, under some ten requests a second each:
``support.quiet`` has the profile. Every card is a false alarm.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from support.quiet import told, watch_quietly


def main() -> int:
    """Run it; give the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--window", type=float, default=30.0, help="seconds")
    asked = options.parse_args()
    quiet = asyncio.run(watch_quietly(asked.minutes * 60, asked.window))
    for card in quiet.cards:
        print(told(card))
    print(
        f"{len(quiet.cards)} false alarms in {asked.minutes:g} min: {quiet.hosts} hosts, "
        f"{quiet.windows} windows of {asked.window:g} s each, {quiet.served} responses"
    )
    return 1 if quiet.cards or not quiet.windows else 0


if __name__ == "__main__":
    sys.exit(main())
