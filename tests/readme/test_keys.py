"""The README's keys are those of the table: ``pooltop keys`` prints what stands there."""

from __future__ import annotations

import re
from pathlib import Path

from pooltop.keyfile import keys_as_toml
from pooltop.present.keys import STANDARD

README = Path(__file__).parents[2] / "README.md"


def test_the_keys_of_the_readme_are_what_pooltop_keys_prints() -> None:
    text = README.read_text(encoding="utf-8")
    printed = re.findall(r"^## Keys\n.*?^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert [keys_as_toml(STANDARD)] == printed
