"""Since when something holds, and what is one episode."""

from __future__ import annotations

import math

from pooltop.present.spells import Spell, Spells


def noted(*holding: tuple[float, str]) -> Spells[str]:
    spells: Spells[str] = Spells()
    for at, kinds in holding:
        spells.note(at, tuple(kinds))
    return spells


def test_a_spell_lasts_from_its_first_moment_to_the_first_without_it() -> None:
    spells = noted((0, ""), (1, "a"), (2, "ab"), (3, "b"))
    assert Spell(1, 3, 1) == spells.at("a", 2.9)
    assert [None, None] == [spells.at("a", 0.9), spells.at("a", 3.0)]
    assert [("b", Spell(2, math.inf, 2))] == spells.holding(9.0)


def test_what_comes_back_soon_is_the_same_episode_but_a_new_spell() -> None:
    spells = noted((0, "a"), (2, ""), (6, "a"), (7, ""), (20, "a"))
    assert Spell(6, 7, 0) == spells.at("a", 6.5)
    assert Spell(20, math.inf, 20) == spells.at("a", 20.0)
    assert [Spell(0, 7, 0), Spell(20, math.inf, 20)] == spells.episodes("a", 0.0, 30.0)


def test_what_ended_lately_can_be_asked_for_with_what_holds() -> None:
    spells = noted((0, "a"), (2, ""), (20, "b"))
    assert [] == spells.holding(4.9)
    assert [("a", Spell(0, 2, 0))] == spells.holding(6.9, lately_s=5.0)
    assert [] == spells.holding(7.0, lately_s=5.0)


def test_an_episode_is_told_as_it_was_known_at_its_instant() -> None:
    spells = noted((0, "a"), (2, ""), (6, "a"), (7, ""))
    assert [Spell(0, math.inf, 0)] == spells.episodes("a", 0.0, 1.0)
    assert [Spell(0, 2, 0)] == spells.episodes("a", 0.0, 3.0)
    assert [] == spells.episodes("a", 8.0, 9.0)


def test_what_ended_long_ago_is_forgotten_and_what_holds_keeps_its_beginning() -> None:
    spells = noted((0, "ab"), (1, "b"), (50, "ab"), (60, "b"))
    spells.forget_before(55.0)
    assert None is spells.at("a", 0.5)
    assert Spell(50, 60, 50) == spells.at("a", 55.0)
    assert Spell(0, math.inf, 0) == spells.at("b", 99.0)
    spells.forget_before(70.0)
    assert ["b"] == list(spells.kinds())
    spells.note(71.0, ("a", "b"))
    assert Spell(71, math.inf, 71) == spells.at("a", 71.0)
