"""Hosts' names masked in whatever is painted: as wide, told apart, and left nowhere."""

from __future__ import annotations

import pytest

from pooltop.core.model import AgentOptions, OriginKey, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginSnapshot,
    PeerCertificate,
    Snapshot,
    SocketInfo,
)
from pooltop.core.states import SocketState
from pooltop.present.mask import Mask, names_in

MASK = Mask(("api.payments.internal", "db", "fe80::1", "/run/secret.sock", "*.example.com"))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("api.payments.internal:443", "host-1xxxxxxxxxxxxxxx:443"),
        ("! api.payments.internal is slow.", "! host-1xxxxxxxxxxxxxxx is slow."),
        ("it was api.payments.internal.", "it was host-1xxxxxxxxxxxxxxx."),
        ("http://api.payments.internal/pay", "http://host-1xxxxxxxxxxxxxxx/pay"),
        ("api.pay\u2026:443", "xxxxxxx\u2026:443"),
        ("\u2026internal:443", "\u2026xxxxxxxx:443"),
        ("db:5432 feedback db-2", "ho:5432 feedback db-2"),
        ("[fe80::1]:443", "[host-3x]:443"),
        ("unix:/run/secret.sock", "unix:host-4xxxxxxxxxx"),
        ("DNS:*.example.com", "DNS:*.host-5xxxxx"),
        ("at 10.1.2.3:443", "at xxxxxxxx:443"),
        ("at 127.0.0.1:443", "at 127.0.0.1:443"),
        ("v1.2.3 about\u2026", "v1.2.3 about\u2026"),
        ("", ""),
    ],
)
def test_a_name_is_masked_whole_or_clipped_and_nothing_else_is(text, masked):
    assert MASK(text) == masked
    assert len(MASK(text)) == len(text)


def test_whatever_names_a_host_is_masked():
    socket = SocketInfo(
        id=SocketId(1),
        state=SocketState.ACTIVE,
        opened_at=0.0,
        since=0.0,
        remote="203.0.113.9:443",
        via="http://proxy.corp:3128",
    )
    certificate = PeerCertificate(
        subject="pay.example",
        issuer="a CA",
        names=("DNS:www.pay.example",),
        wall_not_before=0.0,
        wall_not_after=0.0,
    )
    origin = OriginSnapshot(
        key=OriginKey("k"),
        scheme="https",
        host="pay.internal",
        port=443,
        apart="as sni.example, from 192.0.2.7",
        sockets=(socket,),
        certificates=(certificate,),
    )
    agent = AgentSnapshot(
        name="a", options=AgentOptions(), initial_options=AgentOptions(), origins=(origin,)
    )

    assert names_in(Snapshot(seq=1, at=0.0, wall_at=0.0, agents=(agent,))) == (
        "pay.internal",
        "pay.example",
        "www.pay.example",
        "sni.example",
        "192.0.2.7",
        "203.0.113.9",
        "proxy.corp",
    )
