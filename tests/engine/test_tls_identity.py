"""Node's own check of a certificate's names, and the connections that need it."""

from __future__ import annotations

import ssl

import pytest
from support.pki import issue, server_context

from pooltop.core.model import TLSOptions
from pooltop.engine.tls import TLSStream, make_context
from pooltop.engine.tls_facts import CertificateFields
from pooltop.engine.tls_identity import is_for
from pooltop.errors import NetworkError, UsageError

# host, names, common name, whether Node 24's tls.checkServerIdentity takes it
TABLE = [
    ("a.com", ["DNS:a.com"], "", True),
    ("a.com", ["DNS:A.COM"], "", True),
    ("A.com.", ["DNS:a.com"], "", True),
    ("a.com", ["DNS:a.com."], "", True),
    ("a.com", ["DNS:b.com"], "a.com", False),
    ("a.com", [], "a.com", True),
    ("a.com", [], "b.com", False),
    ("a.com", [], "", False),
    ("a.com", ["IP Address:8.8.8.8"], "a.com", True),
    ("a.com", ["DNS:b.com", "DNS:a.com"], "", True),
    ("b.a.com", ["DNS:*.a.com"], "", True),
    ("b.a.com", [], "*.a.com", True),
    ("a.com", ["DNS:*.a.com"], "", False),
    ("c.b.a.com", ["DNS:*.a.com"], "", False),
    ("a.com", ["DNS:*.com"], "", False),
    ("a.com", ["DNS:*"], "", False),
    ("b-cb.a.com", ["DNS:b*b.a.com"], "", True),
    ("b.a.com", ["DNS:b*b.a.com"], "", False),
    ("xa.a.com", ["DNS:b*.a.com"], "", False),
    ("bx.a.com", ["DNS:*y.a.com"], "", False),
    ("b.a.com", ["DNS:*b*.a.com"], "", False),
    ("xn--b.a.com", ["DNS:xn--*.a.com"], "", False),
    ("xn--b.a.com", ["DNS:xn--b.a.com"], "", True),
    ("b.a.com", ["DNS:b.*.com"], "", False),
    ("b..a.com", ["DNS:b..a.com"], "", False),
    ("\u00f6.a.com", ["DNS:\u00f6.a.com"], "", False),
    ("8.8.8.8", ["IP Address:8.8.8.8"], "", True),
    ("8.8.8.8", ["DNS:8.8.8.8"], "8.8.8.8", False),
    ("8.8.8.8", ["IP Address:8.8.4.4"], "8.8.8.8", False),
    ("8.8.8.8", ["DNS:*.8.8.8"], "", False),
    ("::1", ["IP Address:0:0:0:0:0:0:0:1\n"], "", True),
    ("fe80::1", ["IP Address:FE80:0:0:0:0:0:0:1\n"], "", True),
    ("::2", ["IP Address:0:0:0:0:0:0:0:1\n"], "", False),
]


@pytest.mark.parametrize(("host", "names", "common_name", "expected"), TABLE)
def test_a_name_fits_as_node_says(host, names, common_name, expected):
    fields = CertificateFields(
        subject=((("commonName", common_name),),) if common_name else (),
        subject_alt_name=tuple(tuple(name.split(":", 1)) for name in names),
    )
    assert expected is is_for(host, fields)


ROOT = issue("root", is_ca=True)


@pytest.fixture
def streams(tmp_path):
    """Make a stream that sends no name, and have it shake hands; give both ends."""
    ca = tmp_path / "ca.pem"
    ca.write_bytes(ROOT.pem)
    client = make_context(TLSOptions(ca=(str(ca),)), sni=False)

    def connected(host, sans, session=None):
        context = server_context(tmp_path, issue("leaf", ROOT, sans=sans))
        heard = []
        context.sni_callback = lambda _tls, name, _context: heard.append(name)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = context.wrap_bio(incoming, outgoing, server_side=True)
        stream = TLSStream(client, host, session, sni=False)
        incoming.write(stream.start())
        with pytest.raises(ssl.SSLWantReadError):
            server.do_handshake()
        try:
            incoming.write(stream.receive(outgoing.read())[1])
        finally:
            assert [None] == heard
        server.do_handshake()
        return stream

    return connected


def test_without_sni_the_host_is_verified_all_the_same(streams):
    assert streams("a.example", ["a.example"]).is_connected
    assert streams("127.0.0.1", ["127.0.0.1"]).is_connected


def test_without_sni_another_hosts_certificate_is_refused_and_the_handshake_not_finished(streams):
    with pytest.raises(NetworkError) as caught:
        streams("a.example", ["b.example"])
    expected = (
        "certificate of a.example ERR_TLS_CERT_ALTNAME_INVALID: it is for DNS:b.example: "
        "check the host or tls.servername"
    )
    assert expected == str(caught.value)


def test_a_context_that_does_not_check_the_name_is_for_streams_that_do():
    with pytest.raises(UsageError):
        TLSStream(make_context(TLSOptions(), sni=False), "a.example")
    with pytest.raises(UsageError):
        TLSStream(make_context(TLSOptions()), "a.example", sni=False)
