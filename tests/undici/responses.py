"""What undici's parser reads in what an imagined server says on an HTTP/1.1 connection.

It takes what a scenario's server says, no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_END = "\r\n\r\n"
HINT = re.compile(r"(?:^|,)[\t ]*timeout=(\d+)", re.IGNORECASE)
NO_BODY = (204, 304)

OTHER_SIDE = ("UND_ERR_SOCKET", "other side closed")
RESET = ("ECONNRESET", "read ECONNRESET")
CUT = (
    "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
    "Response body length does not match content-length header",
)
"""A body that ends before its length, where undici's parser is asked whether it may."""


@dataclass
class Head:
    """The head of a response, and what undici makes of it."""

    status: int
    keep: bool
    """The connection may be used again."""
    hint_s: float | None
    odd_length: bool
    """It has a length where no body can be."""
    length: int | None
    """Octets of the body to come; None for chunks, or for a body that the connection's end ends."""
    is_chunked: bool

    @property
    def ends_with_connection(self) -> bool:
        """Nothing but the connection's end ends its body."""
        return self.length is None and not self.is_chunked


class NoResponse(Exception):
    """The octets are none."""


def read_head(text: str, *, is_head: bool) -> Head:
    """Read a head without the empty line behind it."""
    start, *lines = text.split("\r\n")
    match = re.fullmatch(r"HTTP/1\.([01]) (\d{3}) .*", start)
    if match is None:
        raise NoResponse(start)
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        joined = fields.get(name.lower())
        fields[name.lower()] = f"{joined},{value.strip()}" if joined else value.strip()
    status = int(match[2])
    said = [each.strip() for each in fields.get("connection", "").lower().split(",")]
    length, is_chunked = fields.get("content-length"), "transfer-encoding" in fields
    is_bare = status < 200 or status in NO_BODY
    keep = "keep-alive" in said if match[1] == "0" else "close" not in said
    if not is_bare and length is None and not is_chunked:
        # Only the connection's end would end it; of HEAD, undici believes a server that says so.
        keep = keep and is_head and "keep-alive" in said
    hint = HINT.search(fields.get("keep-alive", ""))
    return Head(
        status=status,
        keep=keep,
        hint_s=float(hint[1]) if hint else None,
        odd_length=not is_head and status in NO_BODY and (int(length or 0) > 0 or is_chunked),
        length=0 if is_bare or is_head else int(length) if length is not None else None,
        is_chunked=is_chunked and not is_bare and not is_head,
    )


class Responses:
    """The responses of one connection, cut out of what its server says."""

    def __init__(self) -> None:
        self.buffer = ""
        self.body: Head | None = None
        """The response whose body is being read."""
        self._left: int | None = None

    def next_head(self, *, is_head: bool) -> Head | None:
        """Give the next head; None if it is not all there."""
        if HEAD_END not in self.buffer:
            if not "HTTP/1.".startswith(self.buffer[:7]):
                raise NoResponse(self.buffer)
            return None
        text, _, self.buffer = self.buffer.partition(HEAD_END)
        head = read_head(text, is_head=is_head)
        if head.status >= 200:
            self.body, self._left = head, head.length
        return head

    def take_body(self) -> bool:
        """Take what there is of the body; say whether it is over."""
        assert self.body is not None
        if self.body.is_chunked:
            end = re.search(r"(?:^|\r\n)0\r\n\r\n", self.buffer)
            self.buffer = self.buffer[end.end() :] if end else self.buffer
            is_over = end is not None
        elif self._left is None:
            self.buffer = ""
            is_over = False
        else:
            taken = min(self._left, len(self.buffer))
            self._left -= taken
            self.buffer = self.buffer[taken:]
            is_over = not self._left
        if is_over:
            self.body = None
        return is_over
