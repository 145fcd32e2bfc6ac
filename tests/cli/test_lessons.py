"""pooltop demo lessons and demo lesson: what they print, write and refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from pooltop import cli
from pooltop.lessons.catalogue import LESSONS

PLAY = ("demo", "lesson", "connection-close", "--headless")


def test_the_lessons_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(["demo", "lessons"])

    out, err = capfd.readouterr()
    assert [lesson.name for lesson in LESSONS] == [line.split()[1] for line in out.splitlines()]
    assert "" == err


@pytest.mark.parametrize("word", ["99", "reus"])
def test_a_lesson_that_is_none_is_refused(word: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert 2 == cli.main(["demo", "lesson", word, "--headless"])

    assert (
        "",
        f"pooltop: there is no lesson {word}: 1 to {len(LESSONS)}, or a name; "
        "pooltop demo lessons lists them\n",
    ) == tuple(capfd.readouterr())


def test_a_setting_that_cannot_be_is_told_and_nothing_is_sent(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert 2 == cli.main([*PLAY, "--set", "agents.api.max_socket=1"])

    out, err = capfd.readouterr()
    assert "" == out
    assert "max_sockets" in err


def test_a_lesson_is_printed_with_what_was_measured_and_drawn_for_paper(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "handouts"

    assert 0 == cli.main([*PLAY, "--handout", str(folder)])

    out, err = capfd.readouterr()
    assert "LESSON 16  Connection: close, and who decides" in out
    assert "  predict  keepAlive: true in the agent" in out
    assert "  measured sockets opened " in out
    assert "LESSON 16 held: 1 of 1 claims" in out
    assert "" == err
    assert ["lesson-16-connection-close-step-1.svg"] == [each.name for each in folder.iterdir()]


def test_with_its_cause_taken_away_the_status_says_that_a_claim_did_not_hold(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert 1 == cli.main([*PLAY, "--set", "demo.api.keep_alive=true"])

    out, _ = capfd.readouterr()
    assert "  NOT HELD " in out
    assert "LESSON 16 DID NOT HOLD: 0 of 1 claims" in out


def test_a_handout_that_is_there_is_refused_before_anything_is_sent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "lesson-16-connection-close-step-1.svg"
    there.write_text("mine")

    assert 2 == cli.main([*PLAY, "--handout", str(tmp_path)])

    assert (
        "",
        f"pooltop: {there} is there already: name another folder\n",
    ) == tuple(capfd.readouterr())
