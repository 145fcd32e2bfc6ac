"""Every diagnosis is raised by a live situation on loopback, and not by its healthy twin."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from support.advising import Situation, Watcher

from pooltop.advise.table import TABLE
from pooltop.core.advising import DIAGNOSES

_HERE = Path(__file__).parent / "situations"
SITUATIONS: list[Situation] = [
    one
    for path in sorted(_HERE.glob("*.py"))
    for one in importlib.import_module(f"advise.situations.{path.stem}").SITUATIONS
]
_EACH = pytest.mark.parametrize("one", SITUATIONS, ids=lambda one: one.id)


@_EACH
async def test_the_situation_raises_its_diagnosis(watcher: Watcher, one: Situation):
    watched = await watcher.until_raised(one)
    assert one.id in watched.ids
    card = next(card for card in watched.cards if card.id == one.id)
    assert card.finding.evidence
    if one.proposes is not None:
        option, than = one.proposes
        edit = card.finding.edit
        assert edit is not None
        assert option == edit.option
        if isinstance(than, bool | str) or than is None:
            assert than == edit.value
        else:
            assert than < edit.value


@_EACH
async def test_its_healthy_twin_does_not(watcher: Watcher, one: Situation):
    watched = await watcher.twin(one)
    assert watched.windows > one.diagnosis.windows
    assert one.id not in watched.ids


@pytest.mark.parametrize(
    "one",
    [each for each in SITUATIONS if each.proposes is not None and each.is_curable],
    ids=lambda one: one.id,
)
async def test_what_its_card_proposes_cures_it(watcher: Watcher, one: Situation):
    assert await watcher.cured(one)


def test_every_diagnosis_has_a_situation():
    elsewhere = {"A24"}  # test_ports.py: in a network of its own
    assert set(DIAGNOSES) - elsewhere == {one.id for one in SITUATIONS}
    assert DIAGNOSES == tuple(each.id for each in TABLE)
