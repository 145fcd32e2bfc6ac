"""The JSON schema says what the reader does, and the file in the repository is what the code gives."""

from __future__ import annotations

import json
import math
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from pooltop.core import model
from pooltop.profiles import load_text
from pooltop.profiles.agent_tables import OPTIONS
from pooltop.profiles.defaults import default_of
from pooltop.profiles.definitions import _DEFINITIONS, definition
from pooltop.profiles.kinds import Refused
from pooltop.profiles.schema import VERSION, schema, schema_text
from pooltop.profiles.shape import Many, Named, Table
from pooltop.profiles.starter import starter_text
from pooltop.profiles.tables import PROFILE, all_tables

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "profiles" / "pooltop.schema.json"
PROFILES = sorted((ROOT / "profiles").glob("*.toml"))
TABLES = {table.where: table for table in all_tables(PROFILE)}
FIELDS = [
    (table, field)
    for table in TABLES.values()
    for field in table.fields
    if not isinstance(field.kind, Table | Named | Many)
]
IDS = [f"{table.where}.{field.name}" for table, field in FIELDS]
TRIED: list[object] = [
    *(True, 0, 1, -1, 7, 10**12, 0.5, -2.5),
    *("", "x", "/x", "5s", "90m", "5/s", "off", "unlimited", "http.Agent", "lifo", "demo:a"),
    *("http://127.0.0.1:1", "GET", "close", "::1", "environment", "TLSv1.3", "h11", "open", "A_B"),
    *([], ["x"], [1, 2], ["5s", "unlimited"], {}, {"x": "y"}, {"http_proxy": "http://a"}),
]


def _as_taplo_sees_it(value: object) -> object:
    """Give a TOML value as JSON has it: inf is null."""
    if isinstance(value, dict):
        return {key: _as_taplo_sees_it(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_taplo_sees_it(item) for item in value]
    return None if value == math.inf else value


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft4Validator:
    jsonschema.Draft4Validator.check_schema(schema())
    return jsonschema.Draft4Validator(schema())


def _faults(validator: jsonschema.Draft4Validator, text: str) -> list[str]:
    errors = validator.iter_errors(_as_taplo_sees_it(tomllib.loads(text)))
    return [".".join(map(str, error.absolute_path)) for error in errors]


def test_the_committed_schema_is_what_the_code_gives() -> None:
    expected = schema_text() == COMMITTED.read_text(encoding="utf-8")
    assert expected, "run: pooltop schema > profiles/pooltop.schema.json"


def test_the_schema_has_the_number_that_profiles_state() -> None:
    assert (f"urn:pooltop:schema:{VERSION}", f"pooltop profile, schema {VERSION}") == (
        schema()["id"],
        schema()["title"],
    )
    assert {"enum": [VERSION]} == PROFILE.spellings()["schema"].kind.schema()


@pytest.mark.parametrize("file", PROFILES, ids=lambda file: file.name)
def test_every_profile_that_comes_with_pooltop_names_the_schema_and_fits_it(
    validator: jsonschema.Draft4Validator, file: Path
) -> None:
    text = file.read_text(encoding="utf-8")

    assert "#:schema ./pooltop.schema.json" == text.splitlines()[0]
    assert [] == _faults(validator, text)


def test_the_starter_fits_the_schema(validator: jsonschema.Draft4Validator) -> None:
    assert [] == _faults(validator, starter_text())


def test_nodes_spellings_unlimited_inf_and_references_fit(
    validator: jsonschema.Draft4Validator,
) -> None:
    text = """\
    [agents.a]
    keepAlive = "${env:KEEP:-true}"
    maxSockets = inf
    max_total_sockets = "unlimited"
    max_free_sockets = "${env:FREE}"
    scheduling = "${env:S}"
    timeouts = { total = "${env:T}s" }
    tls = { ca = "ca.pem", rejectUnauthorized = false }
    bounds = { maxSockets = [1, inf] }
    """
    assert [] == _faults(validator, text)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("agents.a.maxSockets = 0", "agents.a.maxSockets"),
        ("agents.a.max_sockets = '10'", "agents.a.max_sockets"),
        ("agents.a.keep_alive = 1", "agents.a.keep_alive"),
        ("agents.a.timeouts.total = 5", "agents.a.timeouts.total"),
        ("agents.a.scheduling = 'lof'", "agents.a.scheduling"),
        ("workloads.w.rate = '50'", "workloads.w.rate"),
        ("workloads.w.requests = [{ weight = 0 }]", "workloads.w.requests.0.weight"),
        ("agents = 1", "agents"),
        ("schema = 2", "schema"),
    ],
)
def test_what_the_reader_refuses_an_editor_underlines(
    validator: jsonschema.Draft4Validator, text: str, where: str
) -> None:
    assert [where] == _faults(validator, text)


@pytest.mark.parametrize(("table", "field"), FIELDS, ids=IDS)
def test_the_schema_takes_whatever_the_reader_takes(table, field) -> None:
    whole = {"definitions": schema()["definitions"], **field.kind.schema()}
    one = jsonschema.Draft4Validator(whole)
    for value in TRIED:
        try:
            field.kind.read(value)
        except Refused:
            continue
        assert one.is_valid(value), value


@pytest.mark.parametrize(("table", "field"), FIELDS, ids=IDS)
def test_every_kind_writes_what_it_reads(table, field) -> None:
    for value in TRIED:
        try:
            read = field.kind.read(value)
        except Refused:
            continue
        if "proxy_env" != field.name:
            assert read == field.kind.read(field.kind.write(read)), value


@pytest.mark.parametrize(("table", "field"), FIELDS, ids=IDS)
def test_a_built_in_value_can_be_written_out(table, field) -> None:
    default = default_of(table, field)

    assert (
        default is None or field.kind.read(default) is not None or default in ("unlimited", "off")
    )


def test_the_built_in_values_are_nodes() -> None:
    agent = TABLES["[agents.NAME]"]
    shown = {field.name: default_of(agent, field) for field in OPTIONS}

    assert {
        "keep_alive": False,
        "keep_alive_msecs": "1s",
        "agent_keep_alive_timeout_buffer": "1s",
        "max_sockets": "unlimited",
        "max_total_sockets": "unlimited",
        "max_free_sockets": 256,
        "scheduling": "lifo",
        "timeout": "unlimited",
        "max_cached_sessions": 100,
        "local_address": None,
        "family": None,
        "socket_path": None,
        "no_delay": True,
        "live": "node",
        "retry_stale": False,
        "per_request": False,
    } == shown
    plain = load_text(starter_text() + "[agents.plain]\n").profile.agents[-1]
    assert model.AgentOptions() == plain.options


def test_every_key_has_a_definition_and_no_definition_lacks_a_key() -> None:
    keys = {(table.where, field.name) for table in TABLES.values() for field in table.fields}

    written = {(where, name) for where, names in _DEFINITIONS.items() for name in names}
    assert keys == written


def test_a_definition_is_a_sentence() -> None:
    texts = [definition(table, field) for table in TABLES.values() for field in table.fields]

    assert [] == [text for text in texts if not re.fullmatch(r'["A-Z][^\n]{10,160}\.', text)]
    assert json.dumps(texts).isascii()
