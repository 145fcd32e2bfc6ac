"""The command line's grammar: every mistake is one exact sentence."""

from __future__ import annotations

import pytest

from pooltop.cli.args import ArgumentError, parse


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--profil x", "unknown option --profil; did you mean --profile?"),
        ("--read-onyl", "unknown option --read-onyl; did you mean --read-only?"),
        ("--zzz", "unknown option --zzz"),
        ("-x", "unknown option -x"),
        ("--profile", "--profile needs a file"),
        ("--profile=", "--profile needs a file"),
        ("--profile --json", "--profile needs a file, not --json"),
        ("--profile a --profile b", "--profile is given twice"),
        ("--json=yes --profile a", "--json takes no value"),
        (
            "demo --format cvs",
            "--format cvs: allowed are line, json, ndjson, csv; did you mean csv?",
        ),
        ("demo --format csv --json", "--json is --format ndjson, and --format csv is another"),
        ("list --format csv", "list takes no --format"),
        ("demo --detach --format csv", "--detach shows nothing: say --format to pooltop attach"),
        ("demo --duration", "--duration needs a time like 30s"),
        ("demo --interval", "--interval needs a time like 1s"),
        ("demo --allow", "--allow needs a host"),
        ("demo --auto-revert", "--auto-revert needs a time like 60s, or off"),
        ("explain --profile p", "explain needs a key of the profile: explain KEY --profile FILE"),
        (
            "explain a b --profile p",
            "explain needs a key of the profile: explain KEY --profile FILE",
        ),
        ("explain a --strict", "explain takes --strict with --profile FILE alone"),
        ("explain a --headless", "explain takes no --headless"),
        ("explain a --profile p --json", "explain KEY --profile FILE takes no --json"),
        ("attach --print-config", "attach takes no --print-config"),
        ("demo --set", "--set needs KEY=VALUE"),
        ("replay r --set a=1", "replay takes no --set"),
        ("demo --auto-revert 1s --auto-revert off", "--auto-revert is given twice"),
        ("dmeo", "unexpected argument dmeo; did you mean demo?"),
        ("demo again", "unexpected argument again"),
        ("demo compar", "unexpected argument compar; did you mean compare?"),
        ("demo compare close", "demo compare takes two policies: pooltop demo compare A B"),
        ("demo compare a b c", "demo compare takes two policies: pooltop demo compare A B"),
        ("demo compare --tls --plain", "--tls and --plain exclude each other"),
        (
            "demo compare --profile p",
            "demo compare makes its own profile: leave --profile out",
        ),
        ("demo --plain", "--plain is of pooltop demo compare"),
        ("--profile p --tls", "--tls is of pooltop demo compare"),
        ("demo lesso", "unexpected argument lesso; did you mean lesson?"),
        ("demo lesson", "lesson needs one: pooltop demo lesson N; demo lessons lists them"),
        ("demo lesson 1 2", "lesson needs one: pooltop demo lesson N; demo lessons lists them"),
        ("demo lesson 1 --duration 5s", "lesson takes no --duration"),
        ("demo lessons 1", "unexpected argument 1"),
        ("demo lessons --headless", "lessons takes no --headless"),
        ("lessons", "unexpected argument lessons"),
        ("demo --handout d", "--handout is of pooltop demo lesson"),
        ("a/b.toml", "unexpected argument a/b.toml; did you mean --profile a/b.toml?"),
        ("--json", "nothing to watch: say --profile FILE, or pooltop demo"),
        ("check", "check needs one profile: pooltop check FILE"),
        ("check a b", "check needs one profile: pooltop check FILE"),
        ("check a --profile b", "check needs one profile: pooltop check FILE"),
        ("attach a b", "unexpected argument b"),
        ("attach --profile p.toml", "attach takes no --profile"),
        ("attach --detach", "attach takes no --detach"),
        ("attach --prometheus 9464", "attach takes no --prometheus"),
        ("demo --prometheus", "--prometheus needs an address and a port"),
        ("atach", "unexpected argument atach; did you mean attach?"),
        ("list a", "unexpected argument a"),
        ("list --headless", "list takes no --headless"),
        ("stop", "stop needs the engine's name: pooltop list shows them"),
        ("stop a b", "unexpected argument b"),
        ("stop a --json", "stop takes no --json"),
        ("demo --name x", "--name is for an engine in the background: add --detach"),
        ("demo --detach --name", "--name needs a name"),
        ("demo --detach --json", "--detach shows nothing: say --json to pooltop attach"),
        ("demo --detach --read-only", "--detach shows nothing: say --read-only to pooltop attach"),
        ("serve a b", "unexpected argument b"),
        ("serve --headless", "serve takes no --headless"),
        ("serve --detach", "serve takes no --detach"),
        ("serve --name x", "--name is for an engine in the background: add --detach"),
        ("serve --port", "--port needs a number"),
        ("serve --listen", "--listen needs an address"),
        (
            "serve a --profile b",
            "serve shows an engine that runs, or runs --profile FILE: not both",
        ),
        ("demo --write", "--write is of pooltop serve"),
        ("attach --port 1", "--port is of pooltop serve"),
        ("replay", "replay needs one recording: pooltop replay FILE"),
        ("replay a b", "replay needs one recording: pooltop replay FILE"),
        ("replay a --profile b", "replay takes no --profile"),
        ("replay a --record b", "replay takes no --record"),
        ("replay a --interval 1s", "replay takes no --interval"),
        ("replay a --duration 1s", "replay takes no --duration"),
        ("replay a --auto-revert off", "replay takes no --auto-revert"),
        ("replay a --allow b", "replay takes no --allow"),
        ("rpelay a", "unexpected argument rpelay; did you mean replay?"),
        ("demo --record", "--record needs a file"),
        ("demo --detach --record r", "--detach shows nothing: say --record to pooltop attach"),
        ("stop a --record r", "stop takes no --record"),
        ("check p.toml --record r", "check takes no --record"),
        ("check p.toml --print-config", "check takes no --print-config"),
        ("attach --strict", "attach takes no --strict"),
        ("demo \x1b[2J", "unexpected argument ?[2J"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(line: str, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse(line.split(" "))

    assert message == str(caught.value)


def test_everything_that_can_be_asked_for_is_read() -> None:
    words = "--profile=p.toml --headless --json --read-only --duration 30s --interval=1s "
    words += "--auto-revert=off"

    request = parse([*words.split(), "--allow", "a", "--allow=b", "--set", "a=1", "--set=b.c=d=e"])

    assert ("run", "p.toml", "30s", "1s", "off") == (
        request.command,
        request.profile,
        request.duration,
        request.interval,
        request.auto_revert,
    )
    assert (True, True, True) == (request.headless, request.json, request.read_only)
    assert ("a", "b") == request.allow
    assert ("a=1", "b.c=d=e") == request.set
    assert (*request.set, "auto_revert=off") == request.settings


def test_a_place_for_prometheus_is_a_setting_of_the_profile_over_all_others() -> None:
    request = parse(["demo", "--prometheus", "9464", "--set", "export.prometheus.listen=1"])

    assert ("export.prometheus.listen=1", "export.prometheus.listen=9464") == request.settings


def test_how_the_dashboard_looks_can_be_said() -> None:
    plain, asked = parse(["demo"]), parse(["attach", "--theme=x", "--ascii", "--no-mouse"])
    assert (None, False, False) == (plain.theme, plain.ascii, plain.no_mouse)
    assert ("x", True, True) == (asked.theme, asked.ascii, asked.no_mouse)
    with pytest.raises(ArgumentError, match="list takes no --theme"):
        parse(["list", "--theme", "x"])


def test_a_recording_is_written_and_read() -> None:
    assert "r.ptr" == parse(["demo", "--record", "r.ptr"]).record
    assert ["line", "csv", "ndjson", "ndjson"] == [
        parse(["demo", *words]).form
        for words in ([], ["--format", "csv"], ["--json"], ["--json", "--format=ndjson"])
    ]
    request = parse(["replay", "r.ptr", "--json"])
    assert ("replay", "r.ptr", True) == (request.command, request.recording, request.json)


@pytest.mark.parametrize(
    "words", [["demo"], ["demo", "--profile", "x"], ["--profile", "x", "demo"]]
)
def test_demo_may_have_a_profile_of_its_own(words: list[str]) -> None:
    request = parse(words)

    assert ("demo", "x" if "x" in words else None) == (request.command, request.profile)


@pytest.mark.parametrize("words", [["check", "x"], ["check", "--profile", "x"]])
def test_check_takes_its_file_either_way(words: list[str]) -> None:
    request = parse(words)

    assert ("check", "x") == (request.command, request.profile)


@pytest.mark.parametrize("word", ["--help", "-h", "--version", "-V"])
def test_help_and_version_forgive_what_else_is_missing(word: str) -> None:
    request = parse([word])

    assert (request.help, request.version) == (
        word in ("--help", "-h"),
        word in ("--version", "-V"),
    )


def test_engines_of_the_background_are_named_where_one_is_meant() -> None:
    detached = parse(["demo", "--detach", "--name", "x", "--duration", "5m"])
    attached = parse(["attach", "x", "--read-only", "--interval=2s"])

    assert (True, "x", "5m") == (detached.detach, detached.name, detached.duration)
    assert ("attach", "x", True) == (attached.command, attached.engine, attached.read_only)
    assert [("attach", None), ("list", None), ("stop", "x")] == [
        (request.command, request.engine)
        for request in (parse(["attach"]), parse(["list", "--json"]), parse(["stop", "x"]))
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tune p", "tune needs a profile and a host: pooltop tune FILE --host H"),
        ("tune --host h", "tune needs a profile and a host: pooltop tune FILE --host H"),
        ("tune p q --host h", "tune needs a profile and a host: pooltop tune FILE --host H"),
        ("tune p --host h --detach", "tune takes no --detach"),
        ("demo --host h", "--host is of pooltop tune"),
        ("demo --most 3", "--most is of pooltop tune"),
        ("demo --agent a", "--agent is of pooltop export"),
    ],
)
def test_what_is_tuned_is_said_in_full(line, message) -> None:
    with pytest.raises(ArgumentError) as refused:
        parse(line.split())
    assert message == str(refused.value)


def test_tune_has_a_profile_a_host_and_an_agent() -> None:
    request = parse(["tune", "p.toml", "--host", "h:80", "--agent", "a", "--most", "9", "--json"])
    said = (request.command, request.profile, request.host, request.agent, request.most)
    assert ("tune", "p.toml", "h:80", "a", "9") == said
    assert request.json
