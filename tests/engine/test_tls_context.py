"""From TLS options to a context: every mistake in a file names the file."""

from __future__ import annotations

import ssl

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from pooltop.core.model import TLSOptions
from pooltop.engine.tls import make_context
from pooltop.errors import ProfileError


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def files(tmp_path, authority):
    """Give a folder with every kind of file."""
    client, other = authority.issue_cert("client.example"), authority.issue_cert("b.example")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    client.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    client.private_key_pem.write_to_path(tmp_path / "key.pem")
    client.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    other.private_key_pem.write_to_path(tmp_path / "other-key.pem")
    key = serialization.load_pem_private_key(client.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"open sesame"),
    )
    (tmp_path / "locked-key.pem").write_bytes(encrypted)
    (tmp_path / "text.pem").write_text("not a certificate\n")
    (tmp_path / "empty.pem").write_text("")
    broken_list = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
    (tmp_path / "broken-list.pem").write_text(broken_list)
    (tmp_path / "list-and-ca.pem").write_bytes(broken_list.encode() + authority.cert_pem.bytes())
    (tmp_path / "broken.pem").write_text(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    )
    return tmp_path


def test_the_systems_authorities_are_trusted_unless_others_are_given(files):
    given = make_context(TLSOptions(ca=(str(files / "ca.pem"),)))
    assert 1 == given.cert_store_stats()["x509"]
    assert ssl.CERT_REQUIRED is given.verify_mode
    assert given.check_hostname
    system = ssl.create_default_context().cert_store_stats()
    assert system == make_context(TLSOptions()).cert_store_stats()


def test_without_verification_nothing_is_checked():
    context = make_context(TLSOptions(verify=False))
    assert ssl.CERT_NONE is context.verify_mode
    assert not context.check_hostname


def test_old_versions_and_renegotiation_are_off():
    context = make_context(TLSOptions(verify=False))
    assert ssl.TLSVersion.TLSv1_2 is context.minimum_version
    assert context.options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.parametrize(
    ("cert", "key", "passphrase"),
    [
        ("cert.pem", "key.pem", None),
        ("both.pem", None, None),
        ("cert.pem", "key.pem", "not needed"),
        ("cert.pem", "locked-key.pem", "open sesame"),
    ],
)
def test_a_client_certificate_is_loaded(files, cert, key, passphrase):
    make_context(
        TLSOptions(
            cert=str(files / cert),
            key=str(files / key) if key else None,
            passphrase=passphrase,
        )
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"ca": "gone.pem"}, "tls.ca: cannot read DIR/gone.pem: No such file or directory"),
        ({"ca": "."}, "tls.ca: cannot read DIR/.: Is a directory"),
        ({"ca": "\0"}, "tls.ca: cannot read DIR/\0: embedded null byte"),
        ({"ca": "text.pem"}, "tls.ca: DIR/text.pem holds no certificate in PEM form"),
        ({"ca": "empty.pem"}, "tls.ca: DIR/empty.pem holds no certificate in PEM form"),
        ({"ca": "key.pem"}, "tls.ca: DIR/key.pem holds no certificate in PEM form"),
        ({"ca": "broken.pem"}, "tls.ca: DIR/broken.pem holds no certificate in PEM form"),
        ({"crl": "gone.pem"}, "tls.crl: cannot read DIR/gone.pem: No such file or directory"),
        ({"crl": "text.pem"}, "tls.crl: DIR/text.pem holds no revocation list in PEM form"),
        (
            {"crl": "broken-list.pem"},
            "tls.crl: DIR/broken-list.pem holds a damaged revocation list",
        ),
        (
            {"crl": "list-and-ca.pem"},
            "tls.crl: DIR/list-and-ca.pem holds a certificate too: only lists belong there",
        ),
        ({"cert": "gone.pem"}, "tls.cert: cannot read DIR/gone.pem: No such file or directory"),
        ({"cert": "text.pem"}, "tls.cert: DIR/text.pem holds no certificate in PEM form"),
        ({"cert": "cert.pem"}, "tls.cert: DIR/cert.pem holds no private key in PEM form"),
        ({"key": "key.pem"}, "tls.key: DIR/key.pem is given without tls.cert"),
        (
            {"cert": "cert.pem", "key": "gone.pem"},
            "tls.key: cannot read DIR/gone.pem: No such file or directory",
        ),
        (
            {"cert": "cert.pem", "key": "text.pem"},
            "tls.key: DIR/text.pem holds no private key in PEM form",
        ),
        (
            {"cert": "cert.pem", "key": "other-key.pem"},
            "tls.key: DIR/other-key.pem does not belong to the certificate in tls.cert",
        ),
        (
            {"cert": "cert.pem", "key": "locked-key.pem"},
            "tls.key: DIR/locked-key.pem is encrypted, and no tls.passphrase is given",
        ),
        (
            {"cert": "cert.pem", "key": "locked-key.pem", "passphrase": "wrong"},
            "tls.key: DIR/locked-key.pem cannot be decrypted with the given tls.passphrase",
        ),
        (
            {"cert": "cert.pem", "key": "locked-key.pem", "passphrase": "x" * 2000},
            "tls.key: DIR/locked-key.pem cannot be decrypted with the given tls.passphrase",
        ),
        (
            {"cert": "broken.pem"},
            "tls.cert: DIR/broken.pem cannot be used: the certificate or the key is damaged",
        ),
    ],
)
def test_a_mistake_names_the_file_and_what_is_wrong(files, options, expected):
    paths = {
        name: value if name == "passphrase" else f"{files}/{value}"
        for name, value in options.items()
    }
    for name in ("ca", "crl"):
        if name in paths:
            paths[name] = (paths[name],)
    with pytest.raises(ProfileError) as caught:
        make_context(TLSOptions(**paths))
    assert expected == str(caught.value).replace(str(files), "DIR")
    assert paths.get("passphrase", "no passphrase") not in str(caught.value)
