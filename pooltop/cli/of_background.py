"""The commands about engines that outlive the screen: attach, list, stop, serve."""

from __future__ import annotations

from pooltop.cli import given
from pooltop.cli.args import ArgumentError
from pooltop.cli.running import show
from pooltop.cli.telling import EXIT_USAGE, say, told, write
from pooltop.cli.terminal import can_ask, cannot_show, is_headless

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

    from pooltop.cli.args import Request
    from pooltop.core.model import Profile


def attach(request: Request) -> int:
    """Watch an engine that runs."""
    interval, duration = given.times(request)
    headless = is_headless(request)
    if not headless:
        if duration is not None:
            message = "--duration of attach is how long to print: add --headless"
            raise ArgumentError(message)
        if cannot_show(request):
            return EXIT_USAGE
    keys = None if headless else given.load_keys(request)
    from pooltop import background

    def watch() -> int:
        source = background.attach(
            request.engine,
            interval_s=interval or (given.HEADLESS_S if headless else given.DASHBOARD_S),
            # Who prints changes nothing, and needs no lock.
            read_only=request.read_only or headless,
            kind="headless" if headless else "dashboard",
        )
        return show(source, request, keys, given.saving_of(request, None))

    return told(watch)


def listing(request: Request) -> int:
    """Say which engines run."""
    from pooltop import background

    return told(lambda: say(background.listing(as_json=request.json)))


def stop(request: Request) -> int:
    """End an engine."""
    from pooltop import background

    return told(lambda: say(background.stop(request.engine or "")))


def serve(request: Request) -> int:
    """Show an engine in browsers."""
    port = given.port(request.port)
    from pooltop import background, serving

    profile = None
    if request.profile is not None:
        profile = _profile_to_serve(request)
        if profile is None:
            return EXIT_USAGE

    def work() -> int:
        serving.require_extra()
        ear = serving.bind(request.listen or serving.LOOPBACK, port)
        with ear:
            write(2, serving.warning(ear.getsockname()[0], write=request.write))
            if profile is None:
                visited(background.only(request.engine), ear)
                return 0
            with background.while_it_runs(profile, request.name) as name:
                visited(name, ear)
            return 0

    def visited(name: str, ear: socket.socket) -> None:
        who = "may write" if request.write else "read-only"
        serving.serve(
            name,
            ear,
            write=request.write,
            ready=lambda page: write(1, f"engine {name} at {page} ({who}); ctrl+c ends it\n"),
        )

    return told(work)


def _profile_to_serve(request: Request) -> Profile | None:
    """Give the profile that is to run in the background; None if it may not, which was told."""
    said = given.said_of_the_profile(request)
    loaded = given.load(request, will_ask=can_ask())
    if loaded is None or not given.can_listen(loaded):
        return None
    import msgspec

    return given.consented(msgspec.structs.replace(loaded.profile, **said))
