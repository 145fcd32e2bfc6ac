"""Every outcome that the engine can count has a cause: collected from the code, not from memory."""

from __future__ import annotations

import ast
import errno
import re
import ssl
from pathlib import Path

import pytest

import pooltop
from pooltop import errors
from pooltop.core.causes import Cause, by_cause, cause_of, listed_cause
from pooltop.core.records import Failure
from pooltop.core.undici import failures
from pooltop.engine import oserror, resolver, tls_errors, tls_verdicts
from pooltop.errors import OperatorError, RequestTimeout

_CODE = re.compile(
    r"(UND_ERR|ERR|HPE|EAI|CERT|CRL)_[A-Z0-9_]+|E[A-Z]{3,}|ABORT_ERR|UNKNOWN|UNSPECIFIED"
)
_ROOT = Path(pooltop.__file__).parent


def _raised_for_callers():
    """Give the codes of errors that refuse a call, and so are never counted."""
    return {
        "ERR_INVALID_ARG_TYPE",
        "ERR_OUT_OF_RANGE",
        "ERR_INVALID_PROTOCOL",
        "ERR_SOCKET_BAD_PORT",
    } | {kind.code for kind in vars(errors).values() if _is_no_request_error(kind)}


def _is_no_request_error(kind):
    is_ours = isinstance(kind, type) and issubclass(kind, errors.PooltopError)
    return is_ours and not issubclass(kind, errors.RequestError | errors.TLSConfigError)


def _codes_in_the_code():
    """Give every text of the engine and the core that is a code."""
    for folder in ("engine", "core"):
        for path in (_ROOT / folder).rglob("*.py"):
            if path.name == "causes.py":
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                text = node.value if isinstance(node, ast.Constant) else None
                if isinstance(text, str) and _CODE.fullmatch(text):
                    yield text


def _outcomes():
    yield from set(_codes_in_the_code()) - _raised_for_callers() - {"EDIT", "ERROR"}
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.RequestError):
            yield kind.outcome or kind.code
    yield from (code for code, _ in tls_verdicts._VERDICTS.values())
    yield from (code for code, _ in resolver._GAI_CODES.values())
    yield from (each.code for each in vars(failures).values() if isinstance(each, Failure))
    yield failures.connect_timeout(1).code
    for clock in ("queue", "connect", "dns", "tcp", "tls", "idle", "total", "headers", "body"):
        yield RequestTimeout("", clock=clock).outcome
    source = (_ROOT / "engine/interventions.py").read_text("utf-8")
    for what in re.findall(r'what="([a-z ]+)"', source):
        yield OperatorError("", what=what).outcome
    for reason in (*tls_errors._ALERTS, *tls_errors._OURS):
        refusal = ssl.SSLError(1, "")
        refusal.reason = reason
        yield tls_errors.handshake_error(refusal, seen=b"").code
    for number in (*oserror.REMEDIES, *oserror.UNIX_REMEDIES):
        error = oserror.network_error(number, syscall="connect", where="")
        yield error.outcome or error.code
    for number in oserror.BIND_REMEDIES:
        yield oserror.network_error(number, syscall="bind", where="").outcome


def test_every_outcome_that_can_be_counted_has_a_cause():
    found = set(_outcomes()) - {"ERR_POOLTOP"}  # the root's own: never raised as such
    assert {"stale reuse", "total clock", "HPE_STRICT", "CERT_HAS_EXPIRED"} <= found
    assert len(found) > 90
    assert [] == sorted(outcome for outcome in found if listed_cause(outcome) is None)


def test_the_three_things_an_operator_does_are_ours():
    source = (_ROOT / "engine/interventions.py").read_text("utf-8")
    assert 3 == len(re.findall(r'what="[a-z ]+"', source))


@pytest.mark.parametrize("name", sorted(errno.errorcode.values()))
def test_any_error_number_has_a_true_cause(name):
    assert cause_of(name) in set(Cause) - {Cause.STOPPED, Cause.PROTOCOL, Cause.QUEUE_TIMEOUT}


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        ("EADDRNOTAVAIL", Cause.EXHAUSTED),
        ("bind EADDRNOTAVAIL", Cause.SETTING),
        ("connect ETIMEDOUT", Cause.CONNECT_TIMEOUT),
        ("ETIMEDOUT", Cause.TIMEOUT),
        ("EAI_123", Cause.DNS),
        ("ERR_SSL_SOMETHING_NEW", Cause.TLS),
        ("EXDEV", Cause.NETWORK),
        ("a connector's own code", Cause.NETWORK),
    ],
)
def test_what_is_not_listed_goes_by_its_family(outcome, cause):
    assert cause == cause_of(outcome)


def test_no_cause_is_unknown_and_each_has_a_word_for_exports():
    words = {cause: cause.error_type for cause in Cause}
    assert not any("unknown" in word.lower() or "other" in word.lower() for word in words.values())
    assert all(re.fullmatch(r"[a-z_]+", word) for word in words.values())
    assert ("timeout", "timeout") == (words[Cause.TIMEOUT], words[Cause.QUEUE_TIMEOUT])
    assert ("name_resolution_error", "out_of_resources") == (
        words[Cause.DNS],
        words[Cause.EXHAUSTED],
    )


def test_failures_are_grouped_the_most_frequent_first():
    failed = {"EPIPE": 1, "total clock": 5, "ECONNRESET": 3, "idle clock": 1}
    assert [
        (Cause.TIMEOUT, {"total clock": 5, "idle clock": 1}),
        (Cause.RESET, {"ECONNRESET": 3, "EPIPE": 1}),
    ] == list(by_cause(failed).items())
    assert [*by_cause(failed)[Cause.TIMEOUT]] == ["total clock", "idle clock"]
