"""A term is found by whatever way people write it, and one that is none is told apart."""

from __future__ import annotations

import json

import pytest

from pooltop import cli
from pooltop.cli.of_terms import book
from pooltop.glossary import Book, Shelf, Term
from pooltop.glossary.page import listing, page
from pooltop.glossary.term import sentence
from pooltop.present.keys import STANDARD
from pooltop.present.manual import sections

SMALL = Book(
    [
        Shelf("Options", "option", (Term("maxSockets", "sockets at most", also=("most",)),)),
        Shelf("Codes", "code", (Term("HPE_*", "no HTTP"), Term("ECONNRESET", "it ended"))),
        Shelf("Reasons", "reason", (Term("maxSockets", "there were too many"),)),
    ]
)


@pytest.mark.parametrize(
    "word", ["maxSockets", "max_sockets", "MAX SOCKETS", "max-sockets", "most"]
)
def test_a_name_is_found_however_its_words_are_joined(word: str) -> None:
    assert "sockets at most" == SMALL.find(word)[0].term.means


def test_all_that_a_word_means_is_told_in_the_order_of_the_shelves() -> None:
    assert ["option", "reason"] == [found.shelf.one for found in SMALL.find("maxsockets")]
    text = page(SMALL.find("maxSockets"), 40)
    assert (
        "maxSockets                        option\n"
        "\n"
        "  Sockets at most.\n"
        "\n"
        "  also      most\n"
        "\n"
        "maxSockets                        reason\n"
        "\n"
        "  There were too many.\n" == text
    )


def test_a_family_of_codes_is_found_by_its_beginning_alone() -> None:
    assert ["HPE_*"] == [found.term.name for found in SMALL.find("HPE_INVALID_METHOD")]
    assert () == SMALL.find("xHPE_INVALID_METHOD")


@pytest.mark.parametrize("word", ["", " ", "\x1b[31m", "x" * 100_000, "zzz", "*"])
def test_what_is_no_term_is_none_and_no_trouble(word: str) -> None:
    assert () == SMALL.find(word)
    assert () == SMALL.near(word)


def test_a_slip_is_told_what_was_meant() -> None:
    assert ("maxSockets",) == SMALL.near("maxSokets")
    assert ("ECONNRESET",) == SMALL.near("conn_reset")


def test_a_phrase_becomes_a_sentence_unless_a_name_begins_it() -> None:
    assert "It closes." == sentence("it closes")
    assert "maxSockets was met." == sentence("maxSockets was met.")


def test_the_list_has_every_term_once_and_breaks_none() -> None:
    text = listing(SMALL.shelves, 40)
    assert "OPTIONS\n  maxSockets\n\nCODES\n  HPE_*, ECONNRESET\n\nREASONS\n  maxSockets\n" == text


def test_no_line_is_longer_than_the_screen() -> None:
    every = book()
    for shelf in every.shelves:
        for found in shelf.found():
            lines = page([found]).splitlines()
            # A name or an address cannot be broken.
            assert [] == [line for line in lines if len(line) > 80 and " " in line.strip()]


def test_explain_says_it_on_one_screen(capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(["explain", "keepAliveMsecs"])
    out = capfd.readouterr().out
    assert "delay of the first tcp keep-alive probe" in out.lower()
    assert out.splitlines()[0].split()[0] == "keepAliveMsecs"


def test_explain_without_a_term_lists_them_in_groups(capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(["explain"])
    out = capfd.readouterr().out
    for part in (
        "WHY A REQUEST WAITS",
        "ERROR CODES OF UNDICI",
        "COLUMNS OF HOSTS",
        "WAIT95",
        "saturated",
    ):
        assert part in out


def test_explain_takes_a_term_of_several_words(capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(["explain", "stale", "reuse"])
    assert "kept-alive socket was closed" in capfd.readouterr().out


def test_explain_of_no_term_says_what_was_meant(capfd: pytest.CaptureFixture[str]) -> None:
    assert 2 == cli.main(["explain", "maxSokets"])
    out, err = capfd.readouterr()
    beginning = 'pooltop: there is no term "maxSokets". Did you mean "maxSockets"'
    assert ("", beginning) == (out, err[: len(beginning)])
    assert 2 == cli.main(["explain", "\x1b]0;owned\x07"])
    assert "\x1b" not in capfd.readouterr().err


def test_explain_as_json_has_all_of_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(["explain", "maxFreeSockets", "--json"])
    first = json.loads(capfd.readouterr().out)[0]
    assert ("maxFreeSockets", "option of http.Agent", "256") == (
        first["term"],
        first["sort"],
        first["default"],
    )
    assert 0 == cli.main(["explain", "--json"])
    assert len(json.loads(capfd.readouterr().out)) > 400


def test_the_help_page_has_the_words_of_the_glossary() -> None:
    told = {entry for section in sections(STANDARD, "Pools") for entry in section.entries}
    texts = {text for _, text in told}
    every = book()
    for name in ("NODE", "DRAIN", "streams (peer's)", "waits for ALPN"):
        assert any((name, found.term.means) in told for found in every.find(name))
    for name in ("keepAlive", "maxFreeSockets", "pipelining"):
        assert any(text.startswith(f"{every.find(name)[0].term.means}: ") for text in texts)
