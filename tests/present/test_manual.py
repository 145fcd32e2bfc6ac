"""The help page: everything that a screen shows is defined in it, and what is open comes first."""

from __future__ import annotations

import pytest

from pooltop.present import (
    columns,
    event_rows,
    inspect_host,
    inspect_request,
    inspect_socket,
    inspect_workload,
    query,
    request_columns,
    socket_columns,
    workload_rows,
)
from pooltop.present.key_line import HINTS, PageName
from pooltop.present.keys import KEYS, STANDARD, Keymap
from pooltop.present.line import text_of
from pooltop.present.manual import manual_lines, sections
from pooltop.present.marks import Mark
from pooltop.present.troubles import Trouble


def _entries(page: PageName = "Pools") -> set[tuple[str, str]]:
    return {entry for section in sections(STANDARD, page) for entry in section.entries}


def test_every_column_of_every_table_is_defined() -> None:
    told = _entries()
    for table in (
        columns.COLUMNS,
        socket_columns.COLUMNS,
        request_columns.QUEUE_COLUMNS,
        request_columns.RUNNING_COLUMNS,
        workload_rows.COLUMNS,
        event_rows.COLUMNS,
    ):
        assert set() == {(column.name, column.definition) for column in table} - told


def test_every_key_word_and_glyph_is_defined() -> None:
    told = _entries()
    texts = {text for _, text in told}
    assert set() == {key.help for key in KEYS} - texts
    assert set() == set(query.SYNTAX) - told
    for words in (inspect_host, inspect_socket, inspect_request, inspect_workload):
        assert set() == set(words.DEFINITIONS.items()) - told
    for each in (*Mark, *Trouble):
        assert (each.glyph, f"{each.word}: {each.meaning}") in told


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("Pools", "COLUMNS OF HOSTS"),
        ("Sockets", "COLUMNS OF SOCKETS"),
        ("Queue", "COLUMNS OF QUEUED REQUESTS"),
        ("Workloads", "COLUMNS OF WORKLOADS"),
        ("Events", "COLUMNS OF EVENTS"),
        ("Compare", "COLUMNS OF A COMPARISON"),
    ],
)
def test_help_begins_with_the_columns_of_the_page_that_was_open(page: PageName, title: str) -> None:
    assert title == sections(STANDARD, page)[0].title


def test_help_tells_the_same_on_every_page() -> None:
    titles = [{section.title for section in sections(STANDARD, page)} for page in HINTS]
    assert all(each == titles[0] for each in titles)
    assert len(titles[0]) == len(sections(STANDARD, "Pools"))


def test_help_has_the_keys_of_the_reader() -> None:
    keys = Keymap({"freeze": ("f",), "lock": ("ctrl+l",), "destroy": ()})
    text = "\n".join(text_of(line) for line in manual_lines(100, keys, "Pools"))
    assert "\n  f            hold all panes" in text
    assert "need UNLOCKED (^l)" in text
    assert "\n  - *          destroy the socket" in text


@pytest.mark.parametrize("width", [20, 36, 76, 116, 196])
def test_no_line_is_wider_than_its_pane(width: int) -> None:
    for line in manual_lines(width, STANDARD, "Queue")[1:]:
        assert len(text_of(line)) <= max(width, 46) + 4
