"""A key is taken apart where there is one way to do it, by Node's names."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooltop.core.model import Origin, OriginKey, TLSOptions
from pooltop.core.snapshot import OriginSnapshot
from pooltop.present.node_key import key_parts


def origin_of(make, origin: Origin):
    return msgspec.structs.replace(
        make.origin(), key=origin.key, scheme=origin.scheme, host=origin.host, port=origin.port
    )


HOST = [("host", "a"), ("port", "80")]


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({}, []),
        ({"local_address": "127.0.0.2"}, [("localAddress", "127.0.0.2")]),
        ({"family": 6}, [("family", "6")]),
        ({"socket_path": "/run/a.sock"}, [("socketPath", "/run/a.sock")]),
        (
            {"family": 4, "socket_path": "/run/a.sock"},
            [("family", "4"), ("socketPath", "/run/a.sock")],
        ),
    ],
)
def test_the_fields_of_an_http_key_have_nodes_names(make, more, parts) -> None:
    origin = origin_of(make, Origin(scheme="http", host="a", port=80, **more))
    assert HOST + parts == key_parts(origin)


def test_what_decides_about_trust_is_named_too(make) -> None:
    tls = TLSOptions(ca=("ca.pem",), verify=False, min_version="TLSv1.3")
    origin = Origin(scheme="https", host="::1", port=8443, servername="b", tls=tls)
    assert [
        ("host", "::1"),
        ("port", "8443"),
        ("ca", "ca.pem"),
        ("rejectUnauthorized", "false"),
        ("servername", "b"),
        ("minVersion", "TLSv1.3"),
    ] == key_parts(origin_of(make, origin))


def test_a_key_that_can_be_read_in_two_ways_stands_as_a_whole(make) -> None:
    for address in ("::1", "fe80::1:2"):
        two = Origin(scheme="http", host="a", port=80, local_address=address)
        assert key_parts(origin_of(make, two)) is None
    foreign = msgspec.structs.replace(make.origin(), key=OriginKey("b:80:"))
    assert key_parts(foreign) is None


FIELD = st.text(st.characters(blacklist_characters=":", blacklist_categories=["Cs"]), max_size=5)


@given(FIELD, st.none() | st.sampled_from([4, 6]), FIELD, FIELD)
def test_what_was_put_in_is_what_is_read(address, family, path, ciphers) -> None:
    origin = Origin(
        scheme="https",
        host="a",
        port=80,
        local_address=address,
        family=family,
        socket_path=path,
        tls=TLSOptions(ciphers=ciphers),
    )

    parts = key_parts(OriginSnapshot(key=origin.key, scheme="https", host="a", port=80))
    wanted = {
        "host": "a",
        "port": "80",
        "localAddress": address,
        "family": str(family or ""),
        "socketPath": path,
        "ciphers": ciphers,
    }
    # A path that looks like a family is one, for whoever has only the key.
    if family is None and path in ("4", "6"):
        return
    assert {name: value for name, value in wanted.items() if value} == dict(parts or ())
