"""What a real terminal and a real process add to the dashboard: keys in one write, and imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.pseudo_terminal import PseudoTerminal

ROOT = Path(__file__).parents[2]


def test_keys_of_one_write_are_acted_on_in_order() -> None:
    program = str(ROOT / "tests/support/scripted_dashboard.py")
    terminal = PseudoTerminal([sys.executable, program], size=(100, 30))
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
