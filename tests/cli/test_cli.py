"""The command as a whole: exit statuses, exact words, and what is imported for them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
import types
from collections.abc import Callable
from pathlib import Path

import pytest

import pooltop
from pooltop import cli
from pooltop.cli import terminal
from pooltop.core.snapshot import Snapshot
from pooltop.present.keys import Keymap
from pooltop.profiles.saving import Saving
from pooltop.sources.base import Source, Update
from pooltop.sources.launch import LaunchedSource
from pooltop.sources.playback import PlayerSource
from pooltop.sources.recording import RecordingTee
from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_writer import RecordingFile

ROOT = Path(__file__).parents[2]
TRY = "\nTry pooltop --help.\n"

GOOD = """\
[agents.a]
[workloads.w]
agent = "a"
base_url = "{url}"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    """Write a profile and give its path."""

    def to(text: str) -> str:
        path = tmp_path / "p.toml"
        path.write_text(text)
        return str(path)

    return to


def _python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )


def test_without_arguments_the_first_steps_are_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert 2 == cli.main([])

    out, err = capfd.readouterr()
    assert "" == out
    assert ["  1. pooltop demo", "  2. pooltop init", "  3. pooltop --profile"] == [
        line[: len(step)]
        for step in ("  1. pooltop demo", "  2. pooltop init", "  3. pooltop --profile")
        for line in err.splitlines()
        if line.startswith(step)
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--profil", "x"], "unknown option --profil; did you mean --profile?"),
        (
            ["demo", "--headless", "--interval", "1ms"],
            "--interval 1ms: expected 100ms to 1h",
        ),
        (
            ["demo", "--headless", "--duration", "30"],
            '--duration 30: a duration needs a unit. Did you mean "30s"?',
        ),
        (
            ["demo", "--headless", "--duration", "0s"],
            "--duration 0s: expected more than 0s, at most 596h.",
        ),
        (
            ["demo", "--headless", "--interval", "soon\x1b"],
            '--interval soon?: expected a duration like "500ms", "2s", "1.5m", "1h".',
        ),
        (
            ["demo", "--headless", "--allow", "api.example", "--allow", "*"],
            '--allow *: expected a host like "127.0.0.1" or "*.staging.internal"; * stands at the '
            "beginning only.",
        ),
        (
            ["demo", "--headless", "--auto-revert", "0s"],
            '--auto-revert 0s: 0 would put every edit back at once. For never write "off".',
        ),
        (
            ["demo", "--headless", "--auto-revert", "never"],
            '--auto-revert never: expected a duration like "500ms", "2s", "1.5m", "1h", or "off".',
        ),
    ],
)
def test_a_bad_command_line_exits_2_with_one_sentence(
    words: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert 2 == cli.main(words)
    assert ("", f"pooltop: {message}{TRY}") == tuple(capfd.readouterr())


@pytest.mark.parametrize("command", [["check"], ["--headless", "--profile"], ["explain", "agents", "--profile"]])  # fmt: skip
def test_with_strict_a_warning_is_an_error(
    write: Callable[[str], str], command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    good = GOOD.format(url="http://127.0.0.1:1")
    path = write(f"{good}[agents.b]\n")

    assert 2 == cli.main([*command, path, "--strict"])

    out, err = capfd.readouterr()
    assert ("", 2, "pooltop: --strict: nothing is sent, for a warning counts as an error") == (
        out,
        len(err.splitlines()),
        err.splitlines()[1],
    )
    assert 0 == cli.main(["check", write(good), "--strict"])


def test_what_auto_revert_puts_is_printed_with_the_profile(
    write: Callable[[str], str], capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(GOOD.format(url="http://127.0.0.1:1"))

    assert 0 == cli.main(["--profile", path, "--print-config", "--auto-revert", "5s"])
    assert 'auto_revert = "5s"' in capfd.readouterr().out
    assert 2 == cli.main(["--profile", path, "--print-config", "--auto-revert", "5"])


@pytest.mark.parametrize("command", [["check"], ["--headless", "--profile"]])
def test_a_missing_profile_exits_2_with_the_loaders_line(
    command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert 2 == cli.main([*command, "/nowhere/p.toml"])
    assert ("", "/nowhere/p.toml: error P001 no such file.\n") == tuple(capfd.readouterr())


@pytest.mark.parametrize("command", [["check"], ["--json", "--profile"]])
def test_every_mistake_of_a_profile_is_told_and_nothing_started(
    write: Callable[[str], str], command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(GOOD.format(url="http://127.0.0.1:1") + "rate = 5\n[agents.b]\nmaxSocket = 1\n")

    assert 2 == cli.main([*command, path])

    out, err = capfd.readouterr()
    assert "" == out
    assert [f"{path}:5:8 error P021", f"{path}:7:1 error P010"] == [
        " ".join(line.split()[:3]) for line in err.splitlines()
    ]


@pytest.mark.parametrize("command", [["check"], ["--headless", "--profile"]])
def test_a_host_that_is_not_this_machine_is_refused_with_both_remedies(
    write: Callable[[str], str], command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(GOOD.format(url="http://192.0.2.7:80"))

    assert 2 == cli.main([*command, path])
    assert capfd.readouterr().err == (
        f'{path}:4:12 error P063 workloads.w.base_url = "http://192.0.2.7:80": 192.0.2.7 is not '
        'this machine. To send it traffic add it to [safety]: allow_hosts = ["192.0.2.7"], or '
        "start with --allow 192.0.2.7.\n"
    )


def test_allow_lets_exactly_the_host_pass(
    write: Callable[[str], str], capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(GOOD.format(url="http://192.0.2.7:80"))

    assert 0 == cli.main(["check", path, "--allow", "192.0.2.7"])
    assert "ok: 1 agent, 1 workload\n" == capfd.readouterr().out
    assert 2 == cli.main(["check", path, "--allow", "192.0.2.8"])


def test_check_looks_at_settings_too(
    write: Callable[[str], str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write(GOOD.format(url="http://127.0.0.1:1"))
    monkeypatch.setenv("POOLTOP__WORKLOADS__W__RATE", "fast")

    assert 0 == cli.main(["check", path, "--set", "workloads.w.rate=5/s"])
    assert 2 == cli.main(["check", path, "--set", "workloads.w.rates=5/s"])
    assert [
        "POOLTOP__WORKLOADS__W__RATE: error P021 workloads.w.rate",
        "--set workloads.w.rates: error P010 workloads.w.rates",
    ] == [
        line.partition(" = ")[0].rpartition(": unknown")[0] or line.partition(" = ")[0]
        for line in capfd.readouterr().err.splitlines()
    ]


def test_explain_and_print_config_tell_and_send_nothing(
    write: Callable[[str], str], capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(GOOD.format(url="http://127.0.0.1:1"))
    setting = ["--profile", path, "--set", "workloads.w.rate=5/s"]

    assert 0 == cli.main(["explain", "workloads.w.rate", *setting])
    head = 'workloads.w.rate = "5/s"    (--set workloads.w.rate)'
    assert head == capfd.readouterr().out.splitlines()[0]
    assert 2 == cli.main(["explain", "workloads.w.rat", *setting])
    expected = 'pooltop: workloads.w has no "rat". Did you mean "rate"?\n'
    assert ("", expected) == tuple(capfd.readouterr())
    assert 2 == cli.main(["explain", "workloads.w.rate", *setting, "--set", "workloads.w.rate=5"])

    assert 0 == cli.main(["--print-config", *setting])
    out = capfd.readouterr().out
    assert "5/s" == tomllib.loads(out)["workloads"]["w"]["rate"]
    assert 0 == cli.main(["--print-config", "--json", *setting])
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    row = {"key": "workloads.w.rate", "value": "5/s", "from": "--set workloads.w.rate"}
    assert row in rows


def test_check_counts_what_a_good_profile_has(capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(["check", str(ROOT / "profiles" / "keepalive-vs-close.toml")])
    assert ("ok: 2 agents, 2 workloads\n", "") == tuple(capfd.readouterr())


def test_help_names_every_option_and_the_exit_statuses(capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(["--help"])

    out = capfd.readouterr().out
    options = "--profile --headless --json --duration --interval --read-only --allow --set --print-config --version "
    options += "--detach --name --record"
    assert [] == [each for each in options.split() if f"  {each} " not in out]
    assert [] == [each for each in ("attach", "list", "stop") if f"pooltop {each} " not in out]
    assert "exit status: 0 " in out
    assert 100 >= max(len(line) for line in out.splitlines())


def test_the_version_is_the_packages(capfd: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert 0 == cli.main(["--version"])
    assert f"pooltop {pooltop.__version__}\n" == capfd.readouterr().out
    # It stands once only: in the package.
    assert ["version"] == project["dynamic"]


@pytest.mark.parametrize("word", ["--version", "--help", "--nonsense"])
def test_what_must_be_quick_imports_nothing_heavy(word: str) -> None:
    code = (
        "import sys; from pooltop.__main__ import main; main([sys.argv[1]]); "
        "heavy = {'asyncio', 'msgspec', 'ssl', 'textual', 'rich', 'argparse', 'dataclasses'}; "
        "sys.exit(repr(heavy & sys.modules.keys()) if heavy & sys.modules.keys() else 0)"
    )

    done = _python("-c", code, word)

    assert 0 == done.returncode, done.stderr


def test_everything_but_the_dashboard_imports_without_textual() -> None:
    code = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("textual", "rich"):
            raise ImportError(f"{name} is refused")

sys.meta_path.insert(0, Refuse())
import pooltop
for found in pkgutil.walk_packages(pooltop.__path__, "pooltop.", onerror=lambda name: None):
    if not found.name.startswith("pooltop.ui"):
        importlib.import_module(found.name)
for name in pooltop.__all__:
    getattr(pooltop, name)
print(sum(name.startswith("pooltop.") for name in sys.modules))
"""
    done = _python("-c", code)

    assert 0 == done.returncode, done.stderr
    assert 50 < int(done.stdout)


def test_the_public_names_are_these() -> None:
    expected = (
        "EDITABLE GLOBAL_AGENT Address Agent AgentOptions AgentSnapshot ByteStream Connector "
        "Dispatcher DispatcherOptions HostOptions Origin OriginSnapshot PeerCertificate "
        "PhaseTimings Profile ProxyEnv RequestInfo Resolver Response Snapshot SocketInfo "
        "SystemResolver TCPInfo TLSOptions Timeouts errors events load_profile"
    )

    assert expected.split() == pooltop.__all__
    assert set(pooltop.__all__) <= set(dir(pooltop))
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = pooltop.Nonsense


# The branch that shows the dashboard: the terminal and the dashboard are stand-ins, the
# processes are real.


@pytest.fixture
def on_screen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., int]], None]:
    """Pretend to be on a terminal, with this dashboard."""

    def pretend(run_dashboard: Callable[..., int]) -> None:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(terminal, "is_terminal", lambda _: True)
        fake = types.ModuleType("pooltop.ui")
        fake.run_dashboard = run_dashboard  # type: ignore[attr-defined]
        real = importlib.util.find_spec("pooltop.ui")
        assert real is not None
        fake.__path__ = real.submodule_search_locations or []  # its modules can still be imported
        monkeypatch.setitem(sys.modules, "pooltop.ui", fake)

    return pretend


@pytest.mark.parametrize(
    ("fault", "status"), [(None, 7), (KeyboardInterrupt(), 130), (ZeroDivisionError(), None)]
)
def test_the_children_are_spawned_for_the_dashboard_and_ended_however_it_ends(
    on_screen: Callable[[Callable[..., int]], None],
    fault: BaseException | None,
    status: int | None,
) -> None:
    pids: list[int] = []

    def run_dashboard(source: Source, *, read_only: bool, keys: Keymap, **looks: object) -> int:
        assert isinstance(source, LaunchedSource)
        assert read_only
        pids.extend((source._engine.pid or 0, source._demo.pid or 0))  # type: ignore[union-attr]
        for pid in pids:
            os.kill(pid, 0)
        if fault is not None:
            raise fault
        return 7

    on_screen(run_dashboard)
    if status is None:
        with pytest.raises(ZeroDivisionError):
            cli.main(["demo", "--read-only"])
    else:
        assert status == cli.main(["demo", "--read-only"])

    assert 2 == len(pids)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize(
    ("words", "reverts"),
    [([], 60.0), (["--auto-revert", "5s"], 5.0), (["--auto-revert=off"], None)],
)
def test_what_the_command_line_says_of_auto_revert_goes_before_the_profile(
    on_screen: Callable[[Callable[..., int]], None],
    write: Callable[[str], str],
    words: list[str],
    reverts: float | None,
) -> None:
    path = write('environment = "prod"\n' + GOOD.format(url="http://127.0.0.1:1"))
    seen: list[float | None] = []

    def run_dashboard(source: Source, *, read_only: bool, keys: Keymap, **looks: object) -> int:
        assert isinstance(source, LaunchedSource)
        assert not read_only
        seen.append(source._profile.auto_revert)
        return 0

    on_screen(run_dashboard)

    assert 0 == cli.main(["--profile", path, *words])
    assert [reverts] == seen


def test_a_terminal_that_shows_and_hears_nothing_is_told_what_to_add(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(terminal, "is_terminal", lambda descriptor: descriptor == 1)

    assert 2 == cli.main(["demo"])
    assert capfd.readouterr().err == (
        "pooltop: the dashboard reads keys, and standard input is no terminal: add --headless\n"
    )


def test_a_redirected_standard_error_is_refused_where_somebody_sees_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(terminal, "is_terminal", lambda descriptor: descriptor != 2)
    message = (
        "pooltop: the dashboard is drawn on standard error, which is no terminal: "
        "do not redirect it, or add --headless\n"
    )

    assert 2 == cli.main(["demo"])
    assert (message, message) == tuple(capfd.readouterr())


@pytest.mark.parametrize(("term", "is_one"), [("dumb", True), ("", True), ("xterm", False)])
def test_where_no_dashboard_can_be_shown_it_is_headless_by_itself(
    monkeypatch: pytest.MonkeyPatch, term: str, is_one: bool
) -> None:
    calls: list[dict[str, object]] = []
    fake = types.ModuleType("pooltop.headless")
    fake.run_headless = lambda source, **options: calls.append(options) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pooltop.headless", fake)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(terminal, "is_terminal", lambda _: is_one)

    assert 0 == cli.main(["demo", "--duration", "3s"])
    assert [{"form": "line", "interval": 1.0, "duration": 3.0, "at_end": None}] == calls


def test_a_recording_is_ended_even_where_the_dashboard_did_not_close_it(
    on_screen: Callable[[Callable[..., int]], None],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "r.ptr"

    def run_dashboard(source: Source, *, read_only: bool, keys: Keymap, **looks: object) -> int:
        assert isinstance(source, RecordingTee)
        assert path.exists()
        return 7

    on_screen(run_dashboard)
    assert 7 == cli.main(["demo", "--record", str(path)])
    assert not path.exists()
    assert f"pooltop: nothing was recorded in {path}\n" == capfd.readouterr().err


def test_a_replay_is_shown_on_the_screen_read_only(
    on_screen: Callable[[Callable[..., int]], None], tmp_path: Path
) -> None:
    path = str(tmp_path / "r.ptr")
    file = RecordingFile(path)
    file.begin(Meta(title="p.toml"))
    file.append(Update(snapshot=Snapshot(seq=1, at=1.0, wall_at=1.0)))
    file.finish()

    def run_dashboard(source: Source, *, read_only: bool, keys: Keymap, **looks: object) -> int:
        assert isinstance(source, PlayerSource)
        assert ("p.toml", "a recording", True) == (source.title, source.fixed, read_only)
        assert isinstance(looks.pop("saving"), Saving)
        looked = {"theme": "ansi-dark", "ascii_only": True, "mouse": False, "at_end": None}
        assert looked == looks
        assert (1.0, 0.0) == (source.player.at, source.player.length_s)
        return 7

    on_screen(run_dashboard)
    assert 7 == cli.main(["replay", path, "--theme", "ansi-dark", "--ascii", "--no-mouse"])


def test_the_demo_compares_two_policies_that_are_named(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["demo", "compare", "limit:4", "h2", "--plain", "--set", "workloads.h2.rate=9/s"]

    assert 0 == cli.main([*words, "--print-config"])

    told = tomllib.loads(capfd.readouterr().out)
    assert {"a": "limit-4", "b": "h2"} == told["compare"]
    assert (4, "9/s") == (told["agents"]["limit-4"]["max_sockets"], told["workloads"]["h2"]["rate"])
    assert ["http", "http"] == [host["scheme"] for host in told["demo"].values()]


def test_without_policies_keep_alive_is_compared_with_close_over_tls(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert 0 == cli.main(["demo", "compare", "--print-config"])

    told = tomllib.loads(capfd.readouterr().out)
    assert {"a": "keep-alive", "b": "close"} == told["compare"]
    assert ["https", "https"] == [host["scheme"] for host in told["demo"].values()]


def test_a_policy_that_is_none_is_told_with_those_that_there_are(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert 2 == cli.main(["demo", "compare", "keep-alive", "clos", "--headless"])

    expected = "pooltop: no policy clos; did you mean close? There are keep-alive, close, shared,"
    assert expected in capfd.readouterr().err
