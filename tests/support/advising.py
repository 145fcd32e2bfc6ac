"""Situations: a profile that has a diagnosis raised on loopback, and its twin that has not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pooltop.advise.advisor import Advisor
from pooltop.advise.diagnosis import Card, Diagnosis
from pooltop.advise.revert_watch import WINDOWS, Trial
from pooltop.advise.table import TABLE
from pooltop.core.advising import AdvisorOptions
from pooltop.core.edits import Edit
from pooltop.demo.addresses import resolve_demo
from pooltop.demo.server import DemoServers
from pooltop.engine.engine import Engine
from pooltop.profiles.loading import load_profile_text

if TYPE_CHECKING:  # ``real_sockets`` has its asserts rewritten, and must be the first to import it
    from support.loopback import Handler, Listener, Serve

    from pooltop.engine.resolver import Resolver

LOOK_S = 0.02
"""Between two looks at the engine."""
DEADLINE_S = 20.0
"""For a card that must come: as a rule it is there within two seconds."""
_MORE = 2
"""Windows that a twin is watched for beyond those that its diagnosis needs."""

Act = Callable[[Engine], Awaitable[None]]
Names = Callable[["Mapping[str, Listener]"], "Resolver"]
"""Makes who looks names up, of the servers that were started."""


async def nothing(engine: Engine) -> None:
    """Let the load alone."""
    del engine


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What raises a diagnosis, and the same traffic without its cause."""

    id: str
    """The diagnosis'."""
    profile: str
    """TOML; ``@name`` stands for the URL of one of ``servers``, ``@@name`` for host and port."""
    twin: str
    servers: Mapping[str, Handler] = field(default_factory=dict)
    twin_servers: Mapping[str, Handler] | None = None
    """None for the same."""
    act: Act = nothing
    """Done beside the load, once it runs."""
    twin_act: Act | None = None
    resolver: Names | None = None
    """None for the system's."""
    twin_resolver: Names | None = None
    """None for the same."""
    window_s: float = 0.4
    min_samples: int = 30
    proposes: tuple[str, float | bool | str | None] | None = None
    """The option that the card must propose, and the value that it must be above (a number), or
    be; None for whatever it proposes."""
    is_curable: bool = True
    """Applied, the proposal ends the card: a server that lies is none of it."""

    @property
    def diagnosis(self) -> Diagnosis:
        """Give its row of the table."""
        return next(each for each in TABLE if each.id == self.id)


class Watched(NamedTuple):
    """What came of watching a run."""

    cards: tuple[Card, ...]
    """Every card that was raised, as it was last."""
    windows: int
    """Closed windows of the host that has most."""

    @property
    def ids(self) -> set[str]:
        """Give whose cards they are."""
        return {card.id for card in self.cards}


class Watcher:
    """Runs a profile in this loop, with an advisor that looks at it many times a second."""

    def __init__(self, serve: Serve, directory: Path) -> None:
        self._serve = serve
        self._directory = directory

    async def until_raised(self, one: Situation) -> Watched:
        """Run the situation until its card is there, or the deadline is over."""
        return await self._run(one, one.profile, one.servers, one.act, one.resolver, until=one.id)

    async def twin(self, one: Situation) -> Watched:
        """Run the twin over more windows than its diagnosis needs."""
        servers = one.servers if one.twin_servers is None else one.twin_servers
        resolver = one.twin_resolver or one.resolver
        return await self._run(
            one, one.twin, servers, one.twin_act or one.act, resolver, until=None
        )

    async def cured(self, one: Situation) -> bool:
        """Run the situation, apply what its card proposes; say whether the card goes and stays away.

        It has stayed away when it was not there over more windows than it needs.
        """
        running = self._running(one, one.profile, one.servers, one.act, one.resolver)
        async with running as (engine, advisor, _):
            async with asyncio.timeout(DEADLINE_S):
                while one.id not in (each.id for each in advisor.cards()):
                    await _look(engine, advisor)
            edits = [each.finding.edit for each in advisor.cards() if each.finding.edit is not None]
            # Where two propose the same, the graver card has it.
            (proposed,) = (
                edit for edit in edits if one.proposes and edit.option == one.proposes[0]
            )
            outcome = engine.edit(Edit(id=1, by="advisor", confirmed=True, **proposed._asdict()))
            assert outcome.accepted, outcome.error
            clock = asyncio.get_running_loop().time
            deadline, last_seen = clock() + DEADLINE_S, clock()
            patience = (one.diagnosis.windows + _MORE) * one.window_s
            while clock() - last_seen < patience:
                if clock() > deadline:
                    return False
                await _look(engine, advisor)
                if any(each.id == one.id for each in advisor.cards()):
                    last_seen = clock()
        return True

    async def tried(self, one: Situation, option: str, value: float) -> Trial:
        """Run the situation for two windows, edit it as advice would; give what is said of that."""
        running = self._running(one, one.profile, one.servers, one.act, one.resolver)
        async with running as (engine, advisor, _), asyncio.timeout(DEADLINE_S):
            while not any(len(each) >= WINDOWS for each in advisor.watch.hosts.values()):
                await _look(engine, advisor)
            edit = Edit(id=1, agent="a", option=option, value=value, by="advisor", confirmed=True)
            assert engine.edit(edit).accepted
            while not advisor.trials or advisor.trials[0].verdict == "watching":
                await _look(engine, advisor)
            return advisor.trials[0]

    async def _run(
        self,
        one: Situation,
        text: str,
        servers: Mapping[str, Handler],
        act: Act,
        resolver: Names | None,
        *,
        until: str | None,
    ) -> Watched:
        most = 0
        enough = one.diagnosis.windows + _MORE
        running = self._running(one, text, servers, act, resolver)
        async with running as (engine, advisor, acting):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DEADLINE_S):
                    while not _is_over(advisor, until, most >= enough and acting.done()):
                        await _look(engine, advisor)
                        kept = advisor.watch.hosts.values()
                        most = max((len(each) for each in kept), default=0)
            if acting.done():
                acting.result()
        return Watched(advisor.history(), most)

    @contextlib.asynccontextmanager
    async def _running(
        self,
        one: Situation,
        text: str,
        servers: Mapping[str, Handler],
        act: Act,
        resolver: Names | None,
    ) -> AsyncIterator[tuple[Engine, Advisor, asyncio.Future[None]]]:
        """Start a load, what is done beside it, and an advisor that has seen nothing yet."""
        started = {name: await self._serve(handler) for name, handler in servers.items()}
        for name, server in started.items():
            text = text.replace(f"@@{name}", f"{server.host}:{server.port}")
            text = text.replace(f"@{name}", server.url)
        path = self._directory / "situation.toml"
        path.write_text(text)
        profile = load_profile_text(text, str(path))
        options = AdvisorOptions(window_s=one.window_s, min_samples=one.min_samples)
        async with contextlib.AsyncExitStack() as stack:
            demo = await stack.enter_async_context(DemoServers(profile.demo))
            names = None if resolver is None else resolver(started)
            engine = Engine(resolve_demo(profile, demo.addresses), resolver=names)
            stack.push_async_callback(engine.aclose)
            engine.start()
            acting = asyncio.ensure_future(act(engine))
            stack.callback(acting.cancel)
            yield engine, Advisor(options), acting


async def _look(engine: Engine, advisor: Advisor) -> None:
    await asyncio.sleep(LOOK_S)
    advisor.add(engine.snapshot())


def _is_over(advisor: Advisor, until: str | None, is_enough: bool) -> bool:
    if until is None:
        return is_enough
    return any(card.id == until for card in advisor.cards())
