"""What of a request goes where a redirect leads, and where that is."""

from __future__ import annotations

import pytest

from pooltop.core.redirects import Hop, hop_of, target_of

SECRETS = (
    (b"Authorization", b"Bearer t"),
    (b"cookie", b"a=b"),
    (b"Proxy-Authorization", b"Basic x"),
    (b"X-Api-Key", b"k"),
    (b"X-Tenant-Secret", b"s"),
)
PLAIN = ((b"Accept", b"*/*"), (b"User-Agent", b"x"))
FRAMING = ((b"Host", b"a"), (b"Connection", b"keep-alive"), (b"Content-Length", b"2"))
OF_BODY = ((b"Content-Type", b"text/plain"),)


@pytest.mark.parametrize(
    ("status", "method", "becomes"),
    [
        (301, b"POST", b"GET"),
        (302, b"POST", b"GET"),
        (303, b"POST", b"GET"),
        (303, b"PUT", b"GET"),
        (303, b"HEAD", b"HEAD"),
        (301, b"PUT", b"PUT"),
        (302, b"GET", b"GET"),
        (307, b"POST", b"POST"),
        (308, b"POST", b"POST"),
    ],
)
def test_the_method_and_with_it_the_body_is_kept_or_becomes_get(status, method, becomes):
    hop = hop_of(status, method, (*PLAIN, *OF_BODY), b"{}", is_same_origin=True)
    if becomes == method:
        assert Hop(method, (*PLAIN, *OF_BODY), b"{}") == hop
    else:
        assert Hop(b"GET", PLAIN, b"") == hop


def test_to_another_origin_goes_nothing_that_says_who_asks():
    fields = (*SECRETS, *PLAIN, *FRAMING, *OF_BODY)
    hop = hop_of(307, b"POST", fields, b"{}", is_same_origin=False)
    assert Hop(b"POST", PLAIN, b"{}") == hop


def test_to_the_same_origin_go_all_but_a_proxys_and_the_framing():
    hop = hop_of(302, b"GET", (*SECRETS, *PLAIN, *FRAMING), b"", is_same_origin=True)
    kept = tuple(pair for pair in SECRETS if pair[0] != b"Proxy-Authorization")
    assert (*kept, *PLAIN, (b"Host", b"a")) == hop.fields


@pytest.mark.parametrize(
    ("location", "url"),
    [
        (b"/b", "http://h:80/b"),
        (b"b?c=1#d", "http://h:80/x/b?c=1"),
        (b"//other/b", "http://other/b"),
        (b"https://other:8443/b", "https://other:8443/b"),
        (b"?q", "http://h:80/x/y?q"),
        (b"/\xc3\xbc b", "http://h:80/%C3%BC%20b"),
        (b"", "http://h:80/x/y"),
    ],
)
def test_a_location_is_read_from_where_the_request_was(location, url):
    assert url == target_of("http://h:80/x/y", location)
