"""The cap on concurrent work."""

from __future__ import annotations

from pooltop.demo.gate import Gate


class Named:
    def __init__(self, name: str) -> None:
        self.name = name

    def work(self) -> None:
        """Never be called: the gate tells its caller, not the worker."""
        raise AssertionError


def test_without_a_limit_everybody_enters() -> None:
    gate = Gate(None)
    assert all(gate.enter(Named(str(number))) for number in range(100))
    assert (100, 0) == (gate.busy, gate.waiting)


def test_a_freed_place_goes_to_the_one_who_waits_longest() -> None:
    gate = Gate(1)
    first, second, third = (Named(name) for name in ("first", "second", "third"))
    assert [True, False, False] == [gate.enter(worker) for worker in (first, second, third)]
    assert [second, third, None] == [gate.leave(), gate.leave(), gate.leave()]
    assert (0, 0) == (gate.busy, gate.waiting)


def test_a_place_that_is_handed_on_stays_held() -> None:
    gate = Gate(1)
    gate.enter(Named("first"))
    gate.enter(Named("second"))
    gate.leave()
    assert (1, 0) == (gate.busy, gate.waiting)
    assert not gate.enter(Named("late"))


def test_who_withdraws_is_passed_over() -> None:
    gate = Gate(1)
    first, second, third = (Named(name) for name in ("first", "second", "third"))
    for worker in (first, second, third):
        gate.enter(worker)
    assert gate.withdraw(second)
    assert not gate.withdraw(second)
    assert third is gate.leave()
