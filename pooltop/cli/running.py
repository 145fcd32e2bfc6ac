"""A profile is run, in sight or in the background, and watched to its end."""

from __future__ import annotations

from pooltop.cli import given, of_profiles
from pooltop.cli.telling import EXIT_FAILED, EXIT_USAGE, fail, refuse, say, told
from pooltop.cli.terminal import can_ask, cannot_show, is_headless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pooltop.at_end import SaveTuned
    from pooltop.cli.args import Request
    from pooltop.core.model import Profile
    from pooltop.present.keys import Keymap
    from pooltop.profiles.saving import Saving
    from pooltop.sources.base import Source
    from pooltop.sources.tee import Tee


def run(request: Request) -> int:
    """Run a profile, or the demo's."""
    if request.print_config:
        return of_profiles.print_config(request)
    interval, duration = given.times(request)
    said = given.said_of_the_profile(request)
    headless = not request.detach and is_headless(request)
    if not (headless or request.detach) and cannot_show(request):
        return EXIT_USAGE
    loaded = given.load(request, will_ask=can_ask())
    if loaded is None:
        return EXIT_USAGE

    import msgspec

    from pooltop.errors import PooltopError, ProfileError
    from pooltop.sources.launch import LaunchedSource, limited

    # A mistake in them is told before anything is sent.
    keys = None if headless or request.detach else given.load_keys(request)
    profile = given.consented(limited(msgspec.structs.replace(loaded.profile, **said), duration))
    if profile is None or not given.can_listen(loaded):
        return EXIT_USAGE
    if request.detach:
        return _detach(request, profile)
    try:
        source = LaunchedSource(
            profile,
            interval_s=interval or (given.HEADLESS_S if headless else given.DASHBOARD_S),
            own_process=not headless,
        )
    except ProfileError as error:
        return refuse(f"{error}\n")
    try:
        source.spawn()
        saving = given.saving_of(request, loaded)
        return show(source, request, keys, saving, profile=profile)
    except PooltopError as error:
        return fail(error)
    finally:
        source.close_now()


def show(
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
    from pooltop.reporting import ReportTee
    from pooltop.sources.ndjson_writer import NdjsonFile
    from pooltop.sources.recording import RecordingTee, make_folder_of
    from pooltop.sources.recording_format import RecordingError

    interval, _ = given.times(request)
    seeds = {} if profile is None else {each.name: each.seed for each in profile.workloads}
    interval_s = interval or (given.HEADLESS_S if keys is None else given.DASHBOARD_S)
    tees: list[Tee] = []
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
        status = _watch(tees[-1], request, keys, saving)
    except RecordingError as error:
        status = refuse(f"{error}\n")
    finally:
        for tee in tees:
            tee.finish()
            refuse(f"{tee.summary()}\n")
    return status or (EXIT_FAILED if any(tee.failure for tee in tees) else 0)


def dashboard(
    source: Source,
    request: Request,
    keys: Keymap,
    *,
    read_only: bool,
    saving: Saving,
    at_end: SaveTuned | None = None,
) -> int:
    """Show a source in the dashboard; gives the exit status."""
    from pooltop.ui import run_dashboard

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


def _watch(source: Source, request: Request, keys: Keymap | None, saving: Saving) -> int:
    if request.save_tuned is None:
        return _watched(source, request, keys, saving, None)
    from pooltop.at_end import SaveTuned
    from pooltop.errors import UsageError

    try:
        at_end = SaveTuned(saving, request.save_tuned)
    except UsageError as error:
        return refuse(f"{error}\n")
    status = _watched(source, request, keys, saving, at_end)
    refuse(f"{at_end.told}\n")
    return status or (EXIT_FAILED if at_end.failed else 0)


def _watched(
    source: Source,
    request: Request,
    keys: Keymap | None,
    saving: Saving,
    at_end: SaveTuned | None,
) -> int:
    interval, duration = given.times(request)
    if keys is None:
        from pooltop.headless import run_headless

        return run_headless(
            source,
            form=request.form,
            interval=interval or given.HEADLESS_S,
            duration=duration,
            at_end=at_end,
        )
    return dashboard(
        source, request, keys, read_only=request.read_only, saving=saving, at_end=at_end
    )


def _detach(request: Request, profile: Profile) -> int:
    from pooltop import background

    if profile.record != type(profile.record)():
        refuse("[record] is for whoever watches: say pooltop attach --record FILE, or --json\n")
    return told(lambda: say(background.detach(profile, request.name)))
