"""``pooltop serve``: the dashboard in a browser, each visitor a viewer of one engine.

Rules of this file:
- Each visitor has a ``pooltop attach`` of its own, read-only unless writing was asked for; the
  engine is one of the background, and outlives them all.
- The port is bound before any engine is started, on loopback unless another address was named.
- A browser hands requests of any web site to loopback, web sockets too: who names another host
  than ours, or comes from another site's page, is refused.
- textual-serve (the extra ``serve``) is loaded here and nowhere else.

Source: textual-serve 1.1.3, server.py and app_service.py.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import shlex
import signal
import socket
import sys
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pooltop.children import environment
from pooltop.errors import EngineError, UsageError

if TYPE_CHECKING:
    from aiohttp import web

PORT = 8765
"""Where the page is served, unless another port is asked for."""
LOOPBACK = "127.0.0.1"
_MISSING = 'serve needs the extra "serve": pip install "pooltop[serve]"'
_GOODBYE_S = 2.0
"""How long the visitors' viewers have to end."""
_HEADERS = {
    # The page of textual-serve asks Google for a font; nobody else is to hear of a visit.
    "Content-Security-Policy": "style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def require_extra() -> None:
    """Make sure that the page can be served.

    Raises:
        UsageError: what is needed is not installed; the message says what to install.
    """
    try:
        import textual_serve.server  # noqa: F401, PLC0415 - optional
    except ImportError:
        raise UsageError(_MISSING) from None


def bind(address: str, port: int) -> socket.socket:
    """Give a listening socket.

    Args:
        address: an address of this machine.
        port: 0 takes a free one.

    Raises:
        UsageError: the address is none.
        EngineError: it cannot be listened on.
    """
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    except ValueError:
        raise UsageError(f"--listen {address}: expected an address such as 192.0.2.7") from None
    ear = socket.socket(family, socket.SOCK_STREAM)
    try:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.bind((address, port))
        ear.listen()
    except OSError as error:
        ear.close()
        raise EngineError(f"cannot listen on {address} port {port}: {error.strerror}") from error
    return ear


def is_local(address: str) -> bool:
    """Say whether only this machine can reach an address."""
    return ipaddress.ip_address(address).is_loopback


def warning(address: str, *, write: bool) -> str:
    """Say what it means to listen on an address; empty for loopback."""
    if is_local(address):
        return ""
    may = "see and CHANGE" if write else "see"
    return (
        f"warning: whoever reaches {address} can {may} this engine: "
        "there is no password, and nothing is encrypted\n"
    )


def viewer_command(name: str, *, write: bool) -> str:
    """Give the shell's command for one visitor's viewer of an engine."""
    words = [sys.executable, "-P", "-m", "pooltop", "attach", name]
    return "exec " + shlex.join(words if write else [*words, "--read-only"])


def serve(name: str, ear: socket.socket, *, write: bool, ready: Callable[[str], None]) -> None:
    """Serve an engine's dashboard until SIGINT, SIGTERM or SIGHUP.

    Args:
        name: the engine's.
        ear: where visitors come; closed here.
        write: whether they may change anything.
        ready: told the page's address, once it can be visited.
    """
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(_serve(name, ear, write=write, ready=ready))


class _Loop(asyncio.SelectorEventLoop):
    """Knows the processes that were started: textual-serve does not wait for a viewer's end."""

    def __init__(self) -> None:
        super().__init__()
        self.processes: weakref.WeakSet[asyncio.SubprocessTransport] = weakref.WeakSet()

    async def subprocess_shell(  # type: ignore[override]  # passed on as it comes
        self,
        *words: Any,  # noqa: ANN401 - likewise
        **how: Any,  # noqa: ANN401 - likewise
    ) -> tuple[asyncio.SubprocessTransport, asyncio.BaseProtocol]:
        made = await super().subprocess_shell(*words, **how)
        self.processes.add(made[0])
        return made


async def _serve(
    name: str, ear: socket.socket, *, write: bool, ready: Callable[[str], None]
) -> None:
    from aiohttp import web  # noqa: PLC0415 - with the extra

    # The visitors' viewers inherit it: they are to be of the same package.
    os.environ.update(environment())
    logging.basicConfig(level=logging.ERROR, format="pooltop: %(message)s")
    logging.getLogger("textual-serve").addFilter(_is_worth_telling)
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, over.set)
    address, port = ear.getsockname()[:2]
    shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    app = await _application(viewer_command(name, write=write), f"pooltop {name}", address, port)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GOODBYE_S)
    await runner.setup()
    try:
        await web.SockSite(runner, ear).start()
        ready(f"http://{shown}/")
        await over.wait()
    finally:
        await runner.cleanup()
        ear.close()
        assert isinstance(loop, _Loop)
        for process in loop.processes:  # whoever was asked to end and has not
            process.close()


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Let all through but that a visitor left while something was being drawn for it."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, ConnectionError)


async def _application(command: str, title: str, address: str, port: int) -> web.Application:
    from aiohttp import web  # noqa: PLC0415 - with the extra
    from textual_serve.server import Server  # noqa: PLC0415 - likewise

    class Page(Server):
        """Their page, under whatever name it was asked for."""

        async def handle_index(self, request: web.Request) -> web.StreamResponse:
            # Its scripts and its socket are to be where the page came from. Nothing is awaited
            # between this and their use.
            self.public_url = f"http://{request.host}"
            return await super().handle_index(request)

        async def on_startup(self, app: web.Application) -> None:
            """Keep their banner for themselves."""

        async def application(self) -> web.Application:
            return await self._make_app()

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], object]
    ) -> web.StreamResponse:
        why = refusal(request.host, request.headers.get("Origin"), address, port)
        if why:
            raise web.HTTPForbidden(text=f"pooltop: {why}\n")
        response = await handler(request)  # type: ignore[misc]  # aiohttp's Handler, in words
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response  # type: ignore[no-any-return]  # likewise

    app = await Page(command, host=address, port=port, title=title).application()
    app.middlewares.append(guard)
    return app


def refusal(host: str, origin: str | None, address: str, port: int) -> str:
    """Say why a request is refused; empty for one that is welcome.

    Args:
        host: its Host field.
        origin: its Origin field, which browsers send with every web socket; None without one.
        address: that is listened on.
        port: likewise.
    """
    try:
        asked = urlsplit(f"//{host}")
        name, asked_port = asked.hostname or "", asked.port or 80
        site = None if origin is None else urlsplit(origin).netloc
    except ValueError:
        return "no such host here"
    if not (asked_port == port and _is_ours(name, address)):
        return "no such host here"
    if site is not None and site != host:
        return "this is not for the pages of another site"
    return ""


def _is_ours(name: str, address: str) -> bool:
    """Say whether a name is that of an address.

    A name of the DNS may lead anywhere tomorrow: pages of a foreign site would then be "ours".
    """
    own = ipaddress.ip_address(address)
    if name == "localhost":
        return own.is_loopback or own.is_unspecified
    try:
        asked = ipaddress.ip_address(name)
    except ValueError:
        return False
    return own.is_unspecified or asked == own
