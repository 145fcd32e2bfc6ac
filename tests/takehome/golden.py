"""The snippets of some agents as files: ``python tests/takehome/golden.py`` writes them anew."""

from __future__ import annotations

from pathlib import Path

from pooltop.core.model import AgentOptions, Timeouts, TLSOptions
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.projection import projected
from pooltop.takehome import TARGETS, Pool, take_home

FOLDER = Path(__file__).with_name("golden")
_SEARCH = DispatcherOptions(kind="undici-pool", connections=8, pipelining=2, client_ttl=60_000)

POOLS = {
    "tuned": Pool(
        name="payments",
        options=AgentOptions(
            keep_alive=True,
            max_sockets=20,
            max_total_sockets=100,
            max_free_sockets=10,
            timeout=30_000,
            retry_stale=True,
        ),
        timeouts=Timeouts(queue=2, connect=1, idle=10, total=15, free=4),
        tls=TLSOptions(ca=("certs/ca.pem",), cert="certs/me.pem", key="certs/me.key"),
        hosts={"pay-b.internal:8443": {"max_sockets": 6}},
    ),
    "plain": Pool(name="default", options=AgentOptions()),
    "search": Pool(
        name="search",
        options=projected(_SEARCH),
        dispatcher=_SEARCH,
        origins=("https://search.internal",),
    ),
}
"""Pool by the first part of its files' names."""


def main() -> None:
    """Write every file."""
    for name, pool in POOLS.items():
        for target in TARGETS:
            (FOLDER / f"{name}.{target}.txt").write_text(take_home(pool, target), "utf-8")


if __name__ == "__main__":
    main()
