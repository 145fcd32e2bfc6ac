"""Nothing that is shown can command a terminal, hide or reorder."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size

from pooltop.present.clean import LONGEST, cells, clean, clip, clip_start


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain.host:80", "plain.host:80"),
        ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x00\x7f", "\\x00\\x7f"),
        ("\u202eevil", "\\u202eevil"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("line\u2028sep\u2029", "line\\u2028sep\\u2029"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("lone \udc80", "lone \\udc80"),
        ("emoji\ufe0f", "emoji\\ufe0f"),
        ("\U000e0001tag", "\\U000e0001tag"),
        ("[/][@click=app.quit]x[/]", "[/][@click=app.quit]x[/]"),
        ("\u00a0", "\\xa0"),
        ("e\u0301\u0301\u0301", "e\u0301\u0301\\u0301"),
        ("\u0301", "\\u0301"),
        ("\u3164", "\\u3164"),
        ("\u2630", "\\u2630"),
        ("k\u0940", "k\\u0940"),
    ],
)
def test_what_is_not_plainly_visible_becomes_a_visible_escape(raw: str, shown: str) -> None:
    assert shown == clean(raw)


@given(
    st.text(st.characters(), max_size=40)
    | st.binary(max_size=20).map(lambda b: b.decode("utf-8", "surrogateescape"))
)
def test_no_control_format_or_separator_survives(raw: str) -> None:
    for char in clean(raw):
        assert char == " " or unicodedata.category(char) not in {
            "Cc",
            "Cf",
            "Cs",
            "Co",
            "Cn",
            "Zl",
            "Zp",
            "Zs",
        }


def test_what_is_shown_is_as_wide_as_the_layout_of_the_screen_takes_it_to_be() -> None:
    unlike = [
        hex(code)
        for code in range(0x110000)
        if chr(code).isprintable()
        and cells(shown := clean(f"a{chr(code)}")) != sum(map(get_character_cell_size, shown))
    ]
    assert [] == unlike


@given(st.text(max_size=30), st.integers(0, 20))
def test_clipped_text_never_takes_more_cells_than_asked(raw: str, width: int) -> None:
    assert cells(clean(raw, width)) <= width


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd\u2026"),
        ("abcdef", 1, "\u2026"),
        ("abcdef", 0, ""),
        ("\u6f22\u5b57\u6f22", 4, "\u6f22\u2026"),
        ("\u6f22\u5b57", 4, "\u6f22\u5b57"),
    ],
)
def test_clipping_counts_cells_and_says_that_it_cut(text: str, width: int, expected: str) -> None:
    assert expected == clip(text, width)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "\u2026cd"),
        ("abcd", 1, "\u2026"),
        ("abcd", 0, ""),
        ("\u65e5\u672c\u8a9e", 4, "\u2026\u8a9e"),
        ("ae\u0301bc", 3, "\u2026bc"),
    ],
)
def test_of_a_text_cut_at_its_start_the_end_stays(text: str, width: int, expected: str) -> None:
    assert expected == clip_start(text, width)


def test_a_huge_text_is_cut_before_it_is_looked_at() -> None:
    assert LONGEST + 1 == len(clean("\u00e9" * 10_000_000))
