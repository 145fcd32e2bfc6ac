"""Certificate and key files are tried before anything is sent, and named when they fail."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from pooltop.core.model import TLSOptions
from pooltop.profiles import load_profile

Lines = Callable[[str], list[str]]

ENCRYPTED = """\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBBpbm52YWxpZHNhbHQx
-----END ENCRYPTED PRIVATE KEY-----
"""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def folder(tmp_path: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder, made the current one, with ca.pem, cert.pem, key.pem and bad files."""
    issued = authority.issue_cert("client@example.org")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    authority.issue_cert("x@example.org").private_key_pem.write_to_path(str(tmp_path / "other.pem"))
    (tmp_path / "der.pem").write_bytes(b"\x30\x82\x01\x00")
    (tmp_path / "text.pem").write_text("hello")
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")
    (tmp_path / "locked.pem").write_text(ENCRYPTED)
    (tmp_path / "dir.pem").mkdir()
    for file in tmp_path.glob("*.pem"):
        file.chmod(0o700 if file.is_dir() else 0o600)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_paths_start_at_the_profiles_folder(folder: Path, good: str) -> None:
    file = folder / "x.toml"
    file.write_text(good + '[agents.a.tls]\nca = "./ca.pem"\ncert = "cert.pem"\nkey = "key.pem"\n')

    expected = TLSOptions(
        ca=(str(folder / "ca.pem"),), cert=str(folder / "cert.pem"), key=str(folder / "key.pem")
    )
    assert expected == load_profile(file).agents[0].tls


TABLE = {
    "missing": ('ca = ["ca.pem", "no.pem"]', ['7:17 error P050 agents.a.tls.ca[1] = "no.pem": "no.pem": no such file.']),
    "directory": ('ca = "dir.pem"', ['7:6 error P050 agents.a.tls.ca = "dir.pem": "dir.pem": is a directory. Name the file itself.']),
    "DER": ('ca = "der.pem"', ['7:6 error P050 agents.a.tls.ca = "der.pem": "der.pem": this is DER; convert it: openssl x509 -inform der.']),
    "text": ('ca = "text.pem"', ['7:6 error P050 agents.a.tls.ca = "text.pem": "text.pem": this is no PEM file.']),
    "cert alone": ('cert = "cert.pem"', ["7:1 error P052 agents.a.tls.cert: key is missing: a client certificate is cert and key together."]),
    "key alone": ('key = "key.pem"', ["7:1 error P052 agents.a.tls.key: cert is missing: a client certificate is cert and key together."]),
    "another's key": ('cert = "cert.pem"\nkey = "other.pem"', ['8:7 error P050 agents.a.tls.key = "other.pem": "other.pem": this is not the key of the certificate in cert.']),
    "encrypted": ('cert = "cert.pem"\nkey = "locked.pem"', ['8:7 error P050 agents.a.tls.key = "locked.pem": "locked.pem": the key is encrypted: add passphrase.']),
    "wrong passphrase": ('cert = "cert.pem"\nkey = "locked.pem"\npassphrase = "hunter2"', ['8:7 error P050 agents.a.tls.key = "locked.pem": "locked.pem": the passphrase does not open it.', "9:14 warn  P054 agents.a.tls.passphrase: a secret in the profile: keep the file to yourself (chmod 600)."]),
    "no passphrase to show": ("passphrase = 12345", ["7:14 error P011 agents.a.tls.passphrase: expected a string, got a whole number."]),
    "Node's spelling": ("rejectUnauthorized = false", ["7:22 warn  P051 agents.a.tls.rejectUnauthorized = false: certificates are not checked."]),
    "a passphrase of nowhere": ('cert = "cert.pem"\nkey = "key.pem"\npassphrase_env = "NO_SUCH_VARIABLE"', ['9:18 error P057 agents.a.tls.passphrase_env = "NO_SUCH_VARIABLE": there is no such environment variable.']),
    "two passphrases": ('cert = "cert.pem"\nkey = "key.pem"\npassphrase = "hunter2"\npassphrase_env = "HOME"', ["10:1 error P017 agents.a.tls.passphrase_env: passphrase says the same: keep one of them."]),
    "no server name": ('servername = ""', []),
    "no such cipher": ('ciphers = "NONSENSE"', ["7:11 error P022 agents.a.tls.ciphers = \"NONSENSE\": OpenSSL finds no cipher for 'NONSENSE': see openssl ciphers -v."]),
    "Node's spelling of a version": ('minVersion = "TLSv1.3"\nmaxVersion = "TLSv1.2"', ['8:14 error P019 agents.a.tls.maxVersion = "TLSv1.2": no version is left up to TLSv1.2.']),
    "an old version": ('min_version = "TLSv1.1"', ['7:15 error P013 agents.a.tls.min_version = "TLSv1.1": allowed are "TLSv1.2" or "TLSv1.3". TLSv1.1 is not spoken (RFC 8996).']),
    "no such curve": ('ecdhCurve = "P-1"', ["7:13 error P022 agents.a.tls.ecdhCurve = \"P-1\": OpenSSL has no curve 'P-1': P-256, P-384, P-521, X25519."]),
    "no such bits": ("secure_options = -1", ["7:18 error P012 agents.a.tls.secure_options = -1: expected a whole number from 0 to 9223372036854775807."]),
    "bits that forbid a version": ("secureOptions = 134217728", ["7:17 error P022 agents.a.tls.secureOptions = 134217728: bits that forbid a version: write min_version and max_version."]),
    "a certificate for a list": ('crl = "ca.pem"', ['7:7 error P050 agents.a.tls.crl = "ca.pem": "ca.pem": this is no revocation list.']),
    "a missing list": ('crl = "no.pem"', ['7:7 error P050 agents.a.tls.crl = "no.pem": "no.pem": no such file.']),
    "a key log": ('keylog_file = "keys.log"', ['7:15 warn  P056 agents.a.tls.keylog_file = "keys.log": whoever reads this file can decrypt the traffic.']),
    "a key log in a folder that is not there": ('keylog_file = "no/keys.log"', ['7:15 error P050 agents.a.tls.keylog_file = "no/keys.log": "no/keys.log": its folder is not there.', '7:15 warn  P056 agents.a.tls.keylog_file = "no/keys.log": whoever reads this file can decrypt the traffic.']),
    "a key log that is a folder": ('keylog_file = "."', ['7:15 error P050 agents.a.tls.keylog_file = ".": ".": this file cannot be written.', '7:15 warn  P056 agents.a.tls.keylog_file = ".": whoever reads this file can decrypt the traffic.']),
    "PKCS#12": ('pfx = "a.p12"', ["7:1 error P023 agents.a.tls.pfx: Python's ssl reads no PKCS#12. Split it, and give cert and key: openssl pkcs12 -in FILE -nokeys -out cert.pem; openssl pkcs12 -in FILE -nocerts -out key.pem"]),
    "a server's option": ("honor_cipher_order = true", ["7:1 error P023 agents.a.tls.honor_cipher_order: it is a server's option: a client offers, the server chooses."]),
    "Node's spelling of what cannot be had": ('clientCertEngine = "x"', ["7:1 error P023 agents.a.tls.clientCertEngine: OpenSSL engines cannot be used: give cert and key."]),
    "server name": ('servername = "x y"', ['7:14 error P060 agents.a.tls.servername = "x y": "x y" is not a host name.']),
    "empty path": ('ca = [""]', ['7:7 error P022 agents.a.tls.ca[0] = "": expected the path of a file, got "".']),
}  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), TABLE.values(), ids=TABLE.keys())
@pytest.mark.usefixtures("folder")
def test_a_tls_option_is_remarked_upon(
    lines: Lines, good: str, said: str, expected: list[str]
) -> None:
    assert [f"x.toml:{line}" for line in expected] == lines(f"{good}[agents.a.tls]\n{said}\n")


