"""Numbers in few characters."""

from __future__ import annotations

import math

import pytest

from pooltop.present import units


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (math.nan, "-"),
        (math.inf, "inf"),
        (0.0, "0"),
        (0.00001, "0"),
        (0.00085, "850us"),
        (0.0013, "1.3ms"),
        (0.036, "36ms"),
        (0.9994, "999ms"),
        (1.3, "1.3s"),
        (9.94, "9.9s"),
        (11, "11s"),
        (125, "2m05"),
        (3600 * 3 + 420, "3h07"),
    ],
)
def test_a_duration_is_readable_in_six_cells(seconds: float | None, text: str) -> None:
    assert text == units.duration(seconds)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "-"),
        (math.inf, "-"),
        (0, "0"),
        (212, "212"),
        (9999, "9999"),
        (12_400, "12.4k"),
        (999_600, "1.0M"),
        (3_100_000, "3.1M"),
        (5e12, "5e+12"),
    ],
)
def test_a_count_is_readable_in_five_cells(number: float | None, text: str) -> None:
    assert text == units.count(number)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (None, "-"),
        (0.0, "0"),
        (1.0, "100%"),
        (0.97, "97%"),
        (0.012, "1.2%"),
        (0.9999, "99%"),
        (0.0001, "<.1%"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(fraction: float | None, text: str) -> None:
    assert text == units.share(fraction)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (0.01, "<.1"), (0.4, "0.4"), (21.8, "22"), (161.2, "161")],
)
def test_a_rate_has_a_decimal_only_below_ten(value: float | None, text: str) -> None:
    assert text == units.rate(value)


def test_a_change_has_its_sign() -> None:
    assert ("+8.0/s", "-0.4/s") == (units.signed(8), units.signed(-0.4))


@pytest.mark.parametrize(("seconds", "text"), [(10, "10s"), (60, "1m"), (600, "10m"), (90, "90s")])
def test_a_window_is_named_shortly(seconds: float, text: str) -> None:
    assert text == units.window(seconds)


def test_a_wall_time_that_is_none_is_no_crash() -> None:
    assert "--:--:--" == units.clock(1e30)
