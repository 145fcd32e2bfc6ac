"""What undici reads of a head: the hint, whether the connection is kept, and odd lengths."""

from __future__ import annotations

import pytest

from pooltop.engine.codecs.base import Answer, ResponseHead
from pooltop.engine.undici.heads import hint_of, is_kept, is_odd


def _head(*fields, status=200):
    return ResponseHead(status=status, reason=b"OK", http_version="1.1", headers=fields)


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        ([b"timeout=5"], 5),
        ([b"max=3, timeout=7"], 7),
        ([b"TIMEOUT=9"], 9),
        ([b"max=3", b"timeout=2"], 2),
        ([b"timeout=x"], None),
        ([b"xtimeout=4"], None),
        ([b"timeout=1, timeout=2"], 1),
    ],
)
def test_a_hint_may_stand_anywhere_in_the_list(values, seconds):
    hint = hint_of(_head(*((b"keep-alive", value) for value in values)))
    assert (b",".join(values), seconds) == (hint.octets, hint.seconds)


def test_a_response_without_the_field_has_no_hint():
    assert hint_of(_head((b"connection", b"keep-alive"))) is None


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ([(b"content-length", b"5")], True),
        ([], False),
        ([(b"connection", b"Keep-Alive")], True),
        ([(b"transfer-encoding", b"chunked")], True),
    ],
)
def test_an_answer_to_head_without_a_length_is_kept_only_if_the_server_says_so(fields, kept):
    assert kept is is_kept(_head(*fields), Answer.TO_HEAD, keeps=True)


def test_what_the_fields_do_not_keep_is_not_kept_for_a_head_either():
    assert not is_kept(_head((b"connection", b"keep-alive")), Answer.TO_HEAD, keeps=False)


@pytest.mark.parametrize(
    ("status", "fields", "odd"),
    [
        (204, [(b"content-length", b"3")], True),
        (304, [(b"transfer-encoding", b"chunked")], True),
        (204, [(b"content-length", b"0")], False),
        (200, [(b"content-length", b"3")], False),
    ],
)
def test_a_length_where_no_body_can_be_is_odd(status, fields, odd):
    assert odd is bool(is_odd(_head(*fields, status=status), Answer.PLAIN))
    assert not is_odd(_head(*fields, status=status), Answer.TO_HEAD)
