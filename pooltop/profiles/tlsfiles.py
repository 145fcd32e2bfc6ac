"""Whether the certificate files of a profile can be used: found out before anything is sent.

Each file is read like the profile itself (a pipe cannot block) and then given to OpenSSL,
whose errors name no file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import cast

import msgspec

from pooltop.core.model import TLSOptions
from pooltop.profiles.checks import hosts_of, tables_of
from pooltop.profiles.files import LARGEST, FileRefusedError, can_others_read, read_regular
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path, quoted

_PEM = b"-----BEGIN "
_ENCRYPTED = b"ENCRYPTED"
_OFFERED = ("ciphers", "min_version", "max_version", "ecdh_curve", "secure_options")


def check_tls(values: Values, report: Report) -> None:
    """Check every agent's TLS table, and make its paths start beside who says them."""
    for name, agent in tables_of(values, "agents").items():
        tls = cast("Values | None", agent.get("tls"))
        if tls:
            _check(tls, ("agents", name, "tls"), report)
        for host, table in hosts_of(agent).items():
            tls = cast("Values | None", table.get("tls"))
            if tls:
                _check(tls, ("agents", name, "hosts", host, "tls"), report)


def _check(tls: Values, path: Path, report: Report) -> None:
    if tls.get("verify") is False:
        report.warn((*path, "verify"), "P051", "certificates are not checked.")
    if "keylog_file" in tls:
        message = "whoever reads this file can decrypt the traffic."
        report.warn((*path, "keylog_file"), "P056", message)
        tls["keylog_file"] = _from(
            report.folder_of((*path, "keylog_file")), str(tls["keylog_file"])
        )
        _check_writable(str(tls["keylog_file"]), (*path, "keylog_file"), report)
    _check_settings(tls, path, report)
    if "passphrase_env" in tls:
        _take_passphrase(tls, path, report)
    elif "passphrase" in tls:
        report.warn_of_secret((*path, "passphrase"))
    _check_trust(tls, path, report)
    _check_lists(tls, path, report)
    _check_own(tls, path, report)


def _take_passphrase(tls: Values, path: Path, report: Report) -> None:
    """Put the variable's value where the passphrase would stand."""
    name = str(tls.pop("passphrase_env"))
    if "passphrase" in tls:
        message = "passphrase says the same: keep one of them."
        report.add((*path, "passphrase_env"), "P017", message, on_key=True)
    elif name in os.environ:
        tls["passphrase"] = os.environ[name]
    else:
        message = "there is no such environment variable."
        report.add((*path, "passphrase_env"), "P057", message)


def _check_settings(tls: Values, path: Path, report: Report) -> None:
    """Ask OpenSSL whether it can offer what is wanted."""
    wanted = {key: tls[key] for key in _OFFERED if key in tls}
    if not wanted:
        return
    import ssl  # noqa: PLC0415

    from pooltop.engine.tls_settings import SETTINGS, UnfitError  # noqa: PLC0415

    options = msgspec.convert(wanted, TLSOptions)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name, apply in SETTINGS:
        try:
            apply(context, options)
        except UnfitError as error:
            code = "P019" if name == "max_version" else "P022"
            report.add((*path, name), code, f"{error}.")


def _check_lists(tls: Values, path: Path, report: Report) -> None:
    if "crl" not in tls:
        return
    files = cast("tuple[str, ...]", tls["crl"])
    folder = report.folder_of((*path, "crl"))
    tls["crl"] = tuple(_from(folder, file) for file in files)
    for index, file in enumerate(cast("tuple[str, ...]", tls["crl"])):
        place = (*path, "crl") if len(files) == 1 else (*path, "crl", index)
        data = _read(file, place, report)
        if data is not None and (reason := _why_no_list(file, data)):
            report.add(place, "P050", f"{quoted(file)}: {reason}")


def _check_trust(tls: Values, path: Path, report: Report) -> None:
    if "ca" not in tls:
        return
    files = cast("tuple[str, ...]", tls["ca"])
    folder = report.folder_of((*path, "ca"))
    tls["ca"] = tuple(_from(folder, file) for file in files)
    for index, file in enumerate(cast("tuple[str, ...]", tls["ca"])):
        # A single path may stand without an array.
        place = (*path, "ca") if len(files) == 1 else (*path, "ca", index)
        data = _read(file, place, report)
        if data is not None and (reason := _why_no_ca(data)):
            report.add(place, "P050", f"{quoted(file)}: {reason}")


