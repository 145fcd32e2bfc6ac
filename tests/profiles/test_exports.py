"""``[export]``: where a run's numbers go."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pooltop.core.exporting import Exports, OtlpExport, PrometheusExport
from pooltop.profiles import load_text
from pooltop.profiles.config import config_as_toml
from pooltop.sources.consent import targets_needing_consent

Lines = Callable[[str], list[str]]

_ALLOWED = 'an address and a port, as "127.0.0.1:9464" or "[::1]:9464"'
_OPEN = "whoever reaches this address can read every host's name and numbers: there is no password, and nothing is encrypted."
BAD = {
    "nothing said": ("[export.prometheus]\n", ['6:1 error P014 export.prometheus: listen is missing: add listen = "127.0.0.1:9464".']),
    "a number": ("[export.prometheus]\nlisten = 9464\n", [f"7:10 error P011 export.prometheus.listen = 9464: expected {_ALLOWED}, got a whole number."]),
    "no port": ('[export]\nprometheus = { listen = "127.0.0.1" }\n', [f'7:25 error P012 export.prometheus.listen = "127.0.0.1": the port is missing: expected {_ALLOWED}.']),
    "a port too high": ('[export.prometheus]\nlisten = "[::1]:65536"\n', ['7:10 error P012 export.prometheus.listen = "[::1]:65536": the port 65536 is not in 0 to 65535.']),
    "a name": ('[export.prometheus]\nlisten = "box.internal:1"\n', [f'7:10 error P012 export.prometheus.listen = "box.internal:1": "box.internal" is no IP address: {_ALLOWED}.']),
    "no brackets": ('[export.prometheus]\nlisten = "::1:9464"\n', [f'7:10 error P012 export.prometheus.listen = "::1:9464": expected {_ALLOWED}.']),
    "to everybody": ('[export.prometheus]\nlisten = "0.0.0.0:9464"\n', [f'7:10 warn  P064 export.prometheus.listen = "0.0.0.0:9464": {_OPEN}']),
    "slip": ("[export.prometeus]\n", ['6:1 error P010 export.prometeus: unknown key. Did you mean "prometheus"?']),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_an_export_is_said_at_its_place(
    lines: Lines, good: str, case: str
) -> None:
    text, problems = BAD[case]

    assert [f"x.toml:{each}" for each in problems] == lines(good + text)


@pytest.mark.parametrize(
    ("said", "listen"),
    [
        ("127.0.0.1:9464", "127.0.0.1:9464"),
        ("9464", "127.0.0.1:9464"),
        (":0", "127.0.0.1:0"),
        ("localhost:9464", "127.0.0.1:9464"),
        ("[0:0::1]:9464", "[::1]:9464"),
    ],
)
def test_an_address_is_read_as_it_is_meant(good: str, said: str, listen: str) -> None:
    loaded = load_text(f'{good}[export.prometheus]\nlisten = "{said}"\n')

    assert Exports(prometheus=PrometheusExport(listen=listen)) == loaded.profile.exports
    assert () == loaded.warnings
    assert Exports() == load_text(good).profile.exports


def test_a_setting_names_a_port_as_a_file_does(good: str) -> None:
    loaded = load_text(good, settings=("export.prometheus.listen=9464",))

    assert PrometheusExport(listen="127.0.0.1:9464") == loaded.profile.exports.prometheus


_URL = 'a URL like "http://127.0.0.1:4318/v1/metrics"'
BAD_OTLP = {
    "nothing said": ("", ['6:1 error P014 export.otlp: endpoint is missing: add endpoint = "http://127.0.0.1:4318/v1/metrics".']),
    "no scheme": ('endpoint = "127.0.0.1:4318"\n', ['7:12 error P060 export.otlp.endpoint = "127.0.0.1:4318": no scheme. Did you mean "http://127.0.0.1:4318"?']),
    "a demo server": ('endpoint = "demo:x"\n', [f'7:12 error P060 export.otlp.endpoint = "demo:x": a demo server is no collector: expected {_URL}.']),
    "a query": ('endpoint = "http://127.0.0.1/v1?a=b"\n', ['7:12 error P060 export.otlp.endpoint = "http://127.0.0.1/v1?a=b": a query does not belong here: use headers.']),
    "off this machine": ('endpoint = "https://otel.example/v1/metrics"\n', ['7:12 error P063 export.otlp.endpoint = "https://otel.example/v1/metrics": otel.example is not this machine. To send it traffic add it to [safety]: allow_hosts = ["otel.example"], or start with --allow otel.example.']),
    "too often": ('endpoint = "http://127.0.0.1:4318"\ninterval = "10ms"\n', ['8:12 error P012 export.otlp.interval = "10ms": expected "1s" to "1h".']),
    "a secret": ('endpoint = "http://127.0.0.1:4318"\nheaders = { Authorization = "Bearer x" }\n', ["8:29 warn  P054 export.otlp.headers.Authorization: a secret in the profile: keep the file to yourself (chmod 600)."]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_OTLP)
def test_what_is_wrong_with_a_collector_is_said_at_its_place(
    lines: Lines, good: str, case: str
) -> None:
    text, problems = BAD_OTLP[case]

    assert [f"x.toml:{each}" for each in problems] == lines(f"{good}[export.otlp]\n{text}")


def test_a_collector_is_read_with_its_headers_which_no_repr_shows(
    good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "s3cret")
    text = (
        'endpoint = "http://127.0.0.1:4318/"\ninterval = "2s"\nheaders = { X-Key = "${env:KEY}" }\n'
    )
    loaded = load_text(f"{good}[export.otlp]\n{text}")
    otlp = OtlpExport(
        endpoint="http://127.0.0.1:4318/v1/metrics",
        interval_s=2.0,
        headers=(("X-Key", "s3cret"),),
    )

    assert Exports(otlp=otlp) == loaded.profile.exports
    assert "s3cret" not in repr(loaded.profile)
    assert () == loaded.warnings


def test_what_is_not_installed_is_said_before_anything_is_sent(
    lines: Lines, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pooltop.profiles.exports._NEEDED", ("pooltop.nowhere.at_all",))
    text = f'{good}[export.otlp]\nendpoint = "http://127.0.0.1:4318"\n'

    assert ['x.toml:6:1 error P066 export.otlp: it needs pip install "pooltop[otlp]".'] == lines(
        text
    )


def test_a_collector_needs_consent_as_any_host_does(good: str) -> None:
    text = f'{good}[export.otlp]\nendpoint = "https://10.0.0.7:4318/v1/metrics"\n'
    asked = load_text(text, will_ask=True).profile
    allowed = load_text(text, allow=("10.0.0.7",)).profile

    assert ["10.0.0.7"] == targets_needing_consent(asked)
    assert [] == targets_needing_consent(allowed)


def test_an_export_that_is_not_asked_for_has_no_built_in_values(good: str) -> None:
    printed = config_as_toml(load_text(good).effective)
    asked = f'{good}[export.otlp]\nendpoint = "http://127.0.0.1:4318"\n'

    assert "export" not in printed
    assert 'interval = "10s"' in config_as_toml(load_text(asked).effective)
