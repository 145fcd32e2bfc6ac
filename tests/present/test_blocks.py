"""Statements in a pane: whole or not at all, the least important first, and always within it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pooltop.present.blocks import Block, Part, as_text, lay_out, named, part, room_in, wrapped
from pooltop.present.clean import clean
from pooltop.present.line import text_of, width_of

WORDS = st.text(max_size=30).map(clean)
PARTS = st.builds(
    lambda texts, mode: Part(tuple((text, "text") for text in texts), mode),
    st.lists(WORDS, max_size=4),
    st.sampled_from(["flow", "row", "drawn"]),
)
BLOCKS = st.lists(
    st.builds(Block, st.sampled_from(["", "NOW", "IF IT ENDS"]), st.lists(PARTS, max_size=5)),
    max_size=5,
)


def texts(blocks, width: int, height: int) -> list[str]:
    return [text_of(line) for line in lay_out(blocks, width, height)]


@given(BLOCKS, st.integers(-1, 90), st.integers(-1, 30))
def test_whatever_is_said_fits_the_pane(blocks, width: int, height: int) -> None:
    lines = lay_out(blocks, width, height)
    assert len(lines) <= max(0, height)
    assert all(width_of(line) <= width for line in lines)
    assert all(text_of(line).isprintable() for line in lines)


@given(st.lists(WORDS.filter(bool), min_size=1, max_size=12), st.integers(1, 40))
def test_wrapping_loses_nothing_but_spaces(words: list[str], width: int) -> None:
    line = tuple((f"{word} ", "text") for word in words)
    wide = any(len(word) > width for word in words) and width < 2
    if not wide:
        joined = "".join(text_of(one) for one in wrapped(line, width))
        assert joined.replace(" ", "") == "".join(words).replace(" ", "")


def test_lines_break_between_words_and_names_stand_apart() -> None:
    sentence = part("no free socket under this key, ", ("4 in use", "strong"), " of maxSockets 4")
    assert ["WHY no free socket under", "  this key, 4 in use of", "  maxSockets 4"] == texts(
        [Block("WHY", [sentence])], 26, 9
    )
    assert [
        "WHY          no free socket under this key, 4 in use of",
        "             maxSockets 4",
    ] == texts([Block("WHY", [sentence])], 56, 9)


def test_a_word_that_is_wider_than_the_pane_goes_on_in_the_next_line() -> None:
    assert ["abcdef", "gh ij"] == [text_of(line) for line in wrapped((("abcdefgh ij", "text"),), 6)]
    assert ["\u2026", "\u2026"] == [text_of(one) for one in wrapped((("\u6f22\u5b57", "text"),), 1)]


def test_parts_share_a_line_as_long_as_there_is_room() -> None:
    block = Block("", [named("fd", "23"), named("age", "9m"), part("a row", mode="row"), part("b")])
    assert ["fd 23  age 9m", "a row  b"] == texts([block], 30, 9)


def test_every_first_statement_goes_before_any_second_one() -> None:
    blocks = [
        Block("A", [part("one", mode="row"), part("two", mode="row")], 1),
        Block("B", [part("three", mode="row"), part("four", mode="row")], 0),
    ]
    assert [
        [],
        ["B three"],
        ["A one", "B three"],
        ["A one", "B three", "  four"],
        ["A one", "  two", "B three", "  four"],
    ] == [texts(blocks, 20, height) for height in range(5)]


def test_a_statement_is_shown_whole_or_not_at_all() -> None:
    long = part("a sentence that takes two lines here")
    assert ["B short"] == texts([Block("A", [long], 0), Block("B", [part("short")], 1)], 24, 1)
    assert [] == texts([Block("A", [long, part("so")], 0)], 24, 1)


def test_a_drawing_has_a_line_of_its_own_and_is_not_copied() -> None:
    bar = Part((("##  ##", "text"),), "drawn")
    blocks = [Block("LIFE", [bar, named("q", "1s"), part("end", mode="row")])]
    assert ["LIFE", "  ##  ##", "  q 1s", "  end"] == texts(blocks, 20, 9)
    assert ["LIFE         ##  ##", "             q 1s"] == texts(blocks, 60, 2)
    assert "title\nLIFE         q 1s\n             end\n" == as_text("title", blocks)
    assert (18, 47) == (room_in(20), room_in(60))
