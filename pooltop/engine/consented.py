"""A name that was consented to may lead to this or that address, but not to a cloud's metadata.

Consent is asked for before the start, by name; where a name leads is known when it is dialled, and
who answers for it may have changed his mind by then.
"""

from __future__ import annotations

from collections.abc import Sequence

from pooltop.core.reach import Reach, reach_of
from pooltop.engine.resolver import Address, Family, Resolver
from pooltop.errors import NetworkError


class ConsentedResolver:
    """Asks another resolver, and takes away where nobody's traffic belongs."""

    def __init__(self, inner: Resolver, allow_hosts: Sequence[str]) -> None:
        """Ask by another resolver, which stays the caller's to close.

        Args:
            inner: who is asked.
            allow_hosts: that were consented to; what is link-local, or a cloud's metadata, is
                reached where it is named itself, as a name or an address.
        """
        self._inner = inner
        self._allowed = frozenset(allow_hosts)

    def __repr__(self) -> str:
        """Show whom it asks."""
        return f"<ConsentedResolver of {self._inner!r}>"

    async def resolve(self, host: str, port: int, family: Family) -> tuple[Address, ...]:
        """Give the addresses that may be connected to: see ``Resolver``.

        Raises:
            NetworkError: as the other does; ERR_BARRED_ADDRESS where no address is left.
        """
        found = await self._inner.resolve(host, port, family)
        if reach_of(host) is Reach.BARRED and host in self._allowed:
            return found
        kept = tuple(each for each in found if self._may_be_reached(each.host))
        if kept:
            return kept
        addresses = ", ".join(each.host for each in found)
        raise NetworkError(
            f"{host} leads to {addresses}, which is link-local or a cloud's metadata: to send it "
            "traffic name the address itself in [safety] allow_hosts",
            code="ERR_BARRED_ADDRESS",
        )

    def _may_be_reached(self, address: str) -> bool:
        bare = address.partition("%")[0]
        return reach_of(bare) is not Reach.BARRED or bare in self._allowed
