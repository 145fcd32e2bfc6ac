"""What a real terminal and a real process add to the dashboard: keys in one write, and imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.pseudo_terminal import PseudoTerminal

ROOT = Path(__file__).parents[2]
SCRIPT = """
import asyncio, sys
sys.path[:0] = {paths!r}
from scripted_source import ScriptedSource, demo_agents
from pooltop.ui import run_dashboard

class Live(ScriptedSource):
    async def start(self, on_update, on_end):
        await super().start(on_update, on_end)
        self.task = asyncio.create_task(self.go())

    async def go(self):
        while True:
            self.step(0.1)
            await asyncio.sleep(0.05)

    async def close(self):
        self.task.cancel()

sys.exit(run_dashboard(Live(demo_agents())))
"""


def test_keys_of_one_write_are_acted_on_in_order() -> None:
    code = SCRIPT.format(paths=[str(ROOT), str(ROOT / "tests" / "ui")])
    terminal = PseudoTerminal([sys.executable, "-c", code], size=(100, 30))
    try:
        terminal.wait_for("starved")
        terminal.type("e40\r")
        terminal.wait_for("raised, 0 dialled")
        terminal.type("qq")  # the edit is not saved, which is asked about
        assert 0 == terminal.end()
    finally:
        terminal.close()


def test_importing_everything_else_does_not_import_textual() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import pkgutil, importlib, pooltop.present as p\n"
        "[importlib.import_module('pooltop.present.' + m.name) for m in pkgutil.iter_modules(p.__path__)]\n"
        "assert not {'textual', 'rich', 'asyncio'} & set(sys.modules), 'a front end leaked in'\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT)], check=False, timeout=30)
    assert 0 == done.returncode