@pytest.mark.usefixtures("folder")
def test_a_broken_certificate_is_named(lines: Lines, good: str) -> None:
    (line,) = lines(good + '[agents.a.tls]\nca = "broken.pem"\n')

    assert line.startswith(
        'x.toml:7:6 error P050 agents.a.tls.ca = "broken.pem": "broken.pem": '
        "no certificate in it can be read ("
    )


@pytest.mark.parametrize(
    ("begins", "ends", "why"),
    [
        (-9, -2, "this certificate expired on {ends:%Y-%m-%d}."),
        (2, 9, "this certificate counts from {begins:%Y-%m-%d} only."),
    ],
)
def test_a_certificate_that_does_not_count_today_is_refused(
    folder: Path, lines: Lines, good: str, authority: trustme.CA, begins: int, ends: int, why: str
) -> None:
    today = datetime.datetime.now(datetime.UTC)
    first, last = (today + datetime.timedelta(days=days) for days in (begins, ends))
    issued = authority.issue_cert("old@example.org", not_before=first, not_after=last)
    issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    (folder / "key.pem").chmod(0o600)

    expected = 'x.toml:7:8 error P050 agents.a.tls.cert = "cert.pem": "cert.pem": '
    assert [expected + why.format(begins=first, ends=last)] == lines(
        good + '[agents.a.tls]\ncert = "cert.pem"\nkey = "key.pem"\n'
    )


def test_a_key_that_others_can_read_is_warned_of(folder: Path, lines: Lines, good: str) -> None:
    (folder / "key.pem").chmod(0o644)

    expected = (
        'x.toml:8:7 warn  P055 agents.a.tls.key = "key.pem": other users of this machine can read '
        "this key: chmod 600."
    )
    assert [expected] == lines(good + '[agents.a.tls]\ncert = "cert.pem"\nkey = "key.pem"\n')


def test_a_passphrase_may_come_from_the_environment(
    folder: Path, good: str, monkeypatch: pytest.MonkeyPatch, authority: trustme.CA
) -> None:
    monkeypatch.setenv("KEY_SECRET", "hunter2")
    file = folder / "x.toml"
    file.write_text(
        good + '[agents.a.tls]\ncert = "cert.pem"\nkey = "key.pem"\npassphrase_env = "KEY_SECRET"\n'
    )

    tls = load_profile(file).agents[0].tls

    assert "hunter2" == tls.passphrase
    assert "hunter2" not in repr(tls)


def test_what_is_offered_is_taken_as_it_is_written(folder: Path, good: str) -> None:
    file = folder / "x.toml"
    file.write_text(
        good + '[agents.a.tls]\nciphers = "ECDHE+AESGCM"\nmin_version = "TLSv1.2"\n'
        'maxVersion = "TLSv1.3"\necdh_curve = "P-256"\nsecureOptions = 4\nkeylog_file = "k.log"\n'
        'servername = ""\n'
    )

    expected = TLSOptions(
        ciphers="ECDHE+AESGCM",
        min_version="TLSv1.2",
        max_version="TLSv1.3",
        ecdh_curve="P-256",
        secure_options=4,
        keylog_file=str(folder / "k.log"),
        servername="",
    )
    assert expected == load_profile(file).agents[0].tls
    assert not (folder / "k.log").exists()
