"""The strict grammar of a response's head: which octets are a head at all, and what it says.

Rules of this file:

- A head is judged line by line, in order, and only by whole lines, so that the verdict and its
  code are the same however TCP cut the octets.
- Stricter than RFC 9112 asks of a recipient, as strict as llhttp in Node's default mode: CRLF
  only, no obs-fold, no control octets, no white space before a colon. Stricter than llhttp in
  two places: no control octets in the reason phrase, no status below 100.
- Codes are the ones Node 24 gives for the same octets (tried against v24).

Source: RFC 9112 sections 2.2, 4 and 5; llhttp 9.3 ``src/llhttp/http.ts``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NoReturn

from pooltop.engine.codecs.base import ResponseHead
from pooltop.engine.codecs.strangers import name_stranger, show
from pooltop.errors import PeerError

HEAD_END: Final = b"\r\n\r\n"
_OPENING: Final = b"HTTP/1."
_KNOWN_LINES: Final = 1024
_KNOWN_LINE_OCTETS: Final = 128
_TOKEN: Final = rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+"
_TEXT: Final = rb"[\t\x20-\x7e\x80-\xff]*"
_STATUS_LINE_RE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: (" + _TEXT + rb"))?")
_FIELD_LINE_RE: Final = re.compile(_TOKEN + rb":" + _TEXT)
_VERSION_RE: Final = re.compile(rb"HTTP/1\.[01] ")
_CODE_RE: Final = re.compile(rb"[1-9][0-9]{2}[ \r\n]")
_NAME_RE: Final = re.compile(_TOKEN + rb":")


def check_opening(octets: bytes | bytearray) -> None:
    """Refuse a peer whose first octets, one or more, cannot begin ``HTTP/1.``.

    Raises:
        PeerError: HPE_INVALID_CONSTANT, with what the peer seems to speak.
    """
    if octets[:7] != _OPENING[: len(octets)]:
        message = f"not an HTTP/1 response: the peer {name_stranger(bytes(octets[:64]))}"
        raise PeerError(message, code="HPE_INVALID_CONSTANT")


def check_lines(octets: bytes | bytearray, at: int) -> int:
    """Check the whole lines from ``at`` on; 0 is where the status line begins.

    Returns:
        Where the first line begins that has not ended yet.

    Raises:
        PeerError: the first line that breaks the grammar.
    """
    while (feed := octets.find(b"\n", at)) >= 0:
        line = bytes(octets[at : feed + 1])
        if at == 0:
            _check_status_line(line)
        elif line != b"\r\n":
            check_field_line(line)
        at = feed + 1
    return at


def check_field_line(line: bytes) -> None:
    """Refuse a header or trailer line, its line end included, that breaks the grammar.

    Raises:
        PeerError: HPE_INVALID_HEADER_TOKEN, HPE_CR_EXPECTED or HPE_LF_EXPECTED.
    """
    if line.endswith(b"\r\n") and _FIELD_LINE_RE.fullmatch(line, 0, len(line) - 2) is not None:
        return
    if line[:1] in {b" ", b"\t"}:
        _refuse("HPE_INVALID_HEADER_TOKEN", "folded header line", line)
    if _NAME_RE.match(line) is None:
        _refuse("HPE_INVALID_HEADER_TOKEN", "no header name and colon", line)
    _check_line_end(line)
    _refuse("HPE_INVALID_HEADER_TOKEN", "control octet in a header value", line)


def read_head(head: bytes) -> ResponseHead:
    """Give what a whole head says, its empty line included, if it keeps to the grammar.

    Raises:
        PeerError: the first fault, as ``check_opening`` and ``check_lines`` would find it.
    """
    lines = head[:-4].split(b"\r\n")
    try:
        version, status, reason = _read_status(lines[0])
        headers = tuple(
            [
                _known_field(line) if len(line) <= _KNOWN_LINE_OCTETS else _read_field(line)
                for line in lines[1:]
            ]
        )
    except _NotPlainError:
        check_opening(head)
        check_lines(head, 0)
        message = f"the lines of a head are right and the whole is not: {show(head)}"
        raise AssertionError(message) from None
    return ResponseHead(
        status=status,
        reason=reason,
        http_version=version,
        headers=headers,
    )


class _NotPlainError(Exception):
    """A line is faulty; which fault it is, is found by looking again, slowly."""


def _read_status(line: bytes) -> tuple[str, int, bytes]:
    match = _STATUS_LINE_RE.fullmatch(line)
    if match is None:
        raise _NotPlainError
    return ("1.1" if match[1] == b"1" else "1.0"), int(match[2]), match[3] or b""


def _read_field(line: bytes) -> tuple[bytes, bytes]:
    if _FIELD_LINE_RE.fullmatch(line) is None:
        raise _NotPlainError
    name, _, value = line.partition(b":")
    return name.lower(), value.strip(b" \t")


# Servers say nearly the same every time: a known line costs 0.1 us, a new one 1 us.
_known_field: Final = lru_cache(maxsize=_KNOWN_LINES)(_read_field)


def _check_status_line(line: bytes) -> None:
    if line.endswith(b"\r\n") and _STATUS_LINE_RE.fullmatch(line, 0, len(line) - 2) is not None:
        return
    if _VERSION_RE.match(line) is None:
        _refuse("HPE_INVALID_VERSION", "HTTP version is neither 1.0 nor 1.1", line)
    if _CODE_RE.match(line, 9) is None:
        _refuse("HPE_INVALID_STATUS", "no status code from 100 to 999", line)
    _check_line_end(line)
    _refuse("HPE_STRICT", "control octet in the reason phrase", line)


def _check_line_end(line: bytes) -> None:
    if not line.endswith(b"\r\n"):
        _refuse("HPE_CR_EXPECTED", "line ended by LF alone", line)
    if b"\r" in line[:-2]:
        _refuse("HPE_LF_EXPECTED", "CR without LF inside a line", line)


def _refuse(code: str, words: str, line: bytes) -> NoReturn:
    message = f"{words} in the response head: {show(line)}"
    raise PeerError(message, code=code)
