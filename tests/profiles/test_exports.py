"""``[export]``: where a run's numbers go."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pooltop.core.exporting import Exports, PrometheusExport
from pooltop.profiles import load_text

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
