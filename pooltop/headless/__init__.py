"""The dashboard without a screen: lines or JSON while it runs, a summary at the end.

Imports no Textual, and sends no escape sequences: it is what pipes, logs and screen readers get.
"""

from pooltop.headless.replay import replay_headless
from pooltop.headless.runner import run_headless

__all__ = ["replay_headless", "run_headless"]
