"""Loading: a file or a text becomes a Profile, or every one of its problems at once."""

from __future__ import annotations

import contextlib
import datetime
import math
import os
from typing import NamedTuple

import msgspec

from pooltop.core.model import Profile
from pooltop.profiles import checks, interpolate
from pooltop.profiles.advising import check_advisor
from pooltop.profiles.build import build_profile
from pooltop.profiles.ceilings import ceilings_of, check_ceilings
from pooltop.profiles.clocks import check_clocks, check_in_flight
from pooltop.profiles.connections import check_connections
from pooltop.profiles.contents import take_contents
from pooltop.profiles.data import take_data
from pooltop.profiles.documents import read_documents
from pooltop.profiles.effective import Effective
from pooltop.profiles.exports import check_exports
from pooltop.profiles.files import LARGEST, FileRefusedError, decode, read_regular
from pooltop.profiles.kind_checks import check_kinds
from pooltop.profiles.layers import Layers
from pooltop.profiles.problems import Problem, ProfileErrors
from pooltop.profiles.reader import read_table
from pooltop.profiles.recordfiles import check_record
from pooltop.profiles.report import Report, TooManyProblems
from pooltop.profiles.settings import add_environment, add_options
from pooltop.profiles.shown import printable
from pooltop.profiles.sides import check_sides
from pooltop.profiles.syntax import SyntaxRefusedError, parse
from pooltop.profiles.tables import PROFILE
from pooltop.profiles.thresholds import check_thresholds
from pooltop.profiles.tlsfiles import check_tls
from pooltop.profiles.weight import check_weight


class Loaded(NamedTuple):
    """A usable profile, and what its author should know."""

    profile: Profile
    warnings: tuple[Problem, ...]
    """In the order of the file."""
    effective: Effective
    """Who says what."""


def load_profile(path: str | os.PathLike[str]) -> Profile:
    """Give the profile that a TOML file holds; warnings are dropped.

    Args:
        path: of the file; paths within the profile start at its folder.

    Raises:
        ProfileErrors: the file cannot be used; has every problem with its place.
    """
    return load(path).profile


def load(
    path: str | os.PathLike[str],
    *,
    allow: tuple[str, ...] = (),
    settings: tuple[str, ...] = (),
    will_ask: bool = False,
) -> Loaded:
    """Give the profile that a TOML file holds, and its warnings.

    Args:
        path: of the file; paths within the profile start at its folder.
        allow: hosts off loopback that may be sent traffic besides those that the file allows.
        settings: ``KEY=VALUE``, which go before what the file and the environment say.
        will_ask: the operator is asked for other hosts (sources/asking.py): they are no mistake.

    Raises:
        ProfileErrors: the file cannot be used; has every problem with its place.
    """
    name = os.fspath(path)
    return load_text(read_text(name), name, allow=allow, settings=settings, will_ask=will_ask)


def read_text(path: str) -> str:
    """Give what a small, regular UTF-8 file holds.

    Raises:
        ProfileErrors: it is none.
    """
    try:
        return decode(read_regular(path, LARGEST))
    except FileRefusedError as error:
        raise ProfileErrors([_of_file(path, error.code, error.message)]) from error


def read_tree(text: str, path: str) -> dict[str, object]:
    """Give the values of a TOML text.

    Args:
        text: TOML.
        path: what to call it in messages.

    Raises:
        ProfileErrors: it is none.
    """
    try:
        return parse(text)
    except SyntaxRefusedError as error:
        problem = Problem(
            file=printable(path),
            line=error.where.line,
            column=error.where.column,
            severity="error",
            code=error.code,
            key=error.key,
            value=None,
            message=error.message,
        )
        raise ProfileErrors([problem]) from error


def load_profile_text(text: str, path: str = "profile.toml") -> Profile:
    """Give the profile that a TOML text holds; warnings are dropped.

    Args:
        text: the profile.
        path: what to call it in messages; paths within it start at this path's folder.

    Raises:
        ProfileErrors: the text cannot be used; has every problem with its place.
    """
    return load_text(text, path).profile


def load_text(
    text: str,
    path: str = "profile.toml",
    *,
    allow: tuple[str, ...] = (),
    settings: tuple[str, ...] = (),
    will_ask: bool = False,
) -> Loaded:
    """Give the profile that a TOML text holds, and its warnings.

    Args:
        text: the profile.
        path: what to call it in messages; paths within it start at this path's folder.
        allow: hosts off loopback that may be sent traffic besides those that the text allows.
        settings: ``KEY=VALUE``, which go before what the text and the environment say.
        will_ask: as for ``load``.

    Raises:
        ProfileErrors: the text cannot be used; has every problem with its place.
    """
    report = Report()
    read = None
    with contextlib.suppress(TooManyProblems):
        read = _read(text, path, report, allow, settings, will_ask=will_ask)
    problems = report.finish()
    if read is None:
        raise ProfileErrors(problems)
    profile, effective = read
    if allow:
        profile = msgspec.structs.replace(profile, allow_hosts=(*profile.allow_hosts, *allow))
    return Loaded(profile, problems, effective)


def _read(
    text: str,
    path: str,
    report: Report,
    allow: tuple[str, ...],
    settings: tuple[str, ...],
    *,
    will_ask: bool,
) -> tuple[Profile, Effective] | None:
    """Read a text with all that lies beneath and above it; None when something is wrong."""
    run_id = interpolate.new_run_id(datetime.datetime.now(datetime.UTC))
    sources = interpolate.Sources(os.environ, run_id)
    layers = read_documents(text, path, sources, report)
    if layers is None:
        return None
    report.layers = Layers(*layers)
    add_environment(os.environ, report)
    add_options(settings, report)
    tree = report.layers.tree
    filled = interpolate.fill(tree, sources, report)
    values = read_table(PROFILE, filled, (), report)
    checks.check_presence(tree, report)
    checks.check_workloads(tree, values, report)
    checks.check_demo_hosts(values, report)
    ceilings = ceilings_of(values, allow)
    files = checks.OpenFiles(_open_files(), ceilings.safety.max_open_fds)
    checks.check_sizes(values, files, report)
    checks.check_bounds(values, report)
    take_contents(values, report)
    take_data(filled, values, report)
    check_weight(values, report)
    check_clocks(values, report)
    check_in_flight(values, report)
    check_tls(values, report)
    check_kinds(tree, values, report)
    check_connections(values, report)
    checks.check_references(tree, values, report, allow, will_ask=will_ask)
    check_ceilings(values, ceilings, report)
    check_thresholds(tree, values, report)
    check_record(values, report)
    check_exports(values, report)
    check_sides(tree, values, report)
    check_advisor(values, report)
    if report.has_errors:
        return None
    profile = build_profile(values, path, ceilings)
    return profile, Effective(report.layers, filled, ceilings)


def _open_files() -> float:
    """Give how many files this process may have open; inf where there is no such limit."""
    try:
        import resource  # noqa: PLC0415 - Unix only
    except ImportError:
        return math.inf
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return math.inf if soft == resource.RLIM_INFINITY else soft


def _of_file(path: str, code: str, message: str) -> Problem:
    return Problem(
        file=printable(path),
        line=None,
        column=None,
        severity="error",
        code=code,
        key="",
        value=None,
        message=message,
    )
