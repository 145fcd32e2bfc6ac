"""The ceiling on descriptors: a dial that would go beyond it fails, before the system says EMFILE.

A process without a descriptor cannot look a name up, read a certificate or write its log. POSIX
gives every new descriptor the lowest free number, so that of a socket tells how many are open:
nothing has to be counted, and nothing can be forgotten.
"""

from __future__ import annotations

from pooltop.errors import DescriptorError


class DescriptorCeiling:
    """How many descriptors may be open when a socket is made."""

    def __init__(self, share: float, limit: int) -> None:
        """Work it out.

        Args:
            share: ``Safety.max_open_fds``.
            limit: of this process.
        """
        self._share, self._limit = share, limit
        self.most = max(1, int(share * limit))

    def refusal(self, descriptor: int, where: str) -> DescriptorError | None:
        """Say that a new socket's descriptor is one too many; None where it is not.

        Args:
            descriptor: its number.
            where: ``host:port`` of whom it is to reach.
        """
        if descriptor < self.most:
            return None
        return DescriptorError(
            f"no socket for {where}: {descriptor} descriptors are open, and "
            f"{self.most} is the ceiling ({self._share:g} of the {self._limit} of this process): "
            "lower maxSockets, or raise max_open_fds in [safety] or the limit (ulimit -n)"
        )
