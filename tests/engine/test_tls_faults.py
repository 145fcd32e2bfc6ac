"""What can be wrong with a server's certificate: named as Node names it, and nothing is sent.

Each code was compared with Node 24's for the same chain. The one difference that is left: a
wildcard that is only a part of a label (``a*.example``) is good for Node, and not for Python's ssl.
"""

from __future__ import annotations

import pytest
from support.pki import CLIENT, SERVER, days, issue, server_context, weak_rsa_key

from pooltop.core.model import TLSOptions
from pooltop.engine.tls import make_context
from pooltop.errors import NetworkError, TLSConfigError

NAME = "a.example"
ROOT = issue("our root", is_ca=True)
STRANGER = issue("strange root", is_ca=True)
INTER = issue("inter", ROOT, is_ca=True)
PAST = {"not_before": days(-9), "not_after": days(-1)}
REVOKED = issue(NAME, ROOT, sans=[NAME])


def _leaf(by=ROOT, **more):
    return issue(NAME, by, **{"sans": [NAME], **more})


def _chain_under(name, by=ROOT, **more):
    """Give a leaf and the authority between it and the root."""
    between = issue(name, by, **{"is_ca": True, **more})
    return [_leaf(between), between]


def _too_long():
    upper = issue("upper", ROOT, is_ca=True, path_length=0)
    lower = issue("lower", upper, is_ca=True)
    return [_leaf(lower), lower, upper]


