"""Nothing that pooltop says is without an entry, and no entry leads nowhere."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from enum import Enum
from pathlib import Path

import pytest

import pooltop
from pooltop.advise.table import TABLE
from pooltop.cli.of_terms import book
from pooltop.core.breaker import State as BreakerState
from pooltop.core.causes import _OUTCOMES, Cause
from pooltop.core.class_snapshot import PHASES
from pooltop.core.edits import node_name
from pooltop.core.metrics import METRICS
from pooltop.core.model import AgentOptions, ProxyEnv, Timeouts, TLSOptions
from pooltop.core.records import Failure
from pooltop.core.states import (
    AssignReason,
    CloseReason,
    OpenReason,
    QueueReason,
    RequestState,
    RetireReason,
    SocketState,
)
from pooltop.core.undici import failures
from pooltop.core.undici.options import DispatcherOptions
from pooltop.errors import PooltopError
from pooltop.exports import instruments
from pooltop.exports.instruments import Instrument
from pooltop.glossary import SHELVES
from pooltop.glossary.term import paragraphs
from pooltop.present import columns, request_columns, socket_columns, workload_rows
from pooltop.present.marks import Mark
from pooltop.present.troubles import Trouble
from pooltop.profiles.tables import PROFILE, all_tables

BOOK = book()
ENUMS = {
    SocketState: "state of a socket",
    RequestState: "state of a request",
    QueueReason: "reason to wait",
    AssignReason: "way to a socket",
    OpenReason: "reason to open",
    CloseReason: "reason to close",
    RetireReason: "reason to retire a client",
    Cause: "cause of failure",
    BreakerState: "state of the breaker",
}
NOT_OF_NODE = {"kind", "mode", "verify"}
"""Fields that are no option: which dispatcher, how the clocks work, and rejectUnauthorized."""


def _sorts(word: str) -> set[str]:
    return {found.shelf.one for found in BOOK.find(word)}


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_every_member_of_an_enum_is_explained_and_nothing_else_is(kind: type[Enum]) -> None:
    (shelf,) = (shelf for shelf in SHELVES if shelf.one == ENUMS[kind])
    assert Counter(member.value for member in kind) == Counter(term.name for term in shelf.terms)


@pytest.mark.parametrize(
    "options", [AgentOptions, DispatcherOptions, Timeouts, TLSOptions, ProxyEnv]
)
def test_every_option_is_explained(options: type) -> None:
    own = {"option of http.Agent", "option of undici", "option of pooltop's own"}
    own |= {"option of TLS", "clock"}
    names = set(options.__struct_fields__) - NOT_OF_NODE
    assert set() == {name for name in names if not _sorts(node_name(name)) & own}


def test_an_option_says_its_default_as_the_model_has_it() -> None:
    for options in (AgentOptions, DispatcherOptions):
        for name, value in zip(options.__struct_fields__, options.__struct_defaults__, strict=True):
            if isinstance(value, float | int) and not isinstance(value, bool) and value:
                says = [found.term.default for found in BOOK.find(node_name(name))]
                written = "Infinity" if value == float("inf") else f"{value:g}"
                unlimited = {"Infinity": ("Infinity", "unlimited", "none", "for ever")}
                wanted = unlimited.get(written, (f"{value:.0f}" if value != float("inf") else "",))
                assert any(each.startswith(wanted) for each in says), (name, value, says)


def _every_module() -> None:
    for found in pkgutil.walk_packages(pooltop.__path__, "pooltop."):
        if not found.name.startswith("pooltop.ui") and not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def _classes(root: type[PooltopError]) -> set[type[PooltopError]]:
    return {root}.union(*(_classes(each) for each in root.__subclasses__()))


def test_every_error_code_is_explained() -> None:
    _every_module()
    codes = {each.code for each in _classes(PooltopError)}
    codes |= {code for outcomes in _OUTCOMES.values() for code in outcomes}
    codes |= {value.code for value in vars(failures).values() if isinstance(value, Failure)}
    codes |= set(_written_codes())
    assert set() == {code for code in codes if not BOOK.find(code)}


def _written_codes() -> list[str]:
    """Give the codes that stand in the code itself."""
    written = re.compile(r'"((?:ERR|UND_ERR|HPE)_[A-Z0-9_]*[A-Z0-9])"')
    root = Path(pooltop.__file__).parent
    files = [path for path in root.rglob("*.py") if "glossary" not in path.parts]
    found = [code for path in files for code in written.findall(path.read_text("utf-8"))]
    assert len(found) > 50
    return found


def test_every_metric_phase_column_mark_and_key_is_explained() -> None:
    tables = (
        columns.COLUMNS,
        socket_columns.COLUMNS,
        request_columns.QUEUE_COLUMNS,
        request_columns.RUNNING_COLUMNS,
        workload_rows.COLUMNS,
    )
    exported = [one for one in vars(instruments).values() if isinstance(one, Instrument)]
    keys = {field.name for table in all_tables(PROFILE) for field in table.fields}
    wanted: dict[str, set[str]] = {
        "metric of a threshold": set(METRICS),
        "phase of a request": set(PHASES),
        "exported metric": {one.name for one in exported} | {one.family for one in exported},
        "alert or mark of a host": {each.word for each in (*Mark, *Trouble)}
        | {each.glyph for each in (*Mark, *Trouble)},
        "key of a profile": keys,
        "column": {column.name for table in tables for column in table},
    }
    for sort, names in wanted.items():
        missing = {
            name
            for name in names
            if not any(each.startswith(sort) for each in _sorts(name))
            # A counter's own name in Prometheus has _total.
            and not any(each.startswith(sort) for each in _sorts(f"{name}_total"))
        }
        assert set() == missing, sort


def test_every_diagnosis_is_explained_by_its_id_and_by_its_title() -> None:
    for diagnosis in TABLE:
        for name in (diagnosis.id, diagnosis.title):
            (found,) = (each for each in BOOK.find(name) if each.shelf.one == "diagnosis")
            assert diagnosis.symptom == found.term.means
            assert diagnosis.recommendation in found.term.text


def test_every_related_term_exists() -> None:
    lost = {
        (found.term.name, see)
        for shelf in BOOK.shelves
        for found in shelf.found()
        for see in found.term.see
        if not BOOK.find(see)
    }
    assert set() == lost


def test_no_name_stands_twice_on_a_shelf_and_no_text_is_long() -> None:
    for shelf in SHELVES:
        names = Counter(term.name for term in shelf.terms)
        assert [] == [name for name, times in names.items() if times > 1]
        for term in shelf.terms:
            assert term.means == term.means.strip() != ""
            assert all(len(each) < 600 for each in paragraphs(term.text)), term.name


def test_what_is_written_down_is_ascii_so_that_any_terminal_shows_it() -> None:
    for shelf in SHELVES:
        for term in shelf.terms:
            assert f"{term}".isascii(), term.name
