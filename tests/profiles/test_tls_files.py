"""Certificate and key files are tried before anything is sent, and named when they fail."""

from __future__ import annotations

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


def test_a_key_that_others_can_read_is_warned_of(folder: Path, lines: Lines, good: str) -> None:
    (folder / "key.pem").chmod(0o644)

    expected = (
        'x.toml:8:7 warn  P055 agents.a.tls.key = "key.pem": other users of this machine can read '
        "this key: chmod 600."
    )
    assert [expected] == lines(good + '[agents.a.tls]\ncert = "cert.pem"\nkey = "key.pem"\n')