# what it is: the chain sent, Node's code, words that must be there
FAULTS = {
    "expired": ([_leaf(**PAST)], "CERT_HAS_EXPIRED", "it expired on 20"),
    "not yet valid": ([_leaf(not_before=days(1))], "CERT_NOT_YET_VALID", "it is valid from 20"),
    "for another name": ([_leaf(sans=["b.example", "c.example"])], "ERR_TLS_CERT_ALTNAME_INVALID", "it is for DNS:b.example, DNS:c.example: check the host or tls.servername"),
    "for many other names": ([_leaf(sans=[f"{n}.example" for n in range(9)])], "ERR_TLS_CERT_ALTNAME_INVALID", "DNS:2.example and 6 more"),
    "without names, of another host": ([issue("b.example", ROOT)], "ERR_TLS_CERT_ALTNAME_INVALID", "it is for other names"),
    "signed by itself": ([issue(NAME, sans=[NAME])], "DEPTH_ZERO_SELF_SIGNED_CERT", "add the issuer's certificate to tls.ca"),
    "signed by itself and expired": ([issue(NAME, sans=[NAME], **PAST)], "CERT_HAS_EXPIRED", "Besides, it is signed by itself"),
    "of an unknown authority": ([_leaf(STRANGER)], "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "leads to the issuer 'strange root': the server sent no issuer: have the server send the whole chain, or add"),
    "of an unknown authority and expired": ([_leaf(STRANGER, **PAST)], "CERT_HAS_EXPIRED", "Besides, it leads to the issuer 'strange root'"),
    "of an unknown authority that was sent": ([_leaf(STRANGER), STRANGER], "SELF_SIGNED_CERT_IN_CHAIN", "its root is not trusted here"),
    "under an unknown root that was not sent": (_chain_under("between", by=STRANGER), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "leads to the issuer 'strange root'"),
    "sent without what is between": ([_leaf(INTER)], "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "have the server send the whole chain"),
    "sent with another's chain": ([_leaf(STRANGER), INTER], "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "the server sent no issuer"),
    "of no authority": (_chain_under("no authority", is_ca=False), "INVALID_PURPOSE", "may not issue certificates"),
    "meant for clients": ([_leaf(purposes=[CLIENT])], "INVALID_PURPOSE", "it is not meant for servers"),
    "under too many": (_too_long(), "PATH_LENGTH_EXCEEDED", "may not have issuers below it"),
    "outside its issuer's names": (_chain_under("limited", permitted=["b.example"]), "UNSPECIFIED", "may not issue for this name: the server needs one of another issuer (permitted subtree violation)"),
    "with a short key": ([_leaf(key=weak_rsa_key(1024))], "UNSPECIFIED", "its key is too short: the server needs one with a longer key (EE certificate key too weak)"),
    "of an issuer with a short key": (_chain_under("short", key=weak_rsa_key(1024)), "UNSPECIFIED", "an issuer's key is too short"),
    "with a critical unknown part": ([_leaf(critical_stranger=True)], "UNSPECIFIED", "(unhandled critical extension)"),
    "under an expired issuer": (_chain_under("old", **PAST), "CERT_HAS_EXPIRED", "its issuer 'old' expired on 20"),
    "signed by a false namesake": ([_leaf(issue("our root", is_ca=True))], "CERT_SIGNATURE_FAILURE", "not signed by the issuer found"),
}  # fmt: skip


@pytest.fixture
def trust(tmp_path):
    """Give the options that trust an authority."""

    def options(*authorities, servername=NAME, **more):
        path = tmp_path / "ca.pem"
        path.write_bytes(b"".join(each.pem for each in authorities))
        return TLSOptions(ca=(str(path),), servername=servername, **more)

    return options


async def _refused(serve, agent_of, eventually, tls, context):
    """Ask; give the error, having checked that nothing was sent and nothing is left."""
    server = await serve(context=context)
    agent = agent_of(keep_alive=True, tls=tls)
    with pytest.raises(NetworkError) as caught:
        await agent.request("GET", server.url)
    await eventually(lambda: agent.total_socket_count == 0)
    counters = agent.snapshot().origins[0].counters
    assert {caught.value.code: 1} == counters.failed
    assert {"connect failed": 1} == counters.closed
    assert 0 == counters.completed
    # Nobody was given a connection to read from: its handshake was not done.
    assert [] == server.wires
    return caught.value


@pytest.mark.parametrize(("chain", "code", "words"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_certificate_is_refused_with_nodes_code_and_the_remedy(
    serve, agent_of, eventually, trust, tmp_path, chain, code, words
):
    error = await _refused(
        serve, agent_of, eventually, trust(ROOT), server_context(tmp_path, *chain)
    )
    assert code == error.code
    assert words in str(error)
    assert str(error).startswith(f"certificate of {NAME} {code}: ")


@pytest.mark.parametrize("sans", [["127.0.0.2"], [NAME]])
async def test_a_certificate_for_another_address_is_refused(
    serve, agent_of, eventually, trust, tmp_path, sans
):
    context = server_context(tmp_path, _leaf(sans=sans))
    error = await _refused(serve, agent_of, eventually, trust(ROOT, servername=None), context)
    assert "ERR_TLS_CERT_ALTNAME_INVALID" == error.code
    assert "certificate of 127.0.0.1 " in str(error)
    assert sans[0] in str(error)


async def test_an_authority_that_is_not_the_root_is_no_anchor(
    serve, agent_of, eventually, trust, tmp_path
):
    context = server_context(tmp_path, _leaf(INTER))
    error = await _refused(serve, agent_of, eventually, trust(INTER), context)
    assert "UNABLE_TO_GET_ISSUER_CERT" == error.code
    assert "add the root to tls.ca" in str(error)


# which lists there are of what: Node's code, or None for let in; words
LISTS = {
    "revoked": ([ROOT.revokes(REVOKED)], [REVOKED], "CERT_REVOKED", "its issuer has revoked it"),
    "not in the list": ([ROOT.revokes(REVOKED)], [_leaf()], None, ""),
    "two lists": ([ROOT.revokes(), INTER.revokes()], [_leaf(INTER), INTER], None, ""),
    "its issuer revoked": ([ROOT.revokes(INTER), INTER.revokes()], [_leaf(INTER), INTER], "CERT_REVOKED", "revoked"),
    "out of date": ([ROOT.revokes(next_update=days(-1))], [_leaf()], "CRL_HAS_EXPIRED", "fetch the issuer's current one"),
    "of another authority": ([STRANGER.revokes()], [_leaf()], "UNABLE_TO_GET_CRL", "each issuer of the chain needs one"),
    "none of what is between": ([ROOT.revokes()], [_leaf(INTER), INTER], "UNABLE_TO_GET_CRL", "each issuer"),
}  # fmt: skip


@pytest.mark.parametrize("label", ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"])
def test_a_revocation_list_cannot_bring_an_authority_to_trust(trust, tmp_path, label):
    path = tmp_path / "list.crl"
    path.write_bytes(ROOT.revokes() + STRANGER.pem.replace(b"CERTIFICATE", label.encode()))
    with pytest.raises(TLSConfigError, match=r"list\.crl holds a certificate too"):
        make_context(trust(ROOT, crl=(str(path),)))


@pytest.mark.parametrize(("lists", "chain", "code", "words"), LISTS.values(), ids=LISTS.keys())
async def test_revocation_lists_are_asked_for_every_certificate(
    serve, agent_of, eventually, trust, tmp_path, lists, chain, code, words
):
    paths = [tmp_path / f"{number}.crl" for number in range(len(lists))]
    for path, pem in zip(paths, lists, strict=True):
        path.write_bytes(pem)
    tls = trust(ROOT, crl=tuple(map(str, paths)))
    context = server_context(tmp_path, *chain)
    if code is None:
        server = await serve(context=context)
        response = await agent_of(tls=tls).request("GET", server.url)
        assert b"/" == await response.read()
    else:
        error = await _refused(serve, agent_of, eventually, tls, context)
        assert code == error.code
        assert words in str(error)


GOOD = {
    "of the root": ([_leaf()], NAME),
    "with what is between": ([_leaf(INTER), INTER], NAME),
    "meant for servers": ([_leaf(purposes=[SERVER])], NAME),
    "a wildcard": ([_leaf(sans=["*.x.example"])], "ab.x.example"),
    "only a common name": ([_leaf(sans=[])], NAME),
    "a common name beside an address": ([_leaf(sans=["127.0.0.9"])], NAME),
    "the address": ([_leaf(sans=["127.0.0.1"])], None),
}


@pytest.mark.parametrize(("chain", "servername"), GOOD.values(), ids=GOOD.keys())
async def test_a_certificate_that_node_takes_is_taken(
    serve, agent_of, trust, tmp_path, chain, servername
):
    server = await serve(context=server_context(tmp_path, *chain))
    agent = agent_of(tls=trust(ROOT, servername=servername))
    assert b"/x" == await (await agent.request("GET", f"{server.url}/x")).read()
