"""The reader's file of keys: what it may say, and in which words it is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from pooltop import cli
from pooltop.cli import terminal
from pooltop.keyfile import keys_as_toml, load_keys, read_keys, usual_path
from pooltop.present.keys import KEYS, STANDARD, Keymap
from pooltop.profiles import ProfileErrors


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    """Write a file of keys and give its path."""

    def to(text: str) -> str:
        path = tmp_path / "keys.toml"
        path.write_text(text)
        return str(path)

    return to


def _all(keys: Keymap) -> dict[str, tuple[str, ...]]:
    return {key.id: keys.names(key.id) for key in KEYS}


def test_what_is_named_has_its_keys_and_all_else_those_of_the_table() -> None:
    keys = read_keys('[keys]\nfreeze = "f"\nedit = ["E", "spc"]\ndestroy = []\n')
    assert _all(STANDARD) | {"freeze": ("f",), "edit": ("E", "space"), "destroy": ()} == _all(keys)


def test_two_may_change_their_keys_with_each_other() -> None:
    keys = read_keys('[keys]\nsort = "x"\nexport = "s"\n')
    assert (("x",), ("s",)) == (keys.names("sort"), keys.names("export"))


def test_the_printed_table_is_a_file_of_the_same_keys() -> None:
    mine = read_keys('[keys]\nfreeze = ["f", "\\\\"]\ndestroy = []\nopen = "ä"\n')
    for keys in (STANDARD, mine):
        assert _all(keys) == _all(read_keys(keys_as_toml(keys)))
    settable = {key.id for key in KEYS if not key.is_fixed}
    assert settable == set(tomllib.loads(keys_as_toml(STANDARD))["keys"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            '[keys]\nfreez = "f"\n',
            'k.toml:2:1 error P010 keys.freez: unknown key. Did you mean "freeze"?',
        ),
        ("[key]\n", 'k.toml:1:1 error P010 key: unknown key. Did you mean "keys"?'),
        ("keys = 3\n", "P011 keys = 3: expected a table of keys by what they do, got a whole"),
        ("[keys]\nsort = 3\n", "k.toml:2:8 error P011 keys.sort = 3: expected a key or an array"),
        ("[keys]\nsort = [true]\n", "P011 keys.sort[0] = true: expected a key, got a boolean."),
        (
            '[keys]\nsort = ["o", "spacee"]\n',
            'k.toml:2:14 error P072 keys.sort[1] = "spacee": no key that a terminal sends. '
            'Did you mean "space"?',
        ),
        ('[keys]\nsort = "ctrl+m"\n', 'P072 keys.sort = "ctrl+m": a terminal sends enter for it.'),
        ('[keys]\nsort = "x"\n', 'P073 keys.sort = "x": x is the key of export: give that another'),
        (
            '[keys]\nsort = "o"\nfreeze = "o"\n',
            'k.toml:3:10 error P073 keys.freeze = "o": o is given to sort as well (line 2).',
        ),
        ('[keys]\nsort = "^c"\n', "^c is the key of interrupt, which stays."),
        ('[keys]\nsort = ["o", "o"]\n', 'P073 keys.sort[1] = "o": stands twice.'),
        ("[keys]\nstop = []\n", "P071 keys.stop: must keep a key: stop everything at once"),
        ("[keys]\nquit = []\n", "P071 keys.quit: must keep a key"),
        ('[keys]\ninterrupt = "o"\n', "P070 keys.interrupt: ^c stays"),
        ('[keys]\nstop_anywhere = "o"\n', 'P072 keys.stop_anywhere = "o": must be one that types'),
        (
            f"[keys]\nsort = {list('abcdefghi')}\n".replace("'", '"'),
            "P007 keys.sort: more than 8 keys.",
        ),
        ("[keys\n", "k.toml:1:6 error P004"),
        ('[keys]\nsort = "\\u001b[31m"\n', 'keys.sort = "\\u001B[31m"'),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(ProfileErrors) as caught:
        read_keys(text, "k.toml")
    assert says in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(ProfileErrors) as caught:
        read_keys('[keys]\nsort = "ctrl+m"\nstop = []\nquitt = "o"\n')
    assert ["P072", "P071", "P010"] == [problem.code for problem in caught.value.problems]


def test_the_usual_file_is_taken_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert _all(STANDARD) == _all(load_keys())
    (tmp_path / "pooltop").mkdir()
    (tmp_path / "pooltop" / "keys.toml").write_text('[keys]\nsort = "o"\n')
    assert ("o",) == load_keys().names("sort")


def test_a_relative_config_home_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    for value in ("", "conf"):
        monkeypatch.setenv("XDG_CONFIG_HOME", value)
        assert "/home/somebody/.config/pooltop/keys.toml" == usual_path()


def test_pooltop_keys_prints_the_keys_of_a_file(
    write: Callable[[str], str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert 0 == cli.main(["keys", "--keys", write('[keys]\nsort = "o"\n')])
    assert ["o"] == [tomllib.loads(capfd.readouterr().out)["keys"]["sort"]]


@pytest.mark.parametrize("command", [["keys"], ["demo"]])
def test_a_bad_file_ends_with_two_and_nothing_is_started(
    write: Callable[[str], str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
) -> None:
    for part in ("is_terminal", "has_screen"):
        monkeypatch.setattr(terminal, part, lambda *_: True)
    path = write("[keys]\nstop = []\n")
    assert 2 == cli.main([*command, "--keys", path])
    said = capfd.readouterr()
    assert "" == said.out
    assert said.err.startswith(f"{path}:2:1 error P071 keys.stop: must keep a key")


def test_a_named_file_has_to_be_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert 2 == cli.main(["keys", "--keys", str(tmp_path / "none.toml")])
    assert "P001 no such file." in capfd.readouterr().err
