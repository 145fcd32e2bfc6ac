"""``--save-tuned``: what was tuned, written at the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from pooltop import cli
from pooltop.at_end import SaveTuned
from pooltop.cli.args import ArgumentError, parse
from pooltop.core.edits import Edit
from pooltop.present.history import History
from pooltop.profiles import load
from pooltop.profiles.saving import Saving
from pooltop.sources.base import Update
from pooltop.sources.local import LocalSource

PROFILE = """\
[demo.here]
[agents.a]
keep_alive = true
max_sockets = 4
[workloads.w]
agent = "a"
base_url = "demo:here"
model = "closed"
max_requests = 20
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "p.toml"
    found.write_text(PROFILE)
    return found


def test_a_run_in_which_nothing_was_tuned_writes_nothing_and_says_so(
    path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "t.toml"
    words = ["--profile", str(path), "--headless", "--interval", "100ms"]

    assert 0 == cli.main([*words, "--save-tuned", str(file)])

    assert f"{file} is not written: nothing that stays was tuned\n" in capfd.readouterr().err
    assert not file.exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [("p.toml", "is there already: give another name"), ("no/t.toml", "its folder is not there")],
)
def test_where_it_could_not_write_nothing_is_sent(
    path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, why: str
) -> None:
    words = ["--profile", str(path), "--headless", "--save-tuned", str(tmp_path / name)]
    assert 2 == cli.main(words)
    out, err = capfd.readouterr()
    assert ("", True) == (out, why in err)
    assert PROFILE == path.read_text()


@pytest.mark.parametrize("command", [["replay", "x"], ["list"], ["--profile", "x", "--detach"]])
def test_it_is_of_what_shows_a_run(command: list[str]) -> None:
    with pytest.raises(ArgumentError, match="--save-tuned"):
        parse([*command, "--save-tuned", "t.toml"])


async def test_what_an_engine_was_tuned_to_is_what_the_file_gives(
    path: Path, tmp_path: Path
) -> None:
    path.write_text(PROFILE.replace("demo:here", "http://127.0.0.1:9").replace("[demo.here]\n", ""))
    loaded = load(path)
    updates: list[Update] = []
    source = LocalSource(replace(loaded.profile, workloads=()), interval_s=0.1)
    await source.start(updates.append, lambda _: None)
    try:
        outcome = await source.submit(Edit(id=1, agent="a", option="max_sockets", value=9))
        assert outcome.accepted
    finally:
        await source.close()
    file = tmp_path / "t.toml"
    at_end = SaveTuned(Saving("", path=str(path), loaded=loaded), str(file))
    at_end(updates[-1].snapshot, History())
    assert (False, 9) == (at_end.failed, load(file).profile.agents[0].options.max_sockets)
    assert "(edit 1)" in file.read_text()
    assert (
        "\n  agents.a.max_sockets  4 -> 9"
        == at_end.told[-len("\n  agents.a.max_sockets  4 -> 9") :]
    )
