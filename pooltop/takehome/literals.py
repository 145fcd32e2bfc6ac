"""Values as literals of each language: whatever a profile or a server says stays a value.

Rules of this file: what leaves it is printable ASCII on one line, and the language reads it back as
exactly the value that came in. Everything else in a snippet is written by us.
"""

from __future__ import annotations

import json
import math


def javascript(value: bool | float | str) -> str:
    """Give a value as JavaScript writes it; inf is ``Infinity``."""
    if isinstance(value, str):
        return "'" + _javascript_text(value) + "'"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "Infinity" if math.isinf(value) else number(value)


def _javascript_text(text: str) -> str:
    inside = json.dumps(text)[1:-1]  # ASCII alone, line separators of Unicode included
    return _del(inside.replace('\\"', '"').replace("'", "\\'"), "\\u007f")


def python(value: bool | float | str | None) -> str:
    """Give a value as Python writes it; inf is ``None``, which its clients take for no limit."""
    if isinstance(value, str):
        text = ascii(value)
        # Double quotes, as formatters have it, where that changes nothing.
        return (
            f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text and "\\" not in text else text
        )
    if value is None or isinstance(value, bool):
        return str(value)
    return "None" if math.isinf(value) else number(value)


def go(text: str) -> str:
    """Give a text as Go writes it: any byte of it, so that a file's name need not be UTF-8."""
    return '"' + "".join(map(_go_byte, text.encode("utf-8", "surrogateescape"))) + '"'


def _go_byte(byte: int) -> str:
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"


def java(text: str) -> str:
    r"""Give a text as Java writes it.

    Java reads ``\uXXXX`` before anything else, so that one for a quote or a line's end would be
    code: of ASCII there are octal escapes alone (JLS, 3.3 and 3.10.7).
    """
    units = text.encode("utf-16-be", "surrogatepass")
    return '"' + "".join(map(_java_unit, units[::2], units[1::2])) + '"'


def _java_unit(high: int, low: int) -> str:
    if high or low >= 0x80:
        return f"\\u{high:02x}{low:02x}"
    if low in b'"\\':
        return "\\" + chr(low)
    return chr(low) if 0x20 <= low < 0x7F else f"\\{low:03o}"


def number(value: float) -> str:
    """Give a finite number, whole ones without a point."""
    return str(int(value)) if value == int(value) else repr(float(value))


def milliseconds(seconds: float) -> str:
    """Give seconds as whole milliseconds, at least 1: some clients refuse what is no integer."""
    return str(max(1, round(seconds * 1000)))


def remark(text: str) -> str:
    """Give a text fit for a comment that ends with its line: printable ASCII on one line."""
    return "".join(map(_remarked, text))


def _remarked(letter: str) -> str:
    # Java reads \uXXXX in comments, too: doubled, a backslash begins nothing.
    if letter == "\\":
        return "\\\\"
    return letter if letter.isascii() and letter.isprintable() else f"<{ord(letter):x}>"


def _del(text: str, escape: str) -> str:
    return text.replace("\x7f", escape)
