"""Certificates for the https hosts of a demo, made at start and gone with the process."""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import trustme

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

DIRECTORY_PREFIX = "pooltop-demo-"


class DemoCertificates:
    """A certificate authority of its own, whose PEM file clients are told to trust.

    The file has mode 0600 and lies in a directory of mode 0700; the authority's private key
    never leaves memory.
    """

    def __init__(self) -> None:
        """Make the authority and write its certificate.

        Raises:
            OSError: there is no temporary directory to write to.
        """
        self._authority = trustme.CA(organization_name="pooltop demo")
        self._directory = tempfile.TemporaryDirectory(prefix=DIRECTORY_PREFIX)
        self.ca_path = str(Path(self._directory.name) / "ca.pem")
        """The authority's certificate, as a PEM file."""
        descriptor = os.open(self.ca_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self._authority.cert_pem.bytes())

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the files."""
        self.close()

    def server_context(self, *names: str, protocols: Sequence[str]) -> ssl.SSLContext:
        """Give a server's TLS context, with a certificate for these names and addresses.

        Args:
            names: host names and addresses.
            protocols: what is spoken, by its name in ALPN: the first that the client has, too.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(list(protocols))
        self._authority.issue_cert(*names).configure_cert(context)
        return context

    def close(self) -> None:
        """Remove the files."""
        self._directory.cleanup()
