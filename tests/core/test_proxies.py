"""Node's proxyEnv: which requests go through which proxy."""

from __future__ import annotations

import base64

import pytest

from pooltop.core.model import Origin, ProxyEnv
from pooltop.core.proxies import Proxy, proxy_env_of, read_proxies
from pooltop.errors import ProxyConfigError


def origin(host="a.example", port=80, scheme="http", **more):
    return Origin(scheme=scheme, host=host, port=port, **more)


def http_proxy(url):
    return read_proxies(ProxyEnv(http_proxy=url)).http


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://p.example:3128", Proxy(scheme="http", host="p.example", port=3128)),
        ("http://p.example", Proxy(scheme="http", host="p.example", port=80)),
        ("https://p.example", Proxy(scheme="https", host="p.example", port=443)),
        ("http://P.Example:81/ignored?x", Proxy(scheme="http", host="p.example", port=81)),
        ("http://[::1]:3128/", Proxy(scheme="http", host="::1", port=3128)),
        ("http://127.0.0.1:3128", Proxy(scheme="http", host="127.0.0.1", port=3128)),
    ],
)
def test_a_proxys_url_says_how_and_where_it_is_spoken_to(url, expected):
    assert expected == http_proxy(url)


@pytest.mark.parametrize(
    ("userinfo", "pair"),
    [
        ("user:pass", "user:pass"),
        ("user", "user:"),
        (":pass", ":pass"),
        ("us%3Aer:p%40ss%25", "us:er:p@ss%"),
        ("%C3%BC:%E2%82%AC", "\u00fc:\u20ac"),
    ],
)
def test_user_and_password_become_the_proxy_authorization(userinfo, pair):
    proxy = http_proxy(f"http://{userinfo}@p.example:3128")
    expected = "Basic " + base64.b64encode(pair.encode()).decode()
    assert expected == proxy.authorization
    assert "http://p.example:3128" == proxy.url


def test_a_password_is_in_no_repr():
    env = ProxyEnv(http_proxy="http://user:hunter2@p.example", no_proxy="x")
    proxies = read_proxies(env)
    shown = repr(env) + repr(proxies) + repr(proxies.http)
    assert "hunter2" not in shown
    assert proxies.http.authorization not in shown


@pytest.mark.parametrize(
    "url",
    [
        "http://256.256.256.256:8080",
        "http://::1:8080",
        "http://:8080",
        "http://p.example:port",
        "http://p.example:0",
        "http://p.example:65536",
        "http://p exa.mple",
        "http://",
        "http://user:%zz@p.example",
        "http://user:%ff@p.example",
        "http://user\r:pass@p.example",
        "http://user:pass\n@p.example",
        "http://user:pass\r\nHost: b@p.example",
        "http://\u00fc.example",
    ],
)
def test_a_url_that_leads_to_no_proxy_is_refused_and_no_secret_of_it_is_told(url):
    with pytest.raises(ProxyConfigError) as raised:
        http_proxy(url)
    assert "ERR_PROXY_INVALID_CONFIG" == raised.value.code
    assert "http_proxy" in str(raised.value)
    assert "user:" not in str(raised.value)


def test_a_bad_url_with_a_password_is_quoted_without_it():
    with pytest.raises(ProxyConfigError, match=r"https_proxy: http://p\.example:port has no"):
        read_proxies(ProxyEnv(https_proxy="http://me:hunter2@p.example:port"))


@pytest.mark.parametrize(
    "url",
    [
        "http://me:hunter2%40p.example:x",
        "http://me:hunter2",
        "http://me:hunter2@p x:80/?key=hunter2",
        "http://me:hunter2@p x:80#hunter2",
        "http://me:a/hunter2@p.example:port",
        "http://me:a@hunter2%40p.example:port",
        "http:// me:hunter2@p x",
    ],
)
def test_a_bad_url_is_not_quoted_where_a_password_may_be_anywhere(url):
    with pytest.raises(ProxyConfigError, match="^http_proxy: ") as raised:
        http_proxy(url)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", [None, "", "socks5://p.example", "p.example:3128", "HTTP://p"])
def test_what_node_ignores_is_ignored(url):
    assert read_proxies(ProxyEnv(http_proxy=url)) is None


def test_each_scheme_has_its_own_proxy():
    proxies = read_proxies(ProxyEnv(http_proxy="http://one", https_proxy="http://two"))
    assert "one" == proxies.between(origin()).host
    assert "two" == proxies.between(origin(scheme="https", port=443)).host
    only_http = read_proxies(ProxyEnv(http_proxy="http://one"))
    assert only_http.between(origin(scheme="https", port=443)) is None


def test_a_unix_socket_is_reached_directly():
    proxies = read_proxies(ProxyEnv(http_proxy="http://one"))
    assert proxies.between(origin(socket_path="/run/x")) is None


def test_of_an_environment_lower_case_wins_unless_it_is_empty():
    env = {
        "HTTP_PROXY": "http://upper",
        "http_proxy": "http://lower",
        "HTTPS_PROXY": "http://upper",
        "https_proxy": "",
        "NO_PROXY": "a",
        "PATH": "/bin",
    }
    assert proxy_env_of(env) == ProxyEnv(
        http_proxy="http://lower", https_proxy="http://upper", no_proxy="a"
    )


# As Node 24's own shouldUseProxy answers.
@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "is_direct"),
    [
        ("", "a.example", 80, False),
        ("*", "a.example", 80, True),
        ("other, *", "a.example", 80, True),
        ("a.example", "a.example", 80, True),
        ("A.Example", "a.example", 80, True),
        ("a.example", "A.EXAMPLE", 80, True),
        ("a.example", "b.a.example", 80, False),
        ("a.example:80", "a.example", 80, True),
        ("a.example:81", "a.example", 80, False),
        (".example", "a.example", 80, True),
        (".example", "example", 80, True),
        (".example", "notexample", 80, False),
        (".a.example", "b.a.example", 80, True),
        ("*.example", "a.example", 80, True),
        ("*.example", "example", 80, False),
        ("*example", "a.example", 80, False),
        (" x , a.example ,", "a.example", 80, True),
        (",", "a.example", 80, False),
        ("10.0.0.1", "10.0.0.1", 80, True),
        ("10.0.0.1-10.0.0.9", "10.0.0.5", 80, True),
        ("10.0.0.1 - 10.0.0.9", "10.0.0.9", 80, True),
        ("10.0.0.1-10.0.0.9", "10.0.0.10", 80, False),
        ("10.0.0.1-10.0.0.9", "a-b.example", 80, False),
        ("10.0.0.9-10.0.0.1", "10.0.0.5", 80, False),
        ("200.0.0.1-255.255.255.255", "240.0.0.1", 80, True),
        ("10.0.0.0/8", "10.0.0.1", 80, False),
        ("::1", "::1", 80, True),
        ("[::1]", "::1", 80, False),
        ("::1:80", "::1", 80, True),
        ("x-y.example", "x-y.example", 80, True),
    ],
)
def test_no_proxy_means_what_it_means_to_node(no_proxy, host, port, is_direct):
    proxies = read_proxies(ProxyEnv(http_proxy="http://p", no_proxy=no_proxy))
    assert is_direct is (proxies.between(origin(host, port)) is None)
