"""What a demo host speaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pooltop.core.model import DemoServer
from pooltop.profiles import load_text

Lines = Callable[[str], list[str]]
Of = Callable[[str], str]

_ALLOWED = '"http/1.1", "h2", or an array of both'


@pytest.fixture
def demo(good: str) -> Of:
    """Give a function that puts lines into the demo host of a profile, from its line 7 on."""

    def profile(text: str) -> str:
        return good.replace("http://127.0.0.1:80", "demo:d") + f"[demo.d]\n{text}\n"

    return profile


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", DemoServer(name="d")),
        ('protocols = "h2"', DemoServer(name="d", protocols=("h2",))),
        ('protocols = ["h2"]', DemoServer(name="d", protocols=("h2",))),
        (
            'protocols = ["h2", "http/1.1"]\nmax_concurrent_streams = 0\ngoaway_after = 1000\n'
            "refuse = 0.1",
            DemoServer(
                name="d",
                protocols=("h2", "http/1.1"),
                max_concurrent_streams=0,
                goaway_after=1000,
                refuse=0.1,
            ),
        ),
        ("seed = 9", DemoServer(name="d", seed=9)),
        ('round_trip = "15ms"', DemoServer(name="d", round_trip=0.015)),
        (
            'protocols = "h2"\ngoaway_after = "unlimited"\nrefuse = 1',
            DemoServer(name="d", protocols=("h2",), refuse=1.0),
        ),
    ],
)
def test_what_it_speaks_is_read(demo: Of, text: str, expected: DemoServer) -> None:
    loaded = load_text(demo(text), "x.toml")
    assert ((expected,), ()) == (loaded.profile.demo, tuple(loaded.warnings))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("protocols = []", f"7:13 error P012 demo.d.protocols: an empty array speaks nothing: write {_ALLOWED}."),
        ('protocols = ["h2", "h2"]', '7:13 error P017 demo.d.protocols: "h2" stands there twice.'),
        ('protocols = ["h2", "http/11"]', '7:20 error P013 demo.d.protocols[1] = "http/11": allowed are "http/1.1" or "h2". Did you mean "http/1.1"?'),
        ('protocols = "h2c"', '7:13 error P013 demo.d.protocols = "h2c": allowed are "http/1.1" or "h2". Write "h2": with scheme = "http" it is that, by prior knowledge.'),
        ("protocols = 2", '7:13 error P011 demo.d.protocols = 2: expected "http/1.1", "h2", or an array of both, got a whole number.'),
        ("max_concurrent_streams = -1", "7:26 error P012 demo.d.max_concurrent_streams = -1: expected a whole number from 0 to 1000000."),
        ("goaway_after = 0", '7:16 error P012 demo.d.goaway_after = 0: expected a whole number from 1 to 1000000000, or "unlimited".'),
        ("refuse = 1.5", "7:10 error P012 demo.d.refuse = 1.5: expected a number from 0 to 1."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(lines: Lines, demo: Of, text: str, expected: str) -> None:
    assert [f"x.toml:{expected}"] == lines(demo(text))


@pytest.mark.parametrize("protocols", ["", 'protocols = "http/1.1"'])
@pytest.mark.parametrize("key", ["max_concurrent_streams", "goaway_after", "refuse"])
def test_what_is_of_http_2_is_of_no_use_without_it(
    lines: Lines, demo: Of, protocols: str, key: str
) -> None:
    expected = (
        f"x.toml:7:{len(key) + 4} warn  P019 demo.d.{key} = 1: this host does not speak HTTP/2: "
        'add protocols = ["http/1.1", "h2"].'
    )
    assert [expected] == lines(demo(f"{key} = 1\n{protocols}"))
