"""What a client offers: each option shows in the handshake, or is refused with words."""

from __future__ import annotations

import ssl

import pytest
from support.pki import issue, server_context

from pooltop.core.model import TLSOptions
from pooltop.engine.tls import TLSStream
from pooltop.engine.tls_context import make_context
from pooltop.errors import NetworkError, ProfileError

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
ROOT = issue("root", is_ca=True)
SITE = issue("site", ROOT, sans=["a.example"])
SUITES = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"


@pytest.fixture
def shake(tmp_path):
    """Shake hands with a server of this set-up; give the client's stream."""

    def run(options, set_up=lambda context: None):
        ca = tmp_path / "ca.pem"
        ca.write_bytes(ROOT.pem)
        server_side = server_context(tmp_path, SITE)
        set_up(server_side)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = server_side.wrap_bio(incoming, outgoing, server_side=True)
        stream = TLSStream(make_context(TLSOptions(ca=(str(ca),), **options)), "a.example")
        to_server = stream.start()
        while to_server:
            incoming.write(to_server)
            try:
                server.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                stream.receive(outgoing.read())  # the alert
                raise
            to_server = stream.receive(outgoing.read())[1]
        return stream

    return run


def _up_to(version):
    def set_up(context):
        context.maximum_version = version

    return set_up


def _one_curve(name):
    return lambda context: context.set_ecdh_curve(name)


# options, what the server is like, version and cipher agreed
AGREED = {
    "nothing": ({}, None, "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    "nothing, with an old server": ({}, _up_to(V12), "TLSv1.2", None),
    "at most 1.2": ({"max_version": "TLSv1.2"}, None, "TLSv1.2", None),
    "only 1.2": ({"min_version": "TLSv1.2", "max_version": "TLSv1.2"}, None, "TLSv1.2", None),
    "at least 1.3": ({"min_version": "TLSv1.3"}, None, "TLSv1.3", None),
    "a cipher": ({"ciphers": "ECDHE-ECDSA-CHACHA20-POLY1305"}, _up_to(V12), "TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
    "a cipher of 1.2 with a server of 1.3": ({"ciphers": "ECDHE-ECDSA-CHACHA20-POLY1305"}, None, "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    "Node's own list, pasted": ({"ciphers": f"{SUITES}:ECDHE-ECDSA-AES256-GCM-SHA384:!RC4"}, _up_to(V12), "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    "only suites of 1.3": ({"ciphers": SUITES}, None, "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    "suites that cannot matter": ({"ciphers": "TLS_AES_128_CCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384", "max_version": "TLSv1.2"}, None, "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    "the server's curve": ({"ecdh_curve": "P-384"}, _one_curve("secp384r1"), "TLSv1.3", None),
    "a curve by OpenSSL's name": ({"ecdh_curve": "prime256v1"}, _one_curve("prime256v1"), "TLSv1.3", None),
    "any curve": ({"ecdh_curve": "auto"}, _one_curve("secp521r1"), "TLSv1.3", None),
}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "set_up", "version", "cipher"), AGREED.values(), ids=AGREED.keys()
)
def test_an_option_shows_in_what_is_agreed(shake, options, set_up, version, cipher):
    facts = shake(options, set_up or (lambda context: None)).facts
    assert version == facts.protocol
    assert cipher in (None, facts.cipher)


DISAGREED = {
    "too new for the server": ({"min_version": "TLSv1.3"}, _up_to(V12)),
    "another curve": ({"ecdh_curve": "P-256"}, _one_curve("secp384r1")),
    "only suites of 1.3, with an old server": ({"ciphers": SUITES}, _up_to(V12)),
    "another cipher": ({"ciphers": "ECDHE-RSA-AES128-GCM-SHA256", "max_version": "TLSv1.2"}, None),
}


@pytest.mark.parametrize(("options", "set_up"), DISAGREED.values(), ids=DISAGREED.keys())
def test_what_the_server_does_not_do_fails_the_handshake(shake, options, set_up):
    with pytest.raises((NetworkError, ssl.SSLError)):
        shake(options, set_up or (lambda context: None))


REFUSED = {
    "tls.ciphers: OpenSSL finds no cipher for 'NONSENSE': see openssl ciphers -v": {"ciphers": "NONSENSE"},
    "tls.ciphers: it names no cipher": {"ciphers": "::"},
    f"tls.ciphers: Python's ssl cannot choose the suites of TLS 1.3: leave the TLS_ names out, which offers {SUITES}": {"ciphers": "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256"},
    "tls.min_version: TLSv1.1 is not spoken (RFC 8996): TLSv1.2 or TLSv1.3": {"min_version": "TLSv1.1"},
    "tls.max_version: SSLv3 is not spoken (RFC 8996): TLSv1.2 or TLSv1.3": {"max_version": "SSLv3"},
    "tls.max_version: no version is left up to TLSv1.2": {"min_version": "TLSv1.3", "max_version": "TLSv1.2"},
    "tls.ecdh_curve: Python's ssl can offer one curve or its own list, not several by name": {"ecdh_curve": "P-256:P-384"},
    "tls.ecdh_curve: OpenSSL has no curve 'P-1': P-256, P-384, P-521, X25519": {"ecdh_curve": "P-1"},
    "tls.secure_options: it is the sum of OpenSSL's SSL_OP_ bits": {"secure_options": -1},
    "tls.secure_options: bits that forbid a version: write min_version and max_version": {"secure_options": int(ssl.OP_NO_TLSv1_2)},
    "tls.keylog_file: cannot write /nonexistent/keys: No such file or directory": {"keylog_file": "/nonexistent/keys"},
}  # fmt: skip


@pytest.mark.parametrize(("words", "options"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_cannot_be_had_is_refused_with_words(words, options):
    with pytest.raises(ProfileError) as caught:
        make_context(TLSOptions(**options))
    assert words == str(caught.value)


def test_nodes_ciphers_are_offered_by_default():
    offered = [each["name"] for each in make_context(TLSOptions()).get_ciphers()]
    assert SUITES.split(":") == offered[:3]
    # The servers that have only RSA key exchange: Python's own list leaves it out.
    assert "AES128-GCM-SHA256" in offered
    assert 2 == make_context(TLSOptions()).security_level


def test_openssls_option_bits_are_set(shake):
    options = {"max_version": "TLSv1.2", "secure_options": int(ssl.OP_NO_TICKET)}
    context = make_context(TLSOptions(**options))
    assert context.options & ssl.OP_NO_TICKET
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert not shake(options).session.ticket.has_ticket
    assert shake({"max_version": "TLSv1.2"}).session.ticket.has_ticket


@pytest.mark.parametrize(
    ("version", "label"),
    [("TLSv1.2", "CLIENT_RANDOM"), ("TLSv1.3", "CLIENT_HANDSHAKE_TRAFFIC_SECRET")],
)
def test_the_key_log_is_appended_to_and_its_file_is_the_users_alone(
    shake, tmp_path, version, label
):
    path = tmp_path / "keys.log"
    options = {"keylog_file": str(path), "max_version": version}
    stream = shake(options)
    first = path.read_text()
    assert label in first
    assert 0o600 == path.stat().st_mode & 0o777
    assert "keylog_file=" in repr(TLSOptions(**options))
    assert stream.is_connected
    shake(options)
    assert path.read_text().startswith(first)
    assert path.read_text().count(label) == 2 * first.count(label)
