"""Naming what answers when it is not HTTP/1: one pure function over the first octets.

Most people who meet such a server have a wrong port, so the words matter more than the code.
What is not known is shown as it came, shortened and escaped.
"""

from __future__ import annotations

from typing import Final

_SHOWN_OCTETS: Final = 24

_OPENINGS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"SSH-", "speaks SSH"),
    (b"\x15\x03", "speaks TLS (it sent an alert; the scheme should be https)"),
    (b"\x16\x03", "speaks TLS (it sent a handshake; the scheme should be https)"),
    (b"HTTP/2", "speaks HTTP/2"),
    (b"HTTP/3", "speaks HTTP/3"),
    (b"HTTP/0.9", "speaks HTTP/0.9"),
    (b"RTSP/", "speaks RTSP"),
    (b"ICY ", "speaks Shoutcast"),
    (b"ICE/", "speaks Icecast"),
    (b"SIP/", "speaks SIP"),
    (b"-ERR", "speaks Redis or POP3"),
    (b"-NOAUTH", "speaks Redis"),
    (b"-DENIED", "speaks Redis"),
    (b"-WRONGTYPE", "speaks Redis"),
    (b"+PONG", "speaks Redis"),
    (b"+OK", "speaks Redis or POP3"),
    (b"* OK", "speaks IMAP"),
    (b"AMQP", "speaks AMQP"),
    (b"RFB ", "speaks VNC"),
    (b"INFO {", "speaks NATS"),
    (b"@RSYNCD", "speaks rsync"),
    (b"<!", "sent HTML without a head (HTTP/0.9)"),
    (b"<html", "sent HTML without a head (HTTP/0.9)"),
    (b"<HTML", "sent HTML without a head (HTTP/0.9)"),
    (b"HTTP ", "sent a status line without a version"),
    (b"http/", "sent HTTP in lower case"),
    (b"\r", "sent an empty line before its status line"),
    (b"\n", "sent an empty line before its status line"),
    (b" ", "sent white space before its status line"),
)
_SETTINGS_FRAME: Final = 0x04
_MYSQL_GREETING: Final = 0x0A


def name_stranger(octets: bytes) -> str:
    """Give words for a peer that does not open with ``HTTP/1.``: "speaks SSH" and the like.

    Args:
        octets: What came first, at least one octet. The fewer there are, the less can be said.
    """
    for opening, words in _OPENINGS:
        if octets.startswith(opening):
            return words
    if octets[:3] in {b"220", b"421", b"554"} and octets[3:4] in {b" ", b"-"}:
        return "speaks FTP" if b"FTP" in octets.upper() else "speaks SMTP"
    if octets[:2] == b"\x00\x00" and octets[3:5] == bytes((_SETTINGS_FRAME, 0)):
        return "speaks HTTP/2"
    if octets[3:5] == bytes((0, _MYSQL_GREETING)):
        return "speaks MySQL"
    return f"does not speak HTTP: it sent {show(octets)}"


def show(octets: bytes) -> str:
    """Give the first octets in quotes, ASCII only, everything else escaped."""
    shown = repr(octets[:_SHOWN_OCTETS])[1:]
    return shown + "..." if len(octets) > _SHOWN_OCTETS else shown
