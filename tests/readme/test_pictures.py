"""The README shows pictures that are there, and no picture tells of the machine it was made on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PICTURES = sorted((ROOT / "screenshots").glob("*.svg"))


def test_every_picture_of_the_readme_is_there() -> None:
    named = re.findall(r"\((screenshots/[^)]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert [] == [name for name in named if not (ROOT / name).exists()]


def test_every_page_is_there_at_every_size_in_every_look() -> None:
    wanted = {
        f"{page}-{size}-{look}"
        for page in ("pools", "sockets", "queue", "workloads", "events")
        for size in ("80x24", "120x40", "200x60")
        for look in ("dark", "light", "no-color")
    }
    assert set() == wanted - {path.stem for path in PICTURES}


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_names_no_folder_of_a_machine_and_loads_nothing(path: Path) -> None:
    svg = path.read_text("utf-8")
    assert [] == re.findall(r"/(?:tmp|home|root|work|Users)/[^<\s]*|\burl\(\"?http[^)]*", svg)
