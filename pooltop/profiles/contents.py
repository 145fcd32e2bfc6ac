"""What a request carries beyond its path and headers: its body's bytes, and who it is from.

The last step of reading a request class: files are read, the Content-Type that belongs to a body
and the Authorization that ``auth`` means are put among the headers, and off this machine a
User-Agent.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from typing import cast

from pooltop import __version__
from pooltop.core.reach import Reach, reach_of
from pooltop.core.rows import Place, RowText
from pooltop.core.template import Template
from pooltop.profiles.bodies import CONTENT_TYPES, Content, Sort
from pooltop.profiles.checks import goes_to_unix_socket, host_of, tables_of
from pooltop.profiles.files import FileRefusedError, read_regular
from pooltop.profiles.hosts import DEMO
from pooltop.profiles.pieces import Pieces
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path, quoted

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of a file that is a body."""
_PLACES: dict[Sort, Place] = {"text": "text", "json": "json", "form": "form"}
_BEARER = re.compile(r"[!-~]+")
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
"""RFC 5234, B.1, CTL."""
Headers = tuple[tuple[str, str | RowText], ...]


def take_contents(values: Values, report: Report) -> None:
    """Put the bodies and the credentials of all requests where the model has them."""
    for path, request in requests_of(values):
        _take_auth(request, path, report)
        _take_body(request, path, report)
        workload = tables_of(values, "workloads")[str(path[1])]
        if _leaves(values, workload):
            # Whoever is sent a load may ask what sends it.
            _add_header(request, "User-Agent", f"pooltop/{__version__}")


def _leaves(values: Values, workload: Values) -> bool:
    """Tell whether a workload goes to another machine."""
    url = workload.get("base_url")
    if not isinstance(url, str) or goes_to_unix_socket(values, workload.get("agent")):
        return False
    return not url.startswith(DEMO) and reach_of(host_of(url)) is not Reach.LOOPBACK


def requests_of(values: Values) -> Iterator[tuple[Path, Values]]:
    """Give every request class with its path; of a workload with a single one its own."""
    for name, workload in tables_of(values, "workloads").items():
        path: Path = ("workloads", name)
        if "requests" not in workload:
            yield path, workload
        for index, request in enumerate(cast("list[Values]", workload.get("requests", []))):
            yield (*path, "requests", index), request


def _take_body(request: Values, path: Path, report: Report) -> None:
    content = request.get("body")
    if not isinstance(content, Content):
        return
    if content.sort == "file":
        request["body"] = _file(content.file, (*path, "body", "file"), report)
    elif content.template.columns:
        request["body"] = RowText(place=_PLACES[content.sort], template=content.template)
    else:
        request["body"] = content.template.parts[0].encode()
    if content.written != "":
        _add_header(request, "Content-Type", CONTENT_TYPES[content.sort])


def _file(file: str, place: Path, report: Report) -> bytes:
    try:
        return read_regular(os.path.join(report.folder_of(place), file), LARGEST_BODY)
    except FileRefusedError as error:
        report.add(place, error.code, error.message)
        return b""


def _take_auth(request: Values, path: Path, report: Report) -> None:
    auth = cast("Values | None", request.pop("auth", None))
    if auth is None:
        return
    place = (*path, "auth")
    if any(name.lower() == "authorization" for name, _ in _headers_of(request)):
        message = "the header Authorization says it too: keep one."
        report.add(place, "P017", message, on_key=True)
    elif {"bearer", "basic"} <= auth.keys():
        report.add(place, "P017", "bearer and basic are two ways: keep one.", on_key=True)
    elif "bearer" in auth:
        _take_bearer(request, cast("Template", auth["bearer"]), (*place, "bearer"), report)
    elif "basic" in auth:
        _take_basic(request, cast("Values", auth["basic"]), (*place, "basic"), report)
    elif not report.has_errors:
        message = 'names nobody: add bearer = "..." or basic = { user = "...", password = "..." }.'
        report.add(place, "P014", message, on_key=True)


def _take_bearer(request: Values, token: Template, place: Path, report: Report) -> None:
    if not _BEARER.fullmatch("x".join(token.parts)):
        message = "a token is visible ASCII characters without blanks, at least one."
        report.add(place, "P061", message, secret=True)
        return
    if not token.columns:
        report.warn_of_secret(place)
        _add_header(request, "Authorization", f"Bearer {token.parts[0]}")
        return
    pieces = Pieces()
    pieces.add("Bearer ")
    pieces.add(token)
    _add_header(request, "Authorization", RowText(place="header", template=pieces.template()))


def _take_basic(request: Values, basic: Values, place: Path, report: Report) -> None:
    if not {"user", "password"} <= basic.keys():
        return  # told
    user, password = (cast("Template", basic[key]) for key in ("user", "password"))
    if any(":" in part for part in user.parts):
        message = f"{quoted(':')} separates user and password: a user cannot have one (RFC 7617)."
        report.add((*place, "user"), "P022", message, secret=True)
        return
    for key, said in (("user", user), ("password", password)):
        if any(CONTROLS.search(part) for part in said.parts):
            message = "control characters cannot stand here (RFC 7617)."
            report.add((*place, key), "P022", message, secret=True)
            return
    pieces = Pieces()
    for text in (user, ":", password):
        pieces.add(text)
    both = RowText(place="basic", template=pieces.template())
    if not password.columns:
        report.warn_of_secret((*place, "password"))
    if both.template.columns:
        _add_header(request, "Authorization", both)
    else:
        encoded = base64.b64encode(both.template.parts[0].encode()).decode()
        _add_header(request, "Authorization", f"Basic {encoded}")


def _headers_of(request: Values) -> Headers:
    return cast("Headers", request.get("headers", ()))


def _add_header(request: Values, name: str, value: str | RowText) -> None:
    """Add a field, unless the profile has it."""
    headers = _headers_of(request)
    if not any(given.lower() == name.lower() for given, _ in headers):
        request["headers"] = (*headers, (name, value))
