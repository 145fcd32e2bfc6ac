"""A certificate authority for tests, the TLS options that trust it, and servers' contexts of it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from pooltop.core.model import TLSOptions


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> TLSOptions:
    """Give the options of an agent that trusts the authority."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return TLSOptions(ca=(str(path),))


@pytest.fixture
def context(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """Make a server's context: ``context(*names, version=None)``."""

    def make(*names: str, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        authority.issue_cert(*(names or ("127.0.0.1", "localhost"))).configure_cert(context)
        return context

    return make
