"""getName(): the same keys as Node's, from the same options."""

from __future__ import annotations

import pytest

from pooltop.core.names import TLS_FIELDS, http_name, https_name


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "localhost::"),
        ({"host": "0.0.0.0", "port": 80}, "0.0.0.0:80:"),
        ({"host": "0.0.0.0", "port": 80, "localAddress": "192.168.1.1"}, "0.0.0.0:80:192.168.1.1"),
        ({"family": 4}, "localhost:::4"),
        ({"family": 0}, "localhost::"),
        ({"family": "4"}, "localhost::"),
        ({"socketPath": "/tmp/a"}, "localhost:::/tmp/a"),
        ({"port": 0}, "localhost::"),
    ],
)
def test_an_http_key_is_nodes(options, name):
    assert name == http_name(options)


def test_an_https_key_of_no_options_has_22_colons():
    assert "localhost" + ":" * 22 == https_name({})


def test_every_field_of_tls_stands_in_its_place():
    options = {field: f"<{field}>" for field in TLS_FIELDS if field != "sigalgs"}
    expected = ":".join(f"<{field}>" for field in TLS_FIELDS).replace("<sigalgs>", '["a","b"]')
    assert f"h:1::{expected}" == https_name(
        {"host": "h", "port": 1, **options, "sigalgs": ["a", "b"]}
    )


# Recorded with Node 24.21: new https.Agent().getName(options).
@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"rejectUnauthorized": True}, "true"),
        ({"rejectUnauthorized": False}, "false"),
        ({"honorCipherOrder": False}, "false"),
        ({"secureOptions": 0}, "0"),
        ({"ca": ["a", "b"]}, "a,b"),
        ({"ca": ""}, ""),
        ({"servername": "localhost"}, "localhost"),
        ({"servername": ""}, ""),
        ({"sigalgs": "a"}, '"a"'),
    ],
)
def test_a_field_is_written_as_javascript_writes_it(options, field):
    (name,) = options
    at = 3 + TLS_FIELDS.index(name)
    assert field == https_name(options).split(":")[at]


def test_the_hosts_own_name_as_servername_is_not_written():
    assert https_name({"host": "a"}) == https_name({"host": "a", "servername": "a"})