def _check_own(tls: Values, path: Path, report: Report) -> None:
    readable = True
    for key in ("cert", "key"):
        if key in tls:
            tls[key] = _from(report.folder_of((*path, key)), str(tls[key]))
            readable &= _read(str(tls[key]), (*path, key), report) is not None
    for key, other in (("cert", "key"), ("key", "cert")):
        if key in tls and other not in tls:
            message = f"{other} is missing: a client certificate is cert and key together."
            report.add((*path, key), "P052", message, on_key=True)
            return
    if "key" not in tls or not readable:
        return
    cert, key, secret = str(tls["cert"]), str(tls["key"]), tls.get("passphrase")
    if can_others_read(key):
        message = "other users of this machine can read this key: chmod 600."
        report.warn((*path, "key"), "P055", message)
    wrong, reason = _why_no_pair(cert, key, str(secret) if secret is not None else None)
    if not reason:
        wrong, reason = "cert", _why_not_today(cert)
    if reason:
        report.add((*path, wrong), "P050", f"{quoted(str(tls[wrong]))}: {reason}")


def _check_writable(file: str, path: Path, report: Report) -> None:
    """Find out whether a file can be written to, without making it."""
    above = os.path.dirname(file) or os.curdir
    if not os.path.isdir(above):
        report.add(path, "P050", f"{quoted(file)}: its folder is not there.")
    elif os.path.isdir(file) or not os.access(file if os.path.exists(file) else above, os.W_OK):
        report.add(path, "P050", f"{quoted(file)}: this file cannot be written.")


def _from(folder: str, file: str) -> str:
    return os.path.normpath(os.path.join(folder, file))


def _read(file: str, path: Path, report: Report) -> bytes | None:
    try:
        data = read_regular(file, LARGEST)
    except FileRefusedError as error:
        report.add(path, "P050", f"{quoted(file)}: {error.message}")
        return None
    if _PEM not in data:
        kind = "DER; convert it: openssl x509 -inform der" if data[:1] == b"\x30" else "no PEM file"
        report.add(path, "P050", f"{quoted(file)}: this is {kind}.")
        return None
    return data


def _why_no_ca(data: bytes) -> str:
    import ssl  # noqa: PLC0415 - slow to load, and few profiles name certificates

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=data.decode("ascii", "replace"))
    except (ssl.SSLError, ValueError) as error:
        return f"no certificate in it can be read ({_openssl(error)})."
    return ""


def _why_no_list(file: str, data: bytes) -> str:
    import ssl  # noqa: PLC0415

    if b"-----BEGIN X509 CRL-----" not in data:
        return "this is no revocation list."
    if b"-----BEGIN CERTIFICATE-----" in data:
        return "a certificate is in it too, which would be trusted: only lists belong here."
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except ssl.SSLError as error:
        return f"no revocation list in it can be read ({_openssl(error)})."
    return ""


def _why_no_pair(cert: str, key: str, passphrase: str | None) -> tuple[str, str]:
    """Give which of cert and key is to blame, and why; an empty reason when both are right."""
    import ssl  # noqa: PLC0415

    with open(key, "rb") as file:
        encrypted = _ENCRYPTED in file.read(LARGEST)
    if encrypted and passphrase is None:
        return "key", "the key is encrypted: add passphrase."
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        # Without a password of its own OpenSSL would ask the terminal.
        context.load_cert_chain(cert, key, password=passphrase or "")
    except (ssl.SSLError, ValueError, OSError) as error:
        reason = getattr(error, "reason", "") or ""
        if "MISMATCH" in reason:
            return "key", "this is not the key of the certificate in cert."
        if encrypted:
            return "key", "the passphrase does not open it."
        return "cert", f"cert and key cannot be used together ({_openssl(error)})."
    return "cert", ""


def _why_not_today(cert: str) -> str:
    """Say that a certificate of ours is too old or too young; "" where it is neither."""
    import ssl  # noqa: PLC0415

    # Private, but all that Python has for a certificate that no peer sent; CPython's own tests
    # live by it. The file was read before, so that this does not wait.
    decode: Callable[[str], dict[str, str]] | None = getattr(
        getattr(ssl, "_ssl", None), "_test_decode_cert", None
    )
    if decode is None:
        return ""
    try:
        fields = decode(cert)
        begins, ends = (ssl.cert_time_to_seconds(fields[key]) for key in ("notBefore", "notAfter"))
    except (ssl.SSLError, ValueError, KeyError):
        return ""  # names in no valid UTF-8, a date of the year 0: OpenSSL took it
    now = time.time()
    if now > ends:
        return f"this certificate expired on {_day(ends)}."
    return f"this certificate counts from {_day(begins)} only." if now < begins else ""


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at))


def _openssl(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason).lower().replace("_", " ") if reason else "OpenSSL gives no reason"
