"""From the command line to a source, a front end and an exit status.

Rules of this file: nothing heavy is imported at its top, Textual only where the dashboard runs,
and by then the child processes are on their way; whatever happens, they are ended.
"""

from __future__ import annotations

import os
import sys

from pooltop.args import EXIT_USAGE, FIRST_STEPS, HELP, ArgumentError, Request, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from pooltop.at_end import SaveTuned
    from pooltop.core.model import Profile
    from pooltop.present.keys import Keymap
    from pooltop.profiles import Loaded
    from pooltop.profiles.saving import Saving
    from pooltop.profiles.units import Duration
    from pooltop.sources.base import Source

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
_SHORTEST_S, _LONGEST_S = 0.1, 3600.0
_HEADLESS_S, _DASHBOARD_S = 1.0, 0.5
_NO_STDERR = (
    "the dashboard is drawn on standard error, which is no terminal: "
    "do not redirect it, or add --headless"
)


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line asks; gives the exit status."""
    words = sys.argv[1:] if words is None else words
    if not words:
        return _refuse(FIRST_STEPS, prefix="")
    try:
        request = parse(words)
        if request.help:
            return _say(HELP)
        if request.version:
            from pooltop import __version__  # noqa: PLC0415 - keeps the head of the file light

            return _say(f"pooltop {__version__}\n")
        return _COMMANDS.get(request.command, _run)(request)
    except ArgumentError as error:
        return _refuse(f"{error}\nTry pooltop --help.\n")
    except _KeysRefusedError as error:
        _write(2, f"{error}\n")
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _keys(request: Request) -> int:
    from pooltop.keyfile import keys_as_toml  # noqa: PLC0415 - not for --help

    return _say(keys_as_toml(_load_keys(request)))


def _load_keys(request: Request) -> Keymap:
    """Give the keys of the reader's file, or of the table.

    Raises:
        _KeysRefusedError: the file has mistakes.
    """
    from pooltop.errors import ProfileError  # noqa: PLC0415 - not for --help
    from pooltop.keyfile import load_keys  # noqa: PLC0415 - likewise

    try:
        return load_keys(request.keys)
    except ProfileError as error:
        raise _KeysRefusedError(str(error)) from error


class _KeysRefusedError(Exception):
    """The file of keys cannot be used; the message names every problem with its place."""


def _check(request: Request) -> int:
    loaded = _load(request)
    if loaded is None:
        return EXIT_USAGE
    agents, workloads = len(loaded.profile.agents), len(loaded.profile.workloads)
    return _say(f"ok: {_count(agents, 'agent')}, {_count(workloads, 'workload')}\n")


def _init(request: Request) -> int:
    from pooltop.profiles.starter import USUAL_NAME, write_starter  # noqa: PLC0415 - not for --help

    path = request.profile or USUAL_NAME

    def work() -> int:
        write_starter(path)
        return _say(f"{path} is written; pooltop --profile {path} runs it\n")

    return _told(work)


def _explain(request: Request) -> int:
    loaded = _load(request)
    if loaded is None:
        return EXIT_USAGE
    from pooltop.profiles.explain import explain  # noqa: PLC0415 - not for --help

    return _told(lambda: _say(explain(request.key or "", loaded.effective)))


def _print_config(request: Request) -> int:
    loaded = _load(request)
    if loaded is None:
        return EXIT_USAGE
    from pooltop.profiles.config import config_as_json, config_as_toml  # noqa: PLC0415 - likewise

    return _say((config_as_json if request.json else config_as_toml)(loaded.effective))


def _schema(_: Request) -> int:
    from pooltop.profiles.schema import schema_text  # noqa: PLC0415 - not for --help

    return _say(schema_text())


def _run(request: Request) -> int:
    if request.print_config:
        return _print_config(request)
    interval, duration = _times(request)
    said = _said_of_the_profile(request)
    is_headless = not request.detach and _is_headless(request)
    if not (is_headless or request.detach) and _cannot_show(request):
        return EXIT_USAGE
    loaded = _load(request, will_ask=_can_ask())
    if loaded is None:
        return EXIT_USAGE

    import msgspec  # noqa: PLC0415 - not for --help

    from pooltop.errors import PooltopError, ProfileError  # noqa: PLC0415 - not for --help
    from pooltop.sources.launch import LaunchedSource, limited  # noqa: PLC0415 - the engine

    # A mistake in them is told before anything is sent.
    keys = None if is_headless or request.detach else _load_keys(request)
    profile = _consented(limited(msgspec.structs.replace(loaded.profile, **said), duration))
    if profile is None:
        return EXIT_USAGE
    if request.detach:
        return _detach(request, profile)
    try:
        source = LaunchedSource(
            profile,
            interval_s=interval or (_HEADLESS_S if is_headless else _DASHBOARD_S),
            own_process=not is_headless,
        )
    except ProfileError as error:
        return _refuse(f"{error}\n")
    try:
        source.spawn()
        saving = _saving(request, loaded)
        return _show(source, request, keys, saving, profile=profile)
    except PooltopError as error:
        return _fail(error)
    finally:
        source.close_now()


def _show(
    source: Source,
    request: Request,
    keys: Keymap | None,
    saving: Saving,
    *,
    profile: Profile | None = None,
) -> int:
    """Watch a source to its end, or until the reader leaves; gives the exit status.

    Args:
        source: closed here.
        request: how it is to be seen, and whether it is recorded or reported.
        keys: of the dashboard; None for headless.
        saving: writes what was tuned.
        profile: what it runs, which may say that it is recorded; None where it is not known.
    """
    to = None if profile is None else profile.record
    jsonl = None if to is None else to.jsonl
    path = request.record or (None if to is None else to.file)
    if path is None and jsonl is None and request.report is None:
        return _watch(source, request, keys, saving)
    from pooltop.reporting import ReportTee  # noqa: PLC0415 - rarely wanted
    from pooltop.sources.ndjson_writer import NdjsonFile  # noqa: PLC0415 - rarely wanted
    from pooltop.sources.recording import RecordingTee, make_folder_of  # noqa: PLC0415 - likewise
    from pooltop.sources.recording_format import RecordingError  # noqa: PLC0415 - likewise

    interval, _ = _times(request)
    seeds = {} if profile is None else {each.name: each.seed for each in profile.workloads}
    interval_s = interval or (_HEADLESS_S if keys is None else _DASHBOARD_S)
    tees: list[RecordingTee | ReportTee] = []
    try:
        if request.report is not None:
            tees.append(ReportTee(source, request.report))
        if jsonl is not None:
            make_folder_of(jsonl)
            inner = tees[-1] if tees else source
            tees.append(RecordingTee(inner, jsonl, make=NdjsonFile))
        if path is not None:
            if request.record is None:
                make_folder_of(path)
            inner = tees[-1] if tees else source
            tees.append(RecordingTee(inner, path, seeds=seeds, interval_s=interval_s))
        return _watch(tees[-1], request, keys, saving)
    except RecordingError as error:
        return _refuse(f"{error}\n")
    finally:
        for tee in tees:
            tee.finish()
            _refuse(f"{tee.summary()}\n")


def _watch(source: Source, request: Request, keys: Keymap | None, saving: Saving) -> int:
    if request.save_tuned is None:
        return _watched(source, request, keys, saving, None)
    from pooltop.at_end import SaveTuned  # noqa: PLC0415 - rarely wanted
    from pooltop.errors import UsageError  # noqa: PLC0415 - likewise

    try:
        at_end = SaveTuned(saving, request.save_tuned)
    except UsageError as error:
        return _refuse(f"{error}\n")
    status = _watched(source, request, keys, saving, at_end)
    _refuse(f"{at_end.told}\n")
    return status or (EXIT_FAILED if at_end.failed else 0)


def _watched(
    source: Source,
    request: Request,
    keys: Keymap | None,
    saving: Saving,
    at_end: SaveTuned | None,
) -> int:
    interval, duration = _times(request)
    if keys is None:
        from pooltop.headless import run_headless  # noqa: PLC0415 - or the dashboard

        return run_headless(
            source,
            form=request.form,
            interval=interval or _HEADLESS_S,
            duration=duration,
            at_end=at_end,
        )
    return _dashboard(
        source, request, keys, read_only=request.read_only, saving=saving, at_end=at_end
    )


def _saving(request: Request, loaded: Loaded | None) -> Saving:
    """Give what writes what was tuned in a run.

    Args:
        request: names the profile, if any.
        loaded: that profile; None where another process has loaded it.
    """
    from pooltop.profiles.saving import Saving  # noqa: PLC0415 - not for --help

    return Saving(_builtin(), path=request.profile, loaded=loaded)


def _dashboard(
    source: Source,
    request: Request,
    keys: Keymap,
    *,
    read_only: bool,
    saving: Saving,
    at_end: SaveTuned | None = None,
) -> int:
    from pooltop.ui import run_dashboard  # noqa: PLC0415 - the only import of Textual

    return run_dashboard(
        source,
        read_only=read_only,
        keys=keys,
        theme=request.theme,
        ascii_only=request.ascii or None,
        mouse=not request.no_mouse,
        saving=saving,
        at_end=at_end,
    )


def _detach(request: Request, profile: Profile) -> int:
    from pooltop import background  # noqa: PLC0415 - not for --help

    if profile.record != type(profile.record)():
        _refuse("[record] is for whoever watches: say pooltop attach --record FILE, or --json\n")
    return _told(lambda: _say(background.detach(profile, request.name)))


def _attach(request: Request) -> int:
    interval, duration = _times(request)
    is_headless = _is_headless(request)
    if not is_headless:
        if duration is not None:
            message = "--duration of attach is how long to print: add --headless"
            raise ArgumentError(message)
        if _cannot_show(request):
            return EXIT_USAGE
    keys = None if is_headless else _load_keys(request)
    from pooltop import background  # noqa: PLC0415 - not for --help

    def watch() -> int:
        source = background.attach(
            request.engine,
            interval_s=interval or (_HEADLESS_S if is_headless else _DASHBOARD_S),
            # Who prints changes nothing, and needs no lock.
            read_only=request.read_only or is_headless,
            kind="headless" if is_headless else "dashboard",
        )
        return _show(source, request, keys, _saving(request, None))

    return _told(watch)


def _list(request: Request) -> int:
    from pooltop import background  # noqa: PLC0415 - not for --help

    return _told(lambda: _say(background.listing(as_json=request.json)))


def _stop(request: Request) -> int:
    from pooltop import background  # noqa: PLC0415 - not for --help

    return _told(lambda: _say(background.stop(request.engine or "")))


def _serve(request: Request) -> int:
    port = _port(request.port)
    from pooltop import background, serving  # noqa: PLC0415 - not for --help

    said = _said_of_the_profile(request) if request.profile is not None else {}
    loaded = _load(request, will_ask=_can_ask()) if request.profile is not None else None
    if request.profile is not None and loaded is None:
        return EXIT_USAGE
    profile = None
    if loaded is not None:
        import msgspec  # noqa: PLC0415 - not for --help

        profile = _consented(msgspec.structs.replace(loaded.profile, **said))
        if profile is None:
            return EXIT_USAGE

    def work() -> int:
        serving.require_extra()
        ear = serving.bind(request.listen or serving.LOOPBACK, port)
        with ear:
            _write(2, serving.warning(ear.getsockname()[0], write=request.write))
            if profile is None:
                name = background.only(request.engine)
                _visited(name, ear)
                return 0
            with background.while_it_runs(profile, request.name) as name:
                _visited(name, ear)
            return 0

    def _visited(name: str, ear: socket.socket) -> None:
        who = "may write" if request.write else "read-only"
        serving.serve(
            name,
            ear,
            write=request.write,
            ready=lambda page: _write(1, f"engine {name} at {page} ({who}); ctrl+c ends it\n"),
        )

    return _told(work)


def _port(text: str | None) -> int:
    from pooltop.serving import PORT  # noqa: PLC0415 - not for --help

    if text is None:
        return PORT
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        message = f"--port {text}: expected a number from 0 to 65535"
        raise ArgumentError(message)
    return int(text)


def _told(work: Callable[[], int]) -> int:
    """Do it; gives its exit status, or that of a failure, which is told in words."""
    from pooltop.errors import PooltopError, ProfileError, UsageError  # noqa: PLC0415 - as above

    try:
        return work()
    except (ProfileError, UsageError) as error:
        return _refuse(f"{error}\n")
    except PooltopError as error:
        return _fail(error)


def _replay(request: Request) -> int:
    is_headless = _is_headless(request)
    if not is_headless and _cannot_show(request):
        return EXIT_USAGE
    keys = None if is_headless else _load_keys(request)
    from pooltop.sources.recorded import open_recording  # noqa: PLC0415 - likewise
    from pooltop.sources.recording_format import RecordingError  # noqa: PLC0415 - not for --help

    try:
        recording = open_recording(request.recording or "")
    except RecordingError as error:
        return _refuse(f"{error}\n")
    with recording:
        if keys is None:
            from pooltop.headless import replay_headless  # noqa: PLC0415 - or the dashboard

            return replay_headless(recording, form=request.form)
        from pooltop.sources.playback import PlayerSource  # noqa: PLC0415 - likewise
        from pooltop.sources.player import Player  # noqa: PLC0415 - likewise

        player, saving = PlayerSource(Player(recording)), _saving(request, None)
        return _dashboard(player, request, keys, read_only=True, saving=saving)


def _report(request: Request) -> int:
    from pooltop.reporting import report_recording  # noqa: PLC0415 - not for --help
    from pooltop.sources.recording_format import RecordingError  # noqa: PLC0415 - likewise

    recording = request.recording or ""
    path = request.output or f"{os.path.splitext(recording)[0]}.html"
    try:
        return _say(f"{report_recording(recording, path)}\n")
    except RecordingError as error:
        return _refuse(f"{error}\n")


def _compare(request: Request) -> int:
    from pooltop.headless.compare import Compared  # noqa: PLC0415 - not for --help
    from pooltop.sources.recording_format import RecordingError  # noqa: PLC0415 - likewise

    assert request.compared is not None
    try:
        compared = Compared(*request.compared)
        if request.html is not None:
            from pooltop.reporting import write_new  # noqa: PLC0415 - likewise

            return _say(f"{write_new(request.html, compared.page())}\n")
    except RecordingError as error:
        return _refuse(f"{error}\n")
    if request.form == "json":
        return _say(f"{compared.document()}\n")
    return _say("".join(f"{line}\n" for line in compared.lines()))


def _can_ask() -> bool:
    """Tell whether somebody is there who could be asked."""
    return _is_terminal(0) and _is_terminal(2) and not _is_in_browser()


def _consented(profile: Profile) -> Profile | None:
    """Give the profile with the hosts that its operator consented to; None if he did not, told."""
    if not _can_ask():
        return profile  # every source refuses what nobody consented to
    from pooltop.errors import ProfileError  # noqa: PLC0415 - not for --help
    from pooltop.sources.asking import Terminal, ask_consent  # noqa: PLC0415 - likewise

    try:
        return ask_consent(profile, Terminal(lambda text: _write(2, text), sys.stdin.readline))
    except ProfileError as error:
        _refuse(f"{error}\n")
        return None


def _load(request: Request, *, will_ask: bool = False) -> Loaded | None:
    """Give the profile; None when it has mistakes, which were told.

    Args:
        request: names it, and what goes over it.
        will_ask: the operator is asked for hosts that the profile does not allow.
    """
    from pooltop import profiles  # noqa: PLC0415 - not for --help
    from pooltop.errors import ProfileError  # noqa: PLC0415 - likewise

    path = request.profile or _builtin()
    try:
        loaded = profiles.load(
            path, allow=request.allow, settings=request.settings, will_ask=will_ask
        )
    except ProfileError as error:
        _write(2, f"{error}\n")
        return None
    if loaded.warnings:
        _write(2, "".join(f"{warning}\n" for warning in loaded.warnings))
    return loaded


def _builtin() -> str:
    from pathlib import Path  # noqa: PLC0415 - not for --help

    return str(Path(__file__).with_name("demo") / "builtin.toml")


def _said_of_the_profile(request: Request) -> dict[str, object]:
    """Give what the command line puts in place of the profile's own, by the profile's names."""
    path = "demo" if request.profile is None else request.profile
    # A file name need not be text: what is not is shown by its bytes, and fit to send.
    said: dict[str, object] = {"path": path.encode("utf-8", "backslashreplace").decode()}
    if request.auto_revert is not None:
        from pooltop.profiles.units import AUTO_REVERT  # noqa: PLC0415 - not for --help

        said["auto_revert"] = _read_time("--auto-revert", request.auto_revert, AUTO_REVERT)
    return said


def _times(request: Request) -> tuple[float | None, float | None]:
    """Give interval and duration in seconds; None where none was given."""
    interval = _time("--interval", request.interval)
    if interval is not None and not _SHORTEST_S <= interval <= _LONGEST_S:
        message = f"--interval {request.interval}: expected 100ms to 1h"
        raise ArgumentError(message)
    return interval, _time("--duration", request.duration)


def _time(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    from pooltop.profiles.units import Duration  # noqa: PLC0415 - not for --help

    return _read_time(option, text, Duration())


def _read_time(option: str, text: str, kind: Duration) -> float | None:
    from pooltop.profiles.kinds import Refused  # noqa: PLC0415 - not for --help

    try:
        return kind.read(text)
    except Refused as error:
        message = f"{option} {text}: {error}"
        raise ArgumentError(message) from error


def _is_headless(request: Request) -> bool:
    return request.headless or request.json or request.format is not None or not _has_screen()


def _cannot_show(request: Request) -> bool:
    """Tell whether there can be no dashboard, for the terminal or the theme; says why."""
    if _is_blind_or_deaf():
        return True
    if request.theme is not None:
        from pooltop.errors import UsageError  # noqa: PLC0415 - not for --help
        from pooltop.ui.first_theme import check_theme  # noqa: PLC0415 - only where one is named

        try:
            check_theme(request.theme)
        except UsageError as error:
            _refuse(f"{error}\n")
            return True
    return False


def _is_blind_or_deaf() -> bool:
    """Tell whether this terminal could not carry the dashboard; says why."""
    if _is_in_browser():
        return False
    if not _is_terminal(0):
        _refuse("the dashboard reads keys, and standard input is no terminal: add --headless\n")
        return True
    if not _is_terminal(2):
        # Textual draws there; and what is told there, nobody at this terminal would see.
        _write(1, f"pooltop: {_NO_STDERR}\n")
        _refuse(f"{_NO_STDERR}\n")
        return True
    return False


def _has_screen() -> bool:
    if _is_in_browser():
        return True
    return _is_terminal(1) and os.environ.get("TERM", "") not in ("", "dumb")


def _is_in_browser() -> bool:
    """Tell whether this process draws for a visitor of ``pooltop serve``."""
    return os.environ.get("TEXTUAL_DRIVER") == "textual.drivers.web_driver:WebDriver"


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _say(text: str) -> int:
    _write(1, text)
    return 0


def _refuse(text: str, *, prefix: str = "pooltop: ") -> int:
    _write(2, prefix + "".join(c if c.isprintable() or c == "\n" else "?" for c in text))
    return EXIT_USAGE


def _fail(error: Exception) -> int:
    _refuse(f"{error}\n")
    return EXIT_FAILED


def _write(descriptor: int, text: str) -> None:
    """Write to a descriptor itself: a reader that left is no error, not even at the exit."""
    try:
        data = text.encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        pass


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_COMMANDS = {
    "init": _init,
    "check": _check,
    "explain": _explain,
    "schema": _schema,
    "replay": _replay,
    "report": _report,
    "compare": _compare,
    "attach": _attach,
    "list": _list,
    "stop": _stop,
    "keys": _keys,
    "serve": _serve,
}
