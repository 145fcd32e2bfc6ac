"""What callers get wrong without a type checker: told in words, before anything is sent."""

from __future__ import annotations

import pytest

from pooltop.core.model import ProxyEnv, TLSOptions
from pooltop.errors import RequestError, TLSConfigError, UsageError

URL = "http://127.0.0.1:1/"
SECRET = "hunter2"


@pytest.mark.parametrize(
    "headers", [{"a": "b", "c": "d"}, [["a", "b"], ["c", "d"]], {"a": "b", "c": "d"}.items()]
)
async def test_headers_are_a_mapping_or_pairs(serve, agent_of, headers):
    got = []

    async def handle(wire):
        got.append(await wire.request())
        wire.reply()
        await wire.gone()

    server = await serve(handle)
    response = await agent_of().request("GET", server.url, headers=headers)
    await response.read()
    assert {"a": "b", "c": "d"}.items() <= got[0].headers.items()


@pytest.mark.parametrize("headers", [5, "ab", ["a"], [("a", SECRET, "c")], {1, 2}])
async def test_headers_that_are_neither_are_refused(agent_of, headers):
    with pytest.raises(UsageError, match="headers is a mapping, or name and value in pairs"):
        await agent_of().request("GET", URL, headers=headers)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("value", [5, None, [SECRET]])
async def test_a_header_that_is_no_text_is_named_and_its_value_not_shown(agent_of, scheme, value):
    with pytest.raises(UsageError) as caught:
        await agent_of().request("GET", f"{scheme}://127.0.0.1:1/", headers={"X-Key": value})
    kind = type(value).__name__
    expected = f"header X-Key cannot be sent: its value is a text, not of type {kind}"
    assert expected == str(caught.value)
    with pytest.raises(UsageError, match="a header's name is a text, not of type int"):
        await agent_of().request("GET", f"{scheme}://127.0.0.1:1/", headers={5: "x"})


@pytest.mark.parametrize("field", ["ca", "crl"])
async def test_a_lone_path_of_certificates_is_one_path(agent_of, field):
    agent = agent_of(tls=TLSOptions(**{field: "/nonexistent.pem"}))
    with pytest.raises(TLSConfigError) as caught:
        agent.check_tls()
    assert f"tls.{field}: cannot read /nonexistent.pem: No such file or directory" == str(
        caught.value
    )


async def test_a_file_that_is_missing_fails_a_request_with_a_code_of_its_own(agent_of):
    agent = agent_of(tls=TLSOptions(ca=("/nonexistent.pem",)))
    with pytest.raises(RequestError) as caught:
        await agent.request("GET", "https://127.0.0.1:1/")
    assert "ERR_TLS_CONFIG" == caught.value.code
    assert "/nonexistent.pem" in str(caught.value)


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        ({}, r"tls is a pooltop\.TLSOptions"),
        ({"ca": "x"}, r"tls is a pooltop\.TLSOptions"),
        (TLSOptions(cert=b"x"), r"tls\.cert: Expected `str \| null`, got `bytes`"),
        (TLSOptions(ca=(1,)), r"tls\.ca: Expected `str`, got `int`"),
        (TLSOptions(verify="no"), r"tls\.verify: Expected `bool \| null`, got `str`"),
    ],
)
async def test_tls_options_that_are_none_are_refused(agent_of, tls, words):
    with pytest.raises(UsageError, match=words):
        agent_of(tls=tls)
    with pytest.raises(UsageError, match=words):
        await agent_of().request("GET", "https://127.0.0.1:1/", tls=tls)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"http_proxy": 5}, "proxy_env: http_proxy is a text"),
        (ProxyEnv(no_proxy=["x"]), "proxy_env: no_proxy is a text"),
        (["http://127.0.0.1"], "proxy_env is a mapping"),
        (5, "proxy_env is a mapping"),
    ],
)
async def test_proxy_settings_that_are_none_are_refused(agent_of, settings, words):
    with pytest.raises(UsageError, match=words):
        agent_of(proxy_env=settings)


async def test_a_proxy_that_is_none_of_http_is_ignored_as_in_node(serve, agent_of):
    server = await serve()
    agent = agent_of(proxy_env={"http_proxy": f"socks5://127.0.0.1:{server.port}"})
    response = await agent.request("GET", f"{server.url}/direct")
    assert b"/direct" == await response.read()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"method": 5}, "method is a text, not of type int"),
        ({"url": 5}, "a URL is a text, not of type int"),
        ({"url": URL.encode()}, "a URL is a text, not of type bytes"),
        ({"url": None}, "a URL is a text, not of type NoneType"),
        ({"upgrade": 5}, "upgrade is a text, not of type int"),
        ({"method": "CONNECT", "authority": 5}, "authority is a text, not of type int"),
        ({"local_address": 2130706433}, "local_address is an IP address, not 2130706433"),
        ({"socket_path": 5}, "socket_path is a text"),
    ],
)
async def test_an_argument_that_is_no_text_is_named(agent_of, wrong, words):
    with pytest.raises(UsageError, match=words):
        await agent_of().request(**{"method": "GET", "url": URL, **wrong})
